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

# Chromium without the windows around its pages, where there is such a package: the browser tests pass without it, and take longer.
lighter=""
command -v chromium-headless-shell >/dev/null 2>&1 || lighter=chromium-headless-shell

if [ -z "$wanted$lighter" ]; then
    exit 0
fi

without() {
    echo "$1$wanted $lighter" >&2
    [ "${CI:-}" != true ] || [ -z "$wanted" ]
    exit
}

if [ "$(id -u)" = 0 ]; then
    as_root="env"
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo env"
else
    without "The tests would also like more; install it as root with: apt-get install"
fi

if ! command -v apt-get >/dev/null 2>&1; then
    without "This machine has no apt-get; install by its own means:"
fi

# RUNLEVEL=1 keeps the packages from starting their own servers: the tests start private ones.
set -- DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get
$as_root "$@" update -q || [ -z "$wanted" ]
# shellcheck disable=SC2086
[ -z "$wanted" ] || $as_root "$@" install -q -y --no-install-recommends $wanted
# shellcheck disable=SC2086
[ -z "$lighter" ] || $as_root "$@" install -q -y --no-install-recommends $lighter ||
    echo "The browser tests take longer without $lighter." >&2
