-- A clock that is set back makes instants come again: a tick is an instant in one turn of the clock.

ALTER TABLE runs ADD COLUMN clock_turn INTEGER NOT NULL DEFAULT 0;

DROP INDEX one_run_per_tick;
CREATE UNIQUE INDEX one_run_per_tick ON runs (unit, scheduled_at, clock_turn)
  WHERE scheduled_at IS NOT NULL AND attempt = 1 AND trigger <= 1;
