-- What was used, in buckets of five minutes: processor time in percent, and bytes of memory.
-- `subject` is a number of `units`; 0 is the machine, -1 the daemon. `weight` is how many milliseconds were measured.
-- The time comes first: a bucket is written in one place, and the oldest are removed from one.

CREATE TABLE samples (
  at      INTEGER NOT NULL,
  subject INTEGER NOT NULL,
  weight  INTEGER NOT NULL,
  cpu     REAL NOT NULL,
  memory  INTEGER NOT NULL,
  PRIMARY KEY (at, subject)
) STRICT, WITHOUT ROWID;
