"""A recording of a call: who plays it and what is kept of that, how its bytes are served, and how it goes for good."""

import asyncio
import os
import re
import shutil
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import delete, select

from server.access.model import Practice
from server.chores import due_recordings
from server.consultation.recorded import Recording, RecordingTrack, Standing
from server.consultation.recording_jobs import remove_with, sweep_due
from server.consultation.recording_rescue import rescue
from server.consultation.records import Consent
from server.core.audit import AuditEntry
from server.core.clock import SystemClock
from server.core.house import House
from server.core.keyring import add_key
from server.patients.actions import withdraw_sharing
from server.privacy.keys import check_keys, keys_in_use, rotate
from server.settings import Settings
from tests.cast import ALICE, BOB, CHARLIE, DANA, ERIN, MALLORY, OLGA, SAM, Meeting, Staff
from tests.conftest import SignIn, StillClock
from tests.http.recording import RECORD
from tests.tapes import CHUNK, record_call

pytestmark = [pytest.mark.anyio, pytest.mark.row("V8")]

SOUND = bytes(range(256)) * 2000


@pytest.fixture
async def recording(house: House, meeting: Meeting) -> Recording:
    return await record_call(house, meeting, [(meeting.participant_id, SOUND, 0, 60), (None, b"short", 30, 40)])


async def listen(client: httpx2.AsyncClient, recording: Recording, why: str = "Training") -> httpx2.Response:
    return await client.post(f"/recordings/{recording.id}/listen", data={"why": why})


async def tracks(client: httpx2.AsyncClient, recording: Recording) -> list[str]:
    return re.findall(r'src="(/recordings/[^"]+)"', (await client.get(f"/recordings/{recording.id}")).text)


async def acts(house: House, recording: Recording) -> list[tuple[str, UUID | None, str | None]]:
    async with house.database.read() as tx:
        found = await tx.scalars(select(AuditEntry).where(AuditEntry.thing_id == recording.id).order_by(AuditEntry.id))
        return [(entry.act, entry.person_id, entry.reason) for entry in found]


async def now_of(house: House, recording: Recording) -> Recording:
    async with house.database.read() as tx:
        return await tx.get_one(Recording, recording.id)


@pytest.mark.row("L6")
async def test_nobody_hears_it_who_has_not_said_what_for(sign_in: SignIn, house: House, recording: Recording) -> None:
    alice = await sign_in(ALICE)
    assert f"/recordings/{recording.id}" in (await alice.get(RECORD)).text
    page = await alice.get(f"/recordings/{recording.id}")
    assert "What you listen for" in page.text
    assert "<video" not in page.text
    assert (await listen(alice, recording, "  ")).status_code == 422
    assert (await listen(alice, recording)).status_code == 303
    [first, second] = await tracks(alice, recording)
    assert (await alice.get(first)).content == SOUND
    assert (await alice.get(second)).content == b"short"
    page = await alice.get(f"/recordings/{recording.id}")
    assert "Training" in page.text
    assert "Dana Diaz" in page.text
    assert "damaged" not in page.text
    assert ("listened", ALICE.person_id, "Training") in await acts(house, recording)
    dana = await sign_in(DANA)
    looks = (await dana.get(f"/my/{DANA.patient_id}/looks")).text
    assert "Played a recording of a call" in looks
    assert "Training" in looks


async def test_after_some_hours_it_must_be_said_anew(sign_in: SignIn, recording: Recording, clock: StillClock) -> None:
    alice = await sign_in(ALICE)
    await listen(alice, recording)
    [first, _] = await tracks(alice, recording)
    clock.advance(4 * 3600)
    assert (await alice.get(first)).status_code == 403
    assert "What you listen for" in (await alice.get(f"/recordings/{recording.id}")).text


