"""The operator's check before patients come: tries every way into a call that this server will offer to browsers."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Literal, NamedTuple
from uuid import UUID

from server.consultation.turn import ice_servers
from server.core.clock import SystemClock
from server.media.probe import Address, IceServer, Unproven, prove_host, prove_reflexive, prove_relay
from server.settings import Settings

NOBODY = UUID(int=0)  # a credential is made for a participant; this one is none

State = Literal["ok", "none", "bad"]
Proof = Callable[[], Coroutine[None, None, Address]]


class Finding(NamedTuple):
    """One line: whether it is so, what was looked at, and what was seen or what is wrong with it."""

    state: State
    what: str
    words: str

    def __str__(self) -> str:
        return f"{self.state:<5} {self.what}: {self.words}"


def examine(settings: Settings) -> list[Finding]:
    """Try everything that the settings name. Only what is set up can be `bad`; what is not set up and will be missed is `none`."""
    return [_camera(settings), *asyncio.run(_paths(settings))]


def _camera(settings: Settings) -> Finding:
    if settings.environment == "production" or settings.secure:
        return Finding("ok", "camera", "pages are served so that browsers give camera and microphone")
    return Finding("none", "camera", "pages are served by plain http: browsers give camera and microphone on this machine only")


async def _paths(settings: Settings) -> list[Finding]:
    servers = list(_servers(settings))
    host = await _look("host candidate", f"a datagram reached {settings.host}", lambda: prove_host(settings.host))
    reflexive = [await _reflexive(server) for server in servers if not server.username]
    relayed = [await _relayed(server) for server in servers if server.username]
    return [host, *(reflexive or [_no_stun()]), *(relayed or [_no_turn(settings)])]


def _servers(settings: Settings) -> Iterator[IceServer]:
    """Yield what a participant's browser would be told at this moment, a URL at a time."""
    for server in ice_servers(settings, SystemClock().now(), NOBODY):
        for url in server["urls"]:
            yield IceServer(url, server.get("username", ""), server.get("credential", ""))


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
