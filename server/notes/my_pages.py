"""A patient's own pages: what lies ahead, what they may read, who may see the notes, and who looked at the record."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.acting import Reach
from server.access.model import Professional
from server.access.policy import Viewer
from server.access.viewer import load_viewer, names_of
from server.consultation.doors import asked_ahead, upcoming_of
from server.consultation.model import Consultation, ConsultationState
from server.consultation.recorded import Recording
from server.core.db import Tx
from server.core.house import House
from server.core.marking import _
from server.errors import Invalid
from server.identity.gate import signed_in
from server.notes.announced import Announcing
from server.notes.prose_html import html_of
from server.notes.recordings import own_recordings, take_back
from server.notes.released import Released, released_versions
from server.patients.acting_doors import Reader, actor_names, records_acted_for, see_record_for
from server.patients.acting_looks import note_look
from server.patients.actions import Decision, decide_sharing
from server.patients.answer_doors import Sheet, own_sheets
from server.patients.answer_words import Line, lines_of
from server.patients.doors import OwnRecord, newest_sharing, own_records, reading
from server.patients.look_words import tells_why, what_was_done
from server.patients.looks import Look, looks_at
from server.patients.model import SharingConsent
from server.patients.wording import TEAM_NOTES
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.i18n import Language
from server.web.pages import language_of, render

LATE = timedelta(minutes=30)  # then one that nobody came to is hardly the next
NUMBER = re.compile(r"[0-9]{1,18}")  # fits into the database's widest number
SAID = ("agreed", "withdrawn", "unrecorded", "withheld", "found", "nothing")
HEADINGS = {
    "subjective": _("What you told us"),
    "objective": _("What we found"),
    "assessment": _("What we think about it"),
    "plan": _("What happens next"),
}


@dataclass(frozen=True)
class Summary:
    """A released text as the page shows it: pairs of heading and HTML, None where it cannot be opened."""

    released: Released
    writer: str
    sections: list[tuple[str, Markup]] | None


@dataclass(frozen=True)
class Part:
    """All that the page says about one record. `shared_by` names who said for the patient what `sharing` says now, empty where they did."""

    record: OwnRecord
    ahead: list[tuple[Consultation, Professional]]
    summaries: list[Summary]
    sharing: SharingConsent | None
    shared_by: str
    recordings: list[tuple[Recording, Professional]]
    asked: frozenset[UUID]
    answers: list[tuple[datetime, list[Line] | None]]


@dataclass(frozen=True)
class Soonest:
    """The consultation that comes next, of all records on the page."""

    part: Part
    consultation: Consultation
    host: Professional


def routes(announcing: Announcing) -> list[Route]:
    """`announcing` tells what else is new for somebody with an account."""
    own = "/my/{patient_id:uuid}"

    async def mine(request: Request) -> Response:
        return await _mine(request, announcing)

    return [
        Route("/my", mine),
        Route(own, _theirs),
        Route(own + "/sharing", _sharing, methods=["POST"]),
        Route(own + "/looks", _looks),
        Route(own + "/recordings/{recording_id:uuid}/withdraw", _take_back, methods=["POST"]),
    ]


async def _mine(request: Request, announcing: Announcing) -> Response:
    who = await signed_in(request)
    house = house_of(request)
    language, now = language_of(request), house.clock.now()
    async with house.database.read() as tx:
        records = await own_records(tx, who.person_id)
        viewer = reading(await load_viewer(tx, who, now), records)
        parts = [await _part(tx, house, language, viewer, record) for record in records]
        acts_for = await records_acted_for(tx, Reader(who.person_id, now))
        news = [(one, language.text(one.name)) for one in await announcing(tx, who.person_id, now)]
    shown = {
        "news": news,
        "name": viewer.name,
        "parts": parts,
        "soonest": _soonest(parts, now),
        "acts_for": acts_for,
        "wording": TEAM_NOTES,
    }
    return render(request, "my/record.html", {**shown, "now": now, "said": _said(request)})


async def _theirs(request: Request) -> Response:
    """Show the record of somebody for whom the reader acts, as far as they may see it; one's own stands on the page before."""
    who = await signed_in(request)
    house = house_of(request)
    language, now = language_of(request), house.clock.now()
    async with house.database.read() as tx:
        record = await see_record_for(tx, Reader(who.person_id, now), request.path_params["patient_id"], Reach.BOOK)
        if record.acting is None:
            return RedirectResponse("/my", status_code=303)
        viewer = reading(await load_viewer(tx, who, now), [record])
        part = await _part(tx, house, language, viewer, record)
    await note_look(house, record, Reach.BOOK, "record")
    shown = {
        "acting": record,
        "name": viewer.name,
        "parts": [part],
        "soonest": _soonest([part], now),
        "acts_for": [],
        "news": [],
        "wording": TEAM_NOTES,
    }
    return render(request, "my/record.html", {**shown, "now": now, "said": _said(request)})


