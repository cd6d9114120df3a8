-- Messages to people: deliveries on their way and delivered, the bell, and what decides about repeats.
-- Times are microseconds; ids are the 16 bytes of a ULID that begins with the time of the event, so they sort by it.
-- The numbers of state are those of store/codes.rs; the columns repeat what queries look at, `body` has all of it.

CREATE TABLE deliveries (
  id         BLOB PRIMARY KEY,
  event      TEXT NOT NULL,
  notifier   TEXT NOT NULL,
  unit       TEXT,
  kind       TEXT NOT NULL,
  state      INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  ended_at   INTEGER,
  body       TEXT NOT NULL        -- the delivery, JSON
) STRICT;

CREATE INDEX deliveries_open ON deliveries (created_at, id) WHERE ended_at IS NULL;

CREATE TABLE notifications (
  id      BLOB PRIMARY KEY,
  last_at INTEGER NOT NULL,
  read_at INTEGER,                -- unread again where something came after that
  body    TEXT NOT NULL           -- the row of the bell, JSON
) STRICT;

CREATE INDEX notifications_by_time ON notifications (last_at, id);

CREATE TABLE notify_memories (
  name TEXT PRIMARY KEY,
  body TEXT NOT NULL              -- JSON
) STRICT, WITHOUT ROWID;
