"""What stands against undoing a merge, and what was written in between and goes back with what it belongs to, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from starlette.applications import Starlette

from server.consultation.model import Consultation, Participant
from server.core.house import House
from server.core.ids import new_id
from server.errors import Conflict
from server.patients.background import BackgroundEntry
from server.patients.background_actions import Hand, Wanted, ask_for
from server.patients.file_actions import Draft, Sender, add_file, content_of, sealed
from server.patients.file_kinds import Kind as FileKind
from server.patients.files import RecordFile
from server.patients.inspecting import Inspected
from server.patients.legal_holds import LegalHold, LegalHoldLift
from server.patients.merge_rows import MergeWish
from server.patients.model import Patient
from server.patients.questionnaire import AnswerSet
from server.patients.telling import Kind, Source, Told
from server.privacy.copies import ask_copy, own_copy
from server.privacy.copy_rows import CopyState, DataCopy, Whose
from server.privacy.erasure_rows import Erasure
from server.privacy.merge_moves import hanging, pointing
from tests.cast import ALICE, DANA, OLGA, Cast, Meeting
from tests.conftest import StillClock
from tests.http.asking import book_with_questions, publish_questionnaire
from tests.http.filing import pdf
from tests.twins import Twins, erasure, make_twins

pytestmark = [pytest.mark.anyio, pytest.mark.row("N8"), pytest.mark.row("L1")]


@pytest.fixture
def app_database_url(database_url: str) -> str:
    """On both databases."""
    return database_url


@pytest.fixture
async def twins(house: House, clock: StillClock, meeting: Meeting, cast: Cast) -> Twins:
    return await make_twins(house, clock)


async def test_an_erasure_that_is_ordered_and_not_done_stands_against_merging_and_undoing(twins: Twins) -> None:
    """It would erase the other person's part, or leave what it should have erased."""
    house, now = twins.house, twins.clock.now()
    async with house.database.write() as tx:
        ordered = erasure(await tx.get_one(Patient, twins.other_id), now, erased_at=None, erasure_id=new_id())
        tx.add(ordered)
    with pytest.raises(Conflict) as error:
        await twins.merge()
    assert error.value.code == "restricted"
    await _erased(twins, ordered)
    merge_id = await twins.merge()
    async with house.database.write() as tx:
        tx.add(late := erasure(await tx.get_one(Patient, twins.kept_id), now, erased_at=None, erasure_id=new_id()))
    with pytest.raises(Conflict) as error:
        await twins.undo(merge_id)
    assert error.value.code == "restricted"
    await _erased(twins, late)
    await twins.undo(merge_id)


async def _erased(twins: Twins, ordered: Erasure) -> None:
    async with twins.house.database.write() as tx:
        (await tx.get_one(Erasure, ordered.id)).erased_at = twins.clock.now()


async def test_no_copy_from_before_is_taken_after_merging_or_undoing(twins: Twins) -> None:
    merge_id = new_id()
    for act in ("merge", "undo"):
        async with twins.house.database.write() as tx:
            await ask_copy(tx, twins.house.keyring, Whose(DANA.person_id), "en-GB", twins.clock.now())
            await tx.execute(update(DataCopy).values(state=CopyState.READY))
        if act == "merge":
            merge_id = await twins.merge()
        else:
            await twins.undo(merge_id)
        async with twins.house.database.read() as tx:
            assert await own_copy(tx, Whose(DANA.person_id)) is None, act


async def test_nothing_is_taken_out_of_a_record_that_is_held(twins: Twins) -> None:
    now, merge_id = twins.clock.now(), await twins.merge()
    async with twins.house.database.write() as tx:
        practice_id = (await tx.get_one(Patient, twins.kept_id)).practice_id
        hold = LegalHold(
            id=new_id(), practice_id=practice_id, patient_id=twins.kept_id, why="A claim", placed_by=OLGA.person_id, placed_at=now
        )
        tx.add(hold)
    with pytest.raises(Conflict) as error:
        await twins.undo(merge_id)
    assert error.value.code == "held"
    async with twins.house.database.write() as tx:
        tx.add(LegalHoldLift(hold_id=hold.id, why="Settled", lifted_by=OLGA.person_id, lifted_at=now))
    await twins.undo(merge_id)