@pytest.mark.row("N3")
@pytest.mark.parametrize("member", [CHARLIE, MALLORY, SAM, OLGA, DANA], ids=lambda member: member.name)
async def test_for_everybody_else_it_is_not_there(sign_in: SignIn, recording: Recording, member: Staff) -> None:
    alice = await sign_in(ALICE)
    await listen(alice, recording)
    [first, _] = await tracks(alice, recording)
    client = await sign_in(member)
    for answer in (await client.get(f"/recordings/{recording.id}"), await listen(client, recording), await client.get(first)):
        assert answer.status_code == 404
    assert (await client.post(f"/recordings/{recording.id}/delete", data={"reason": "x", "sure": "yes"})).status_code == 404


@pytest.mark.row("N3")
async def test_a_colleague_hears_it_by_their_own_word_while_the_team_may_see_the_notes(
    sign_in: SignIn, house: House, recording: Recording, clock: StillClock
) -> None:
    alice, bob = await sign_in(ALICE), await sign_in(BOB)
    await listen(alice, recording)
    [first, _] = await tracks(alice, recording)
    assert (await bob.get(first)).status_code == 403
    assert (await listen(bob, recording, "Quality")).status_code == 303
    assert (await bob.get(first)).status_code == 200
    gone = await bob.post(f"/recordings/{recording.id}/delete", data={"reason": "x", "sure": "yes"})
    assert gone.status_code == 403
    async with house.database.write() as tx:
        await withdraw_sharing(tx, DANA.patient_id, clock.now())
    assert (await bob.get(first)).status_code == 404


@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [("bytes=0-", 0, len(SOUND)), ("bytes=100-199", 100, 200), ("bytes=65530-65545", 65530, 65546), ("bytes=-10", len(SOUND) - 10, None)],
)
async def test_any_stretch_can_be_asked_for(sign_in: SignIn, recording: Recording, wanted: str, start: int, end: int | None) -> None:
    alice = await sign_in(ALICE)
    await listen(alice, recording)
    [first, _] = await tracks(alice, recording)
    answer = await alice.get(first, headers={"range": wanted})
    assert answer.status_code == 206
    assert answer.content == SOUND[start:end]
    assert answer.headers["content-range"] == f"bytes {start}-{(end or len(SOUND)) - 1}/{len(SOUND)}"
    for name, value in {"cache-control": "no-store", "accept-ranges": "bytes", "x-content-type-options": "nosniff"}.items():
        assert answer.headers[name] == value
    assert answer.headers["content-type"] == "video/webm"
    assert answer.headers["content-disposition"] == "inline"


