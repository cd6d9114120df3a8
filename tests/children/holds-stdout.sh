#!/bin/sh
# Ends at once with code 7, while a grandchild keeps its standard output open and goes on writing to it.
(trap '' TERM; while :; do echo still here; sleep 0.2; done) &
echo gone
exit 7
