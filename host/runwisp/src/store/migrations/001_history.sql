-- The history of runs, what is remembered of units, and the journal of events.
-- Times and lengths are microseconds; ids are the 16 bytes of a ULID, so they sort by time.
-- The numbers of kind, trigger, state and outcome are those of store/codes.rs; they are never given a new meaning.

CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE units (
  id    INTEGER PRIMARY KEY,
  name  TEXT NOT NULL UNIQUE,
  kinds INTEGER NOT NULL          -- bit 1 << kind for each kind it has ever been
) STRICT;

CREATE TABLE memories (
  unit   TEXT PRIMARY KEY,
  memory TEXT NOT NULL            -- JSON
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
  id                BLOB PRIMARY KEY,
  unit              INTEGER NOT NULL REFERENCES units (id),
  kind              INTEGER NOT NULL,
  instance          INTEGER NOT NULL,
  attempt           INTEGER NOT NULL,
  execution_id      BLOB,         -- null: the run's own id
  trigger           INTEGER NOT NULL,
  state             INTEGER NOT NULL,
  outcome           INTEGER,
  exit_code         INTEGER,
  signal            INTEGER,
  pid               INTEGER,
  scheduled_at      INTEGER,
  created_at        INTEGER NOT NULL,
  started_at        INTEGER,
  ended_at          INTEGER,
  duration          INTEGER,
  max_rss_bytes     INTEGER,
  cpu               INTEGER,
  log_bytes         INTEGER NOT NULL,
  log_dropped_bytes INTEGER NOT NULL,
  message           TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX runs_by_unit ON runs (unit, id);
CREATE INDEX runs_by_unit_and_outcome ON runs (unit, outcome, id) WHERE outcome IS NOT NULL;
CREATE INDEX runs_by_outcome ON runs (outcome, id) WHERE outcome IS NOT NULL;
CREATE INDEX runs_open ON runs (state, id) WHERE state <> 4;
CREATE INDEX runs_by_execution ON runs (execution_id, id) WHERE execution_id IS NOT NULL;
-- Schedule (0) and restart (5) are the common causes: whoever asks for them finds them by scanning.
CREATE INDEX runs_by_rare_trigger ON runs (trigger, id) WHERE trigger <> 0 AND trigger <> 5;
CREATE INDEX runs_by_unit_and_rare_trigger ON runs (unit, trigger, id) WHERE trigger <> 0 AND trigger <> 5;

-- A tick of a schedule is recorded once, whatever becomes of it: schedule (0) or catch-up (1), first attempt.
CREATE UNIQUE INDEX one_run_per_tick ON runs (unit, scheduled_at)
  WHERE scheduled_at IS NOT NULL AND attempt = 1 AND trigger <= 1;

CREATE TABLE events (
  seq  INTEGER PRIMARY KEY,
  at   INTEGER NOT NULL,
  body TEXT NOT NULL              -- the event, JSON
) STRICT;
