"""Text messages by Twilio: the real SDK against a small server of ours, and what Twilio tells us afterwards."""

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import httpx2
import pytest
from sqlalchemy import select
from starlette.applications import Starlette
from twilio.base.exceptions import TwilioRestException

from server.adapters.twilio_sms import TwilioSms
from server.app import Parts, build_app
from server.circulars.model import Came, Copy, Kind
from server.circulars.newsletters import copy_for, new_circular
from server.circulars.words import Draft
from server.consultation.events import Channel
from server.core.house import House
from server.messaging.model import Delivery
from server.ports import Carried, Letter
from server.settings import Settings
from tests.cast import ALICE, DANA, add_meeting, seat_cast
from tests.conftest import ORIGIN, StillClock, browser_of
from tests.twilio import ACCOUNT, SENDER, TOKEN, FakeTwilio, fake_twilio, signature

pytestmark = [pytest.mark.anyio, pytest.mark.row("S1")]
LETTER = Letter("+447700900001", "", ["Harbour Clinic: your video appointment is today.", "To join, open https://clinic.example/j/x"])
KEY = "01900000-0000-7000-8000-000000000001"


@pytest.fixture
async def twilio(anyio_backend: str) -> AsyncIterator[FakeTwilio]:
    async with fake_twilio() as twilio:
        yield twilio


@pytest.fixture
def settings(twilio: FakeTwilio, app_database_url: str, tmp_path: Path) -> Settings:
    return Settings(
        database_url=app_database_url,
        data_dir=tmp_path / "data",
        base_url=ORIGIN,
        twilio_account_sid=ACCOUNT,
        twilio_auth_token=TOKEN,  # type: ignore[arg-type]
        twilio_from=SENDER,
        twilio_url=twilio.url,
    )


@pytest.fixture
async def sms(settings: Settings) -> AsyncIterator[TwilioSms]:
    sms = TwilioSms(settings)
    yield sms
    await sms.close()


async def test_a_message_is_handed_over_with_the_address_for_its_fate(sms: TwilioSms, twilio: FakeTwilio) -> None:
    assert await sms.carry(LETTER, KEY) == Carried.SENT
    hook = f"{ORIGIN}/hooks/twilio/{KEY}"
    assert twilio.taken == [{"To": LETTER.to, "From": SENDER, "Body": LETTER.body, "StatusCallback": hook}]


async def test_a_messaging_service_chooses_the_sender(settings: Settings, twilio: FakeTwilio) -> None:
    sms = TwilioSms(settings.model_copy(update={"twilio_from": "MG00000000000000000000000000000001"}))
    await sms.carry(LETTER, KEY)
    await sms.close()
    assert "From" not in twilio.taken[0]
    assert twilio.taken[0]["MessagingServiceSid"].startswith("MG")


async def test_bad_17_what_no_other_attempt_would_change_is_refused(sms: TwilioSms, twilio: FakeTwilio) -> None:
    twilio.stopped.add(LETTER.to)
    assert await sms.carry(LETTER, KEY) == Carried.REFUSED
    assert await sms.carry(Letter("dana", "", ["Hello"]), KEY) == Carried.REFUSED
    assert twilio.taken == []


@pytest.mark.parametrize("fault", [(500, 20500), (429, 20429), (401, 20003)], ids=str)
async def test_what_may_pass_is_worth_another_attempt(sms: TwilioSms, twilio: FakeTwilio, fault: tuple[int, int]) -> None:
    twilio.faults.append(fault)
    with pytest.raises(TwilioRestException):
        await sms.carry(LETTER, KEY)
    assert await sms.carry(LETTER, KEY) == Carried.SENT
    assert len(twilio.taken) == 1


@pytest.fixture
async def app(settings: Settings, clock: StillClock) -> AsyncIterator[Starlette]:
    """The application with Twilio set up, whose patient has been written to."""
    app = build_app(settings, Parts(clock=clock))
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def delivery(app: Starlette, house: House, clock: StillClock, twilio: FakeTwilio) -> Delivery:
    async with house.database.write() as tx:
        await seat_cast(tx, clock.now())
        await add_meeting(tx, house.secrets, clock.now())
    async with house.database.read() as tx:
        return (await tx.scalars(select(Delivery).where(Delivery.channel == "sms"))).one()


async def told(app: Starlette, path: str, signed: str | None = None, **fields: str) -> httpx2.Response:
    """Post as Twilio does: a form without a cookie or an origin, signed for the public address."""
    async with browser_of(app) as client:
        del client.headers["origin"]
        return await client.post(path, data=fields, headers={"x-twilio-signature": signed or signature(ORIGIN + path, fields)})


