"""The administrators' page of how long data are kept: the rules and their versions, what would go by them, and what went."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.home import part_of
from server.access.model import Practice
from server.access.policy import Viewer
from server.access.viewer import names_of, viewer_of
from server.core.db import Tx
from server.core.marking import _
from server.errors import Conflict
from server.messaging.own_texts import administered
from server.privacy.retention import FLOORS, GRACE, MOST, NUMBERS, OWN, PRESETS, Rules, faults_of
from server.privacy.retention_choices import Choice, decide, rules_of, versions_of
from server.privacy.retention_facts import calendar_of
from server.privacy.retention_report import report_of, runs_of
from server.privacy.retention_rows import RetentionRules
from server.privacy.retention_words import CLASS_WORDS, FIELD_HINTS, FIELD_WORDS, PRESET_WORDS
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render

PATH = "/practice/retention"
STALE = _("A colleague has changed these rules meanwhile. What you chose is still here: please compare it with theirs, and save again.")
STALE_STATUS = 409
NOT_A_PRESET = _("Please choose one of the kinds of practice.")


def routes() -> list[Route]:
    return [Route(PATH, _retention, methods=["GET", "POST"])]


async def _retention(request: Request) -> Response:
    viewer, house = await viewer_of(request), house_of(request)
    async with house.database.read() as tx:
        practice = await administered(tx, viewer)
        newest = await _newest(tx, practice)
    if request.method != "POST":
        form = _form_of(newest)
        return await _show(request, viewer, form, report="report" in request.query_params)
    return await _choose(request, viewer, await read_form(request))


async def _choose(request: Request, viewer: Viewer, form: Mapping[str, str]) -> Response:
    """Save what was chosen, or only work out what would go by it."""
    house = house_of(request)
    preset, rules, faults = read_choice(form)
    if rules is None:
        return await _show(request, viewer, form, faults=faults, status=422)
    if "report" in form:
        return await _show(request, viewer, form, report=True)
    version = form.get("version", "")
    try:
        async with house.database.write() as tx:
            await decide(
                tx, viewer, Choice(preset, rules, int(version) if version.isdecimal() and len(version) < 9 else -1), house.clock.now()
            )
    except Conflict:
        return await _show(request, viewer, form, faults={"preset": "stale"}, status=STALE_STATUS)
    return RedirectResponse(f"{PATH}?done=saved", status_code=303)


def read_choice(form: Mapping[str, str]) -> tuple[str, Rules | None, dict[str, str]]:
    """Return the preset, the rules, or by field what is wrong."""
    preset = form.get("preset", "")
    if preset in PRESETS:
        return preset, PRESETS[preset], {}
    if preset != OWN:
        return preset, None, {"preset": "preset"}
    values = {name: _number(form.get(name, "")) for name in NUMBERS}
    if faults := faults_of(values):
        return preset, None, faults
    return preset, Rules(**values, unknown_as_child=form.get("unknown_as_child") == "yes"), {}  # type: ignore[arg-type]


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < len("10000") else None


async def _newest(tx: Tx, practice: Practice) -> RetentionRules | None:
    versions = await versions_of(tx, practice.id)
    return versions[-1] if versions else None


def _form_of(row: RetentionRules | None) -> dict[str, str]:
    """Return the form that says what holds, or proposes the first preset where nothing was decided yet."""
    rules = row.rules if row else PRESETS["private"]
    numbers = {name: str(value) for name, value in asdict(rules).items() if name in NUMBERS}
    children = {"unknown_as_child": "yes"} if rules.unknown_as_child else {}
    return {"preset": row.preset if row else "private", **numbers, **children}


async def _show(  # noqa: PLR0913
    request: Request,
    viewer: Viewer,
    form: Mapping[str, str],
    *,
    report: bool = False,
    faults: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    house, faults = house_of(request), faults or {}
    async with house.database.read() as tx:
        practice = await administered(tx, viewer)
        calendar = calendar_of(practice, house.clock.now())
        versions = await versions_of(tx, practice.id)
        _preset, chosen, _faults = read_choice(form)
        shown = {
            "part": await part_of(tx, viewer), "zone": practice.time_zone, "today": calendar.today, "versions": versions,
            "names": await names_of(tx, {one.decided_by for one in versions}, practice.id),
            "in_force": await rules_of(tx, practice, calendar.now),
            "runs": await runs_of(tx, practice.id),
            "lines": await report_of(tx, house, practice.id, chosen, calendar) if report and chosen else None,
        }  # fmt: skip
    version = str(len(versions)) if status == STALE_STATUS else form.get("version", str(len(versions)))
    typed = {**dict.fromkeys((*NUMBERS, "preset", "unknown_as_child"), ""), **form, "version": version}
    more = {"form": typed, "faults": faults, "done": request.query_params.get("done"), "grace": GRACE.days}
    return render(request, "staff/retention.html", shown | more | _words(request, faults), status)


def _words(request: Request, faults: Mapping[str, str]) -> dict[str, Any]:
    """Return everything that is said about rules in the reader's language."""
    text = language_of(request).text
    floors = asdict(FLOORS)
    sentences = {"stale": text(STALE), "preset": text(NOT_A_PRESET)}
    wrong = {
        name: sentences.get(fault) or text(_("Please write a whole number from {least} to {most}."), least=floors[name], most=MOST)
        for name, fault in faults.items()
    }
    presets = {name: {"rules": asdict(rules), "words": text(PRESET_WORDS[name])} for name, rules in PRESETS.items()}
    return {
        "numbers": NUMBERS, "presets": presets,
        "floors": floors, "fields": {name: text(words) for name, words in FIELD_WORDS.items()},
        "hints": {name: text(words) for name, words in FIELD_HINTS.items()},
        "classes": {name: text(words) for name, words in CLASS_WORDS.items()}, "wrong": wrong, "own_words": text(PRESET_WORDS[OWN]),
    }  # fmt: skip
