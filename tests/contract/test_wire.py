"""docs/WIRE.md, the Python side and static/src/lib/wire.ts say the same of the room's socket."""

import ast
import re
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from server.consultation import commands, steps, ws
from server.consultation.commands import COMMANDS, Hello, WatchWish
from server.consultation.live_actions import MAX_MESSAGES
from server.consultation.readings import KEPT_FOR
from server.consultation.recording_view import QuestionShape, RecordingShape
from server.consultation.room import RoomPace
from server.consultation.roster import MESSAGES_SHOWN
from server.consultation.route import RouteShape
from server.consultation.view import ConsultationShape, MessageShape, ParticipantShape, ShownStage, Snapshot
from server.consultation.welcome import Welcome
from server.errors import Conflict, ConsiliumError
from server.messaging.delays import CHOICES_MIN
from server.web.bounded_ws import MAX_PIECES, PINGS_BURST, PINGS_PER_S
from server.web.connection import SocketLimits

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "WIRE.md").read_text().split("\n## 3.")[0]
SCRIPT = (ROOT / "static" / "src" / "lib" / "wire.ts").read_text()
SOURCES = [*sorted((ROOT / "server" / "consultation").glob("*.py")), ROOT / "server/web/connection.py", ROOT / "server/web/socket.py"]
ROOM = [
    path
    for path in SOURCES
    if path.stem
    in {
        "steps",
        "signalling",
        "engine_words",
        "room",
        "ws",
        "live_actions",
        "view",
        "connection",
        "commands",
        "model",
        "recording",
        "recording_steps",
    }
]
LIMITS = SocketLimits()


def section(title: str) -> str:
    """Return one ### section of the page."""
    return PAGE.split(f"\n### {title}")[1].split("\n### ")[0]


def rows(text: str) -> list[list[str]]:
    """Return the cells of every table row, without heads."""
    lines = [line for line in text.splitlines() if line.startswith("|") and not line.startswith("|---")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return [row for row in cells if row[0] not in {"type", "limit", "code", "error"}]


def names(text: str) -> set[str]:
    """Return the keys of an object as the page writes it; values follow a colon or a bar."""
    return set(re.findall(r'(?:\{|,)\s*"(\w+)"', re.sub(r"//.*", "", text)))


def interface(name: str) -> dict[str, str]:
    """Return the fields of an interface of the script, each with its type as it is written."""
    body = re.search(rf"export interface {name} {{\n(.*?)\n}}", SCRIPT, re.DOTALL)
    assert body, name
    return dict(re.findall(r"^  (\w+)\??: (.*);$", body[1], re.MULTILINE))


def union(name: str) -> set[str]:
    """Return the members of a union type of the script."""
    body = re.search(rf"export type {name} = ([^;]*);", SCRIPT)
    assert body, name
    return {part.strip().strip('"') for part in body[1].split("|")}


COMMAND_ROWS = {row[0].strip("`"): row for row in rows(section("2.2"))}
EVENT_ROWS = {row[0].strip("`"): row for row in rows(section("2.3"))}
SHAPES: dict[str, Any] = {
    "Participant": ParticipantShape, "Message": MessageShape, "Consultation": ConsultationShape, "Snapshot": Snapshot,
    "Recording": RecordingShape, "Question": QuestionShape,
    "Route": RouteShape, "Wish": WatchWish,
}  # fmt: skip


def test_the_three_know_the_same_commands() -> None:
    assert COMMAND_ROWS.keys() == interface("Commands").keys() == COMMANDS.keys() | {"hello", "beat"}


@pytest.mark.parametrize("kind", sorted(COMMANDS))
def test_commands_have_the_same_fields_and_the_same_users(kind: str) -> None:
    _, who, body, _ = COMMAND_ROWS[kind]
    known = set(COMMANDS[kind].model_fields)
    assert names(body) == known
    assert (who == "professional") is COMMANDS[kind].professional_only
    written = interface("Commands")[kind]
    for shape in ("MediaFlags", "EngineAnswer", "Report"):
        written = re.sub(rf"\b{shape}\b", "; ".join(f"{name}:" for name in interface(shape)), written)
    fields = set(re.findall(r"(\w+)\??:", written))
    assert fields == (known - {"description", "candidate"} if kind == "signal" else known)


def test_hello_has_the_same_fields() -> None:
    written = set(re.findall(r"(\w+):", interface("Commands")["hello"]))
    assert set(Hello.model_fields) == names(COMMAND_ROWS["hello"][2]) == written


def test_the_three_know_the_same_events() -> None:
    assert EVENT_ROWS.keys() == interface("Events").keys() == sent_by_the_server()


def sent_by_the_server() -> set[str]:
    """Return the types of all frames down but `ok` and `error`, as they are written in the source."""
    found: set[str] = set()
    for path in ROOM:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and called(node) in {"Tell", "_tell", "_to", "send", "reply", "_Outgoing"}:
                found |= {item.value for item in node.args if isinstance(item, ast.Constant) and isinstance(item.value, str)}
            elif isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple) and isinstance(node.value.elts[0], ast.Constant):
                found.add(str(node.value.elts[0].value))
    return found - {"ok", "error"}


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_have_the_same_fields(name: str) -> None:
    block = section("2.1").split("```")[1]
    written = re.search(rf"^{name} += (.*?\}})(?: |$)", block, re.MULTILINE | re.DOTALL)
    assert written, name
    known = set(SHAPES[name].__annotations__)
    assert names(written[1]) == known
    assert set(interface({"Consultation": "ConsultationPart"}.get(name, name))) == known


