"""Pages with the real client of a call and a real forwarding engine; between them the test plays the application's server.

`height` is that of the cameras' pictures; small ones have one layer, from 540 lines on they have three.

What the server does is kept as small as the client's side needs it: a roster, the route, and messages carried from one to the other.
"""

import itertools
import json
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from server.media_control import AnswerOffer, Gone, Join, Leave, Offer, OpenRoom, Quality, RestartIce, Speaking, Watch, Wish
from tests.browser.engine_link import EngineProcess
from tests.browser.person import close_window
from tests.servers import ROOT

ADDRESS = "http://localhost/team"  # answered by the test itself; a secure context, so that there is a camera
PATIENCE_S = 45.0


def build_page(folder: Path) -> str:
    """Return the lab's page with its script in it. All pictures are in sight: others are not shown by browsers."""
    node = shutil.which("node") or "node"
    subprocess.run([node, str(ROOT / "static/test/lab/build.mjs"), str(folder)], check=True, cwd=ROOT / "static")
    script = (folder / "team.js").read_text(encoding="utf-8").replace("</script", "<\\/script")
    head = '<meta charset="utf-8"><title>team</title><style>video { width: 6rem }</style>'
    return f'<!doctype html>{head}<body><script type="module">{script}</script>'


class Caller:
    """One page in the call."""

    def __init__(self, browser: Browser, name: str, role: str, page: str, height: int) -> None:
        self.name, self.role = name, role
        self.peer = f"{name}-1"
        self.stage = "in_call"
        self.flags = {"mic": True, "camera": True, "screen": False}
        self.sequence = itertools.count(1)
        self.pending: list[str] = []
        self.served: list[dict[str, Any]] = []
        self.errors: list[str] = []
        self.page: Page = browser.new_context(viewport={"width": 320, "height": 240}).new_page()
        self.page.on("pageerror", lambda error: self.errors.append(f"{name}: {error}"))
        self.page.route(ADDRESS, lambda route: route.fulfill(content_type="text/html", body=page))
        self.page.goto(ADDRESS)
        self.page.evaluate("([me, height]) => begin(me, height)", [name, height])

    @property
    def participant(self) -> dict[str, Any]:
        who = {"id": self.name, "name": self.name, "role": self.role, "stage": self.stage, "present": True, "peer": self.peer}
        unsaid = dict.fromkeys(("booked_as", "relation", "companion", "since", "devices"))
        return {**who, **self.flags, **unsaid, "hand": False, "quiet": False}

    def tell(self, kind: str, body: object, *, re: int | None = None) -> None:
        frame = {"t": kind, "seq": next(self.sequence), "b": body}
        self.pending.append(json.dumps(frame if re is None else {**frame, "re": re}))

    def seen(self) -> dict[str, dict[str, float]]:
        """Return per person how many pictures were shown so far, and the longest time between two since the last `mark`, in ms."""
        found: dict[str, dict[str, float]] = self.page.evaluate("seen()")
        return found

    def mark(self) -> None:
        self.page.evaluate("mark()")

    def sound(self) -> dict[str, float]:
        """Return how many samples of everybody's sound were played so far, and how many of them were made up for want of packets."""
        found: dict[str, float] = self.page.evaluate("sound()")
        return found

    def frames(self, other: str) -> float:
        return self.seen().get(other, {}).get("frames", 0)

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.page.evaluate("state()")
        return found

    def close(self) -> None:
        close_window(self.page.context)


