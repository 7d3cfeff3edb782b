"""Runs the application under uvicorn, on a socket that is bound before anything is printed."""

import gc
import json
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from server.access.founding import any_practice
from server.address import reachable_host
from server.app import build_app
from server.core.clock import SystemClock
from server.core.files import replace_private
from server.core.house import House
from server.core.logs import configure_logs
from server.core.migrate import migrate
from server.demo import seed_demo
from server.demo_client import address_path, certificate_path
from server.notes.plain_audit import note_plain_ends
from server.privacy.keys import check_audit_key, check_keys
from server.settings import Settings
from server.web.bounded_ws import BoundedWebSocket
from server.web.failures import Quiet

GRACEFUL_S = 10  # uvicorn's own has no limit
IDLE_S = 75  # longer than proxies (nginx: 60 s) and clients (5 s) keep an idle connection: whoever lets go first must not be the server
BACKLOG = 1024
SILENT_MS = 30_000
WS_MAX_FRAME = 1024 * 1024 + 64 * 1024
GARBAGE_AFTER = (5_000, 20, 10)  # new objects, and rounds of the younger generation, before each generation is searched for cycles


@dataclass(frozen=True)
class Listening:
    socket: socket.socket
    base_url: str
    tls: tuple[Path, Path] | None


class Server(uvicorn.Server):
    """Prepares the greeting before anybody is answered, says it after, and turns readiness off at the first signal."""

    def __init__(self, config: uvicorn.Config, app: Starlette, base_url: str) -> None:
        super().__init__(config)
        self._app = app
        self._base_url = base_url
        self.failure: Exception | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            greeting = await prepare_greeting(self._app, self._base_url)
        except Exception as error:  # noqa: BLE001 - kept for `serve`: raised here it would end as a traceback in the server's log
            self.failure, self.should_exit = error, True
            await self._app.state.house.database.close()
            return
        await super().startup(sockets)
        if not self.should_exit:
            calm_collector()
            sys.stdout.write(greeting)
            sys.stdout.flush()

    def handle_exit(self, sig: int, frame: object) -> None:
        self._app.state.closing = True
        super().handle_exit(sig, frame)  # type: ignore[arg-type]


def serve(settings: Settings) -> int:
    """Bind, migrate, run; returns the exit code. While another server has the address, nothing is migrated under it."""
    configure_logs(settings.log_level)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    listening = listen(settings)
    migrate(settings.database)
    app = build_app(settings)
    server = Server(configure(app, listening.tls), app, listening.base_url)
    server.run([listening.socket])
    if server.failure is not None:
        raise server.failure
    return 0


def configure(app: Starlette, tls: tuple[Path, Path] | None) -> uvicorn.Config:
    """Return how uvicorn runs the application; a proxy's headers are read by our own middleware, from trusted proxies only."""
    pair = {"ssl_certfile": tls[0], "ssl_keyfile": tls[1]} if tls else {}
    return uvicorn.Config(
        Quiet(app),
        loop="uvloop",
        http="httptools",
        ws=BoundedWebSocket,
        ws_max_size=WS_MAX_FRAME,
        ws_per_message_deflate=False,
        ws_ping_interval=20,
        timeout_graceful_shutdown=GRACEFUL_S,
        timeout_keep_alive=IDLE_S,
        access_log=False,
        server_header=False,
        log_level="warning",
        proxy_headers=False,
        **pair,  # type: ignore[arg-type]
    )


def calm_collector() -> None:
    """Search for garbage less often, and never again in what the start has left: at Python's own pace, open notes cost a fifth of all
    processor time for walks over objects that are in use.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_AFTER)


def listen(settings: Settings) -> Listening:
    """Bind; raises OSError. Another address than loopback gets TLS of its own, unless a proxy in front has a public address."""
    bound = socket.create_server(
        (settings.host, settings.port), family=socket.AF_INET6 if ":" in settings.host else socket.AF_INET, backlog=BACKLOG
    )
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # a peer that stops reading must not hold a closing connection for ever
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENT_MS)
    port = bound.getsockname()[1]
    if settings.base_url:
        return Listening(bound, settings.base_url, None)
    host = reachable_host(settings.host)
    shown = f"[{host}]" if ":" in host else host
    if not settings.own_tls:
        return Listening(bound, f"http://{shown}:{port}", None)
    from server.certificate import ensure_certificate  # noqa: PLC0415 - x509 is slow to import, and a restart must be quick

    pair = certificate_path(settings.data_dir), settings.data_dir / "tls.key"
    ensure_certificate(*pair, host, SystemClock().now())
    return Listening(bound, f"https://{shown}:{port}", pair)


async def prepare_greeting(app: Starlette, base_url: str) -> str:
    """Tell the address to programs, in the data folder, and return what to tell people; in the demo also who can sign in.

    Raises `BadSettings` for a key ring that does not open the notes: better no server than one that shows half of them; and for
    another secret key than the audit's.
    """
    house: House = app.state.house
    settings = house.settings
    await check_keys(house.database, house.keyring)
    await check_audit_key(house.database)
    await note_plain_ends(house.database, settings.data_dir)  # before the people of the demo do anything that is audited
    facts = await seed_demo(house, base_url) if settings.environment == "demo" else None
    replace_private(address_path(settings.data_dir), json.dumps({"base_url": base_url}).encode())
    return facts.as_text() if facts else f"Address:       {base_url}\n" + await _first_step(house)


async def _first_step(house: House) -> str:
    """Return what is to be done on a server without a practice, "" on every other."""
    async with house.database.read() as tx:
        return (
            ""
            if await any_practice(tx)
            else 'No practice yet: `consilium practice new "NAME"` makes one, and prints a link for its owner.\n'
        )
