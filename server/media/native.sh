#!/bin/sh
# Compiles the engine's native part. Usage: server/media/native.sh OUTPUT. An engine that runs keeps the one that it has opened; one that
# cannot be made anew must not stay, because it would be of other sources.
set -eu
from="$(dirname "$0")"
rm -f "$1"
set -- "$1" "$from/lane.c" "$from/arrivals.c" "$from/tally.c" "$from/delay.c"
output="$1"
shift
sources="$(cat "$from/native.h" "$from/octets.h" "$@" | sha256sum | cut -c 1-16)"
# -ffp-contract=off: the estimation gives the same numbers as Python's, to the last bit, on every processor.
cc -O2 -std=c11 -fPIC -shared -ffp-contract=off -fstack-protector-strong -D_FORTIFY_SOURCE=2 -Wall -Wextra \
    "-DSOURCES_HASH=0x${sources}ULL" ${CFLAGS:-} -o "$output" "$@" -lm
