#!/bin/sh
# Ignores every polite way of being asked to leave; only SIGKILL ends it. Says so once it is deaf.
trap '' TERM INT HUP QUIT
echo deaf
while :; do sleep 1; done
