"""Merging two records and undoing it leaves every row of the database just as it was, whatever stood in them, on both databases."""

from datetime import UTC, datetime
from uuid import UUID

import anyio
import anyio.lowlevel
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from starlette.applications import Starlette

from server.access.acting import Basis, Reach
from server.access.model import Practice
from server.access.representation import Representation
from server.circulars.consents import Choice, choose, wanted_by
from server.circulars.links import news_token
from server.circulars.model import Via
from server.circulars.switches import desk_of
from server.consultation.acting import link_for
from server.consultation.doors import see_acting
from server.consultation.events import Channel
from server.consultation.model import Consultation, JoinLink, Role
from server.consultation.rights import check_rights
from server.consultation.subject import RoomSubject
from server.core.audit import AuditEntry
from server.core.house import House
from server.core.keyring import add_key
from server.errors import Conflict, Forbidden, NotFound
from server.patients.acting_doors import Reader, see_record_for
from server.patients.answer_doors import own_sheets
from server.patients.background_actions import Hand, write_particulars
from server.patients.background_doors import background_of
from server.patients.doors import OwnRecord, own_records
from server.patients.file_actions import content_of
from server.patients.file_doors import files_of
from server.patients.forwards import forwarded, with_merged
from server.patients.likeness import Sign
from server.patients.merge_rows import UNDOABLE_FOR, RecordMerge
from server.patients.model import Patient
from server.patients.particulars import Particulars
from server.patients.questionnaire import AnswerSet
from server.patients.representing import Wish, acting_token, give, take
from server.patients.telling import Source
from server.privacy.keys import rotate
from server.privacy.merge_moves import SEALED, STAYS, pointing
from server.privacy.merges import forget_journals, likely_doubles, merge, see_pair
from server.privacy.requests import opened, requests_about
from server.web.i18n import ENGLISH
from tests.acting import DORA, YEAR, hand_of, seat_dora
from tests.cast import ALICE, DANA, Cast, Guest, Meeting, add_meeting
from tests.conftest import StillClock, browser_of
from tests.http.asking import book_with_questions, publish_questionnaire
from tests.http.filing import pdf
from tests.twins import KINDS, TWIN, Twins, make_twins

pytestmark = [pytest.mark.anyio, pytest.mark.row("N8"), pytest.mark.row("L1")]

WRITTEN = st.lists(st.sampled_from(KINDS), max_size=6)


@pytest.fixture
def app_database_url(database_url: str) -> str:
    """On both databases."""
    return database_url


@pytest.fixture
async def twins(house: House, clock: StillClock, meeting: Meeting, cast: Cast) -> Twins:
    return await make_twins(house, clock)


@given(mine=WRITTEN, others=WRITTEN)
@example(mine=KINDS, others=KINDS)
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
async def test_merging_and_undoing_changes_no_row(twins: Twins, mine: list[str], others: list[str]) -> None:
    """What an example writes stays for the next one, so that records grow."""
    for whose, written in ((twins.kept_id, mine), (twins.other_id, others)):
        for what in written:
            await twins.write(whose, what)
    before = await twins.rows()
    merge_id = await twins.merge()
    assert (await twins.rows()) != before
    read = await twins.read(twins.kept_id)
    assert len(read.requests) == len(before["rights_request"])
    assert len(read.files) == len(before["record_file"])
    assert len(read.clinical) == len(before["clinical_answer"])
    await twins.undo(merge_id)
    assert await twins.rows() == before
    for patient_id in (twins.kept_id, twins.other_id):
        await twins.read(patient_id)


async def test_everything_can_be_read_in_the_kept_record_and_after_the_way_back(twins: Twins) -> None:
    house, keyring = twins.house, twins.house.keyring
    for what in ("line", "refused", "file", "request"):
        await twins.write(twins.other_id, what)
    merge_id = await twins.merge()
    await twins.write(twins.kept_id, "line")
    for patient_id in (twins.kept_id, twins.other_id):
        async with house.database.read() as tx:
            background = await background_of(tx, keyring, patient_id)
            lines = [line for lines in background.standing.values() for line in lines] + background.refused
            (filed,) = await files_of(tx, keyring, patient_id)
            own = OwnRecord(await tx.get_one(Patient, patient_id), (await own_records(tx, DANA.person_id))[0].practice)
            asked = [opened(keyring, one) for one in await requests_about(tx, own)]
        assert len(lines) == (3 if patient_id == twins.kept_id else 2)
        assert all(line.told for line in lines)
        assert [line.reply for line in background.refused] == ["It stays."]
        assert await content_of(house, filed) == pdf()
        assert [str(one.words).partition(",")[0] for one in asked] == ["Everything"]
        if patient_id == twins.kept_id:
            add_key(house.settings.data_dir)
            assert [done async for done in rotate(house.database, keyring)]
            await twins.undo(merge_id)


