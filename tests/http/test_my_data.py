"""What somebody sees of their own data, and the copy that they take."""

import json

import anyio
import httpx2
import pytest
from sqlalchemy import delete, select, update
from starlette.applications import Starlette

from server.consultation.model import Consultation
from server.core.audit import Act, AuditEntry
from server.core.db import Tx
from server.core.house import House
from server.core.ids import new_id
from server.core.supervise import Supervisor
from server.privacy import copy_jobs, copy_making
from server.privacy.copies import KEPT_FOR, PAUSE, TOPIC, claim_copy
from server.privacy.copy_jobs import make_copies, take_over, tidy_copies
from server.privacy.copy_rows import CopyState, DataCopy
from tests.cast import ALICE, CHARLIE, DANA, ERIN, Meeting
from tests.conftest import SignIn, StillClock
from tests.http.copying import WITHIN_S, copy_of, make_copy, take_copy
from tests.http.filing import pdf, picture
from tests.http.recording import RECORD
from tests.http.releasing import Text, release

pytestmark = [pytest.mark.anyio, pytest.mark.row("L1")]

MINE = f"/my/{DANA.patient_id}"


@pytest.fixture
async def dana(sign_in: SignIn, meeting: Meeting) -> httpx2.AsyncClient:
    return await sign_in(DANA)


async def copies(house: House) -> list[DataCopy]:
    async with house.database.read() as tx:
        return list(await tx.scalars(select(DataCopy)))


async def test_the_account_leads_to_what_is_held_and_why_and_to_every_correction(dana: httpx2.AsyncClient) -> None:
    assert 'href="/my/data"' in (await dana.get("/account")).text
    page = (await dana.get("/my/data")).text
    assert "Your consultations: when they were, who was there, and what you agreed to" in page
    assert "The professional who treats you answers for this part." in page
    assert "Your work here" not in page
    for path in ("/my/details", "/account/email", f"{MINE}/background", f"{MINE}/files", f"{MINE}/requests?correct"):
        assert f'href="{path}"' in page
        assert (await dana.get(path)).status_code == 200, path
    assert '<option value="correction" selected>' in (await dana.get(f"{MINE}/requests?correct")).text


async def test_a_copy_holds_no_note_that_was_not_released_and_no_unshared_document(
    house: House, meeting: Meeting, dana: httpx2.AsyncClient, sign_in: SignIn
) -> None:
    alice = await sign_in(ALICE)
    await release(house, meeting, Text("Taken back.", withdrawn=True))
    answer = await alice.post(f"{RECORD}/files", files={"file": ("internal.pdf", pdf(b"internal words"), "application/octet-stream")})
    assert answer.status_code == 303
    files = await copy_of(dana)
    assert not any(words in raw for raw in files.values() for words in (b"Taken back.", b"internal words", b"internal.pdf"))
    assert not any(name.startswith("practice-1/documents") for name in files)


async def test_a_professional_gets_their_own_data_and_no_patients(meeting: Meeting, sign_in: SignIn) -> None:
    files = await copy_of(await sign_in(ALICE))
    assert {"data/access.work.json", "my-data.pdf", "README.txt"} <= files.keys()
    assert not any(name.encode() in raw for raw in files.values() for name in (DANA.name, ERIN.name))
    assert "data/patients.record.json" not in files


async def test_taking_it_is_on_record_for_the_patient_to_read(house: House, dana: httpx2.AsyncClient) -> None:
    await make_copy(dana)
    async with house.database.read() as tx:
        assert await tx.scalar(select(AuditEntry.id).where(AuditEntry.thing == "data")) is None
    await take_copy(dana)
    async with house.database.read() as tx:
        deeds = list(await tx.scalars(select(AuditEntry).where(AuditEntry.thing == "data")))
    assert [(deed.act, deed.person_id, deed.patient_id) for deed in deeds] == [(Act.EXPORTED, DANA.person_id, DANA.patient_id)]
    assert "Took out a copy of everything that is held about you" in (await dana.get(f"{MINE}/looks")).text


async def test_nobody_takes_what_is_not_theirs_or_not_ready(dana: httpx2.AsyncClient, sign_in: SignIn) -> None:
    await make_copy(dana)
    assert (await (await sign_in(CHARLIE)).post("/my/data/download")).status_code == 404


async def test_bytes_on_the_disk_are_sealed_and_a_changed_file_is_found(house: House, dana: httpx2.AsyncClient) -> None:
    await make_copy(dana)
    (path,) = house.settings.copies_dir.iterdir()
    raw = path.read_bytes()
    assert not any(plain in raw for plain in (DANA.name.encode(), b"PK\x03\x04"))
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    answer = await dana.post("/my/data/download")
    assert answer.status_code == 409
    assert "damaged or missing" in answer.text


async def test_it_goes_when_it_is_deleted_and_after_a_day(house: House, dana: httpx2.AsyncClient, clock: StillClock) -> None:
    await make_copy(dana)
    assert (await dana.post("/my/data/copy/delete")).headers["location"] == "/my/data?deleted"
    await tidy_copies(house)
    assert list(house.settings.copies_dir.iterdir()) == []
    await make_copy(dana)
    clock.set(clock.now() + KEPT_FOR)
    await tidy_copies(house)
    assert len(await copies(house)) == 1
    clock.advance(1)
    await tidy_copies(house)
    assert (await copies(house), list(house.settings.copies_dir.iterdir())) == ([], [])


