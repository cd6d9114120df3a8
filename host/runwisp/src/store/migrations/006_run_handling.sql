-- What runs were given, and runs that are being removed: these are shown nowhere, and go with a later sweep.
-- Sorting by length and asking for exit codes and retries finds its rows without looking at all of them.

ALTER TABLE runs ADD COLUMN params TEXT;          -- JSON: pairs of name and value
ALTER TABLE runs ADD COLUMN deleted_at INTEGER;

CREATE INDEX runs_deleted ON runs (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX runs_by_exit_code ON runs (exit_code, id) WHERE exit_code <> 0;
CREATE INDEX runs_that_retry ON runs (id) WHERE attempt > 1;
CREATE INDEX runs_by_length ON runs (duration, id) WHERE duration IS NOT NULL;
CREATE INDEX runs_by_unit_and_length ON runs (unit, duration, id) WHERE duration IS NOT NULL;

-- A request with a key is answered with the same run when it comes again.
CREATE TABLE requests (
  key        TEXT NOT NULL,
  unit       TEXT NOT NULL,
  body       TEXT NOT NULL,         -- what was asked, to tell another request with the same key
  run        BLOB NOT NULL,
  at         INTEGER NOT NULL,
  PRIMARY KEY (unit, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX requests_by_age ON requests (at);
