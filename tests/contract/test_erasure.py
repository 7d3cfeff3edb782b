"""An erasure does what its plan said, on both databases: no more, no less, however often it is stopped, and again after a backup."""

import json
from datetime import date, datetime
from pathlib import Path

import anyio
import pytest
from sqlalchemy import select, update

from server.access.model import RightsEpoch
from server.access.representation import Representation
from server.chores import replay_erasures
from server.consultation.model import Consultation
from server.consultation.recorded import Recording, Standing
from server.core.audit import Act, AuditEntry
from server.core.holdings import BLANK_NAME
from server.core.house import House
from server.core.outbox import Errand
from server.errors import Conflict, Invalid
from server.identity.letters import Wanted, want_letter
from server.identity.mail_model import AccountLetter, Subject
from server.identity.model import LoginSession
from server.messaging.composing import Post
from server.notes.doors import notes_of
from server.notes.model import NoteVersion, VersionKind
from server.patients.background import BackgroundEntry
from server.patients.background_actions import Hand, write_particulars
from server.patients.file_actions import Draft, Sender, add_file, sealed
from server.patients.file_kinds import Kind as FileKind
from server.patients.inspecting import Inspected
from server.patients.model import Patient
from server.patients.particulars import Particulars
from server.patients.telling import Source
from server.privacy.erasure_jobs import erasure_handlers, untold_with
from server.privacy.erasure_list import FILE, read
from server.privacy.erasure_plan import Why, going
from server.privacy.erasure_rows import Erasure
from server.privacy.erasures import ERASE, TELL_ERASED
from server.privacy.holds import lift, place
from server.privacy.merges import merge, see_pair
from server.privacy.request_rows import RightsRequest
from server.privacy.retention import Rules, add_years
from server.settings import BadSettings
from server.web.i18n import read_languages
from tests.acting import let_act
from tests.backups import Copies
from tests.cast import ALICE, DANA, OLGA, Guest, Meeting, add_meeting
from tests.conftest import ORIGIN, StillClock
from tests.erasing import DECADE, WHO, Box, asked_by_dana, erasure, exported, held_against, let_go, ordered, planned, run, seat_dana, work
from tests.http.filing import pdf
from tests.tapes import record_call

pytestmark = [pytest.mark.anyio, pytest.mark.row("L1"), pytest.mark.row("M4")]

WRITTEN = {"access.deeds", "privacy.requests"}  # what the erasure writes itself


@pytest.fixture
def house(idle_house: House) -> House:
    return idle_house


@pytest.fixture
async def meeting(house: House, clock: StillClock) -> Meeting:
    return await seat_dana(house, clock)


@pytest.fixture
async def asked(house: House, meeting: Meeting) -> RightsRequest:
    return await asked_by_dana(house)


@pytest.fixture
def copies(house: House) -> Copies:
    return Copies(house)


async def test_what_is_left_is_what_the_plan_said(house: House, asked: RightsRequest) -> None:
    box, before, seen = Box(), await exported(house), await planned(house, asked)
    assert seen.subject == WHO, "nothing is left for the account"
    assert before["patients.record"]["patient"][0]["name"] == DANA.name
    await ordered(house, asked, seen)
    assert (await exported(house))["patients.record"] == before["patients.record"], "nothing goes before they were told"
    await run(house, asked, box, TELL_ERASED, TELL_ERASED)
    (letter,) = box.letters
    assert letter.to == DANA.email
    assert "Your account is closed" in letter.body
    await run(house, asked, box, ERASE)
    after = await exported(house)
    held_against(before, after, going(seen.lines))
    assert DANA.name not in json.dumps(after)
    assert DANA.email not in json.dumps(after)
    assert after["identity.account"]["person"][0]["name"] == BLANK_NAME
    async with house.database.read() as tx:
        assert list(await tx.scalars(select(LoginSession.id).where(LoginSession.person_id == DANA.person_id))) == []
        assert (await tx.scalars(select(AuditEntry.act).order_by(AuditEntry.number.desc()).limit(1))).one() == Act.ERASED
    await run(house, asked, box, TELL_ERASED, ERASE)
    assert len(box.letters) == 1
    assert await exported(house) == after, "a second run finds nothing to do"
    assert len(read(house.settings.data_dir)) == 1
    assert DANA.patient_id.hex not in (house.settings.data_dir / FILE).read_text().replace("-", "")