async def test_what_came_in_meanwhile_goes_back_with_its_consultation(twins: Twins) -> None:
    house = twins.house
    await twins.write(twins.other_id, "line")
    async with house.database.read() as tx:
        consultation = (await tx.scalars(select(Consultation).where(Consultation.patient_id == twins.other_id))).one()
        participant = (await tx.scalars(select(Participant).where(Participant.consultation_id == consultation.id).limit(1))).one()
        line = (await tx.scalars(select(BackgroundEntry).where(BackgroundEntry.patient_id == twins.other_id))).one()
    merge_id = await twins.merge()
    await twins.write(twins.kept_id, "file")
    for hangs in ({"consultation_id": consultation.id}, {"participant_id": participant.id}):
        draft = Draft(Inspected("photo.pdf", FileKind.PDF, pdf()), twins.kept_id, Sender("Dana"), shared=True, title=str(hangs))
        async with sealed(house, draft) as row, house.database.write() as tx:
            row.person_id = ALICE.person_id
            for name, value in hangs.items():
                setattr(row, name, value)
            await add_file(tx, house, await tx.get_one(Patient, twins.kept_id), row)
    async with house.database.write() as tx:
        hand = Hand(house.keyring, await tx.get_one(Patient, twins.kept_id), ALICE.person_id, Source.PATIENT, twins.clock.now())
        await ask_for(tx, hand, Wanted(Kind.ALLERGY, Told("Not any more"), about=line.id))
    await twins.undo(merge_id)
    kept, other = await twins.read(twins.kept_id), await twins.read(twins.other_id)
    assert (len(kept.files), len(kept.lines)) == (1, 0)
    assert (len(other.files), len(other.lines)) == (2, 2)
    assert [await content_of(house, filed) for filed in other.files] == [pdf(), pdf()]
    async with house.database.read() as tx:
        rows = await tx.scalars(select(RecordFile.patient_id).where(RecordFile.consultation_id == consultation.id))
        assert rows.all() == [twins.other_id]


async def test_answers_that_were_sent_meanwhile_go_back_with_their_appointment(
    house: House, app: Starlette, cast: Cast, clock: StillClock
) -> None:
    one, other = await book_with_questions(app, house, await publish_questionnaire(house), times=2)
    async with house.database.read() as tx:
        asked = {row.appointment_id: row.patient_id for row in await tx.scalars(select(Consultation))}
    twins = Twins(house, clock, asked[other.appointment_id], asked[one.appointment_id])
    merge_id = await twins.merge()
    for answerer in (one, other):
        await answerer.answer_and_send()
        await answerer.client.aclose()
    await twins.undo(merge_id)
    async with house.database.read() as tx:
        assert {row.appointment_id: row.patient_id for row in await tx.scalars(select(AnswerSet))} == asked
    for patient_id in asked.values():
        assert len((await twins.read(patient_id)).sheets) == 1


async def test_what_both_accounts_agreed_to_counts_once(twins: Twins) -> None:
    now = twins.clock.now()
    async with twins.house.database.write() as tx:
        practice_id = (await tx.get_one(Patient, twins.kept_id)).practice_id
        wish = MergeWish(
            id=new_id(), practice_id=practice_id, one_id=twins.kept_id, other_id=twins.other_id, asked_by=ALICE.person_id,
            asked_at=now - timedelta(days=1), one_agreed_at=now, other_agreed_at=now, refused_at=None,
        )  # fmt: skip
        tx.add(wish)
    await twins.undo(await twins.merge())
    async with twins.house.database.read() as tx:
        found = await tx.get_one(MergeWish, wish.id)
    assert (found.agreed, found.undone) == (False, True)
    assert {found.one_id, found.other_id} == {twins.kept_id, twins.other_id}


def test_what_hangs_on_a_record_without_being_named_by_it_is_known() -> None:
    """It follows what it hangs on when a merge is undone: see that the new one should."""
    found = {(table.name, by.name) for table, _column in pointing() for by, _condition in hanging(table, new_id())}
    assert found == {
        ("background_entry", "about_id"),
        ("answer_set", "appointment_id"),
        ("consultation", "appointment_id"),
        ("record_file", "consultation_id"),
        ("record_file", "participant_id"),
        ("rights_request", "representation_id"),
        ("sharing_consent", "representation_id"),
    }
