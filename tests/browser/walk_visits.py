"""Seats those who come by a personal link, book, pay and wait, and what was recorded, said and paid."""

import re
from datetime import timedelta

from sqlalchemy import select

from server.billing.model import Charge
from server.booking.model import Service
from server.consultation.model import Consultation, JoinLink, Participant
from tests.browser.walk_practice import QUESTIONS
from tests.browser.walk_seats import WORDS, Seating, id_in, page, sent
from tests.cast import ALICE, CHARLIE, ERIN, Meeting, Staff, add_meeting
from tests.http.asking import Answerer
from tests.http.booking import Booker
from tests.http.paying import Payer
from tests.http.test_recordings import SOUND
from tests.http.test_testimonials import said
from tests.http.test_visit_after import ended
from tests.http.visiting import YES, step
from tests.tapes import record_call

DETAILS = {"name": ERIN.name, "mobile": ERIN.mobile, "email": ERIN.email}
ANSWERS: tuple[dict[str, str], ...] = (
    {"text": WORDS}, {"o1": "1"}, {"cm": "170"}, {"kg": "70"}, {"day": "3", "month": "2", "year": "2026"}, {"number": "7.5"},
    {"agree": "yes"},
)  # fmt: skip
CHECKOUT = re.compile(r"/sandbox/pay/([^\"]+)")


async def seat_visits(seating: Seating) -> None:
    await _early(seating)
    await _after(seating)
    await _booked(seating)
    await _closed(seating)
    await _paid(seating)
    await _waits(seating)


async def _meeting(seating: Seating) -> Meeting:
    async with seating.house.database.write() as tx:
        return await add_meeting(tx, seating.house.secrets, seating.clock.now())


async def _early(seating: Seating) -> None:
    """A guest on the way to the waiting room, who has agreed to everything, and one who did not agree."""
    meeting = await _meeting(seating)
    guest = seating.browser("guest", visit=meeting.token)
    await sent(guest, f"/v/{meeting.visit_id}/consent", **YES)
    seating.seats.put(visit_id=meeting.visit_id)
    other = await _meeting(seating)
    await sent(seating.browser("refuser", visit=other.token), f"/v/{other.visit_id}/declined")
    seating.seats.put(declined_visit=other.visit_id)


async def _after(seating: Seating) -> None:
    """One whose call was recorded, has ended, and is asked how it was; and one who said something about theirs."""
    meeting = await _meeting(seating)
    recording = await record_call(seating.house, meeting, [(meeting.participant_id, SOUND, 0, 60)])
    await ended(seating.house, meeting)
    after = seating.browser("after", visit=meeting.token)
    await step(after, f"/v/{meeting.visit_id}/feedback", felt="5", comment=WORDS)
    seating.seats.put(ended_visit=meeting.visit_id, recording_id=recording.id)
    await said(seating.app, seating.house, await _meeting(seating))


async def _service(seating: Seating, name: str) -> Service:
    async with seating.house.database.read() as tx:
        return (await tx.scalars(select(Service).where(Service.id == id_in(seating.seats.values[name])))).one()


async def _booker(seating: Seating, person: str, service: str, owner: Staff = ALICE) -> Payer:
    return Payer(seating.browser(person), await _service(seating, service), owner.professional_id)


async def _book(seating: Seating, booker: Booker, at: int) -> str:
    times = await booker.times()
    return (await booker.book(times[at], DETAILS)).partition("/appointment")[0]


async def _booked(seating: Seating) -> None:
    """erin has booked what asks questions, and began to answer; somebody else has sent their answers."""
    booker = await _booker(seating, "erin", "service_id")
    visit = await _book(seating, booker, 20)
    await sent(booker.client, f"{visit}/questions", do="begin")
    await sent(booker.client, f"{visit}/questions/1", question="aa", text=WORDS)
    booked = await _consultation(seating, visit)
    seating.seats.put(booked_visit=id_in(visit), booked=booked.id)
    other = await _booker(seating, "answerer", "service_id")
    visit = await _book(seating, other, 24)
    answered = await _consultation(seating, visit)
    assert answered.appointment_id is not None
    await Answerer(other.client, visit, answered.appointment_id, QUESTIONS).answer_and_send(ANSWERS)
    seating.seats.put(answered_patient=answered.patient_id, answered_appointment=answered.appointment_id)


async def _consultation(seating: Seating, visit: str) -> Consultation:
    async with seating.house.database.read() as tx:
        link = await tx.get_one(JoinLink, id_in(visit))
        place = await tx.get_one(Participant, link.participant_id)
        return await tx.get_one(Consultation, place.consultation_id)


async def _closed(seating: Seating) -> None:
    """charlie takes no new bookings, and somebody has one of before."""
    booker = await _booker(seating, "closed", "closed_service", CHARLIE)
    seating.seats.put(closed_visit=id_in(await _book(seating, booker, 20)))
    charlie = await seating.signed_in("charlie", CHARLIE)
    await sent(charlie, "/offer/bookings", do="stop")


async def _paid(seating: Seating) -> None:
    """One time is held, one waits for its payment, and one was paid."""
    holder = await _booker(seating, "holder", "paid_service")
    times = await holder.times()
    held = await holder.choose(times[30])
    await sent(holder.client, held, **DETAILS)
    payer = await _booker(seating, "payer", "paid_service")
    waiting = await payer.to_the_till(times[31], DETAILS)
    checkout = CHECKOUT.findall(await page(payer.client, f"{waiting}/pay"))[0]
    done = await _booker(seating, "paid", "paid_service")
    till = await done.to_the_till(times[32], DETAILS)
    back = await done.pay(till)
    assert (await done.client.get(back)).status_code == 303
    async with seating.house.database.read() as tx:
        charge = (await tx.scalars(select(Charge.id).where(Charge.appointment_id == id_in(till)))).one()
    seating.seats.put(appointment_id=id_in(held), unpaid=id_in(waiting), paid=id_in(till), checkout_id=checkout, charge_id=charge)


async def _waits(seating: Seating) -> None:
    """Somebody would come sooner."""
    booker = await _booker(seating, "seeker", "service_id")
    until = seating.clock.now().date() + timedelta(days=14)
    form = {"day2": "yes", "mornings": "yes", "until": f"{until}", "email": ERIN.email, "name": ERIN.name}
    seating.seats.put(seeker_id=id_in(await sent(booker.client, f"{booker.path}/wait", **form)))