def test_welcome_has_the_same_fields() -> None:
    known = set(get_type_hints(Welcome))
    assert names(EVENT_ROWS["welcome"][1]) == set(interface("Welcome")) == known


def test_words_are_the_same() -> None:
    assert union("Stage") == set(get_args(ShownStage))
    assert union("Outcome") == set(get_args(commands.Verdict))
    for stage in get_args(ShownStage):
        assert f'"{stage}"' in section("2.1")


@pytest.mark.parametrize(
    ("limit", "value"),
    [
        ("connections that have not said `hello`", f"{LIMITS.pending_hellos}"),
        ("frame up", f"{LIMITS.frame_size // 1024} KiB"),
        ("pieces of one message", f"{MAX_PIECES}"),
        ("pings", f"{PINGS_PER_S:.0f} per second, burst {PINGS_BURST:.0f}"),
        ("description", f"{commands.MAX_DESCRIPTION // 1024} KiB"),
        ("frames", f"{LIMITS.frames_per_s:.0f} per second, burst {LIMITS.frames_burst:.0f}"),
        (f"commands that are stored ({', '.join(f'`{name}`' for name, command in COMMANDS.items() if command.stored)})",
         f"{ws.STORED_PER_S:.0f} per second, burst {ws.STORED_BURST:.0f}"),
        ("`caption`", f"{ws.CAPTIONS_PER_S:.0f} per second, burst {ws.CAPTIONS_BURST:.0f}"),
        ("`quality`", f"{ws.REPORTS_PER_S} per second, burst {ws.REPORTS_BURST:.0f}"),
        ("`answer`, `restart_media`, `watch`, together", f"{ws.WORDS_PER_S:.0f} per second, burst {ws.WORDS_BURST:.0f}"),
        ("messages of one consultation", f"{MAX_MESSAGES:,}"),
        ("frames waiting for a slow reader", f"{LIMITS.queued_frames}, or {LIMITS.queued_size // 1024**2} MiB"),
        ("connections of one consultation", f"{steps.MAX_CONNECTIONS}"),
        ("silence", f"{LIMITS.silence_s:.0f} s without a frame"),
        ("`hello`", f"{LIMITS.hello_s:.0f} s, {LIMITS.hello_size // 1024} KiB"),
    ],
)  # fmt: skip
def test_limits_are_what_the_page_says(limit: str, value: str) -> None:
    assert {row[0]: row[1] for row in rows(section("2.6"))}[limit] == value


def test_other_figures_are_what_the_page_says() -> None:
    assert f"newest {MESSAGES_SHOWN} messages" in section("2.1")
    assert f"for {RoomPace().grace_s:.0f} s (the grace)" in section("2.4")
    assert f"every {LIMITS.beat_s:.0f} s" in EVENT_ROWS["beat"][2]
    assert f"1…{commands.MAX_TEXT:,} characters" in COMMAND_ROWS["chat"][2]
    assert f"1…{commands.MAX_CAPTION} characters" in COMMAND_ROWS["caption"][2]
    assert f"CAPTION_CHARACTERS = {commands.MAX_CAPTION}" in SCRIPT
    assert f"deletes it after {KEPT_FOR.days} days" in section("2.7")
    assert f"MESSAGE_CHARACTERS = {commands.MAX_TEXT}" in SCRIPT
    assert f"GRACE_MS = {RoomPace().grace_s * 1000:_.0f}" in SCRIPT


def test_every_close_code_is_explained() -> None:
    explained = {row[0] for row in rows(section("2.6")) if row[0].isdigit()}
    room = {"malformed", "not_signed_in", "forbidden", "not_found", "too_fast", "not_stored", "overloaded", "error"}
    raised = {str(kind.close_code) for kind in [ConsiliumError, *ConsiliumError.__subclasses__()] if kind.code in room}
    written = {str(steps.LEFT), str(Conflict.close_code), "1009", "1012"}
    assert raised | written == explained
    assert union("CloseCode") <= explained


def test_every_error_code_is_explained() -> None:
    explained = {row[0].strip("`") for row in rows(section("2.6")) if re.fullmatch(r"`[a-z_]+`", row[0]) and len(row) == 2}
    written = set(re.findall(r'code="(\w+)"', "\n".join(path.read_text() for path in ROOM if path.stem != "connection")))
    usual = {"error", "forbidden", "malformed", "not_stored", "overloaded", "too_big", "too_fast"}
    assert written | usual == explained


def test_the_page_offers_the_minutes_by_which_one_can_run_late() -> None:
    offered = re.search(r"CHOICES_MIN = \[([0-9, ]+)\]", (ROOT / "static/src/today/next.tsx").read_text())
    assert offered is not None
    assert tuple(map(int, offered[1].split(","))) == CHOICES_MIN
