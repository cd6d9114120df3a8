-- The audit log: who did what, from where, and what came of it. Times are microseconds.

CREATE TABLE audit (
  id     INTEGER PRIMARY KEY AUTOINCREMENT,
  at     INTEGER NOT NULL,
  kind   TEXT NOT NULL,
  name   TEXT NOT NULL,
  origin TEXT NOT NULL,           -- from where
  action TEXT NOT NULL,
  target TEXT,
  detail TEXT,
  result TEXT NOT NULL,
  status INTEGER NOT NULL
) STRICT;