async def test_the_kept_record_takes_the_account_and_gives_it_back(twins: Twins) -> None:
    twins.kept_id, twins.other_id = twins.other_id, twins.kept_id
    merge_id = await twins.merge()
    async with twins.house.database.read() as tx:
        assert [own.patient.id for own in await own_records(tx, DANA.person_id)] == [twins.kept_id]
        stub = await tx.get_one(Patient, twins.other_id)
        assert (stub.name, stub.person_id, stub.mobile, stub.email) == ("-", None, None, None)
    async with twins.house.database.write() as tx:
        (await tx.get_one(Patient, twins.kept_id)).mobile = "+447700900009"
    await twins.undo(merge_id)
    async with twins.house.database.read() as tx:
        kept, other = await tx.get_one(Patient, twins.kept_id), await tx.get_one(Patient, twins.other_id)
    assert (kept.person_id, kept.mobile) == (None, "+447700900009")
    assert (other.person_id, other.name) == (DANA.person_id, DANA.name)


async def test_a_newsletter_from_before_the_merge_still_stops_news(twins: Twins, app: Starlette) -> None:
    async with twins.house.database.write() as tx:
        other, desk = await tx.get_one(Patient, twins.other_id), desk_of(twins.house)
        other.email = TWIN.email
        await choose(tx, desk, other, Choice([Channel.EMAIL], [Channel.EMAIL], Via.ACCOUNT, None, ENGLISH), twins.clock.now())
    link = f"/news/{news_token(twins.house.secrets, twins.other_id, TWIN.email)}/stop"
    await twins.merge()
    async with twins.house.database.read() as tx:
        assert await wanted_by(tx, twins.kept_id) == {Channel.EMAIL}
    async with browser_of(app) as program:
        assert (await program.post(link)).status_code == 200
    async with twins.house.database.read() as tx:
        assert await wanted_by(tx, twins.kept_id) == set()


async def test_answers_that_were_sent_move_with_their_seal(house: House, app: Starlette, cast: Cast, clock: StillClock) -> None:
    one, other = await book_with_questions(app, house, await publish_questionnaire(house), times=2)
    for answerer in (one, other):
        await answerer.answer_and_send()
    async with house.database.read() as tx:
        sets = {row.appointment_id: row.patient_id for row in await tx.scalars(select(AnswerSet))}
    assert len(set(sets.values())) == 2
    twins = Twins(house, clock, sets[other.appointment_id], sets[one.appointment_id])
    before = await twins.rows()
    merge_id = await twins.merge()
    async with house.database.read() as tx:
        kept = await tx.get_one(Patient, twins.kept_id)
        sheets = await own_sheets(tx, house.keyring, OwnRecord(kept, await tx.get_one(Practice, kept.practice_id)))
    assert [sheet.unreadable for sheet in sheets] == [False, False]
    await twins.undo(merge_id)
    assert await twins.rows() == before
    for answerer in (one, other):
        await answerer.client.aclose()


async def test_what_was_sent_still_cannot_be_changed_where_it_stands(house: House, app: Starlette, cast: Cast) -> None:
    (one,) = await book_with_questions(app, house, await publish_questionnaire(house))
    await one.answer_and_send()
    for change in ("sealed = key_id" if house.database.is_sqlite else "sealed = data_key", "edits = 99"):
        with pytest.raises(DBAPIError):
            async with house.database.write() as tx:
                await tx.execute(text(f"UPDATE answer_set SET {change}"))
    await one.client.aclose()


async def test_nothing_new_comes_into_a_record_that_was_merged(twins: Twins) -> None:
    """Also where it was begun before, and waits for the merge to be committed."""
    refused: list[str] = []

    async def begin() -> None:
        with pytest.raises(Conflict) as error:
            await twins.write(twins.other_id, "grant")
        refused.append(error.value.code)

    async with anyio.create_task_group() as others, twins.house.database.write() as tx:
        kept, other = await see_pair(tx, ALICE.viewer, (twins.kept_id, twins.other_id), lock=True)
        merged = await merge(tx, twins.house.keyring, ALICE.viewer, kept, other, twins.clock.now())
        others.start_soon(begin)
        await anyio.lowlevel.checkpoint()
    await begin()
    assert refused == ["merged", "merged"]
    await twins.undo(merged.id)
    await twins.write(twins.other_id, "grant")


async def test_a_chain_of_merges_is_followed_and_undone_from_its_end(twins: Twins) -> None:
    async with twins.house.database.write() as tx:
        await add_meeting(tx, twins.house.secrets, twins.clock.now(), guest=Guest("D. Diaz", "+447700900077", "d@example.org"))
        third = (await tx.scalars(select(Patient.id).where(Patient.name == "D. Diaz"))).one()
    before = await twins.rows()
    first = await twins.merge()
    late = Twins(twins.house, twins.clock, twins.kept_id, third)
    second = await late.merge()
    async with twins.house.database.read() as tx:
        assert await forwarded(tx, twins.other_id) == third
        assert await with_merged(tx, [third]) == {third, twins.kept_id, twins.other_id}
    with pytest.raises(NotFound):
        await twins.undo(first)
    await late.undo(second)
    await twins.undo(first)
    assert await twins.rows() == before


