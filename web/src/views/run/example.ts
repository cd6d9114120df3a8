// A run for tests.
import type { Run } from "../../lib/wire";

export const some: Run = {
  id: "01K0000000000000000000000A",
  unit: "backup",
  kind: "task",
  instance: 0,
  attempt: 1,
  execution_id: "01K0000000000000000000000A",
  trigger: "schedule",
  state: "ended",
  outcome: "failed",
  exit_code: 3,
  signal: null,
  pid: 12,
  scheduled_at: "2026-11-24T10:00:00Z",
  created_at: "2026-11-24T10:00:00.100Z",
  started_at: "2026-11-24T10:00:00.110Z",
  ended_at: "2026-11-24T10:00:01.043Z",
  duration_ms: 933,
  max_rss_bytes: null,
  cpu_ms: null,
  log_bytes: 0,
  log_dropped_bytes: 0,
  message: "exited 3",
};
