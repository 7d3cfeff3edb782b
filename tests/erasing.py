"""What the tests of an erasure share: asking, ordering and carrying it out, and comparing what is left with the plan."""

from datetime import timedelta

from sqlalchemy import select

from server.consultation.events import Channel
from server.consultation.recording_actions import REMOVE
from server.consultation.recording_jobs import remove_with
from server.core.holdings import Fate, Subject, export_of
from server.core.house import House
from server.core.outbox import Errand
from server.messaging.composing import Post
from server.notes.actions import lay_out_notes
from server.patients.doors import see_own_record
from server.patients.model import Patient
from server.ports import Carried, Letter
from server.privacy.clinical_answers import answer_clinical
from server.privacy.erasure_facts import Planned, plan_for
from server.privacy.erasure_jobs import erasure_handlers
from server.privacy.erasure_plan import fingerprint
from server.privacy.erasure_rows import Erasure
from server.privacy.erasures import order
from server.privacy.expiring import REMOVE_FILES
from server.privacy.registry import HOLDINGS
from server.privacy.request_rows import RightsRequest
from server.privacy.requests import ask
from server.privacy.retention_jobs import retention_handlers
from server.web.i18n import read_languages
from tests.cast import ALICE, DANA, OLGA, Meeting, add_meeting, seat_cast, sign_in_as
from tests.conftest import ORIGIN, StillClock

WHO = Subject(DANA.person_id, frozenset({DANA.patient_id}))
DECADE = timedelta(days=3660)
WHY = "You asked, and no law keeps it."
Exported = dict[str, dict[str, list[dict[str, object]]]]


async def seat_dana(house: House, clock: StillClock) -> Meeting:
    """Dana has an account, a record with addresses, and a consultation a decade ago about which nothing was signed."""
    async with house.database.write() as tx:
        await seat_cast(tx, clock.now())
        meeting = await add_meeting(tx, house.secrets, clock.now())
        await lay_out_notes(tx, house.keyring, ALICE.viewer, meeting.consultation_id, clock.now())
        (await tx.get_one(Patient, DANA.patient_id)).email = DANA.email
    clock.set(clock.now() + DECADE)
    await sign_in_as(house, DANA)
    return meeting


async def asked_by_dana(house: House) -> RightsRequest:
    """Dana asked, and the professional who treats her lets the clinical part go."""
    async with house.database.write() as tx:
        own = await see_own_record(tx, DANA.person_id, DANA.patient_id)
        request = await ask(tx, house.keyring, own, "erasure", "Please delete everything.", house.clock.now())
    await let_go(house, request, "yes")
    return request


class Box:
    """A carrier that keeps what it is given."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []

    async def carry(self, letter: Letter, dedupe_key: str) -> Carried:
        assert dedupe_key
        self.letters.append(letter)
        return Carried.SENT

    async def close(self) -> None:
        """Nothing is open."""


async def let_go(house: House, request: RightsRequest, goes: str) -> None:
    async with house.database.write() as tx:
        form = {"goes": goes, "words": "Nothing was signed."}
        await answer_clinical(tx, house.keyring, ALICE.viewer, request.id, form, now=house.clock.now())


async def exported(house: House) -> Exported:
    async with house.database.read() as tx:
        return {holding.name: await export_of(tx, holding, WHO) for holding in HOLDINGS}


async def planned(house: House, request: RightsRequest) -> Planned:
    async with house.database.read() as tx:
        return await plan_for(tx, house.keyring, DANA.patient_id, request.id, house.clock.now())


async def ordered(house: House, request: RightsRequest, seen: Planned, words: str = WHY) -> None:
    async with house.database.write() as tx:
        form = {"plan": fingerprint(seen.lines), "words": words}
        await order(tx, house.keyring, OLGA.viewer, request.id, form, house.clock.now())


async def run(house: House, request: RightsRequest, box: Box, *kinds: str) -> None:
    handlers = erasure_handlers(house, Post(house.secrets, ORIGIN, read_languages(None)), {Channel.EMAIL: box})
    for kind in kinds:
        await handlers[kind](request.id)


async def erasure(house: House, request: RightsRequest) -> Erasure:
    async with house.database.read() as tx:
        return await tx.get_one(Erasure, request.id)


def held_against(before: Exported, after: Exported, goes: frozenset[str]) -> None:
    """Compare what is left with what the plan said of each holding."""
    for holding in HOLDINGS:
        for part in holding.parts:
            was, rows = before[holding.name].get(part.table.name, []), after[holding.name].get(part.table.name, [])
            if holding.name not in goes or (part.fate is Fate.KEEP and part.shown):
                if part.table.name not in {"audit_entry", "erasure", "rights_request"}:  # which the erasure itself writes
                    assert rows == was, part.table.name
            elif part.fate is Fate.DELETE:
                assert rows == [], part.table.name
            else:
                blanks = {name: value for name, value in part.blanks.items() if name in part.shown}
                assert all(row[name] == value for row in rows for name, value in blanks.items()), part.table.name


async def work(house: House) -> None:
    """Do what the errands are about that unlink files."""
    handlers = {**retention_handlers(house), REMOVE: remove_with(house.database, house.settings)}
    async with house.database.write() as tx:
        due = list(await tx.scalars(select(Errand).where(Errand.kind.in_([REMOVE, REMOVE_FILES]), Errand.done_at.is_(None))))
        for errand in due:
            errand.done_at = house.clock.now()
    for errand in due:
        await handlers[errand.kind](errand.subject_id)
