#!/bin/sh
# Compiles the engine's native part. Usage: server/media/native.sh OUTPUT. Written beside it first: an engine that runs has the old one mapped.
set -eu
from="$(dirname "$0")"
# -ffp-contract=off: the estimation gives the same numbers as Python's, to the last bit, on every processor.
cc -O2 -std=c11 -fPIC -shared -ffp-contract=off -fstack-protector-strong -D_FORTIFY_SOURCE=2 -Wall -Wextra \
    ${CFLAGS:-} -o "$1.new" "$from/lane.c" "$from/delay.c" -lm
mv "$1.new" "$1"
