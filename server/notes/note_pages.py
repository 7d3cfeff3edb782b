"""A note to read: what it says with everything that amends it, who stands for it, and what became of it since its first letter."""

import asyncio
from dataclasses import dataclass

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.home import part_of
from server.access.model import Practice
from server.access.policy import Verb, Viewer
from server.access.viewer import load_viewer, names_of
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.errors import ConsiliumError
from server.identity.gate import signed_in
from server.notes.answers import compared_sections, signatures, writers_of, written_sections
from server.notes.compare import compare
from server.notes.doors import SeenNote, family_of, patient_of_notes, see_note, see_original, versions_of
from server.notes.history import edits_of, timeline
from server.notes.http import row_number
from server.notes.loading import authors_of, past_of, text_of
from server.notes.model import NoteState, Purpose
from server.notes.prose_html import html_of
from server.notes.signing import Signer, Wish
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render

LONGEST_REASON = 500


@dataclass(frozen=True)
class _Look:
    """Whoever looks, at what, and what every page of a note shows."""

    seen: SeenNote
    head: dict[str, object]


def routes() -> list[Route]:
    one = "/notes/{note_id:uuid}"
    return [
        Route(one, _note),
        Route(one + "/history", _history),
        Route(one + "/restore", _restore, methods=["POST"]),
    ]


async def _note(request: Request) -> Response:
    """The whole family of a note, original first; looking at it is written down in the same transaction."""
    house = house_of(request)
    async with house.database.write() as tx:
        viewer = await _viewer(request, tx)
        seen = await see_original(tx, viewer, request.path_params["note_id"], Verb.SEE)
        family = [await see_note(tx, viewer, note.public_id) for note in await family_of(tx, seen.note)]
        signed = await signatures(tx, [one.note.id for one in family])
        names = await names_of(tx, {one.note.begun_by for one in family}, seen.facts.practice_id)
        head = await _head(tx, seen)
        await record(tx, _looked(seen), house.clock.now())
    texts = [await text_of(house, one.note) for one in family]
    parts = [
        {
            "note": one.note,
            "by": names[one.note.begun_by],
            "signatures": signed[one.note.id],
            "sections": [(name, Markup(html_of(blocks))) for name, blocks in text.prose.sections.items() if blocks],  # noqa: S704 - escaped there
            "sha256": text.fixed.sha256.hex(),
            "history": one.may(Verb.HISTORY),
        }
        for one, text in zip(family, texts, strict=True)
    ]
    return render(request, "staff/note.html", {**head, "parts": parts, "may_export": seen.may(Verb.EXPORT)})


async def _history(request: Request) -> Response:
    """The timeline, and beside it the text after one row with its authors, or what changed between two."""
    house, language = house_of(request), language_of(request)
    look = await _past(request)
    note_id = look.seen.note.id
    async with house.database.read() as tx:
        entries = timeline(await edits_of(tx, note_id), await versions_of(tx, note_id))
        names = await names_of(tx, {entry.person_id for entry in entries}, look.seen.facts.practice_id)
    last = entries[-1].to_seq if entries else 0
    older, newer = _row(request, "from"), _row(request, "to") or last
    shown: dict[str, object] = {"entries": list(reversed(entries)), "names": names, "older": older, "newer": newer, "last": last}
    shown |= {"note": look.seen.note, "restorable": _restorable(look.seen), "error": request.query_params.get("error", "")}
    if newer:
        past, authors = await past_of(house, note_id), await authors_of(house, note_id)
        new = await past.at(newer)
        writers = writers_of(authors, language)
        if older:
            old = await past.at(older)
            sections = compared_sections(await asyncio.to_thread(compare, old.prose, new.prose), writers, language)
        else:
            sections = written_sections(await past.by_first_writers(new.prose), writers)
        shown["sections"] = [(section.name, Markup(section.html)) for section in sections if section.html]  # noqa: S704 - escaped there
        shown["writers"] = writers.people
    return render(request, "staff/history.html", {**look.head, **shown})


async def _restore(request: Request) -> Response:
    """Begin an amendment with an earlier text, for a reason; the desk opens it."""
    house = house_of(request)
    look = await _past(request)
    form = await read_form(request)
    back = f"/notes/{look.seen.note.public_id}/history"
    reason = form.get("reason", "").strip()
    if not 0 < len(reason) <= LONGEST_REASON:
        return RedirectResponse(f"{back}?error=reason", status_code=303)
    text = await (await past_of(house, look.seen.note.id)).at(row_number(form.get("seq", ""), "seq") or 0)
    try:
        async with house.database.write() as tx:
            viewer = await _viewer(request, tx)
            signer = Signer(tx, house.keyring, viewer, house.clock.now())
            made = await signer.amend(look.seen.note.public_id, Wish(Purpose.AMENDMENT, reason, text.prose))
    except ConsiliumError as error:
        return RedirectResponse(f"{back}?error={error.code}", status_code=303)
    return RedirectResponse(f"/desk/{made.note.consultation_id}", status_code=303)


async def _past(request: Request) -> _Look:
    async with house_of(request).database.read() as tx:
        viewer = await _viewer(request, tx)
        seen = await see_note(tx, viewer, request.path_params["note_id"], Verb.HISTORY)
        return _Look(seen, await _head(tx, seen))


async def _viewer(request: Request, tx: Tx) -> Viewer:
    who = await signed_in(request)
    return await load_viewer(tx, who, house_of(request).clock.now())


async def _head(tx: Tx, seen: SeenNote) -> dict[str, object]:
    patient = await patient_of_notes(tx, [seen])
    practice = await tx.get_one(Practice, patient.practice_id)
    return {"part": await part_of(tx, seen.viewer), "patient": patient, "zone": practice.time_zone, "kind": seen.note.kind}


def _restorable(seen: SeenNote) -> bool:
    return seen.note.state == NoteState.LOCKED and seen.may(Verb.AMEND)


def _looked(seen: SeenNote) -> Deed:
    facts = seen.facts
    return Deed(facts.practice_id, seen.viewer.person_id, Act.LOOKED, "note", seen.note.public_id, facts.patient_id)


def _row(request: Request, name: str) -> int | None:
    """Read which row was chosen; an empty choice is none, and so is 0. Raises `Invalid`."""
    return row_number(request.query_params.get(name) or None, name) or None
