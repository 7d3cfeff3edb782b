"""Appointments whose time is over: settled by measured attendance, or by a professional, and never against a patient by themselves."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.billing.model import Charge, ChargeState, Refund
from server.billing.papers import BillingDocument
from server.booking.model import Appointment, Pays, Service, ServiceState
from server.consultation.model import Consultation, JoinLink, Participant, Role
from server.consultation.records import Attendance, Ending
from server.consultation.settle_jobs import settle_due
from server.consultation.settled import UNDO_FOR, Settlement
from server.core.house import House
from server.core.ids import new_id
from server.messaging.composing import Post, compose
from server.messaging.model import Delivery
from server.ports import Letter
from server.web.i18n import read_languages
from tests.cast import ALICE, BOB, CHARLIE, MALLORY, Cast, Meeting, Staff
from tests.conftest import MORNING, SignIn, StillClock, browser_of
from tests.http.booking import Booker, offer

pytestmark = [pytest.mark.anyio, pytest.mark.row("B4")]

BEGINS = datetime(2026, 3, 4, 9, 20, tzinfo=UTC)
LATE = BEGINS + timedelta(minutes=26)
BUTTON = re.compile(r'<button class="button small" name="do" value="([a-z_]+)"')


class Booked(NamedTuple):
    """Erin's appointment on Wednesday."""

    house: House
    clock: StillClock
    appointment_id: UUID
    consultation_id: UUID
    patient_place: UUID
    base: str

    async def was_there(self, place: UUID, begin_min: float, end_min: float) -> None:
        """Lay down a stretch, in minutes from the beginning."""
        first, last = (BEGINS + timedelta(minutes=minutes) for minutes in (begin_min, end_min))
        async with self.house.database.write() as tx:
            tx.add(Attendance(id=new_id(), participant_id=place, joined_at=first, last_seen_at=last, left_at=last))

    async def host(self) -> UUID:
        """Give Alice her place, and return it."""
        place = new_id()
        async with self.house.database.write() as tx:
            tx.add(
                Participant(
                    id=place, consultation_id=self.consultation_id, role=Role.PROFESSIONAL, person_id=ALICE.person_id,
                    name=ALICE.full_name, stage="left", quiet=False,
                )
            )  # fmt: skip
        return place

    async def settle(self) -> Settlement | None:
        self.clock.set(max(LATE, self.clock.now()))
        await settle_due(self.house)
        async with self.house.database.read() as tx:
            return await tx.get(Settlement, self.appointment_id)

    async def appointment(self) -> Appointment:
        async with self.house.database.read() as tx:
            return await tx.get_one(Appointment, self.appointment_id)

    async def state(self) -> str:
        return (await self.appointment()).state

    async def letters(self) -> list[Letter]:
        """Return what is written to people about it beside the invitation."""
        post = Post(self.house.secrets, "https://clinic.example", read_languages(None))
        async with self.house.database.read() as tx:
            query = select(Delivery).where(Delivery.consultation_id == self.consultation_id, Delivery.news.is_not(None))
            found = [await compose(tx, post, each, self.clock.now()) for each in await tx.scalars(query.order_by(Delivery.channel))]
        return [letter for letter in found if letter is not None]


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


@pytest.fixture
async def service(house: House, cast: Cast, clock: StillClock) -> Service:
    async with house.database.write() as tx:
        return await offer(tx, clock.now())


@pytest.fixture
async def erin(app: Starlette, service: Service) -> AsyncIterator[Booker]:
    async with browser_of(app) as client:
        yield Booker(client, service, ALICE.professional_id)


@pytest.fixture
async def booked(erin: Booker, house: House, clock: StillClock) -> Booked:
    base = (await erin.book("2026-03-04T09:20Z")).partition("/appointment")[0]
    async with house.database.read() as tx:
        link = await tx.get_one(JoinLink, UUID(base.removeprefix("/v/")))
        consultation = await tx.get_one(Consultation, link.consultation_id)
    assert consultation.appointment_id is not None
    return Booked(house, clock, consultation.appointment_id, consultation.id, link.participant_id, base)


