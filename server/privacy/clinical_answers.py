"""The clinical part of an erasure: each professional who treats the patient answers for it, as its controller."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, select

from server.access.model import Professional, working
from server.access.policy import Viewer
from server.consultation.holdings import MEETINGS
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.core.holdings import Subject
from server.core.keyring import KeyRing, MissingKey, Unreadable
from server.core.paging import Paged, paged
from server.errors import Conflict, Invalid, NotFound
from server.privacy.erasure_plan import Said
from server.privacy.erasure_rows import ClinicalAnswer
from server.privacy.request_rows import RightsRequest
from server.privacy.request_words import OPEN, Kind, fault_of
from server.privacy.requests import THING, opened_part, seal_part


class Answered(NamedTuple):
    """What one professional says; `words` is None where it cannot be opened any more. Without an answer `goes` is None."""

    professional: Professional
    goes: bool | None
    words: str | None


async def said_about(tx: Tx, patient_id: UUID, request_id: UUID) -> Said:
    """Return what all of them say: one who keeps it decides, then one who has not answered; where nobody works here any more, it goes."""
    asked = set(await tx.scalars(_treating(patient_id).with_only_columns(Professional.id)))
    answers = {each.professional_id: each.goes for each in await _answers(tx, request_id) if each.professional_id in asked}
    if not all(answers.values()):
        return Said.STAYS
    return Said.GOES if answers.keys() == asked else Said.NOTHING_YET


async def answers_of(tx: Tx, keyring: KeyRing, request: RightsRequest) -> list[Answered]:
    """Return everybody who was asked, by name, with their answer; whoever calls has the request from its door."""
    found = {each.professional_id: each for each in await _answers(tx, request.id)}
    asked = await tx.scalars(_treating(request.patient_id).order_by(Professional.name, Professional.id))
    return [_answered(keyring, request, each, found.get(each.id)) for each in asked]


async def asked_of(tx: Tx, viewer: Viewer, page: int) -> Paged[tuple[RightsRequest, bool]]:
    """Return a page of the open erasures about patients whom the viewer treats, what is due first, and whether they have answered."""
    open_ones = select(RightsRequest).where(RightsRequest.kind == Kind.ERASURE, RightsRequest.state.in_(OPEN))
    mine = open_ones.where(RightsRequest.patient_id.in_(_patients_of(viewer))).order_by(RightsRequest.due_at, RightsRequest.id)
    answered = set(await tx.scalars(select(ClinicalAnswer.request_id).where(ClinicalAnswer.professional_id == viewer.professional_id)))
    return (await paged(tx, mine, page)).of(lambda request: (request, request.id in answered))


async def see_asked(tx: Tx, viewer: Viewer, request_id: UUID) -> RightsRequest:
    """Load one of them; raises `NotFound`."""
    mine = select(RightsRequest).where(RightsRequest.id == request_id, RightsRequest.kind == Kind.ERASURE)
    request = await tx.scalar(mine.where(RightsRequest.patient_id.in_(_patients_of(viewer))).with_for_update())
    if request is None:
        raise NotFound
    return request


async def look_at_asked(tx: Tx, viewer: Viewer, request: RightsRequest, now: datetime) -> None:
    """Put on record that a professional reads a request that `see_asked` returned."""
    await _note(tx, viewer, request, Act.LOOKED, now)


async def answer_clinical(  # noqa: PLR0913
    tx: Tx, keyring: KeyRing, viewer: Viewer, request_id: UUID, form: Mapping[str, str], *, now: datetime
) -> None:
    """Keep what a professional says of their part, in place of what they said before.

    Raises `NotFound`, `Conflict` for a request that is settled, and `Invalid` with `field:fault` as its code.
    """
    request = await see_asked(tx, viewer, request_id)
    if request.state not in OPEN or viewer.professional_id is None:
        raise Conflict
    words = form.get("words", "").replace("\r\n", "\n")
    if form.get("goes") not in {"yes", "no"}:
        raise Invalid(code="goes:empty")
    if fault := fault_of(words, "answer"):
        raise Invalid(code=f"answer:{fault}")
    sealed = seal_part(keyring, request, clinical_part(viewer.professional_id), words)
    said = ClinicalAnswer(
        request_id=request.id, professional_id=viewer.professional_id, goes=form["goes"] == "yes", sealed=sealed, answered_at=now
    )  # fmt: skip
    await tx.merge(said)
    await _note(tx, viewer, request, Act.ANSWERED, now)


def _treating(patient_id: UUID) -> Select[Professional]:
    """Select who works here and had a consultation of the patient."""
    meetings = MEETINGS.table
    theirs = select(meetings.c.professional_id).where(MEETINGS.found(Subject(None, frozenset({patient_id}))))
    return select(Professional).where(Professional.id.in_(theirs), working())


def _patients_of(viewer: Viewer) -> Select[UUID]:
    meetings = MEETINGS.table
    return select(meetings.c.patient_id).where(meetings.c.professional_id == viewer.professional_id)


async def _answers(tx: Tx, request_id: UUID) -> list[ClinicalAnswer]:
    return list(await tx.scalars(select(ClinicalAnswer).where(ClinicalAnswer.request_id == request_id)))


def _answered(keyring: KeyRing, request: RightsRequest, professional: Professional, answer: ClinicalAnswer | None) -> Answered:
    if answer is None:
        return Answered(professional, None, "")
    try:
        return Answered(professional, answer.goes, opened_part(keyring, request, clinical_part(professional.id), answer.sealed))
    except (MissingKey, Unreadable):
        return Answered(professional, answer.goes, None)


async def clinical_parts(tx: Tx, request: RightsRequest) -> dict[str, ClinicalAnswer]:
    """Return all answers by the name under which each is sealed; whoever calls has the request from its door, and seals them anew."""
    return {clinical_part(answer.professional_id): answer for answer in await _answers(tx, request.id)}


def clinical_part(professional_id: UUID) -> str:
    """Return under which name the words of a professional are sealed with their request."""
    return f"clinical:{professional_id}"


async def _note(tx: Tx, viewer: Viewer, request: RightsRequest, act: Act, now: datetime) -> None:
    await record(tx, Deed(request.practice_id, viewer.person_id, act, THING, request.id, request.patient_id, "clinical part"), now)
