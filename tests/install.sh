#!/bin/sh
# Installs with apt what the tests need and this machine lacks: two browsers, PostgreSQL, coturn, what makes private networks, and for the bench
# of the media engine its peer Janus and a C compiler. Nothing is started.
set -eu

wanted=""
want() {
    command -v "$1" >/dev/null 2>&1 || wanted="$wanted $2"
}
want chromium chromium
want firefox-esr firefox-esr
want turnserver coturn
want nft nftables
want ip iproute2
want janus janus
want cc "gcc libc6-dev"
[ -n "$(ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null || command -v initdb || true)" ] || wanted="$wanted postgresql"
[ -n "$(ls /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf 2>/dev/null || true)" ] || wanted="$wanted fonts-dejavu-core"

if [ -z "$wanted" ]; then
    exit 0
fi

if [ "$(id -u)" = 0 ]; then
    as_root="env"
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo env"
else
    echo "The tests would also like:$wanted. Install them as root with: apt-get install$wanted" >&2
    [ "${CI:-}" != true ]
    exit
fi

if ! command -v apt-get >/dev/null 2>&1; then
    echo "This machine has no apt-get; install by its own means:$wanted" >&2
    [ "${CI:-}" != true ]
    exit
fi

# RUNLEVEL=1 keeps the packages from starting their own servers: the tests start private ones.
set -- DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get
$as_root "$@" update -q
# shellcheck disable=SC2086
$as_root "$@" install -q -y --no-install-recommends $wanted