async def pay(booked: Booked, **more: object) -> None:
    """Let erin have paid 45 pounds, of which the service keeps two fifths from who does not come."""
    async with booked.house.database.write() as tx:
        appointment = await tx.get_one(Appointment, booked.appointment_id)
        appointment.price_minor, appointment.pays, appointment.no_show_fee_percent = 4500, Pays.ONLINE, 40
        charge = Charge(
            id=new_id(), appointment_id=appointment.id, practice_id=appointment.practice_id, professional_id=ALICE.professional_id,
            provider="sandbox", account="acct", title="Consultation", minor=4500, currency="GBP", fee_minor=0, state=ChargeState.PAID, n=1,
            origin="https://clinic.example", payment="pay_1", created_at=MORNING, expires_at=MORNING, paid_at=MORNING,
            **more,
        )  # fmt: skip
        tx.add(charge)


async def refunds(booked: Booked) -> list[tuple[int, str, UUID | None]]:
    async with booked.house.database.read() as tx:
        return [(one.minor, one.reason, one.asked_by) for one in await tx.scalars(select(Refund))]


async def answer(sign_in: SignIn, who: Staff, booked: Booked, said: str) -> int:
    client = await sign_in(who)
    return (await client.post(f"/consultations/{booked.consultation_id}/attendance", data={"do": said, "back": "week"})).status_code


async def test_both_were_there(booked: Booked) -> None:
    await booked.was_there(booked.patient_place, -2, 18)
    await booked.was_there(await booked.host(), -1, 18)
    async with booked.house.database.write() as tx:
        (await tx.get_one(Consultation, booked.consultation_id)).begin(BEGINS)
    settlement = await booked.settle()
    assert settlement is not None
    assert (settlement.finding, settlement.together_s, await booked.state()) == ("fulfilled", 18 * 60, "fulfilled")
    assert await booked.letters() == []


async def test_nothing_is_settled_before_it_is_over(booked: Booked) -> None:
    booked.clock.set(BEGINS + timedelta(minutes=25))
    assert await settle_due(booked.house) == 0
    booked.clock.advance(1)
    assert await settle_due(booked.house) == 1
    assert await settle_due(booked.house) == 0, "it was looked at twice"


@pytest.mark.row("M2")
@pytest.mark.parametrize(("pays", "numbers"), [(Pays.INVOICE, ["000001"]), (Pays.PRACTICE, [])])
async def test_the_invoice_that_was_promised_is_written_once_it_took_place(booked: Booked, pays: Pays, numbers: list[str]) -> None:
    async with booked.house.database.write() as tx:
        appointment = await tx.get_one(Appointment, booked.appointment_id)
        appointment.price_minor, appointment.pays = 4500, pays
    await booked.was_there(booked.patient_place, -2, 18)
    await booked.was_there(await booked.host(), -1, 18)
    async with booked.house.database.write() as tx:
        (await tx.get_one(Consultation, booked.consultation_id)).begin(BEGINS)
    for _ in range(2):
        await booked.settle()
    async with booked.house.database.read() as tx:
        assert [one.numbered for one in await tx.scalars(select(BillingDocument))] == numbers
    bodies = [letter.body for letter in await booked.letters()]
    assert ["there is an invoice over £45.00" in body and "Invoice 000001 is on the page" in body for body in bodies] == [True] * len(
        numbers
    )


async def test_who_waited_in_vain_gets_an_apology(booked: Booked, erin: Booker, sign_in: SignIn) -> None:
    await booked.was_there(booked.patient_place, -2, 20)
    settlement = await booked.settle()
    assert settlement is not None
    assert (settlement.finding, settlement.waited_s) == ("missed", 20 * 60)
    appointment = await booked.appointment()
    assert (appointment.state, appointment.cancelled_by, appointment.sequence) == ("cancelled", "practice", 1)
    letters = await booked.letters()
    assert {letter.to for letter in letters} == {"erin@example.org", "+447700900002"}
    for letter in letters:
        words = " ".join(letter.sentences)
        assert "we are sorry. You waited for your video appointment" in words
        assert f"https://clinic.example{erin.path}" in words
    assert any(letter.calendar and "METHOD:CANCEL" in letter.calendar for letter in letters)
    page = (await (await sign_in(ALICE)).get("/today")).text
    assert "Erin Evans waited 20 minutes and nobody came" in page
    assert "Nothing happens until you decide." not in page
    assert await settle_due(booked.house) == 0


