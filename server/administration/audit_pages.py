"""The page of the audit: who did what, and when. It names no patient, and shows no words that were written about one."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.access.home import part_of
from server.access.model import Practice, Team
from server.access.people import audits
from server.access.viewer import names_of, viewer_of, workers_of, working_here
from server.administration.act_words import WORDS, what_it_was, what_was_done
from server.administration.audit_list import MOST_TAKEN, PAGE_OF, Filter, entries_of
from server.core.audit import Act, AuditEntry
from server.core.db import Tx
from server.web.endpoint import house_of
from server.web.pages import language_of, render

PAGE = "/practice/audit"
LAST_NUMBER = 2**62
EARLIEST, LATEST = date(2000, 1, 1), date(2999, 12, 31)


def routes() -> list[Route]:
    return [Route(PAGE, _audit)]


async def _audit(request: Request) -> Response:
    return await show_audit(request)


async def show_audit(request: Request, taken: tuple[Mapping[str, str], str] | None = None) -> Response:
    """Return the page; `taken` is the form of an extract that was refused, with the field that is wrong."""
    viewer, house = await viewer_of(request), house_of(request)
    wanted, faults = filter_of(request.query_params)
    async with house.database.read() as tx:
        practice = await tx.get_one(Practice, await audits(tx, viewer))
        entries = [] if faults else await entries_of(tx, practice, wanted)
        shown, more = entries[:PAGE_OF], len(entries) > PAGE_OF
        ours = await working_here(tx, practice.id, {entry.person_id for entry in shown if entry.person_id})
        names = await names_of(tx, ours, practice.id)
        about = await _about(tx, practice.id, shown)
        part = await part_of(tx, viewer)
        people = await names_of(tx, await workers_of(tx, practice.id), practice.id)
    text = language_of(request).text
    kept = {name: value for name, value in request.query_params.items() if name in {"person", "patient", "act", "day"} and value}
    page = {
        "part": part, "entries": shown, "said": lambda one: text(what_was_done(one.act, one.thing)),
        "thing": lambda one: text(what_it_was(one.thing)),
        "names": names, "about": about, "acts": {act.value: text(WORDS[act]) for act in Act}, "zone": practice.time_zone,
        "now": house.clock.now(), "kept": kept, "faults": faults, "wanted": wanted,
        "older": urlencode({**kept, "before": shown[-1].number}) if more else "",
        "people": sorted(people.items(), key=lambda one: one[1]), "taken": taken[0] if taken else {}, "refused": taken[1] if taken else "",
        "most": MOST_TAKEN, "today": house.clock.now().astimezone(ZoneInfo(practice.time_zone)).date(),
    }  # fmt: skip
    return render(request, "staff/audit.html", page, 422 if faults or taken else 200)


async def _about(tx: Tx, practice_id: UUID, entries: list[AuditEntry]) -> dict[UUID, str]:
    """Return how the people and teams are called whose services somebody else changed, by the id that stands as the thing."""
    whose = {entry.thing_id for entry in entries if entry.thing == "service"}
    teams = await tx.scalars(select(Team).where(Team.practice_id == practice_id, Team.id.in_(whose)))
    people = await names_of(tx, await working_here(tx, practice_id, whose), practice_id)
    return {**people, **{team.id: team.name for team in teams}}


def filter_of(query: Mapping[str, str]) -> tuple[Filter, dict[str, str]]:
    """Return what is asked for, and by field what cannot be read."""
    readers: dict[str, Callable[[str], Any]] = {"person": UUID, "patient": UUID, "act": Act, "day": day_of, "before": _number}
    read: dict[str, Any] = dict.fromkeys(readers)
    faults: dict[str, str] = {}
    for field, reader in readers.items():
        try:
            read[field] = reader(query[field]) if query.get(field) else None
        except ValueError:
            faults[field] = field
    return (Filter() if faults else Filter(*read.values())), faults


def day_of(text: str) -> date:
    """Read a day as a form gives it; raises `ValueError`."""
    found = date.fromisoformat(text)
    if not EARLIEST <= found <= LATEST:
        raise ValueError
    return found


def _number(text: str) -> int:
    found = int(text)
    if not 0 < found <= LAST_NUMBER:
        raise ValueError
    return found