async def test_the_way_back_is_forgotten_after_thirty_days(twins: Twins) -> None:
    merge_id = await twins.merge()
    for days, left in ((29, True), (1, False)):
        twins.clock.advance(days * 24 * 60 * 60)
        async with twins.house.database.write() as tx:
            await forget_journals(tx, twins.clock.now())
        async with twins.house.database.read() as tx:
            row = await tx.get_one(RecordMerge, merge_id)
        assert (bool(row.sealed), row.key_id is not None, row.undoable(twins.clock.now())) == (left, left, left)
    with pytest.raises(Conflict):
        await twins.undo(merge_id)
    assert UNDOABLE_FOR.days == 30


async def test_both_records_show_in_the_audit_what_was_done(twins: Twins) -> None:
    await twins.undo(await twins.merge())
    async with twins.house.database.read() as tx:
        entries = await tx.scalars(select(AuditEntry).where(AuditEntry.act.in_(("merged", "unmerged"))).order_by(AuditEntry.number))
        told = [(entry.act, entry.patient_id) for entry in entries]
    assert told == [(act, patient_id) for act in ("merged", "unmerged") for patient_id in (twins.kept_id, twins.other_id)]


async def test_likely_doubles_are_found_by_birth_and_address(twins: Twins) -> None:
    for patient_id in (twins.kept_id, twins.other_id):
        await twins.write(patient_id, "particulars")
    async with twins.house.database.write() as tx:
        (await tx.get_one(Patient, twins.kept_id)).email = TWIN.email.upper()
    async with twins.house.database.read() as tx:
        (double,) = await likely_doubles(tx, twins.house.keyring, ALICE.viewer)
    assert {double.one.id, double.other.id} == {twins.kept_id, twins.other_id}
    assert double.signs == set(Sign)


def test_every_table_that_names_a_record_can_be_moved() -> None:
    tables = {table.name: table for table, _ in pointing()}
    assert "patient" not in tables
    assert tables.keys().isdisjoint(STAYS)
    for table in tables.values():
        (key,) = table.primary_key.columns
        assert not key.foreign_keys, f"{table.name} is one row for each record: say in STAYS or in merge_moves what becomes of two"
    assert {kind.model.__tablename__ for kind in SEALED} <= tables.keys()
    assert all(kind.model.patient_id.property for kind in SEALED)


async def twin_acted_for(twins: Twins) -> UUID:
    """Let dora act for whom the other record is about."""
    async with twins.house.database.write() as tx:
        await seat_dora(tx, twins.house)
        hand = await hand_of(tx, twins.house, twins.other_id)
        one = await give(tx, hand, Wish(DORA.name, "", Basis.CONSENT, Reach.BOOK, hand.now + YEAR), ENGLISH)
        await take(tx, acting_token(twins.house.secrets, one.id), DORA.person_id, twins.clock.now())
    return one.id


@pytest.mark.row("P5")
async def test_a_link_made_while_they_were_merged_opens_nothing_of_the_other_patient(twins: Twins, meeting: Meeting) -> None:
    house = twins.house
    acting = await twin_acted_for(twins)
    merge_id = await twins.merge()
    async with house.database.write() as tx:
        own = await see_record_for(tx, Reader(DORA.person_id, twins.clock.now()), twins.kept_id, Reach.BOOK)
        link = await tx.get_one(JoinLink, await link_for(tx, house.secrets, own, meeting.consultation_id, twins.clock.now()))
        consultation = await tx.get_one(Consultation, meeting.consultation_id)
        held = await see_acting(tx, link, consultation, twins.clock.now())
    assert held is not None
    assert held.id == acting
    await twins.undo(merge_id)
    async with house.database.read() as tx:
        consultation = await tx.get_one(Consultation, meeting.consultation_id)
        subject = RoomSubject(consultation.id, link.participant_id, Role.PATIENT, DORA.name, None, link.id)
        with pytest.raises(NotFound):
            await see_acting(tx, link, consultation, twins.clock.now())
        with pytest.raises(Forbidden):
            await check_rights(tx, house.settings, subject, twins.clock.now())


@pytest.mark.row("P5")
async def test_whoever_acts_waits_for_the_birthday_of_the_record_that_is_kept(twins: Twins) -> None:
    acting = await twin_acted_for(twins)
    async with twins.house.database.write() as tx:
        child = Hand(twins.house.keyring, await tx.get_one(Patient, twins.kept_id), ALICE.person_id, Source.PROFESSIONAL, twins.clock.now())
        await write_particulars(tx, child, Particulars(born_on="2011-05-01"), "")

    async def sleeps_at() -> datetime | None:
        async with twins.house.database.read() as tx:
            return (await tx.get_one(Representation, acting)).sleeps_at

    assert await sleeps_at() is None
    merge_id = await twins.merge()
    assert await sleeps_at() == datetime(2027, 4, 30, 23, tzinfo=UTC), "the sixteenth, when it begins in London"
    await twins.undo(merge_id)
    assert await sleeps_at() is None