async def test_an_apology_without_new_times(booked: Booked, service: Service) -> None:
    await booked.was_there(booked.patient_place, 0, 20)
    await booked.settle()
    async with booked.house.database.write() as tx:
        (await tx.get_one(Service, service.id)).state = ServiceState.WITHDRAWN
    assert not any("new time" in " ".join(letter.sentences) for letter in await booked.letters())


async def test_what_was_found_too_late_is_asked(booked: Booked) -> None:
    await booked.was_there(booked.patient_place, 0, 20)
    booked.clock.set(LATE + timedelta(days=3))
    settlement = await booked.settle()
    assert settlement is not None
    assert (settlement.finding, await booked.state()) == ("unclear", "confirmed")


async def test_whoever_planned_a_time_themself_decides_about_it(house: House, meeting: Meeting, clock: StillClock) -> None:
    """dana waits in vain for what alice had planned without a service: nothing was promised that could be missed."""
    async with house.database.write() as tx:
        first = clock.now() + timedelta(minutes=5)
        last = first + timedelta(minutes=20)
        tx.add(Attendance(id=new_id(), participant_id=meeting.participant_id, joined_at=first, last_seen_at=last, left_at=last))
    clock.advance(31 * 60)
    assert await settle_due(house) == 1
    async with house.database.read() as tx:
        assert [row.finding for row in await tx.scalars(select(Settlement))] == ["unclear"]


@pytest.mark.parametrize(("said", "state"), [("no_show", "no_show"), ("excused", "cancelled"), ("took_place", "fulfilled")])
async def test_the_professional_decides(booked: Booked, sign_in: SignIn, said: str, state: str) -> None:
    await booked.was_there(await booked.host(), 0, 15)
    settlement = await booked.settle()
    assert settlement is not None
    assert (settlement.finding, await booked.state()) == ("absent", "confirmed")
    client = await sign_in(ALICE)
    for page in ("/today", "/week"):
        text = (await client.get(page)).text
        assert "Erin Evans did not come" in text
        assert BUTTON.findall(text) == ["no_show", "excused", "took_place"]
    assert await answer(sign_in, ALICE, booked, said) == 303
    assert BUTTON.findall((await client.get("/week")).text) == ["undo"]
    booked.clock.advance(UNDO_FOR.total_seconds() - 1)
    await settle_due(booked.house)
    assert await booked.state() == "confirmed"
    booked.clock.advance(1)
    await settle_due(booked.house)
    assert await booked.state() == state
    assert await answer(sign_in, ALICE, booked, "undo") == 409
    assert BUTTON.findall((await client.get("/week")).text) == []
    assert await booked.letters() == []


async def test_a_decision_is_taken_back(booked: Booked, sign_in: SignIn) -> None:
    await booked.settle()
    assert await answer(sign_in, ALICE, booked, "no_show") == 303
    assert await answer(sign_in, ALICE, booked, "undo") == 303
    booked.clock.advance(UNDO_FOR.total_seconds() * 30)
    await settle_due(booked.house)
    assert await booked.state() == "confirmed", "nothing happens until somebody decides"
    assert BUTTON.findall((await (await sign_in(ALICE)).get("/today")).text) == ["no_show", "excused", "took_place"]