async def test_letters_about_the_account_that_are_on_their_way_go_with_it(house: House, asked: RightsRequest) -> None:
    async with house.database.write() as tx:
        await want_letter(tx, house.secrets, Wanted(str(DANA.username), Subject.EMAIL_AGREE, "en-GB", DANA.email), house.clock.now())
    await ordered(house, asked, await planned(house, asked))
    await run(house, asked, Box(), TELL_ERASED, ERASE)
    async with house.database.read() as tx:
        assert list(await tx.scalars(select(AccountLetter.username))) == []


async def test_bad_38_signed_notes_and_the_books_stay_for_their_time(house: House, asked: RightsRequest, meeting: Meeting) -> None:
    await signed(house, meeting)
    await born_on(house, "1980-02-29")
    seen = {line.thing.name: line for line in (await planned(house, asked)).lines}
    assert (seen["notes.notes"].why, seen["patients.record"].why) == (Why.LAW, Why.LAW)
    assert "identity.account" not in seen, "whoever has a record keeps the account that reads it"


async def born_on(house: House, day: str) -> None:
    async with house.database.write() as tx:
        dana = await tx.get_one(Patient, DANA.patient_id)
        hand = Hand(house.keyring, dana, ALICE.person_id, Source.PROFESSIONAL, house.clock.now())
        await write_particulars(tx, hand, Particulars(born_on=day), "")


async def test_a_birthday_that_cannot_be_opened_keeps_the_clinical_part(house: House, asked: RightsRequest, meeting: Meeting) -> None:
    await signed(house, meeting)
    await born_on(house, "2024-02-29")
    async with house.database.write() as tx:
        await tx.execute(update(BackgroundEntry).values(sealed=b"broken"))
    seen = {line.thing.name: line.why for line in (await planned(house, asked)).lines}
    assert (seen["notes.notes"], seen["patients.record"]) == (Why.UNKNOWN, Why.UNKNOWN)


@pytest.mark.parametrize("born", ["", "2024-02-29"])
async def test_the_notes_of_a_child_stay_until_the_birthday_of_the_rules(
    house: House, asked: RightsRequest, meeting: Meeting, born: str
) -> None:
    """Whoever gave no date of birth counts as born at the first contact."""
    await signed(house, meeting)
    async with house.database.read() as tx:
        first = (await tx.get_one(Patient, DANA.patient_id)).created_at.date()
    if born:
        await born_on(house, born)
    seen = {line.thing.name: line for line in (await planned(house, asked)).lines}
    ends = add_years(date.fromisoformat(born) if born else first, Rules().child_age)
    assert {seen[name].why for name in ("notes.notes", "patients.record")} == {Why.CHILD}
    assert seen["notes.notes"].until is not None
    assert seen["notes.notes"].until.date() == ends


async def signed(house: House, meeting: Meeting) -> None:
    """Let a note of the meeting have been signed today."""
    blank = bytes(32)
    async with house.database.write() as tx:
        note = (await notes_of(tx, ALICE.viewer, meeting.consultation_id))[0].note
        version = NoteVersion(
            note_id=note.id, number=1, kind=VersionKind.SIGNED, seq=1, head_hash=blank, content=b"", content_sha256=blank,
            person_id=ALICE.person_id, made_at=house.clock.now(), hash=blank,
        )  # fmt: skip
        tx.add(version)


async def test_what_comes_in_between_is_kept(house: House, asked: RightsRequest, meeting: Meeting) -> None:
    """Signed after the yes and before the errand: the law keeps it, and the account that reads it."""
    before = await exported(house)
    await ordered(house, asked, await planned(house, asked))
    await signed(house, meeting)
    await run(house, asked, Box(), TELL_ERASED, ERASE)
    done, after = await erasure(house, asked), await exported(house)
    assert done.person_id is None
    assert "notes.notes" not in done.names
    assert after["patients.record"] == before["patients.record"]
    assert after["identity.account"] == before["identity.account"]
    assert after["messaging.deliveries"]["delivery"] == []


