"""The ways into a call that this server offers to browsers, each tried as a browser does: for the doctor and the page of health."""

import asyncio
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, NamedTuple
from uuid import UUID

from server.consultation.turn import ice_servers
from server.core.clock import SystemClock
from server.media.inquiry import prove_engine
from server.media.probe import Address, IceServer, Unproven, prove_host, prove_reflexive, prove_relay
from server.settings import Settings

NOBODY = UUID(int=0)  # a credential is made for a participant; this one is none

ANSWERS = "it answers a browser's check at {}"
START_S, LOOK_S = 20.0, 0.05  # for an engine to start, and between two looks

State = Literal["ok", "none", "bad"]
Proof = Callable[[], Coroutine[None, None, Address]]


class Finding(NamedTuple):
    """One line: whether it is so, what was looked at, and what was seen or what is wrong with it."""

    state: State
    what: str
    words: str

    def __str__(self) -> str:
        return f"{self.state:<5} {self.what}: {self.words}"


async def host_way(settings: Settings) -> Finding:
    return await _look("host candidate", f"a datagram reached {settings.host}", lambda: prove_host(settings.host))


async def relay_ways(settings: Settings) -> list[Finding]:
    """Try every STUN and TURN server that browsers are told of, one after another."""
    servers = list(_servers(settings))
    reflexive = [await _reflexive(server) for server in servers if not server.username]
    relayed = [await _relayed(server) for server in servers if server.username]
    return [*(reflexive or [_no_stun()]), *(relayed or [_no_turn(settings)])]


def _servers(settings: Settings) -> Iterator[IceServer]:
    """Yield what a participant's browser would be told at this moment, a URL at a time."""
    for server in ice_servers(settings, SystemClock().now(), NOBODY):
        for url in server["urls"]:
            yield IceServer(url, server.get("username", ""), server.get("credential", ""))


async def engine_ways(settings: Settings) -> list[Finding]:
    secret = settings.media_secret.get_secret_value().encode()
    named = [
        await _look(f"media engine at {host}:{port}", ANSWERS, lambda at=(host, port): _proven(at, secret, at[0]))  # type: ignore[misc]
        for host, port in settings.media_addresses
    ]
    if named:
        return named
    if settings.media == "off":
        return [Finding("none", "media engine", "CONSILIUM_MEDIA is off: calls are for two people")]
    return [await _look("media engine", ANSWERS, lambda: _own_engine(settings))]


async def _own_engine(settings: Settings) -> Address:
    options = settings.media_options
    async with _started(options) as control:
        return await _proven(control, None, options[1].rpartition(":")[0].strip("[]"))


async def _proven(control: Address | Path, secret: bytes | None, nearby: str) -> Address:
    proven = await prove_engine(control, secret, nearby)
    return " and ".join(host for host, _ in proven), proven[0][1]


@asynccontextmanager
async def _started(listen: Sequence[str]) -> AsyncIterator[Path]:
    """Run an engine for as long as it is looked at, as the server would; raises `Unproven` with its own last words."""
    with TemporaryDirectory(prefix="consilium-doctor-") as folder:
        control = Path(folder, "control")
        command = [sys.executable, "-m", "server", "media", *listen, "--control", str(control)]
        engine = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE, cwd=Path(__file__).parents[2])
        try:
            await _until_there(engine, control)
            yield control
        finally:
            with suppress(ProcessLookupError):
                engine.terminate()
            await engine.communicate()


async def _until_there(engine: asyncio.subprocess.Process, control: Path) -> None:
    for _ in range(round(START_S / LOOK_S)):
        if _is_there(control):
            return
        if engine.returncode is not None:
            said = (await engine.communicate())[1].decode(errors="replace").strip().rpartition("\n")[2]
            raise Unproven(f"it does not start here: {said.removeprefix('consilium: ').lower()}{_in_use(said)}")
        await asyncio.sleep(LOOK_S)
    raise Unproven("it does not start here")


def _is_there(control: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(control)) == 0


def _in_use(said: str) -> str:
    return ", perhaps by the running server: look once that is stopped" if "in use" in said else ""


async def _reflexive(server: IceServer) -> Finding:
    return await _look(f"server-reflexive candidate by {server.url}", "it sees this machine at {}", lambda: prove_reflexive(server))


async def _relayed(server: IceServer) -> Finding:
    return await _look(f"relay candidate by {server.url}", "a datagram passed between two addresses at {}", lambda: prove_relay(server))


def _no_stun() -> Finding:
    return Finding(
        "none", "server-reflexive candidate", "CONSILIUM_STUN_URLS is empty: people behind a router reach others by the relay only"
    )


def _no_turn(settings: Settings) -> Finding:
    if settings.turn_urls:
        return Finding("bad", "relay candidate", "CONSILIUM_TURN_SECRET is empty, so browsers are told of no relay")
    return Finding("none", "relay candidate", "CONSILIUM_TURN_URLS is empty: people behind strict networks cannot join")


async def _look(what: str, seen: str, proof: Proof) -> Finding:
    try:
        host, _ = await proof()
    except Unproven as why:
        return Finding("bad", what, str(why))
    return Finding("ok", what, seen.format(host))