async def status_of(house: House, delivery: Delivery) -> str:
    async with house.database.read() as tx:
        return (await tx.get_one(Delivery, delivery.id)).status


async def test_what_became_of_it_is_on_record(app: Starlette, house: House, delivery: Delivery) -> None:
    path = f"/hooks/twilio/{delivery.id}"
    for state in ("queued", "sent", "delivered", "sent"):
        assert (await told(app, path, MessageSid="SM1", MessageStatus=state)).status_code == 204
    assert await status_of(house, delivery) == "delivered"


async def test_bad_17_a_forged_report_is_refused_and_changes_nothing(app: Starlette, house: House, delivery: Delivery) -> None:
    path, fields = f"/hooks/twilio/{delivery.id}", {"MessageSid": "SM1", "MessageStatus": "failed"}
    elsewhere = signature(f"{ORIGIN}/hooks/twilio/{KEY}", fields)
    edited = signature(ORIGIN + path, {**fields, "MessageStatus": "delivered"})
    stranger = signature(ORIGIN + path, fields, "another-token")
    for forged in (elsewhere, edited, stranger, "x"):
        assert (await told(app, path, forged, **fields)).status_code == 403
    assert await status_of(house, delivery) != "failed"


async def test_a_report_of_what_there_is_not_is_no_error_of_ours(app: Starlette) -> None:
    assert (await told(app, f"/hooks/twilio/{KEY}", MessageSid="SM1", MessageStatus="failed")).status_code == 404


async def test_a_newsletter_that_came_back_counts_as_refused(app: Starlette, house: House, delivery: Delivery, clock: StillClock) -> None:
    async with house.database.write() as tx:
        draft = Draft(Channel.SMS, "", "We open at seven.")
        tx.add(circular := new_circular(delivery.practice_id, ALICE.person_id, Kind.NEWSLETTER, draft, clock.now()))
        await tx.flush()
        copy = copy_for(circular.id, None)
        copy.came = Came.SENT
        tx.add(copy)
    path = f"/hooks/twilio/circular/{copy.id}"
    assert (await told(app, path, "forged", MessageSid="SM1", MessageStatus="failed")).status_code == 403
    for state in ("sent", "undelivered", "delivered"):
        assert (await told(app, path, MessageSid="SM1", MessageStatus=state)).status_code == 204
    async with house.database.read() as tx:
        assert (await tx.get_one(Copy, copy.id)).came == Came.REFUSED


async def write_to_dana(house: House, clock: StillClock) -> Delivery:
    """Invite dana by SMS once more, and return that message when the worker is done with it."""
    async with house.database.write() as tx:
        await add_meeting(tx, house.secrets, clock.now())
    return await settled(house)


async def settled(house: House) -> Delivery:
    """Wait until the newest text message has left the queue."""
    newest = select(Delivery).where(Delivery.channel == "sms").order_by(Delivery.created_at.desc(), Delivery.id.desc()).limit(1)
    with anyio.fail_after(30):
        while True:
            async with house.database.read() as tx:
                delivery = (await tx.scalars(newest)).one()
            if delivery.status != "queued":
                return delivery
            await anyio.sleep(0.02)


async def test_bad_17_who_answers_stop_is_not_written_to_until_they_say_start(
    app: Starlette, house: House, clock: StillClock, delivery: Delivery, twilio: FakeTwilio
) -> None:
    assert (await settled(house)).status == "sent"
    answer = await told(app, "/hooks/twilio", From=DANA.mobile, Body=" stop ", MessageSid="SM2")
    assert answer.status_code == 200
    assert answer.text.endswith("<Response/>")
    clock.advance(1)
    assert (await write_to_dana(house, clock)).status == "stopped"
    assert len(twilio.taken) == 1
    await told(app, "/hooks/twilio", From=DANA.mobile, Body="Thank you", MessageSid="SM3")
    clock.advance(1)
    assert (await write_to_dana(house, clock)).status == "stopped"
    await told(app, "/hooks/twilio", From=DANA.mobile, Body="START", MessageSid="SM4")
    clock.advance(1)
    assert (await write_to_dana(house, clock)).status == "sent"


async def test_bad_17_a_forged_answer_stops_nothing(app: Starlette, house: House, clock: StillClock, delivery: Delivery) -> None:
    assert (await told(app, "/hooks/twilio", "x", From=DANA.mobile, Body="STOP")).status_code == 403
    clock.advance(1)
    assert (await write_to_dana(house, clock)).status == "sent"