class CallLab:
    """The server's part for one consultation."""

    def __init__(self, folder: Path, make_engine: Callable[[Path], EngineProcess] = EngineProcess, height: int = 180) -> None:
        self.height = height
        self.page = build_page(folder)
        self._folder, self._make_engine = folder, make_engine
        self.engine: EngineProcess | None = None
        self.callers: dict[str, Caller] = {}
        self.route: dict[str, Any] = {"path": "p2p", "epoch": 0, "settled": True}
        self.flowing: set[str] = set()
        self.heard: list[tuple[str, str, dict[str, Any]]] = []
        self._engines = itertools.count(1)

    def open(self, browser: Browser, name: str, role: str = "professional") -> Caller:
        """Open somebody's page; they are not in the call yet."""
        caller = Caller(browser, name, role, self.page, self.height)
        caller.stage = "waiting"
        self.until(lambda: self._greeted(caller))
        return caller

    def admit(self, caller: Caller) -> None:
        caller.stage = "in_call"
        self.callers[caller.name] = caller
        for other in self.callers.values():
            caller.tell("participant", other.participant)
        self.tell_all("participant", caller.participant, without=caller.name)
        self._choose()

    def dismiss(self, name: str) -> None:
        caller = self.callers.pop(name)
        caller.close()
        self.tell_all("participant", {**caller.participant, "stage": "left", "present": False, "peer": None})
        if self.engine is not None and self.route["path"] == "engine":
            self.engine.command(Leave, room=self._room, peer=caller.peer)
        self._choose()

    def place_anew(self) -> None:
        """As the server does when an engine has died."""
        self._turn("engine")

    def tell_all(self, kind: str, body: object, *, without: str | None = None) -> None:
        for name, caller in self.callers.items():
            if name != without:
                caller.tell(kind, body)

    def said(self, name: str, kind: str) -> int:
        """Return how often somebody's page said this."""
        return sum((who, what) == (name, kind) for who, what, _ in self.heard)

    def last(self, name: str, kind: str) -> dict[str, Any]:
        return next((body for who, what, body in reversed(self.heard) if (who, what) == (name, kind)), {"wishes": [{"layer": "h"}]})

    def until(self, met: Callable[[], object], *, within_s: float = PATIENCE_S) -> float:
        """Carry messages until the condition is met; return how long that took, in ms."""
        began = time.monotonic()
        while not met():
            waited = time.monotonic() - began
            assert waited < within_s, {name: (caller.state(), caller.errors) for name, caller in self.callers.items()}
            self.carry()
        return (time.monotonic() - began) * 1000

    def carry(self) -> None:
        for caller in list(self.callers.values()):
            self._exchange(caller)
        if self.engine is not None:
            for event in self.engine.take():
                self._engine_says(event)

    def close(self) -> None:
        for caller in self.callers.values():
            caller.close()
        if self.engine is not None:
            self.engine.close()

    @property
    def _room(self) -> str:
        return f"r{self.route['epoch']}"

    def _greeted(self, caller: Caller) -> bool:
        self._exchange(caller)
        return caller.name in {name for name, kind, _ in self.heard if kind == "hello"}

    def _exchange(self, caller: Caller) -> None:
        for text in caller.page.evaluate("drain()"):
            frame = json.loads(text)
            self._take(caller, frame["t"], frame["b"], frame["id"])
        if caller.pending:
            frames, caller.pending = caller.pending, []
            caller.page.evaluate("down", frames)

    def _take(self, caller: Caller, kind: str, body: dict[str, Any], number: int) -> None:
        self.heard.append((caller.name, kind, body))
        if kind == "hello":
            everybody = [caller, *(other for other in self.callers.values() if other is not caller)]
            snapshot = {
                "consultation": {"id": "c", "state": "active", "started_at": None, "outcome": None}, "route": self.route, "messages": [],
                "participants": [each.participant for each in everybody],
            }  # fmt: skip
            caller.tell(
                "welcome", {"you": caller.name, "peer": caller.peer, "resume": "r", "beat_s": 5, "ice": [], "snapshot": snapshot}, re=number
            )
        elif kind == "signal":
            self._relay(caller, body)
        elif kind != "beat":
            caller.tell("ok", {}, re=number)
            self._do(caller, kind, body)

    def _do(self, caller: Caller, kind: str, body: dict[str, Any]) -> None:
        match kind:
            case "media":
                caller.flags = body
                self.tell_all("participant", caller.participant)
            case "flowing" if body["epoch"] == self.route["epoch"]:
                self.flowing.add(caller.name)
                if self.flowing >= set(self.callers):
                    self._settle()
            case "answer" | "restart_media" | "watch" if self.engine is not None and self.route["path"] == "engine":
                self._for_engine(caller, kind, body)

    def _for_engine(self, caller: Caller, kind: str, body: dict[str, Any]) -> None:
        assert self.engine is not None
        where = {"room": self._room, "peer": caller.peer}
        match kind:
            case "answer" if body["epoch"] == self.route["epoch"]:
                self.engine.command(AnswerOffer, **where, side=body["side"], offer=body["number"], sdp=body["sdp"])
            case "restart_media":
                self.engine.command(RestartIce, **where, side=body["side"])
            case "watch":
                wishes = [
                    Wish(publisher=wish["peer"], **{key: wish[key] for key in ("source", "layer", "pinned")}) for wish in body["wishes"]
                ]
                self.engine.command(Watch, **where, wishes=wishes)

    def _relay(self, caller: Caller, body: dict[str, Any]) -> None:
        for other in self.callers.values():
            if other.peer == body["to"]:
                other.tell("signal", {**{key: value for key, value in body.items() if key != "to"}, "from": caller.peer})

    def _choose(self) -> None:
        path = "engine" if len(self.callers) > 2 else "p2p"
        if path != self.route["path"]:
            self._turn(path)
        elif path == "engine" and self.engine is not None:
            newest = list(self.callers.values())[-1]
            self.engine.command(Join, room=self._room, peer=newest.peer)

    def _turn(self, path: str) -> None:
        self.flowing.clear()
        self.route = {"path": path, "epoch": self.route["epoch"] + 1, "settled": False}
        self.tell_all("route", self.route)
        if path == "engine":
            if self.engine is not None and not self.engine.alive:
                self.engine.close()
                self.engine = None
            if self.engine is None:
                self.engine = self._make_engine(self._folder / f"engine{next(self._engines)}")
            self.engine.command(OpenRoom, room=self._room)
            for caller in self.callers.values():
                self.engine.command(Join, room=self._room, peer=caller.peer)

    def _settle(self) -> None:
        self.route = {**self.route, "settled": True}
        self.tell_all("route", self.route)
        if self.route["path"] == "p2p" and self.engine is not None:
            self.engine.close()
            self.engine = None

    def _engine_says(self, event: object) -> None:
        peer = getattr(event, "peer", None)
        caller = next((each for each in self.callers.values() if each.peer == peer), None)
        match event:
            case Speaking():
                self.tell_all("speaking", {"peer": event.peer})
            case Offer() if caller is not None and event.room == self._room:
                streams = [{"mid": each.mid, "peer": each.publisher, "source": each.source} for each in event.streams]
                offer = {"side": event.side, "number": event.number, "sdp": event.sdp, "streams": streams}
                caller.tell("offer", {"epoch": self.route["epoch"], **offer})
            case Quality() if caller is not None:
                caller.served.append({"budget_bps": event.budget_bps, "lost": event.lost, "paused": event.paused})
                caller.tell("served", caller.served[-1])
            case Gone():
                self.heard.append((event.peer, "gone", {"reason": event.reason}))
