"""Lets the generator (peers/generate.mjs) type into a server; the same editors, keys and pauses for everybody."""

import json
import os
import subprocess
from dataclasses import dataclass
from typing import Any

from tests.bench.notes.contenders import PEERS, Contender, Start
from tests.servers import NotUp, need_program


@dataclass(frozen=True)
class Load:
    """Each of `editors` in each of `rooms` presses `letters_per_s` keys a second; the first `warm_s` seconds are not measured."""

    rooms: int
    warm_s: float
    window_s: float
    editors: int = 4
    letters_per_s: float = 5.0
    cursors: bool = False


@dataclass(frozen=True)
class Outcome:
    """Of one run. Times from a key to the others' screens, and to the word that it is stored (None where a server has no such word).

    `cpu_us`: processor time of the server per letter. `memory_kib`: per connection, with its share of the room.
    `generator_busy`: how many processors the generator itself took.
    """

    typed: int
    received: int
    cpu_us: float
    generator_busy: float
    memory_kib: float
    seen_p50_ms: float
    seen_p99_ms: float
    ack_p50_ms: float | None
    ack_p99_ms: float | None


def run(start: Start, load: Load) -> Outcome:
    """Start a server, type into it and stop it; raises `NotUp` where a letter did not reach everybody else."""
    with start(load.rooms, load.editors) as contender:
        command = [need_program("node", "nodejs"), str(PEERS / "generate.mjs")]
        done = subprocess.run(command, input=json.dumps(_plan(contender, load)), capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotUp(f"the generator gave up on {contender.wire}:\n{done.stderr[-2000:]}")
    outcome = Outcome(**json.loads(done.stdout))
    expected = outcome.typed * (load.editors - 1)
    if outcome.received != expected:
        raise NotUp(f"{contender.wire}: {outcome.received} of {expected} letters reached the others")
    return outcome


def _plan(contender: Contender, load: Load) -> dict[str, Any]:
    return {
        "wire": contender.wire,
        "url": contender.url,
        "origin": contender.origin,
        "pid": contender.pid,
        "ticks_per_s": os.sysconf("SC_CLK_TCK"),
        "seats": contender.seats,
        "editors": load.editors,
        "letters_per_s": load.letters_per_s,
        "cursors": load.cursors,
        "warm_s": load.warm_s,
        "window_s": load.window_s,
    }
