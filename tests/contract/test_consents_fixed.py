"""Who gave a consent and took it back is on record; what was said is changed by nobody: by the databases themselves, on both of them."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from server.access.acting import Reach
from server.circulars.consents import Choice, choose, withdraw_all
from server.circulars.model import NewsConsent, Via
from server.circulars.switches import desk_of
from server.consultation.actions import take_place
from server.consultation.changes import Answer
from server.consultation.consents import wordings_for
from server.consultation.doors import own_link, see_visit
from server.consultation.events import Channel
from server.consultation.join_link import join_token
from server.consultation.model import Participant, Role
from server.consultation.recorded import Recording
from server.consultation.recording import OFF, RecordingState
from server.consultation.recording import Recording as Going
from server.consultation.recording_actions import begin, end, keep_answer
from server.consultation.records import Consent, Refusal
from server.consultation.visit_actions import decline, record_consents
from server.core.audit import Act, AuditEntry
from server.core.db import Tx
from server.core.house import House
from server.patients.acting_doors import Reader, see_record_for
from server.patients.actions import Decision, decide_sharing
from server.patients.doors import sharing_of
from server.patients.model import Patient, SharingConsent
from server.privacy.own_consents import consents_of, take_back_visit
from server.web.i18n import ENGLISH
from tests.acting import DORA, let_act
from tests.cast import ALICE, DANA, add_meeting, fixed_id, seat_cast
from tests.conftest import StillClock

pytestmark = [pytest.mark.anyio, pytest.mark.row("L2")]

HOUR = timedelta(hours=1)
RECORD = fixed_id("patient", "dana")
TABLES = (SharingConsent, Consent, NewsConsent)


@pytest.fixture
async def house(idle_house: House, clock: StillClock) -> House:
    """Dana agrees to the team (as the cast does), to a call and to news."""
    async with idle_house.database.write() as tx:
        await seat_cast(tx, clock.now())
        meeting = await add_meeting(tx, idle_house.secrets, clock.now())
        visit = await see_visit(tx, meeting.visit_id, meeting.token, clock.now())
        await record_consents(tx, visit, [one.purpose for one in wordings_for(Role.PATIENT)], ENGLISH, clock.now())
        patient = await tx.get_one(Patient, RECORD)
        patient.email = DANA.email
        wanted = Choice((Channel.EMAIL,), (Channel.EMAIL,), Via.ACCOUNT, DANA.person_id, ENGLISH)
        await choose(tx, desk_of(idle_house), patient, wanted, clock.now())
    return idle_house


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__tablename__)
async def test_what_was_said_is_never_changed(house: House, clock: StillClock, table: type[SharingConsent]) -> None:
    for change in ({"wording_version": "99"}, {"wording_sha256": bytes(32)}, {"language": "fr"}, {"given_at": clock.now() + HOUR}):
        with pytest.raises(DBAPIError, match="what was agreed to is never changed"):
            async with house.database.write() as tx:
                await tx.execute(update(table).values(**change))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__tablename__)
async def test_what_was_taken_back_stays_so_and_may_still_be_erased(house: House, clock: StillClock, table: type[SharingConsent]) -> None:
    async with house.database.write() as tx:
        await tx.execute(update(table).values(withdrawn_at=clock.now()))
    for at in (None, clock.now() + HOUR):
        with pytest.raises(DBAPIError, match="what was taken back stays so"):
            async with house.database.write() as tx:
                await tx.execute(update(table).values(withdrawn_at=at))
    async with house.database.write() as tx:
        await withdraw_all(tx, {RECORD}, clock.now() + HOUR)  # what says it once more changes nothing
        await tx.execute(delete(table))


async def test_whoever_acts_for_the_patient_is_named_with_what_they_gave_and_took_back(house: House, clock: StillClock) -> None:
    representation_id = await let_act(house, Reach.RIGHTS)
    for agrees in (False, True):
        clock.advance(60)
        async with house.database.write() as tx:
            own = await see_record_for(tx, Reader(DORA.person_id, clock.now()), RECORD, Reach.RIGHTS)
            await decide_sharing(tx, own.patient, Decision(DORA.person_id, agrees, ENGLISH), clock.now())
    async with house.database.read() as tx:
        first, second = sorted(await sharing_of(tx, RECORD), key=lambda one: one.given_at)
    assert (first.representation_id, first.withdrawn_representation_id) == (None, representation_id)
    assert (second.representation_id, second.withdrawn_representation_id) == (representation_id, None)


async def test_a_yes_to_a_call_that_somebody_takes_back_for_the_patient_says_so(house: House, clock: StillClock) -> None:
    await let_act(house, Reach.RIGHTS)
    async with house.database.write() as tx:
        own = await see_record_for(tx, Reader(DORA.person_id, clock.now()), RECORD, Reach.RIGHTS)
        (standing,) = [one for one in await consents_of(tx, own, ENGLISH) if one.path.endswith("/withdraw")]
        assert (standing.how, standing.ended_by) == ("", "")
        consultation_id = standing.path.split("/")[-2]
        await take_back_visit(tx, house, own, UUID(consultation_id), ENGLISH)
    async with house.database.read() as tx:
        own = await see_record_for(tx, Reader(DANA.person_id, clock.now()), RECORD, Reach.RIGHTS)
        ended = [one.ended_by for one in await consents_of(tx, own, ENGLISH) if one.withdrawn_at]
    assert ended == [f"By {DORA.name}, who acted for the patient"]


async def place_of_dana(tx: Tx) -> Participant:
    return (await tx.scalars(select(Participant).where(Participant.role == Role.PATIENT))).one()


@pytest.mark.parametrize("for_her", [False, True])
async def test_a_no_in_the_call_names_who_said_it_for_the_patient(house: House, clock: StillClock, for_her: bool) -> None:
    """Dana agreed to be recorded, and whoever has her place after that, she or dora, says no."""
    by = await let_act(house, Reach.RIGHTS) if for_her else None
    who = DORA.person_id if for_her else None
    async with house.database.write() as tx:
        place = await place_of_dana(tx)
        asked = await take_place(tx, ALICE.viewer, place.consultation_id)
        await keep_answer(tx, Answer(place.id, yes=True), None, clock.now())
        going = Going(RecordingState.ON, asked.id, frozenset({asked.id, place.id}), clock.now(), clock.now())
        recording, _key = await begin(tx, house.keyring, place.consultation_id, going)
    async with house.database.write() as tx:
        (await place_of_dana(tx)).representation_id = by
    async with house.database.write() as tx:
        await keep_answer(tx, Answer(place.id, yes=False), recording.id, clock.now())
        await end(tx, recording.id, replace(OFF, ended_by=place.id, undone=True), clock.now())
    async with house.database.read() as tx:
        refusal = (await tx.scalars(select(Refusal))).one()
        consent = (await tx.scalars(select(Consent).where(Consent.recording_id == recording.id))).one()
        gone = await tx.get_one(Recording, recording.id)
        ends = list(await tx.scalars(select(AuditEntry).where(AuditEntry.act.in_((Act.STOPPED, Act.DELETED)))))
    assert (refusal.wordings, refusal.representation_id) == ("recording 1", by)
    assert (consent.representation_id, consent.withdrawn_representation_id) == (None, by)
    assert (gone.state, gone.deleted_by) == ("deleted", who)
    assert [(entry.person_id, entry.representation_id) for entry in ends] == [(who, by)] * 2


async def test_a_no_on_the_way_to_the_call_names_who_said_it_and_is_never_changed(house: House, clock: StillClock) -> None:
    by = await let_act(house, Reach.RIGHTS)
    async with house.database.write() as tx:
        own = await see_record_for(tx, Reader(DORA.person_id, clock.now()), RECORD, Reach.RIGHTS)
        await take_back_visit(tx, house, own, (await place_of_dana(tx)).consultation_id, ENGLISH)
    async with house.database.read() as tx:
        assert [one.representation_id for one in await tx.scalars(select(Refusal))] == [by]
    for change in ({"representation_id": None}, {"wordings": "nothing"}, {"refused_at": clock.now() + HOUR}):
        with pytest.raises(DBAPIError, match="what was refused is never changed"):
            async with house.database.write() as tx:
                await tx.execute(update(Refusal).values(**change))
    async with house.database.write() as tx:
        await tx.execute(delete(Refusal))


async def test_the_patients_own_no_names_nobody_else(house: House, clock: StillClock) -> None:
    async with house.database.write() as tx:
        own = await see_record_for(tx, Reader(DANA.person_id, clock.now()), RECORD, Reach.RIGHTS)
        (standing,) = [one for one in await consents_of(tx, own, ENGLISH) if one.path.endswith("/withdraw")]
        link_id = await own_link(tx, own.patient.id, UUID(standing.path.split("/")[-2]))
        visit = await see_visit(tx, link_id, join_token(house.secrets, link_id), clock.now(), lock=True)
        await decline(tx, visit, ENGLISH, clock.now())
        assert [one.ended_by for one in await consents_of(tx, own, ENGLISH) if one.withdrawn_at] == [""]
