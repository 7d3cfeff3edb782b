"""Small networks of a test's own, each joined to this machine by one pair of interfaces, which can be narrowed, walled and unplugged.

They need root and the `ip` and `tc` of iproute2; where these are missing a test is skipped, or fails under CI=true.
"""

import itertools
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.servers import missing, need_program

LONGEST_QUEUE = "400ms"  # of what a narrow line holds back before it drops
BURST = "4kb"  # more than any one packet
NUMBERS = itertools.count(1)


class Net:
    """One network with one machine in it, where programs can be run. It has no way to any other such network, nor to the outside.

    `near` and `near_six` are this machine's addresses there, `far` and `far_six` those of the machine inside. With `six` alone there is no
    IPv4 but loopback.
    """

    def __init__(self, number: int, *, six: bool = False) -> None:
        self.name = f"consilium-{os.getpid()}-{number}"
        self._asleep = False
        self._outside, self._inside = f"cn{os.getpid() % 100_000}o{number}", f"cn{os.getpid() % 100_000}i{number}"
        block = f"10.{200 + number % 50}.{os.getpid() % 256}"
        self.near, self.far = f"{block}.1", f"{block}.2"
        prefix = f"fd00:c0:{os.getpid() % 0xFFFF:x}:{number:x}:"
        self.near_six, self.far_six = f"{prefix}:1", f"{prefix}:2"
        _ip(f"netns add {self.name}")
        _ip(f"link add {self._outside} type veth peer name {self._inside} netns {self.name}")
        self._address(six=six)

    def _address(self, *, six: bool) -> None:
        for near, far, extra in ((f"{self.near_six}/64", f"{self.far_six}/64", " nodad"), (f"{self.near}/24", f"{self.far}/24", "")):
            if extra or not six:
                _ip(f"address add {near} dev {self._outside}{extra}")
                _ip(f"-n {self.name} address add {far} dev {self._inside}{extra}")
        _ip(f"link set {self._outside} up")
        _ip(f"-n {self.name} link set lo up")
        _ip(f"-n {self.name} link set {self._inside} up")

    def lead_to(self, address: str) -> None:
        """Let this machine be reached by another one of its addresses, too."""
        _ip(f"-n {self.name} route add {address} via {self.near}")

    def narrow(self, kbit: int) -> None:
        """Let so much through each way, in kbit/s."""
        for where, device in (([], self._outside), (["-n", self.name], self._inside)):
            shape = f"qdisc replace dev {device} root tbf rate {kbit}kbit burst {BURST} latency {LONGEST_QUEUE}"
            _run("tc", *where, *shape.split())

    def widen(self) -> None:
        for where, device in (([], self._outside), (["-n", self.name], self._inside)):
            _run("tc", *where, *f"qdisc delete dev {device} root".split())

    def wall_off_udp(self) -> None:
        """Let TCP out alone, as many a clinic's network does."""
        self._rule("add prohibit ipproto udp")

    def unplug(self) -> None:
        _ip(f"link set {self._outside} down")

    def plug_in(self) -> None:
        _ip(f"link set {self._outside} up")

    def readdress(self) -> None:
        """Give the machine inside other addresses, as a phone has that leaves the house: what it spoke from is gone."""
        old, self.far, self.far_six = (self.far, self.far_six), f"{self.near[:-1]}3", f"{self.near_six[:-1]}3"
        for gone, new, extra in ((old[0] + "/24", self.far + "/24", ""), (old[1] + "/64", self.far_six + "/64", " nodad")):
            _ip(f"-n {self.name} address delete {gone} dev {self._inside}")
            _ip(f"-n {self.name} address add {new} dev {self._inside}{extra}")

    def put_to_sleep(self) -> None:
        """Stop every program inside, and let nothing out, as a phone in a pocket does. Others reach this machine's addresses."""
        self._asleep = True
        self._rule("add blackhole")
        self._tell(signal.SIGSTOP)

    def wake(self) -> None:
        if self._asleep:
            self._rule("delete blackhole")
        self._asleep = False
        self._tell(signal.SIGCONT)

    def _rule(self, words: str) -> None:
        """Of what leaves the machine inside: rules for all other packets come later, and what stays inside comes before."""
        for family in ("-4", "-6"):
            _ip(f"-n {self.name} {family} rule {words} pref 1")

    def _tell(self, what: signal.Signals) -> None:
        listed = subprocess.run([_program("ip"), "netns", "pids", self.name], check=True, capture_output=True, text=True)
        for pid in map(int, listed.stdout.split()):
            with suppress(ProcessLookupError):
                os.kill(pid, what)

    def inside(self, program: str, folder: Path) -> str:
        """Return the path of a script that runs a program in this network."""
        script = folder / f"{self.name}-{Path(program).name}"
        script.write_text(f'#!/bin/sh\nexec {need_program("nsenter", "util-linux")} --net=/run/netns/{self.name} "{program}" "$@"\n')
        script.chmod(0o700)
        return str(script)

    def close(self) -> None:
        self._tell(signal.SIGCONT)
        _ip(f"link delete {self._outside}")
        _ip(f"netns delete {self.name}")


@contextmanager
def networks() -> Iterator["Networks"]:
    """Make networks and take them away again."""
    if os.geteuid():
        missing("the right to make a private network", "run the tests as root")
    made = Networks()
    try:
        yield made
    finally:
        made.close()


class Networks:
    """Makes them, each under a number that this process never used before: what is taken away may stay for a moment."""

    def __init__(self) -> None:
        self._all: list[Net] = []

    def lay(self, *, six: bool = False) -> Net:
        self._all.append(Net(next(NUMBERS), six=six))
        return self._all[-1]

    def close(self) -> None:
        for net in self._all:
            net.close()


def _program(name: str) -> str:
    return need_program(name, "iproute2", "/usr/sbin", "/sbin")


def _run(name: str, *words: str) -> None:
    subprocess.run([_program(name), *words], check=True)


def _ip(words: str) -> None:
    _run("ip", *words.split())