async def test_bad_38_a_legal_hold_keeps_everything(house: House, asked: RightsRequest) -> None:
    """Also one that comes after the yes; once it is lifted, the erasure goes on."""
    before = await exported(house)
    await ordered(house, asked, await planned(house, asked))
    async with house.database.write() as tx:
        hold = await place(tx, OLGA.viewer, DANA.patient_id, "A claim.", house.clock.now())
    await run(house, asked, Box(), TELL_ERASED, ERASE, ERASE)
    after = await exported(house)
    assert {line.why for line in (await planned(house, asked)).lines} == {Why.HOLD}
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= WRITTEN | {"patients.holds", "booking.appointments"}
    assert read(house.settings.data_dir) == []
    assert (await erasure(house, asked)).erased_at is None
    async with house.database.write() as tx:
        again = (await tx.scalars(select(Errand).where(Errand.kind == ERASE, Errand.run_at > house.clock.now()))).one()
        await lift(tx, OLGA.viewer, hold.id, "Settled.", house.clock.now())
    assert again.subject_id == asked.id
    await run(house, asked, Box(), ERASE)
    assert DANA.name not in json.dumps(await exported(house))
    assert len(read(house.settings.data_dir)) == 1


async def test_bad_38_a_recording_that_is_held_keeps_everything(house: House, asked: RightsRequest, tape: Recording) -> None:
    await held_back(house, tape, house.clock.now())
    assert {line.why for line in (await planned(house, asked)).lines} == {Why.HOLD}
    await held_back(house, tape, None)
    await ordered(house, asked, await planned(house, asked))
    await held_back(house, tape, house.clock.now())
    await run(house, asked, Box(), TELL_ERASED, ERASE)
    async with house.database.read() as tx:
        assert (await tx.get_one(Recording, tape.id)).data_key == tape.data_key


async def held_back(house: House, tape: Recording, at: datetime | None) -> None:
    async with house.database.write() as tx:
        (await tx.get_one(Recording, tape.id)).held_at = at


@pytest.fixture
async def tape(house: House, meeting: Meeting) -> Recording:
    """A recording of the meeting, with a file."""
    return await record_call(house, meeting, [(meeting.participant_id, b"sound", 0.0, 1.0)])


@pytest.fixture
async def paper(house: House, meeting: Meeting) -> Path:
    """A document in dana's record; returns where it lies."""
    assert DANA.patient_id is not None
    draft = Draft(Inspected("letter.pdf", FileKind.PDF, pdf()), DANA.patient_id, Sender("Alice", ALICE.person_id), shared=True)
    async with sealed(house, draft) as row, house.database.write() as tx:
        await add_file(tx, house, await tx.get_one(Patient, DANA.patient_id), row)
    return house.settings.documents_dir / row.id.hex


async def test_the_files_go_from_the_disk_and_after_a_backup_once_more(
    house: House, asked: RightsRequest, tape: Recording, paper: Path, copies: Copies
) -> None:
    folder = house.settings.recordings_dir / tape.folder
    assert on_disk(paper, folder) == {paper, folder}
    await ordered(house, asked, await planned(house, asked))
    await copies.keep()
    await run(house, asked, Box(), TELL_ERASED, ERASE)
    await work(house)
    assert on_disk(paper, folder) == set()
    await copies.put_back()
    bring_back(paper, folder)
    await anyio.to_thread.run_sync(replay_erasures, house.settings)
    await work(house)
    assert on_disk(paper, folder) == set()
    async with house.database.read() as tx:
        assert (await tx.get_one(Recording, tape.id)).state == Standing.DELETED


def on_disk(*paths: Path) -> set[Path]:
    return {path for path in paths if path.exists()}


def bring_back(paper: Path, folder: Path) -> None:
    paper.write_bytes(b"sealed")
    folder.mkdir()
    (folder / "peer.1.box").write_bytes(b"sealed")


async def test_an_outage_of_the_mail_stops_no_erasure(house: House, asked: RightsRequest) -> None:
    await ordered(house, asked, await planned(house, asked))
    for _ in range(2):  # a worker that was killed says it again
        await untold_with(house)(asked.id)
    async with house.database.read() as tx:
        assert list(await tx.scalars(select(Errand.subject_id).where(Errand.kind == ERASE))) == [asked.id]
    await run(house, asked, Box(), ERASE)
    assert (await erasure(house, asked)).erased_at


