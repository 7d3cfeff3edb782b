"""What a patient is asked before their consultation, and how far they are: loaded for the pages of their visit."""

from dataclasses import dataclass

from starlette.requests import Request

from server.access.acting import Reach
from server.access.model import Professional
from server.booking.doors import professionals_of
from server.consultation.visit_appointment import Mine, booked_by_patient, has_begun
from server.consultation.visit_view import GoTo, View, view_of
from server.core.db import Tx
from server.core.marking import _
from server.errors import Conflict, NotFound, NotSignedIn
from server.identity.gate import SignedIn, signed_in
from server.patients.acting_doors import Reader, see_record_for
from server.patients.answer_doors import Sheet, Sheets, earlier_sheet, newest_version, sheets_at
from server.patients.answers import Sitting, begin, change_sent
from server.patients.questionnaire import QuestionnaireVersion
from server.patients.questions import Question, unpacked
from server.web.endpoint import house_of

BEGUN = _("Your consultation has begun, so these answers cannot be sent any more. Please say in the call what has changed.")


@dataclass(frozen=True)
class Asked:
    """What is asked before one appointment. `version` is that of the draft, else of what was sent, else the newest one."""

    mine: Mine
    sheets: Sheets
    version: QuestionnaireVersion
    professionals: list[Professional]

    @property
    def view(self) -> View:
        return self.mine.view

    @property
    def base(self) -> str:
        return f"{self.view.base}/questions"

    @property
    def questions(self) -> tuple[Question, ...]:
        return unpacked(self.version.questions)

    @property
    def too_late(self) -> bool:
        return has_begun(self.view)

    @property
    def sitting(self) -> Sitting:
        return Sitting(self.mine.appointment.id, self.view.visit.consultation.patient_id, self.version)


async def asked_at(tx: Tx, request: Request, *, lock: bool = False) -> Asked:
    """Load it for a page; raises `NotFound` without the visit, and `GoTo` where nothing is asked. Whoever changes it takes the `lock`."""
    view = await view_of(tx, request, lock=lock)
    mine = None if view.closed or not view.sees else await booked_by_patient(tx, view)
    if mine is None:
        raise GoTo(view.base)
    sheets = await sheets_at(tx, house_of(request).keyring, mine.appointment.id)
    version = await _version(tx, mine, sheets)
    if version is None:
        raise GoTo(view.base)
    return Asked(mine, sheets, version, await professionals_of(tx, mine.appointment.id))


async def _version(tx: Tx, mine: Mine, sheets: Sheets) -> QuestionnaireVersion | None:
    known = sheets.draft or sheets.sent
    if known is not None:
        return await tx.get_one(QuestionnaireVersion, known.row.version_id)
    asked = mine.service.questionnaire_id
    return await newest_version(tx, asked) if asked else None


def refuse_late(asked: Asked) -> None:
    """Raises `Conflict` once the consultation has begun."""
    if asked.too_late:
        raise Conflict(BEGUN, code="begun")


async def draft_at(tx: Tx, request: Request, asked: Asked) -> Sheet:
    """Return the draft, or begin one: with what was sent, or empty."""
    house = house_of(request)
    if asked.sheets.draft is None and asked.sheets.sent is None:
        return await begin(tx, house.keyring, asked.sitting, {}, asked.view.now)
    return await change_sent(tx, house.keyring, asked.sheets, asked.view.now)


async def find_login(request: Request) -> SignedIn | None:
    """Return who is signed in beside the visit's own cookie, if anybody is."""
    try:
        return await signed_in(request)
    except NotSignedIn:
        return None


async def earlier_of(tx: Tx, request: Request, asked: Asked, who: SignedIn | None) -> Sheet | None:
    """Return what the patient answered before an earlier appointment, for whoever is signed in to their record.

    The link alone does not open it: it may be in other hands, and was sent for this appointment only.
    """
    if who is None or asked.sheets.draft is not None or asked.sheets.sent is not None:
        return None
    try:
        reader = Reader(who.person_id, asked.view.now)
        record = await see_record_for(tx, reader, asked.view.visit.consultation.patient_id, Reach.SEE)
    except NotFound:
        return None
    return await earlier_sheet(tx, house_of(request).keyring, record, asked.version.questionnaire_id, asked.mine.appointment.id)
