"""The page of a record on which the practice writes down who acts for the patient, looks at it again, and ends it."""

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.home import part_of
from server.access.model import Practice
from server.access.policy import Viewer, may_read_background, may_write_record
from server.access.representation import Representation, Said
from server.access.viewer import load_viewer, names_of
from server.core.db import Tx
from server.errors import Forbidden, Invalid, TooFast
from server.identity.gate import signed_in
from server.notes.records import record_facts, see_record
from server.patients.acting_doors import Actor, actors_of, see_representation
from server.patients.acting_pages import LIMIT, form_context, hand_of, words
from server.patients.doors import OwnRecord
from server.patients.file_doors import files_of
from server.patients.parents import refuse_own
from server.patients.representing import Hand, acting_url, end, enter, read_ground, read_terms, read_wish, renew
from server.web.endpoint import base_url_of, house_of
from server.web.forms import read_form
from server.web.pages import render

PAGE = "staff/acting.html"


class _Visit(NamedTuple):
    """Whoever asks for a record that they may see; `reads` its documents, `writes` in it."""

    viewer: Viewer
    record: OwnRecord
    reads: bool
    writes: bool


def routes() -> list[Route]:
    every = "/patients/{patient_id:uuid}/acting"
    one = every + "/{representation_id:uuid}"
    return [
        Route(every, _show, methods=["GET"]),
        Route(every, _enter, methods=["POST"]),
        Route(one + "/renew", _renew, methods=["POST"]),
        Route(one + "/end", _end, methods=["POST"]),
    ]


async def _show(request: Request) -> Response:
    return await _page(request, {}, "")


async def _enter(request: Request) -> Response:
    await _writing(request)
    form = await read_form(request)
    try:
        await house_of(request).limiter.hit(LIMIT, str((await signed_in(request)).person_id))
        async with house_of(request).database.write() as tx:
            hand, files = await _hand(request, tx)
            await enter(tx, hand, read_wish(form, hand), read_ground(form, files))
    except (Invalid, TooFast) as error:
        return await _page(request, form, error.code)
    return _back(request, "asked")


async def _renew(request: Request) -> Response:
    await _writing(request)
    form = await read_form(request)
    try:
        async with house_of(request).database.write() as tx:
            hand, files = await _hand(request, tx)
            one = await see_representation(tx, hand.patient.id, _id(request))
            await refuse_own(tx, (await _visit(request, tx)).viewer, one)
            await renew(tx, hand, one, read_terms(form, hand), read_ground(form, files))
    except Invalid as error:
        return await _page(request, {**form, "about": str(_id(request))}, error.code)
    return _back(request, "renewed")


async def _end(request: Request) -> Response:
    house = house_of(request)
    async with house.database.write() as tx:
        visit = await _visit(request, tx)
        _refuse_unless(visit.writes)
        one = await see_representation(tx, visit.record.patient.id, _id(request))
        await end(tx, one, visit.viewer.person_id, house.clock.now())
    return _back(request, "ended")


async def _writing(request: Request) -> None:
    """Decide the right before the form is read; raises `NotFound` and `Forbidden`."""
    async with house_of(request).database.read() as tx:
        _refuse_unless((await _visit(request, tx)).writes)


def _refuse_unless(writes: bool) -> None:  # noqa: FBT001 - it is the whole question
    if not writes:
        raise Forbidden


async def _hand(request: Request, tx: Tx) -> tuple[Hand, set[UUID]]:
    """Return the hand that writes, and the documents of the record that it may name."""
    visit = await _visit(request, tx)
    _refuse_unless(visit.writes)
    files = await files_of(tx, house_of(request).keyring, visit.record.patient.id)
    return await hand_of(request, tx, visit.record, visit.viewer.person_id), {filed.row.id for filed in files if filed.readable}


async def _visit(request: Request, tx: Tx) -> _Visit:
    """Pass the door of the record; raises `NotSignedIn` and `NotFound`."""
    who = await signed_in(request)
    viewer = await load_viewer(tx, who, house_of(request).clock.now())
    patient = (await see_record(tx, viewer, request.path_params["patient_id"])).patient
    facts = await record_facts(tx, patient)
    record = OwnRecord(patient, await tx.get_one(Practice, patient.practice_id))
    return _Visit(viewer, record, may_read_background(viewer, facts), may_write_record(viewer, facts))


async def _page(request: Request, form: Mapping[str, str], fault: str) -> Response:
    house = house_of(request)
    now = house.clock.now()
    async with house.database.read() as tx:
        visit = await _visit(request, tx)
        patient, practice = visit.record.patient, visit.record.practice
        actors = await actors_of(tx, patient.id, now)
        names = await names_of(tx, {word.person_id for actor in actors for word in actor.words}, practice.id)
        files = await files_of(tx, house.keyring, patient.id) if visit.reads else []
        part = await part_of(tx, visit.viewer)
    shown = {
        "part": part,
        "patient": patient,
        "zone": practice.time_zone,
        "actors": actors,
        "names": names,
        "files": [filed for filed in files if filed.readable],
        "titles": {filed.row.id: filed.called for filed in files},
        "writes": visit.writes,
        "links": _links(request, actors) if visit.writes else {},
        "done": next((word for word in ("asked", "renewed", "ended") if word in request.query_params), ""),
        **form_context(request, form, fault, practice.time_zone),
    }
    return render(request, PAGE, {**shown, **words(request)}, status=422 if fault else 200)


def _links(request: Request, actors: list[Actor]) -> dict[UUID, str]:
    """Return the links that the practice made and may hand on, while they are good; one that the patient made is theirs to give."""
    house = house_of(request)
    own = [actor for actor in actors if any(word.said == Said.ACCEPTED for word in actor.words)]
    good: list[Representation] = [actor.representation for actor in own if actor.representation.can_be_taken(house.clock.now())]
    return {one.id: acting_url(base_url_of(request), house.secrets, one) for one in good}


def _id(request: Request) -> UUID:
    representation_id: UUID = request.path_params["representation_id"]
    return representation_id


def _back(request: Request, what: str) -> Response:
    return RedirectResponse(f"/patients/{request.path_params['patient_id']}/acting?{what}", status_code=303)
