"""A private network for the bench: its own loopback, and a pair of interfaces whose ends both stay in it. It ends with its process."""

import os
import subprocess
import sys
from pathlib import Path

from tests.servers import NotUp, need_program

INTERFACE, OTHER_END, ADDRESS = "media0", "media1", "10.99.0.1"
OUTSIDE = "BENCH_OUTSIDE"
NETWORK = Path("/proc/self/ns/net")


def is_private() -> bool:
    return os.environ.get(OUTSIDE, str(NETWORK.readlink())) != str(NETWORK.readlink())


def again_inside(module: str, arguments: list[str]) -> int:
    """Run a module in a private network, and return what it returned."""
    command = [need_program("unshare", "util-linux"), "--net"]
    if os.geteuid():
        command.append("--map-root-user")
    inside = subprocess.run(
        [*command, sys.executable, "-m", module, *arguments], env={**os.environ, OUTSIDE: str(NETWORK.readlink())}, check=False
    )
    return inside.returncode


def lay() -> None:
    """Bring up the loopback and the pair, because Janus takes no loopback address. Raises `NotUp`."""
    if not is_private():
        raise NotUp("this is no private network")
    for words in (
        "link set lo up",
        f"link add {INTERFACE} type veth peer name {OTHER_END}",
        f"addr add {ADDRESS}/24 dev {INTERFACE}",
        f"link set {INTERFACE} up",
        f"link set {OTHER_END} up",
    ):
        subprocess.run([need_program("ip", "iproute2", "/usr/sbin"), *words.split()], check=True)