async def test_bad_38_an_erasure_that_was_killed_goes_on(house: House, asked: RightsRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """First in the middle of the rows, then between the rows and the list."""
    await ordered(house, asked, await planned(house, asked))
    await run(house, asked, Box(), TELL_ERASED)
    before = await exported(house)
    with monkeypatch.context() as broken:
        broken.setattr("server.privacy.erasures.change_rights", killed)
        with pytest.raises(OSError, match="killed"):
            await run(house, asked, Box(), ERASE)
    assert await exported(house) == before
    with monkeypatch.context() as broken:
        broken.setattr("server.privacy.erasure_jobs.append", killed)
        with pytest.raises(OSError, match="killed"):
            await run(house, asked, Box(), ERASE)
    assert read(house.settings.data_dir) == []
    await run(house, asked, Box(), ERASE)
    assert [line.goes for line in read(house.settings.data_dir)] == [sorted((await erasure(house, asked)).names)]
    assert DANA.name not in json.dumps(await exported(house))


def killed(*_: object) -> None:
    raise OSError("killed")


async def test_bad_38_what_a_backup_brings_back_is_erased_again(house: House, asked: RightsRequest, copies: Copies) -> None:
    await ordered(house, asked, await planned(house, asked))
    await run(house, asked, Box(), TELL_ERASED)
    await copies.keep()
    await run(house, asked, Box(), ERASE)
    gone = await exported(house)
    await copies.put_back()
    assert DANA.name in json.dumps(await exported(house))
    said = await anyio.to_thread.run_sync(replay_erasures, house.settings)
    assert said.startswith("1 erasures in the list, 1 of them")
    again = await exported(house)
    assert DANA.name not in json.dumps(again)
    assert {name: rows for name, rows in again.items() if name not in WRITTEN} == {n: rows for n, rows in gone.items() if n not in WRITTEN}
    (house.settings.data_dir / FILE).write_text("{}\n")
    with pytest.raises(BadSettings, match="cannot be read"):
        replay_erasures(house.settings)


async def test_nobody_says_yes_to_another_plan_than_they_saw(house: House, asked: RightsRequest) -> None:
    seen = await planned(house, asked)
    with pytest.raises(Invalid, match="answer:empty"):
        await ordered(house, asked, seen, "  ")
    await let_go(house, asked, "no")
    with pytest.raises(Conflict, match="moved"):
        await ordered(house, asked, seen)
    kept = await planned(house, asked)
    assert {line.why for line in kept.shown if line.thing.kept_as == "clinical"} == {Why.PROFESSIONAL}
    await ordered(house, asked, kept)
    with pytest.raises(Conflict):
        await ordered(house, asked, kept)


async def test_what_lies_ahead_is_cancelled_first(house: House, asked: RightsRequest, clock: StillClock) -> None:
    async with house.database.write() as tx:
        ahead = await add_meeting(tx, house.secrets, clock.now())
    await ordered(house, asked, await planned(house, asked))
    async with house.database.read() as tx:
        assert (await tx.get_one(Consultation, ahead.consultation_id)).state == "cancelled"


async def test_whoever_acts_for_the_patient_is_told_that_it_is_over(house: House, asked: RightsRequest) -> None:
    one = await let_act(house)
    await ordered(house, asked, await planned(house, asked))
    async with house.database.read() as tx:
        before = await tx.scalar(select(RightsEpoch.count))
    await run(house, asked, Box(), ERASE)
    async with house.database.read() as tx:
        assert await tx.scalar(select(RightsEpoch.count)) == (before or 0) + 2, "dana's account, which closes, and dora's"
        assert (await tx.get_one(Representation, one)).person_id is None


async def test_bad_38_a_double_that_was_merged_is_erased_again_with_its_record(house: House, meeting: Meeting, copies: Copies) -> None:
    """The backup is from before the merge."""
    now = house.clock.now()
    async with house.database.write() as tx:
        await add_meeting(tx, house.secrets, now - DECADE, guest=Guest("Diaz Double", DANA.mobile, DANA.email))
        double = (await tx.scalars(select(Patient.id).where(Patient.name == "Diaz Double"))).one()
    await copies.keep()
    async with house.database.write() as tx:
        kept, other = await see_pair(tx, ALICE.viewer, (DANA.patient_id, double), lock=True)
        merged = await merge(tx, house.keyring, ALICE.viewer, kept, other, now)
        tx.add(
            Erasure(
                id=merged.id, practice_id=kept.practice_id, patient_id=kept.id, person_id=None, goes="patients.record",
                ordered_at=now, told_at=now, erased_at=now, listed_at=None,
            )
        )  # fmt: skip
    await erasure_handlers(house, Post(house.secrets, ORIGIN, read_languages(None)), {})[ERASE](merged.id)
    await copies.put_back()
    await anyio.to_thread.run_sync(replay_erasures, house.settings)
    async with house.database.read() as tx:
        assert (await tx.get_one(Patient, double)).name == BLANK_NAME
