"""A recording that must be kept: held by an administrator with a reason, and let go again, whatever happens to it meanwhile."""

import asyncio
import re
from datetime import timedelta

import pytest

from server.chores import due_recordings
from server.consultation.recorded import Recording
from server.consultation.recording_jobs import sweep_due
from server.core.audit import Act
from server.core.house import House
from server.settings import Settings
from tests.cast import ALICE, DANA, MALLORY, OLGA, Meeting
from tests.conftest import SignIn, StillClock
from tests.http.recording import entries
from tests.http.test_recordings import SOUND, acts, listen, now_of, tracks
from tests.tapes import record_call

pytestmark = [pytest.mark.anyio, pytest.mark.row("V8"), pytest.mark.row("L5")]

WHY = "Asked for by a court"
LIST = "/recordings"


@pytest.fixture
async def recording(house: House, meeting: Meeting) -> Recording:
    return await record_call(house, meeting, [(meeting.participant_id, SOUND, 0, 60)])


async def held(sign_in: SignIn, recording: Recording) -> None:
    olga = await sign_in(OLGA)
    assert (await olga.post(f"{LIST}/{recording.id}/hold", data={"why": WHY})).headers["location"] == "/recordings?done=held"


async def test_an_administrator_holds_it_with_a_reason_that_everybody_reads(sign_in: SignIn, house: House, recording: Recording) -> None:
    olga = await sign_in(OLGA)
    assert "Keep it from being deleted" in (await olga.get(LIST)).text
    wrong = await olga.post(f"{LIST}/{recording.id}/hold", data={"why": " "})
    assert (wrong.status_code, "Please write why" in wrong.text) == (422, True)
    assert not (await now_of(house, recording)).held
    await held(sign_in, recording)
    page = (await olga.get(LIST)).text
    assert WHY in page
    assert "Dana" not in page
    assert (await olga.post(f"{LIST}/{recording.id}/hold", data={"why": "Twice"})).status_code == 409
    alice = await sign_in(ALICE)
    assert WHY in (await alice.get(f"{LIST}/{recording.id}")).text
    assert WHY in (await (await sign_in(DANA)).get("/my")).text
    assert ("held", OLGA.person_id, WHY) in await acts(house, recording)


@pytest.mark.row("N3")
async def test_nobody_else_holds_or_releases_one(sign_in: SignIn, house: House, recording: Recording) -> None:
    alice = await sign_in(ALICE)
    assert [(await alice.get(LIST)).status_code, (await alice.post(f"{LIST}/{recording.id}/hold", data={"why": WHY})).status_code] == [
        403,
        403,
    ]
    await held(sign_in, recording)
    assert (await alice.post(f"{LIST}/{recording.id}/free")).status_code == 403
    mallory = await sign_in(MALLORY)
    assert (await mallory.post(f"{LIST}/{recording.id}/free")).status_code in {403, 404}
    assert (await now_of(house, recording)).held


async def test_neither_its_rule_nor_a_hand_deletes_it_until_it_is_released(
    sign_in: SignIn, house: House, recording: Recording, clock: StillClock
) -> None:
    await held(sign_in, recording)
    alice = await sign_in(ALICE)
    assert "Delete this recording" not in (await alice.get(f"{LIST}/{recording.id}")).text
    refused = await alice.post(f"{LIST}/{recording.id}/delete", data={"reason": "x", "sure": "yes"})
    assert refused.status_code == 409
    clock.advance(timedelta(days=91).total_seconds())
    await sweep_due(house)
    assert (await now_of(house, recording)).state == "kept"
    olga = await sign_in(OLGA)
    assert "deleted within minutes when it is released" in (await olga.get(LIST)).text
    assert (await olga.post(f"{LIST}/{recording.id}/free")).status_code == 303
    await sweep_due(house)
    assert (await now_of(house, recording)).gone == "due"
    assert [entry.reason for entry in await entries(house, Act.HELD, Act.FREED)] == [WHY, WHY]


async def test_an_agreement_that_is_taken_back_ends_its_playing_at_once_and_its_files_later(
    sign_in: SignIn, house: House, recording: Recording
) -> None:
    alice = await sign_in(ALICE)
    await listen(alice, recording)
    [track] = await tracks(alice, recording)
    await held(sign_in, recording)
    assert (await alice.get(track)).status_code == 200
    dana = await sign_in(DANA)
    answer = await dana.post(f"/my/{DANA.patient_id}/recordings/{recording.id}/withdraw")
    assert answer.headers["location"] == "/my?withheld"
    page = (await dana.get("/my?withheld")).text
    assert "has to keep it for now" in page
    assert WHY in page
    kept = await now_of(house, recording)
    assert (kept.state, kept.data_key is None, kept.withdrawn_by) == ("kept", False, DANA.person_id)
    assert (await alice.get(track)).status_code == 404
    assert "took their agreement back" in (await alice.get(f"{LIST}/{recording.id}")).text
    assert (await listen(alice, recording)).status_code == 404
    olga = await sign_in(OLGA)
    await olga.post(f"{LIST}/{recording.id}/free")
    gone = await now_of(house, recording)
    assert (gone.state, gone.gone, gone.data_key, gone.deleted_by) == ("deleted", "withdrawn", None, DANA.person_id)
    assert (await olga.post(f"{LIST}/{recording.id}/hold", data={"why": WHY})).status_code == 409


async def test_the_command_line_names_what_is_held(settings: Settings, sign_in: SignIn, recording: Recording) -> None:
    await held(sign_in, recording)
    listed = await asyncio.to_thread(due_recordings, settings)
    assert re.search(rf"{recording.id}  held since", listed)
    assert not re.search(rf"{recording.id}  kept until", listed)