async def test_an_account_that_goes_takes_a_copy_that_is_being_made_with_it(
    house: House, dana: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    advance = copy_making.advance

    async def advance_without_row(tx: Tx, copy: DataCopy, *rest: object) -> bool:
        await tx.execute(delete(DataCopy).where(DataCopy.id == copy.id))
        asked.append(await advance(tx, copy, *rest))  # type: ignore[arg-type]
        return asked[-1]

    monkeypatch.setattr(copy_making, "advance", advance_without_row)
    await dana.post("/my/data/copy")
    with anyio.fail_after(WITHIN_S):
        while await copies(house):  # noqa: ASYNC110 - a database sets no event
            await anyio.sleep(0.02)
    assert asked == [False]
    assert "Make a copy of my data" in (await dana.get("/my/data")).text


async def test_what_cannot_be_made_is_tried_three_times_and_then_said(
    house: House, dana: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch, clock: StillClock
) -> None:
    async def broken(*_: object) -> bool:
        raise RuntimeError

    monkeypatch.setattr(copy_making, "advance", broken)
    await dana.post("/my/data/copy")
    for tries in (1, 2):
        with anyio.fail_after(WITHIN_S):
            while [(row.state, row.attempts) for row in await copies(house)] != [(CopyState.ASKED, tries)]:  # noqa: ASYNC110
                await anyio.sleep(0.02)
        async with house.database.write() as tx:
            assert await claim_copy(tx, new_id(), clock.now()) is None, "it waits before the next try"
        clock.advance(PAUSE.total_seconds() + 1)
        house.bus.publish(TOPIC)
    with anyio.fail_after(WITHIN_S):
        while "could not be made" not in (await dana.get("/my/data")).text:  # noqa: ASYNC110 - a database sets no event
            await anyio.sleep(0.02)
    (row,) = await copies(house)
    assert (row.state, row.attempts) == (CopyState.FAILED, 3)
    monkeypatch.undo()
    assert "my-data.pdf" in await copy_of(dana)


async def stuck(house: House, client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> DataCopy:
    """Have a copy made whose maker does not come to an end."""
    begun = anyio.Event()

    async def stopped(*_: object) -> None:
        begun.set()
        await anyio.sleep_forever()

    monkeypatch.setattr(copy_making, "asker_of", stopped)
    await client.post("/my/data/copy")
    with anyio.fail_after(WITHIN_S):
        await begun.wait()
    (row,) = await copies(house)
    assert (row.state, row.attempts) == (CopyState.MAKING, 1)
    return row


async def test_a_copy_whose_server_stops_is_made_at_once_by_the_next(
    house: House, app: Starlette, dana: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stuck(house, dana, monkeypatch)
    await house.supervisor.close(WITHIN_S)
    (row,) = await copies(house)
    assert (row.state, row.attempts, row.lease_until) == (CopyState.ASKED, 0, None), "nothing went wrong with it"
    monkeypatch.undo()
    task = Supervisor().keep(lambda: make_copies(house, app.state.press), name="the next server")
    try:
        with anyio.fail_after(WITHIN_S):
            while 'id="download"' not in (await dana.get("/my/data")).text:  # noqa: ASYNC110 - a database sets no event
                await anyio.sleep(0.02)
    finally:
        task.cancel()


async def test_a_copy_whose_server_was_killed_is_taken_over_once_nobody_writes_it(
    house: House, dana: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = await stuck(house, dana, monkeypatch)
    await take_over(house)
    assert (await copies(house))[0].state == CopyState.MAKING, "it is still written"
    monkeypatch.setattr(copy_jobs, "is_left", lambda _folder, copy_id: copy_id == copy.id)
    await take_over(house)
    (row,) = await copies(house)
    assert (row.state, row.attempts, row.lease_until) == (CopyState.ASKED, 1, None)


async def test_a_document_that_is_damaged_is_named_and_the_rest_comes(house: House, dana: httpx2.AsyncClient) -> None:
    await dana.post(f"{MINE}/files", files={"file": ("knee.jpg", picture(), "application/octet-stream")})
    for path in house.settings.documents_dir.iterdir():
        path.unlink()
    files = await copy_of(dana)
    missing = json.loads(files["manifest.json"])["missing"]
    assert missing == ["practice-1/documents/001-knee.jpg"]
    assert missing[0] in files["README.txt"].decode()


async def test_a_consultation_that_nobody_ended_is_in_it(house: House, meeting: Meeting, dana: httpx2.AsyncClient) -> None:
    """An end before the beginning, as after a clock was set, must not make the bundle invalid."""
    now = house.clock.now()
    async with house.database.write() as tx:
        values = {"started_at": now, "ended_at": now.replace(hour=1)}
        await tx.execute(update(Consultation).where(Consultation.id == meeting.consultation_id).values(values))
    files = await copy_of(dana)
    assert b"Encounter" in files["practice-1/record.fhir.json"]


async def test_who_takes_copy_after_copy_is_told_to_wait(dana: httpx2.AsyncClient) -> None:
    answers = [await dana.post("/my/data/copy") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [303] * 10 + [429]
    assert "Please wait an hour" in answers[-1].text