async def _part(tx: Tx, house: House, language: Language, viewer: Viewer, record: OwnRecord) -> Part:
    """Load what the page says about one record: for whoever only books, no more than what lies ahead."""
    now = house.clock.now()
    ahead = await upcoming_of(tx, record.patient.id, now)
    if not record.lets(Reach.SEE):
        return Part(record, ahead, [], None, "", [], frozenset(), [])
    sharing = await newest_sharing(tx, record)
    return Part(
        record,
        ahead,
        await _summaries(tx, language, await released_versions(tx, house.keyring, viewer, record.patient.id), record.practice.id),
        sharing,
        await _shared_by(tx, sharing),
        await own_recordings(tx, record),
        await asked_ahead(tx, record.patient.id, now),
        _answers(language, await own_sheets(tx, house.keyring, record)),
    )


async def _shared_by(tx: Tx, sharing: SharingConsent | None) -> str:
    if sharing is None:
        return ""
    said = sharing.representation_id if sharing.withdrawn_at is None else sharing.withdrawn_representation_id
    return next(iter((await actor_names(tx, [said])).values()), "")


def _soonest(parts: list[Part], now: datetime) -> Soonest | None:
    """Return the next one; one whose time passed a while ago without anybody there only where no other lies ahead."""
    ahead = [Soonest(part, consultation, host) for part in parts for consultation, host in part.ahead]
    return min(ahead, key=lambda one: (_missed(one.consultation, now), one.consultation.scheduled_at), default=None)


def _missed(consultation: Consultation, now: datetime) -> bool:
    return consultation.state == ConsultationState.SCHEDULED and consultation.scheduled_at <= now - LATE


def _said(request: Request) -> str:
    """Return what the reader has just decided, from the address that the form led to."""
    return next(
        (word for word in ("agreed", "withdrawn", "unrecorded", "withheld", "found", "nothing") if word in request.query_params), ""
    )


async def _summaries(tx: Tx, language: Language, texts: list[Released], practice_id: UUID) -> list[Summary]:
    names = await names_of(tx, {text.writer_id for text in texts}, practice_id)
    return [Summary(text, names.get(text.writer_id, ""), _sections(text, language)) for text in texts]


def _answers(language: Language, sheets: list[Sheet]) -> list[tuple[datetime, list[Line] | None]]:
    """Return when answers were sent, and they themselves; None where they cannot be opened."""
    return [
        (one.row.sent_at or one.row.saved_at, None if one.answers is None else lines_of(language, one.questions, one.answers))
        for one in sheets
    ]


def _sections(text: Released, language: Language) -> list[tuple[str, Markup]] | None:
    """Leave out sections in which nothing stands."""
    if text.prose is None:
        return None
    filled = ((name, html_of(blocks)) for name, blocks in text.prose.sections.items())
    return [(language.text(HEADINGS[name]), Markup(html)) for name, html in filled if html]  # noqa: S704 - html_of escapes every letter


async def _sharing(request: Request) -> Response:
    """Store whether the team may see the notes; taking it back closes what a colleague has open."""
    who = await signed_in(request)
    agrees = {"yes": True, "no": False}.get((await read_form(request)).get("agree", ""))
    if agrees is None:
        raise Invalid(code="agree")
    house = house_of(request)
    patient_id: UUID = request.path_params["patient_id"]
    async with house.database.write() as tx:
        record = await see_record_for(tx, Reader(who.person_id, house.clock.now()), patient_id, Reach.RIGHTS, lock=True)
        await decide_sharing(tx, record.patient, Decision(who.person_id, agrees, language_of(request)), house.clock.now())
    return RedirectResponse(f"{_back(record)}?{'agreed' if agrees else 'withdrawn'}", status_code=303)


def _back(record: OwnRecord) -> str:
    """Return the page about this record, for whoever reads it."""
    return "/my" if record.acting is None else f"/my/{record.patient.id}"


async def _take_back(request: Request) -> Response:
    """The patient agrees to a recording no longer: it is deleted, whatever else was said of it."""
    who = await signed_in(request)
    house = house_of(request)
    async with house.database.write() as tx:
        reader = Reader(who.person_id, house.clock.now())
        record = await see_record_for(tx, reader, request.path_params["patient_id"], Reach.RIGHTS)
        recording = await take_back(tx, record, who.person_id, request.path_params["recording_id"], house.clock.now())
        withheld = recording.withheld
    return RedirectResponse(f"{_back(record)}?{'withheld' if withheld else 'unrecorded'}", status_code=303)


async def _looks(request: Request) -> Response:
    who = await signed_in(request)
    before = _before(request)
    house = house_of(request)
    patient_id: UUID = request.path_params["patient_id"]
    async with house.database.read() as tx:
        record = await see_record_for(tx, Reader(who.person_id, house.clock.now()), patient_id, Reach.SEE)
        looks = await looks_at(tx, record, who.person_id, before)
    await note_look(house, record, Reach.SEE, "looks")
    lines = [(look, _what(request, look), look.reason if tells_why(look.act) else None) for look in looks.entries]
    shown = {"acting": record, "record": record, "lines": lines, "older": looks.older, "first": before is None, "now": house.clock.now()}
    return render(request, "my/looks.html", shown)


def _what(request: Request, look: Look) -> str:
    return language_of(request).text(what_was_done(look.act, look.thing))


def _before(request: Request) -> int | None:
    """Return the number that the link 'older' carries; raises `Invalid` for anything else."""
    text = request.query_params.get("before")
    if text is None:
        return None
    if not NUMBER.fullmatch(text):
        raise Invalid(code="before")
    return int(text)