async def test_one_answer_to_a_range_is_bounded(sign_in: SignIn, recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.notes.recording_files.MOST_AT_ONCE", 1000)
    alice = await sign_in(ALICE)
    await listen(alice, recording)
    [first, _] = await tracks(alice, recording)
    answer = await alice.get(first, headers={"range": "bytes=5-"})
    assert (answer.headers["content-range"], len(answer.content)) == (f"bytes 5-1004/{len(SOUND)}", 1000)
    assert (await alice.get(first)).content == SOUND


async def test_ranges_that_are_none_and_other_versions(sign_in: SignIn, recording: Recording) -> None:
    alice = await sign_in(ALICE)
    await listen(alice, recording)
    [first, _] = await tracks(alice, recording)
    beyond = await alice.get(first, headers={"range": f"bytes={len(SOUND)}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(SOUND)}")
    etag = beyond.headers.get("etag") or (await alice.get(first)).headers["etag"]
    same = await alice.get(first, headers={"range": "bytes=0-4", "if-range": etag})
    other = await alice.get(first, headers={"range": "bytes=0-4", "if-range": '"another"'})
    several = await alice.get(first, headers={"range": "bytes=0-4,9-12"})
    assert [answer.status_code for answer in (same, other, several)] == [206, 200, 206]
    assert same.content == SOUND[:5]
    assert other.content == SOUND


@pytest.mark.row("N10")
@pytest.mark.parametrize("how", ["changed", "cut", "missing", "another"])
async def test_what_was_tampered_with_is_said_and_never_played(sign_in: SignIn, house: House, recording: Recording, how: str) -> None:
    alice = await sign_in(ALICE)
    await listen(alice, recording)
    [first, second] = await tracks(alice, recording)
    folder = house.settings.recordings_dir / recording.folder
    large, small = sorted(folder.iterdir(), key=lambda path: -path.stat().st_size)
    raw = large.read_bytes()
    if how == "changed":
        large.write_bytes(raw[:200] + bytes([raw[200] ^ 1]) + raw[201:])
    elif how == "cut":
        large.write_bytes(raw[: len(raw) // 2])
    elif how == "another":
        large.write_bytes(small.read_bytes())
    else:
        large.unlink()
    page = await alice.get(f"/recordings/{recording.id}")
    assert "damaged or was changed" in page.text
    answer = await alice.get(first, headers={"range": "bytes=0-9"})
    assert answer.status_code == (206 if how == "cut" else 409)
    assert (await alice.get(second)).content == b"short"


@pytest.mark.row("L5")
async def test_deleting_destroys_the_key_and_the_files(sign_in: SignIn, house: House, recording: Recording) -> None:
    alice = await sign_in(ALICE)
    path = f"/recordings/{recording.id}/delete"
    assert (await alice.post(path, data={"reason": "Not needed"})).status_code == 422
    assert (await alice.post(path, data={"sure": "yes"})).status_code == 422
    assert (await alice.post(path, data={"reason": "Not needed", "sure": "yes"})).status_code == 303
    gone = await now_of(house, recording)
    assert (gone.state, gone.key_id, gone.data_key, gone.deleted_by) == ("deleted", None, None, ALICE.person_id)
    await remove_with(house.database, house.settings)(recording.id)
    assert not (house.settings.recordings_dir / recording.folder).exists()
    assert ("deleted", ALICE.person_id, "Not needed") in await acts(house, recording)
    page = (await alice.get(f"/recordings/{recording.id}")).text
    assert "This recording was deleted" in page
    assert "Not needed" in page
    assert (await listen(alice, recording)).status_code == 404


@pytest.mark.row("L5")
async def test_files_that_cannot_be_deleted_are_not_taken_for_gone(sign_in: SignIn, house: House, recording: Recording) -> None:
    """The errand fails, is run again, and stands among those that failed at last."""
    sure = {"reason": "Not needed", "sure": "yes"}
    assert (await (await sign_in(ALICE)).post(f"/recordings/{recording.id}/delete", data=sure)).status_code == 303
    folder = house.settings.recordings_dir / recording.folder
    shutil.rmtree(folder)
    folder.write_bytes(b"not a folder")
    with pytest.raises(NotADirectoryError):
        await remove_with(house.database, house.settings)(recording.id)


@pytest.mark.row("L5")
async def test_files_that_another_process_deletes_at_the_same_time_are_no_error(
    sign_in: SignIn, house: House, recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    sure = {"reason": "Not needed", "sure": "yes"}
    assert (await (await sign_in(ALICE)).post(f"/recordings/{recording.id}/delete", data=sure)).status_code == 303
    for name in ("unlink", "rmdir"):
        monkeypatch.setattr(os, name, forestalled(getattr(os, name)))
    await remove_with(house.database, house.settings)(recording.id)
    assert not (house.settings.recordings_dir / recording.folder).exists()


def forestalled(delete: Callable[..., None]) -> Callable[..., None]:
    """Return what finds each time that somebody else was a moment faster."""

    def late(*given: Any, **how: Any) -> None:
        delete(*given, **how)
        delete(*given, **how)

    return late


@pytest.mark.row("L2")
async def test_a_patient_takes_their_agreement_back_and_it_is_gone(sign_in: SignIn, house: House, recording: Recording) -> None:
    dana = await sign_in(DANA)
    assert "Take it back and delete the recording" in (await dana.get("/my")).text
    alice = await sign_in(ALICE)
    withdraw = f"/my/{DANA.patient_id}/recordings/{recording.id}/withdraw"
    assert (await alice.post(withdraw)).status_code == 404
    assert (await (await sign_in(DANA)).post(withdraw.replace(str(recording.id), str(ERIN.patient_id)))).status_code == 404
    assert withdraw in (await dana.get("/my/consents")).text
    assert (await dana.post(withdraw)).headers["location"] == "/my?unrecorded"
    assert withdraw not in (await dana.get("/my/consents")).text
    gone = await now_of(house, recording)
    assert (gone.state, gone.gone, gone.data_key) == ("deleted", "withdrawn", None)
    async with house.database.read() as tx:
        consents = list(await tx.scalars(select(Consent).where(Consent.recording_id == recording.id)))
    assert sorted(consent.withdrawn_at is None for consent in consents) == [False, True]
    assert "Deleted on" in (await dana.get("/my")).text


@pytest.mark.row("L5")
async def test_what_is_due_goes_by_the_rule_of_the_practice(sign_in: SignIn, house: House, recording: Recording, clock: StillClock) -> None:
    assert recording.rule == "practice:90"
    clock.advance(timedelta(days=90).total_seconds() - 1)
    await sweep_due(house)
    assert (await now_of(house, recording)).state == "kept"
    clock.advance(2)
    await sweep_due(house)
    gone = await now_of(house, recording)
    assert (gone.state, gone.gone, gone.deleted_by, gone.data_key) == ("deleted", "due", None, None)
    assert ("deleted", None, "due") in await acts(house, recording)


@pytest.mark.row("L5")
async def test_an_administrator_decides_how_long(sign_in: SignIn, house: House, meeting: Meeting) -> None:
    olga = await sign_in(OLGA)
    assert "Recordings of calls are deleted after" in (await olga.get("/account")).text
    answer = await olga.post("/account/practice", data={"keeps_drafts": "yes", "keeps_recordings_days": "30"})
    assert answer.status_code == 303
    assert (await olga.post("/account/practice", data={"keeps_recordings_days": "9999"})).status_code == 422
    alice = await sign_in(ALICE)
    assert (await alice.post("/account/practice", data={"keeps_recordings_days": "365"})).status_code == 403
    async with house.database.read() as tx:
        assert (await tx.get_one(Practice, ALICE.practice_id)).keeps_recordings_days == 30
    assert (await record_call(house, meeting, [])).rule == "practice:30"


@pytest.mark.row("N10")
async def test_its_key_follows_the_key_ring(sign_in: SignIn, house: House, recording: Recording) -> None:
    old = house.keyring.current
    new = add_key(house.settings.data_dir)
    assert (await keys_in_use(house.database))[old] == 1
    assert [pair async for pair in rotate(house.database, house.keyring)] == [(1, 1)]
    assert await keys_in_use(house.database) == {new: 1}
    await check_keys(house.database, house.keyring)
    alice = await sign_in(ALICE)
    await listen(alice, recording)
    [first, _] = await tracks(alice, recording)
    assert (await alice.get(first)).content == SOUND


async def test_what_a_stopped_server_left_is_taken_in(sign_in: SignIn, house: House, recording: Recording, clock: StillClock) -> None:
    """As after a kill: the row still says that it runs, and nobody has told which files there are."""
    async with house.database.write() as tx:
        row = await tx.get_one(Recording, recording.id)
        row.state, row.ended_at = Standing.RECORDING, None
        await tx.execute(delete(RecordingTrack))
    [large, small] = sorted((house.settings.recordings_dir / recording.folder).iterdir(), key=lambda path: -path.stat().st_size)
    large.write_bytes(large.read_bytes()[:-3])
    clock.advance(5)
    await rescue(house, clock.now())
    rescued = await now_of(house, recording)
    assert (rescued.state, rescued.ended_at) == ("kept", clock.now())
    alice = await sign_in(ALICE)
    await listen(alice, recording)
    found = {(await alice.get(track)).content for track in await tracks(alice, recording)}
    assert {len(content) for content in found} == {len(SOUND) // CHUNK * CHUNK, len(b"short")}
    assert small.exists()


async def test_what_is_due_can_be_listed_before(settings: Settings, house: House, recording: Recording) -> None:
    listed = await asyncio.to_thread(due_recordings, settings)
    assert (str(recording.id) in listed) == (recording.keep_until <= SystemClock().now())
    assert "due" in listed
