"""Measures what a call does when the network carries no packets for a while, inside a private network that ends with this process."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.browsers import launch_chromium, playwright, running_site
from tests.bench.figures import Figure, middle
from tests.bench.meeting import Meeting, meeting
from tests.servers import NotUp, need_program

DARK_S = 12.0
STEADY_MS = 3_000
OUTSIDE = "BENCH_OUTSIDE"
NETWORK = Path("/proc/self/ns/net")
DROP_ALL_UDP = """
add table inet blackout
add chain inet blackout in { type filter hook input priority 0; policy accept; }
add rule inet blackout in meta l4proto udp drop
"""
LIFT = "delete table inet blackout\n"


def measure(blackouts: int) -> Iterator[Figure]:
    """Run this module in a network namespace of its own, where nothing but its own loopback can be reached."""
    command = [need_program("unshare", "util-linux"), "--net"]
    if os.geteuid():
        command.append("--map-root-user")
    inside = subprocess.run(
        [*command, sys.executable, "-m", "tests.bench.blackout", str(blackouts)],
        env={**os.environ, OUTSIDE: str(NETWORK.readlink())}, stdout=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    if inside.returncode:
        raise NotUp("the blackout could not be made; its own words are above")
    for line in inside.stdout.splitlines():
        name, value, unit = line.split()
        yield Figure(name, float(value), unit)


def _inside(blackouts: int) -> Iterator[Figure]:
    if os.environ.get(OUTSIDE, str(NETWORK.readlink())) == str(NETWORK.readlink()):
        raise NotUp("this is no private network: start it by `python -m tests.bench`")
    subprocess.run([need_program("ip", "iproute2", "/usr/sbin"), "link", "set", "lo", "up"], check=True)
    with playwright() as started, running_site() as site:
        chromium = launch_chromium(started)
        with meeting(site, chromium) as met:
            met.begin()
            runs = [_darken(met) for _ in range(blackouts)]
        chromium.close()
    told, back = zip(*runs, strict=True)
    yield middle("stall_told_s", told, "s")
    yield middle("frames_back_s", back, "s")


def _darken(met: Meeting) -> tuple[float, float]:
    """Return the seconds until both people were told, and from the end of the blackout until both see each other again."""
    met.forget()
    met.run_for(STEADY_MS)
    began = 1000 * time.time()
    _rule(DROP_ALL_UDP)
    met.run_for(1000 * DARK_S)
    _rule(LIFT)
    lifted = 1000 * time.time()
    seen = met.until_pictures(after=lifted)
    told = [entry["told"] for entry in met.diaries]
    if not all(told):
        raise NotUp("somebody was never told of the blackout")
    return (max(first for first, *_ in told) - began) / 1000, (seen - lifted) / 1000


def _rule(rules: str) -> None:
    subprocess.run([need_program("nft", "nftables", "/usr/sbin"), "-f", "-"], input=rules, text=True, check=True)


if __name__ == "__main__":
    for figure in _inside(int(sys.argv[1])):
        print(figure.name, figure.value, figure.unit, flush=True)
