#!/bin/sh
# Installs Debian packages that are missing, as root or through sudo. Usage: deploy/apt.sh PACKAGE...
set -eu
missing=""
for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
command -v apt-get >/dev/null || { echo "Please install:$missing" >&2; exit 1; }
root=""
[ "$(id -u)" = 0 ] || root="sudo"
$root apt-get update -qq
# shellcheck disable=SC2086 # one word per package
DEBIAN_FRONTEND=noninteractive $root apt-get install -y -qq --no-install-recommends $missing >/dev/null