async def test_what_was_said_at_the_desk_is_the_decision(booked: Booked, sign_in: SignIn) -> None:
    """Ending the call with 'The patient did not come' is the one way to say so, and can be taken back as long."""
    place = await booked.host()
    await booked.was_there(place, 0, 12)
    booked.clock.set(BEGINS + timedelta(minutes=12))
    client = await sign_in(ALICE)
    ended = await client.post(f"/api/consultations/{booked.consultation_id}/end", json={"outcome": "absent", "reason": None})
    assert ended.status_code == 204
    settlement = await booked.settle()
    assert settlement is not None
    assert (settlement.decision, settlement.decided_by, await booked.state()) == ("no_show", ALICE.person_id, "confirmed")
    async with booked.house.database.read() as tx:
        assert len(list(await tx.scalars(select(Ending)))) == 1
    assert BUTTON.findall((await client.get("/today")).text) == ["undo"]
    booked.clock.advance(UNDO_FOR.total_seconds())
    await settle_due(booked.house)
    assert await booked.state() == "no_show"


async def test_all_the_money_goes_back_to_who_waited_in_vain(booked: Booked) -> None:
    await pay(booked)
    await booked.was_there(booked.patient_place, 0, 20)
    await booked.settle()
    assert await refunds(booked) == [(4500, "practice", None)]
    await settle_due(booked.house)
    assert len(await refunds(booked)) == 1


async def test_a_disputed_payment_stays_with_the_bank(booked: Booked) -> None:
    await pay(booked, disputed_at=MORNING)
    await booked.was_there(booked.patient_place, 0, 20)
    await booked.settle()
    assert (await refunds(booked), await booked.state()) == ([], "cancelled")


@pytest.mark.parametrize(
    ("said", "given"),
    [("no_show", [(2700, "missed")]), ("excused", [(4500, "goodwill")]), ("took_place", [])],
    ids=str,
)
async def test_the_rule_of_the_service_decides_about_the_money(
    booked: Booked, sign_in: SignIn, said: str, given: list[tuple[int, str]]
) -> None:
    await pay(booked)
    await booked.was_there(await booked.host(), 0, 15)
    await booked.settle()
    assert "£18" in (await (await sign_in(ALICE)).get("/today")).text
    assert await answer(sign_in, ALICE, booked, said) == 303
    await settle_due(booked.house)
    assert await refunds(booked) == [], "within the hour nothing happens"
    booked.clock.advance(UNDO_FOR.total_seconds())
    await settle_due(booked.house)
    assert await refunds(booked) == [(minor, reason, ALICE.person_id) for minor, reason in given]


@pytest.mark.parametrize("outsider", [BOB, CHARLIE, MALLORY], ids=lambda member: member.username)
async def test_bad_28_nobody_else_sees_or_decides(booked: Booked, sign_in: SignIn, outsider: Staff) -> None:
    await booked.settle()
    client = await sign_in(outsider)
    for page in ("/today", "/week"):
        assert "Erin Evans" not in (await client.get(page)).text
    assert await answer(sign_in, outsider, booked, "no_show") == 404
    assert await booked.state() == "confirmed"


async def test_what_cannot_be_said(booked: Booked, sign_in: SignIn) -> None:
    assert await answer(sign_in, ALICE, booked, "no_show") == 404, "before it is over"
    await booked.settle()
    assert await answer(sign_in, ALICE, booked, "hang_them") == 422


async def test_a_moved_appointment_is_measured_at_its_new_time(booked: Booked) -> None:
    """Who was early for the old time has not waited for the new one."""
    await booked.was_there(booked.patient_place, -2, 20)
    async with booked.house.database.write() as tx:
        (await tx.get_one(Appointment, booked.appointment_id)).move(BEGINS + timedelta(days=1))
    assert await booked.settle() is None
    booked.clock.set(LATE + timedelta(days=1))
    settlement = await booked.settle()
    assert settlement is not None
    assert settlement.finding == "nobody"


async def test_a_lapsed_consultation_is_settled_all_the_same(booked: Booked, app: Starlette) -> None:
    """The server stood still for two days: the room closes what was open, and the appointment is settled, in any order."""
    await booked.was_there(booked.patient_place, 0, 20)
    booked.clock.set(LATE + timedelta(days=2))
    await app.state.rooms.sweep_lapsed()
    settlement = await booked.settle()
    assert settlement is not None
    assert (settlement.finding, await booked.state()) == ("missed", "cancelled")
    assert len(await booked.letters()) == 2
