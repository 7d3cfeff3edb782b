"""Browser pages in a room of a real engine: the test carries offers and answers between them, as the application will."""

import itertools
import select
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from server.media_control import (
    VERSION,
    AnswerOffer,
    Done,
    Event,
    Gone,
    Greeting,
    Hello,
    Join,
    Leave,
    Offer,
    OpenRoom,
    Refused,
    RestartIce,
    Watch,
    Welcome,
    Wish,
)
from server.media_lines import read_down, write
from tests.browser.person import close_window
from tests.servers import Process, listening_at

ADDRESS = "http://localhost/engine"  # answered by the test itself; a secure context, so that there is a camera
PATIENCE_S = 45.0  # three pages encode and decode on two cores
TURN_S = 0.05

PAGE = """<!doctype html><title>engine</title><body><script>
const connections = {};
const width = Number(new URLSearchParams(location.search).get("width"));
const camera = () => navigator.mediaDevices.getUserMedia({ audio: true, video: { width, height: (width * 9) / 16 } });
function connect(side) {
  const connection = new RTCPeerConnection();
  connection.ontrack = (event) => {
    const player = document.createElement(event.track.kind);
    Object.assign(player, { autoplay: true, muted: event.track.kind === "video", srcObject: new MediaStream([event.track]) });
    document.body.append(player);
  };
  return connection;
}
async function publish(connection) {
  globalThis.own ??= await camera();
  const tracks = { audio: own.getAudioTracks()[0], camera: own.getVideoTracks()[0] };
  for (const transceiver of connection.getTransceivers()) {
    const track = tracks[transceiver.mid];
    transceiver.direction = track ? "sendonly" : "inactive";
    if (track) await transceiver.sender.replaceTrack(track);
  }
}
async function answer({ side, sdp }) {
  const connection = (connections[side] ??= connect(side));
  await connection.setRemoteDescription({ type: "offer", sdp });
  if (side === "publish") await publish(connection);
  await connection.setLocalDescription(await connection.createAnswer());
  return connection.localDescription.sdp;
}
async function seen() {
  const found = {};
  const reports = await connections.subscribe?.getStats() ?? new Map();
  for (const report of reports.values()) {
    if (report.type !== "inbound-rtp") continue;
    found[report.mid] = {
      codec: reports.get(report.codecId)?.mimeType ?? "",
      kind: report.kind, frames: report.framesDecoded ?? 0, width: report.frameWidth ?? 0, asked: report.pliCount ?? 0,
      energy: report.totalAudioEnergy ?? 0, packets: report.packetsReceived,
    };
  }
  return found;
}
</script>"""


def own_address() -> str:
    """Return the address by which others would reach this machine; the loopback where there is no network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


class Guest:
    """One page in the room."""

    def __init__(self, browser: Browser, name: str, width: int = 640) -> None:
        self.name = name
        self.page: Page = browser.new_context().new_page()
        self.page.route(f"{ADDRESS}?*", lambda route: route.fulfill(content_type="text/html", body=PAGE))
        self.page.goto(f"{ADDRESS}?width={width}")
        self.streams: dict[str, tuple[str, str]] = {}

    def seen(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Return what it receives of each track that stands on a line now."""
        found = self.page.evaluate("seen()")
        return {track: found[mid] for mid, track in self.streams.items() if mid in found}

    def frames(self, publisher: str) -> int:
        return int(self.seen().get((publisher, "camera"), {}).get("frames", 0))

    def width(self, publisher: str) -> int:
        return int(self.seen().get((publisher, "camera"), {}).get("width", 0))

    def asked_anew(self, publisher: str) -> int:
        """How often it could not go on with what it received, and asked for a whole picture."""
        return int(self.seen().get((publisher, "camera"), {}).get("asked", 0))

    def leave(self) -> None:
        close_window(self.page.context)


class EngineRoom:
    """An engine's process with one room, and the guests in it. It listens on the machine's own address: Firefox calls no loopback."""

    def __init__(self, folder: Path, codec: str = "VP8") -> None:
        self._control = folder / "control"
        command = [sys.executable, "-m", "server", "media", "--listen", f"{own_address()}:0", "--control", str(self._control)]
        self.process = Process(command, folder / "engine.log")
        self.process.until_up(lambda: listening_at(self._control))
        self.guests: dict[str, Guest] = {}
        self.gone: list[Gone] = []
        self._ids = itertools.count(1)
        self._answered: dict[int, str] = {}
        self._given: dict[int, AnswerOffer] = {}
        self._lines = b""
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(self._control))
        self._socket.sendall(write(Hello(version=VERSION)))
        assert self.do(OpenRoom, room="r", codecs=[codec]) == "ok"

    def do(self, kind: Callable[..., Any], **fields: Any) -> str:
        """Send a command and wait for its answer: "ok" or the error's code."""
        number = next(self._ids)
        self._socket.sendall(write(kind(id=number, **fields)))
        self.until(lambda: number in self._answered)
        return self._answered.pop(number)

    def join(self, guest: Guest) -> None:
        self.guests[guest.name] = guest
        assert self.do(Join, room="r", peer=guest.name) == "ok"

    def leave(self, guest: Guest) -> None:
        del self.guests[guest.name]
        assert self.do(Leave, room="r", peer=guest.name) == "ok"
        guest.leave()

    def watch(self, guest: Guest, publisher: str, layer: str | None) -> None:
        wish = Wish.model_validate({"publisher": publisher, "source": "camera", "layer": layer})
        assert self.do(Watch, room="r", peer=guest.name, wishes=[wish]) == "ok"

    def restart_ice(self, guest: Guest, side: str) -> None:
        assert self.do(RestartIce, room="r", peer=guest.name, side=side) == "ok"

    def until(self, met: Callable[[], bool]) -> None:
        """Carry messages until the condition is met."""
        end = time.monotonic() + PATIENCE_S
        while not met():
            assert time.monotonic() < end, {name: guest.seen() for name, guest in self.guests.items()}
            self._carry()

    def close(self) -> None:
        for guest in self.guests.values():
            guest.leave()
        self._socket.close()
        self.process.stop()

    def _carry(self) -> None:
        ready, _, _ = select.select([self._socket], [], [], TURN_S)
        if ready:
            received = self._socket.recv(1 << 16)
            assert received, self.process.text()
            *lines, self._lines = (self._lines + received).split(b"\n")
            for line in lines:
                self._take(read_down(line))

    def _take(self, message: Greeting | Welcome | Done | Refused | Event) -> None:
        match message:
            case Done():
                self._answered[message.re] = "ok"
            case Refused():
                assert message.re not in self._given, (message.code, self._given[message.re].sdp)
                self._answered[message.re] = message.code
            case Offer():
                self._answer(message)
            case Gone():
                self.gone.append(message)

    def _answer(self, offer: Offer) -> None:
        guest = self.guests.get(offer.peer)
        if guest is None:
            return
        if offer.side == "subscribe":
            guest.streams = {stream.mid: (stream.publisher, stream.source) for stream in offer.streams}
        sdp = guest.page.evaluate("answer", {"side": offer.side, "sdp": offer.sdp})
        answer = AnswerOffer(id=next(self._ids), room="r", peer=guest.name, side=offer.side, offer=offer.number, sdp=sdp)
        self._given[answer.id] = answer
        self._socket.sendall(write(answer))
