#!/bin/sh
# Forks as often as it is let, at most $1 times, and never waits: a bomb with a fuse. Says how many it made.
n=0
while [ "$n" -lt "$1" ]; do
    sleep 600 &
    n=$((n + 1))
done
echo "forked $n"
wait
