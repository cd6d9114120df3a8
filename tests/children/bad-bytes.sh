#!/bin/sh
# Prints NUL, invalid UTF-8, a lone carriage return, escape sequences, and ends without a line end.
printf 'nul \000 here\n'
printf 'bad utf-8 \377\376 here\n'
printf 'return\rhere\n'
printf '\033[31mred\033[0m\n'
printf 'no end'
