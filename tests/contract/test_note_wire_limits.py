"""docs/WIRE.md, section 3.5, names every bound of the live note with the number that the server has, and what happens at it."""

import re
from math import prod
from pathlib import Path

import pytest

from server.errors import Conflict, Forbidden, Malformed, NotStored, TooBig, TooFast
from server.notes import limits
from server.notes.conn import REASONS
from server.notes.hub import Restarting
from server.serve import WS_MAX_FRAME
from server.web.bounded_ws import MAX_PIECES, PINGS_BURST, PINGS_PER_S
from server.web.lobby import SEATS
from server.web.ratelimit import RULES

ROOT = Path(__file__).resolve().parents[2]
SECTION = (ROOT / "docs" / "WIRE.md").read_text().split("\n### 3.5")[1].split("\n### 3.6")[0]
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in SECTION.splitlines() if re.match(r"\| (?!limit|code)", line)]
TABLE = {row[0]: row[1:] for row in ROWS}
KIB, MIB = 1024, 1024 * 1024
TICKETS = RULES["ticket"]


def rate(per_s: float, burst: float) -> str:
    return f"{per_s:.0f} per second, burst {burst:.0f}"


LIMITS = {
    "connections that have not said hello": f"{SEATS}",
    "hello": f"{limits.HELLO_WITHIN_S:.0f} s, {limits.MAX_HELLO // KIB} KiB",
    "tickets of one person": f"{TICKETS.times} at once, then {TICKETS.times} in {TICKETS.within_s:.0f} s",
    "message up, of whatever kind": f"{WS_MAX_FRAME // KIB:,} KiB",
    "pieces of one message": f"{MAX_PIECES}",
    "pings": rate(PINGS_PER_S, PINGS_BURST),
    "update, step 2, state vector, awareness": f"{limits.MAX_UPDATE // KIB} KiB, {limits.MAX_STEP2 // MIB} MiB, "
    f"{limits.MAX_STATE_VECTOR // KIB} KiB, {limits.MAX_AWARENESS // KIB} KiB",
    "structs, deletions and members of values in one update, together": f"{limits.MAX_PARTS:,}",
    "stretches of text that one update is compared with, to find where its pieces stand": f"{limits.MAX_ORDER_STEPS:,}",
    "the same for a whole note, at its first update since it was opened and so at every other": f"{limits.MAX_LAYOUT_STEPS:,}",
    "length of one struct": f"{limits.MAX_RUN:,}",
    "client id, clock": f"below {limits.MAX_CLIENT_ID:,}, below {limits.MAX_CLOCK:,}",
    "frames": rate(limits.FRAMES_PER_S, limits.FRAMES_BURST),
    "bytes of kind 0": f"{limits.BYTES_PER_S / KIB:.0f} KiB per second, burst {limits.BYTES_BURST / MIB:.0f} MiB",
    "step 1": rate(limits.STEP1_PER_S, limits.STEP1_BURST),
    "awareness": rate(limits.AWARENESS_PER_S, limits.AWARENESS_BURST),
    "a note": f"{limits.MAX_NOTE_BYTES // MIB} MiB, {limits.MAX_UPDATES:,} updates",
    "connections of one note, of one person in it": f"{limits.MAX_CONNECTIONS}, {limits.MAX_CONNECTIONS_PERSON}",
    "bytes waiting for a slow reader": f"{limits.MAX_BACKLOG // MIB} MiB",
    "goodbye that is not taken": f"{limits.CLOSE_WITHIN_S:.0f} s",
}
TOLD = {
    "SCHEMA_VERSION", "SECTIONS", "BLOCKS", "TEXT", "NODES", "MARKS",  # what may be written: 3.1 and 3.4
    "GROUP_S", "BUSY_ROWS", "BUSY_GROUP_S", "MAX_BATCH", "LINGER_S", "SNAPSHOT_EVERY",  # the server's own pace, which nobody outside meets
    "MAX_QUEUED",  # the same bound as MAX_BACKLOG, where the transport cannot be asked
    "RECHECK_S", "RECHECKED_AT_ONCE", "EPOCH_S", "SETTLE_S",  # in the last paragraphs, or nobody's outside
    "MAX_NESTING",  # of what is read for people; the live note has no such bound
}  # fmt: skip


@pytest.mark.parametrize("limit", LIMITS)
def test_limits_are_what_the_page_says(limit: str) -> None:
    assert TABLE[limit][0] == LIMITS[limit]


def test_the_page_has_no_other_limits() -> None:
    assert {name for name in TABLE if not re.match(r"\d{4}", name)} == LIMITS.keys()


def test_every_limit_says_what_happens() -> None:
    outcome = re.compile(r"closed (1009|1013|44\d\d)|^103 `\w+`$|^429 |^dropped$|is cut$")
    assert [name for name in LIMITS if not outcome.search(TABLE[name][1])] == []


def test_every_bound_of_the_server_is_on_the_page() -> None:
    """A new constant in limits.py is either in the table above or told elsewhere."""
    named = set(re.findall(r"limits\.([A-Z]\w+)", Path(__file__).read_text()))
    constants = {name for name in vars(limits) if name.isupper()}
    assert constants - named - TOLD == set()
    assert f"every {limits.RECHECK_S:.0f} s" in SECTION


def test_close_codes_are_those_of_the_errors() -> None:
    explained = {row[0].split()[0] for row in ROWS if row[0][:4].isdigit()}
    own = {kind.close_code for kind in (Malformed, Forbidden, Conflict, TooBig, NotStored, TooFast, Restarting)}
    assert explained == {str(code) for code in own}


def test_every_refusal_has_its_sentence_and_its_place() -> None:
    frames = (ROOT / "docs" / "WIRE.md").read_text().split("\n### 3.2")[1].split("\n### 3.3")[0]
    assert [code for code in REASONS if f'"{code}"' not in frames] == []


def test_what_a_computer_keeps_is_bounded_as_the_page_says() -> None:
    source = (ROOT / "static" / "src" / "notes" / "keep.ts").read_text()
    bounds = {name: prod(map(int, value.split("*"))) for name, value in re.findall(r"export const (KEPT_\w+) = ([\d *]+);", source)}
    row = f"| {bounds['KEPT_BYTES'] // MIB} MiB | {bounds['KEPT_RECORDS']} | {bounds['KEPT_MS'] // 3_600_000} hours |"
    assert row in (ROOT / "docs" / "WIRE.md").read_text()
    assert bounds["KEPT_BYTES"] <= limits.MAX_STEP2
