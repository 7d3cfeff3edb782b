"""Debian's Janus with its VideoRoom, in a folder of its own, as a contender: https://janus.conf.meetecho.com/docs/videoroom.html."""

import json
import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import websockets

from tests.bench.media import description
from tests.bench.media.network import INTERFACE
from tests.bench.media.seat import Seat
from tests.servers import NotUp, Process, free_port, listening, need_program

JCFG = """
general: {{
 configs_folder = "{folder}"
 plugins_folder = "{library}/plugins"
 transports_folder = "{library}/transports"
 events_folder = "{library}/events"
 loggers_folder = "{library}/loggers"
 debug_level = 3
 session_timeout = 0
}}
media: {{ ipv6 = false }}
nat: {{ ice_lite = true, ice_enforce_list = "{interface}", full_trickle = false }}
plugins: {{ disable = "{plugins}" }}
transports: {{ disable = "{transports}" }}
events: {{ broadcast = false }}
"""
WEBSOCKETS = """
general: {{ json = "compact", ws = true, ws_port = {port}, ws_ip = "127.0.0.1", wss = false }}
admin: {{ admin_ws = false }}
"""
ROOM = {
    "publishers": 20, "bitrate": 0, "fir_freq": 0, "audiocodec": "opus", "videocodec": "vp8",
    "transport_wide_cc_ext": True, "audiolevel_ext": True, "notify_joining": False,
}  # fmt: skip


class Janus:
    """A running Janus, spoken to over its websocket, one request at a time."""

    def __init__(self, pid: int, socket: websockets.ClientConnection) -> None:
        self.pid = pid
        self._socket = socket
        self._session = self._manager = 0
        self._feeds: dict[int, int] = {}

    async def begin(self) -> None:
        self._session = (await self._ask(janus="create"))["data"]["id"]
        self._manager = await self._attach()

    async def publish(self, room: int, cipher: str) -> Seat:
        """Open a room and let a publisher in."""
        await self._tell(self._manager, {"request": "create", "room": room + 1, **ROOM})
        seat = Seat(publishes=True, setup="passive")
        body = {"request": "joinandconfigure", "ptype": "publisher", "room": room + 1, "audio": True, "video": True}
        handle = await self._attach()
        reply = await self._tell(handle, body, {"type": "offer", "sdp": description.offer(seat.ours), "trickle": False})
        self._feeds[room] = reply["plugindata"]["data"]["id"]
        seat.meet(description.read(reply["jsep"]["sdp"]))
        await seat.call(cipher)
        await self._until_up(handle)
        return seat

    async def subscribe(self, room: int, cipher: str) -> Seat:
        seat, handle = Seat(publishes=False, setup="passive"), await self._attach()
        body = {"request": "join", "ptype": "subscriber", "room": room + 1, "streams": [{"feed": self._feeds[room]}]}
        theirs = description.read((await self._tell(handle, body))["jsep"]["sdp"])
        seat.meet(theirs)
        answer = description.answer(theirs, seat.ours)
        await self._tell(handle, {"request": "start"}, {"type": "answer", "sdp": answer, "trickle": False})
        await seat.call(cipher)
        return seat

    async def _attach(self) -> int:
        reply = await self._ask(janus="attach", session_id=self._session, plugin="janus.plugin.videoroom")
        return int(reply["data"]["id"])

    async def _tell(self, handle: int, body: dict[str, Any], jsep: dict[str, Any] | None = None) -> dict[str, Any]:
        jseps = {"jsep": jsep} if jsep else {}
        return await self._ask(janus="message", session_id=self._session, handle_id=handle, body=body, **jseps)

    async def _ask(self, **request: Any) -> dict[str, Any]:
        """Send a request and return its last answer; whatever else Janus says meanwhile is passed over. Raises `NotUp`."""
        transaction = secrets.token_hex(6)
        await self._socket.send(json.dumps({**request, "transaction": transaction}))
        async for text in self._socket:
            reply: dict[str, Any] = json.loads(text)
            if reply.get("transaction") != transaction or reply["janus"] == "ack":
                continue
            if reply["janus"] == "error" or "error" in reply.get("plugindata", {}).get("data", {}):
                raise NotUp(f"Janus refused {request['janus']}: {text!r}")
            return reply
        raise NotUp("Janus hung up")

    async def _until_up(self, handle: int) -> None:
        """Wait until Janus, too, calls it connected: nobody can subscribe to a publisher before."""
        async for text in self._socket:
            event = json.loads(text)
            if event["janus"] == "webrtcup" and event.get("sender") == handle:
                return
        raise NotUp("Janus hung up")


@asynccontextmanager
async def janus() -> AsyncIterator[Janus]:
    """Start Janus as Debian ships it, without the plugins and transports that the bench does not use, and with ICE-lite as ours has it."""
    program = need_program("janus", "janus")
    with tempfile.TemporaryDirectory(prefix="consilium-janus-") as name:
        folder, port = Path(name), free_port()
        _configure(folder, port)
        process = Process([program, "-C", str(folder / "janus.jcfg"), "-F", str(folder)], folder / "janus.log")
        try:
            process.until_up(lambda: listening(port))
            url, protocols = f"ws://127.0.0.1:{port}", [websockets.Subprotocol("janus-protocol")]
            async with websockets.connect(url, subprotocols=protocols, max_size=None, ping_interval=None) as socket:
                contender = Janus(process.pid, socket)
                await contender.begin()
                yield contender
        finally:
            process.stop()


def _configure(folder: Path, port: int) -> None:
    library = next(Path("/usr/lib").glob("*/janus"))
    names = {
        "plugins": _others(library / "plugins", "videoroom"),
        "transports": _others(library / "transports", "websockets"),
    }
    (folder / "janus.jcfg").write_text(JCFG.format(folder=folder, library=library, interface=INTERFACE, **names))
    (folder / "janus.transport.websockets.jcfg").write_text(WEBSOCKETS.format(port=port))
    (folder / "janus.plugin.videoroom.jcfg").write_text("general: { }\n")


def _others(folder: Path, wanted: str) -> str:
    return ",".join(sorted(path.name for path in folder.glob("*.so") if wanted not in path.name))
