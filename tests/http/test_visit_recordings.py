"""A patient's or guest's own link takes an agreement to a recording back, for as long as it is open."""

import re

import httpx2
import pytest
from starlette.applications import Starlette

from server.access.acting import Reach
from server.access.representation import Representation
from server.consultation.changes import Answer
from server.consultation.model import Consultation, Outcome, Participant
from server.consultation.recorded import Recording
from server.consultation.recording_actions import keep_answer
from server.consultation.recording_holds import Wish, hold
from server.core.house import House
from tests.acting import DORA, let_act
from tests.cast import ALICE, DANA, OLGA, Meeting
from tests.conftest import SignIn, StillClock, browser_of
from tests.http.guests import add_guest
from tests.http.test_recordings import SOUND, now_of
from tests.tapes import record_call

pytestmark = [pytest.mark.anyio, pytest.mark.row("V8"), pytest.mark.row("L2")]


@pytest.fixture
async def guest(house: House, meeting: Meeting, clock: StillClock) -> Meeting:
    return await add_guest(house, meeting, clock.now())


@pytest.fixture
async def recording(house: House, meeting: Meeting, guest: Meeting, clock: StillClock) -> Recording:
    """Of a call that has ended, to which alice, dana and their guest agreed."""
    recording = await record_call(house, meeting, [(guest.participant_id, SOUND, 0, 60)])
    async with house.database.write() as tx:
        await keep_answer(tx, Answer(guest.participant_id, yes=True), recording.id, clock.now())
        place = await tx.get_one(Participant, guest.participant_id)
        place.admit(clock.now())
        (await tx.get_one(Consultation, meeting.consultation_id)).end(clock.now(), Outcome.COMPLETED, None)
        place.dismiss()
    return recording


def withdrawal(page: httpx2.Response) -> str:
    found = re.search(r'action="(/v/[^"]+/recordings/[^"]+/withdraw)"', page.text)
    assert found is not None
    return found[1]


async def test_a_guest_takes_it_back_and_it_is_deleted_for_everybody(
    app: Starlette, house: House, guest: Meeting, recording: Recording
) -> None:
    base = f"/v/{guest.visit_id}"
    async with browser_of(app, {"visit": guest.token}) as imran:
        form = withdrawal(await imran.get(f"{base}/after"))
        answer = await imran.post(form)
        assert answer.headers["location"] == f"{base}/after?unrecorded"
        page = (await imran.get(f"{base}/after?unrecorded")).text
        assert "The recording is deleted" in page
        assert form not in page
        assert (await imran.post(form)).headers["location"] == f"{base}/after"
    gone = await now_of(house, recording)
    assert (gone.state, gone.gone, gone.data_key) == ("deleted", "withdrawn", None)


async def test_so_does_a_patient_without_an_account(app: Starlette, house: House, meeting: Meeting, recording: Recording) -> None:
    async with browser_of(app, {"visit": meeting.token}) as dana:
        await dana.post(withdrawal(await dana.get(f"/v/{meeting.visit_id}/after")))
    assert (await now_of(house, recording)).gone == "withdrawn"


@pytest.mark.row("P5")
async def test_whoever_acts_deletes_only_what_they_agreed_to_or_by_the_patients_rights(
    house: House, meeting: Meeting, recording: Recording, sign_in: SignIn
) -> None:
    acting = await let_act(house, Reach.BOOK)
    dora = await sign_in(DORA)
    opened = await dora.get(f"/my/{DANA.patient_id}/consultations/{meeting.consultation_id}")
    dora.cookies.set("visit", opened.cookies["visit"])
    base = opened.headers["location"]
    assert "/withdraw" not in (await dora.get(f"{base}/after")).text
    form = f"{base}/recordings/{recording.id}/withdraw"
    assert (await dora.post(form)).headers["location"] == f"{base}/after"
    assert (await now_of(house, recording)).state == "kept"
    async with house.database.write() as tx:
        (await tx.get_one(Representation, acting)).reach = Reach.RIGHTS
    assert withdrawal(await dora.get(f"{base}/after")) == form
    assert (await dora.post(form)).headers["location"] == f"{base}/after?unrecorded"
    gone = await now_of(house, recording)
    assert (gone.state, gone.deleted_by) == ("deleted", DORA.person_id)


async def test_what_is_held_is_only_not_played_any_more(
    app: Starlette, house: House, guest: Meeting, recording: Recording, clock: StillClock
) -> None:
    async with house.database.write() as tx:
        await hold(tx, ALICE.practice_id, recording.id, Wish(OLGA.person_id, "Asked for by a court"), clock.now())
    base = f"/v/{guest.visit_id}"
    async with browser_of(app, {"visit": guest.token}) as imran:
        answer = await imran.post(withdrawal(await imran.get(f"{base}/after")))
        assert answer.headers["location"] == f"{base}/after?withheld"
        assert "has to keep it for now" in (await imran.get(f"{base}/after?withheld")).text
    kept = await now_of(house, recording)
    assert (kept.state, kept.withdrawn_at) == ("kept", clock.now())


async def test_a_link_that_has_expired_says_whom_to_call(
    app: Starlette, house: House, guest: Meeting, recording: Recording, clock: StillClock
) -> None:
    base = f"/v/{guest.visit_id}"
    async with browser_of(app, {"visit": guest.token}) as imran:
        form = withdrawal(await imran.get(f"{base}/after"))
        clock.advance(30 * 86400)
        assert (await imran.post(form)).headers["location"] == base
        assert "You agreed that this call was recorded" in (await imran.get(base)).text
    assert (await now_of(house, recording)).state == "kept"


async def test_who_agreed_to_nothing_takes_nothing_back(app: Starlette, house: House, meeting: Meeting, clock: StillClock) -> None:
    recording = await record_call(house, meeting, [])
    other = await add_guest(house, meeting, clock.now(), name="Another Guest")
    async with browser_of(app, {"visit": other.token}) as guest:
        answer = await guest.post(f"/v/{other.visit_id}/recordings/{recording.id}/withdraw")
        assert answer.headers["location"] == f"/v/{other.visit_id}/after"
    assert (await now_of(house, recording)).state != "deleted"
