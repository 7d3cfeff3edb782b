"""Seats what a practice works with: its people and the links that they get by mail, what it offers, its texts and records."""

from sqlalchemy import select

from server.billing.actions import note_merchant
from server.booking.model import Pays, Service
from server.core.db import Tx
from server.directory.model import Profile
from server.identity.letters import letter_token
from server.identity.mail_model import AccountLetter, Subject
from server.patients.model import Patient
from server.patients.questions import AnswerKind, Question
from server.ports import MerchantSeen
from tests.booking import hours, service
from tests.browser.walk_seats import WORDS, Seating, page, sent
from tests.cast import ALICE, CHARLIE, DANA, NORTH, Guest, Staff, add_meeting
from tests.completing import EMAIL, complete
from tests.http.asking import make_questionnaire
from tests.http.filing import pdf, picture
from tests.http.recording import RECORD, lay_out
from tests.http.test_people import invited
from tests.http.test_second_factor import SET_UP, App

TWIN = Guest("⟦Diaz Dana⟧", DANA.mobile, "")
OFFERED = "⟦Video consultation⟧"
QUESTIONS = (
    Question("aa", AnswerKind.LONG_TEXT, "⟦What troubles you?⟧", hint="⟦In your own words⟧"),
    Question("bb", AnswerKind.SEVERAL, "⟦Where does it hurt?⟧", required=False, options=("⟦Head⟧", "⟦Back⟧")),
    Question("cc", AnswerKind.HEIGHT, "⟦How tall are you?⟧"),
    Question("dd", AnswerKind.WEIGHT, "⟦How much do you weigh?⟧"),
    Question("ee", AnswerKind.DATE, "⟦When did it begin?⟧"),
    Question("ff", AnswerKind.NUMBER, "⟦How much do you sleep?⟧", unit="⟦hours⟧", low="0", high="24"),
    Question("gg", AnswerKind.CONSENT, "⟦I agree⟧"),
)


async def seat_practice(seating: Seating) -> None:
    house, now = seating.house, seating.clock.now()
    async with house.database.write() as tx:
        complete(tx, ALICE, now)
        about = {"about": WORDS, "languages": ",en,pl,", "listed": True, "changed_at": now}
        tx.add_all([Profile(professional_id=member.professional_id, **about) for member in (ALICE, CHARLIE)])
        await _offers(seating, tx)
        await add_meeting(tx, house.secrets, now, guest=TWIN)
        seating.seats.put(other_id=(await tx.scalars(select(Patient.id).where(Patient.name == TWIN.name))).one())
    await _record(seating)
    await _texts(seating)
    await _mail(seating)
    await _second(seating)


async def _offers(seating: Seating, tx: Tx) -> None:
    """What alice, and charlie, who will stop, can be booked for: with questions before it, and paid online."""
    now = seating.clock.now()
    asked = await make_questionnaire(tx, now, QUESTIONS)
    terms = {"created_at": now, "about": WORDS, "cancel_until_min": 0, "move_until_min": 0}
    made: dict[str, Service] = {
        "service_id": service(ALICE, **terms, name=OFFERED, questionnaire_id=asked),
        "paid_service": service(ALICE, **terms, name=OFFERED, price_minor=4500, pays=Pays.ONLINE),
        "closed_service": service(CHARLIE, **terms, name=OFFERED),
    }
    tx.add_all([*made.values(), *_every_day(ALICE), *_every_day(CHARLIE)])
    await tx.flush()
    await note_merchant(tx, ALICE.professional_id, "sandbox", MerchantSeen("acct_alice", ready=True, wanting=()), now)
    seating.seats.put(**{name: one.id for name, one in made.items()}, questionnaire_id=asked, question="aa", weekday=0)
    seating.seats.put(owner_id=ALICE.professional_id, closed=CHARLIE.professional_id, professional_id=ALICE.professional_id, team_id=NORTH)


def _every_day(member: Staff) -> list[object]:
    return list(hours(member, weekdays=range(7), ends_min=12 * 60))


async def _record(seating: Seating) -> None:
    """dana's record with something of each kind in it."""
    alice, house = await seating.signed_in("alice", ALICE), seating.house
    async with house.database.write() as tx:
        meeting = await add_meeting(tx, house.secrets, seating.clock.now())
    notes = await lay_out(alice, meeting)
    who = {
        "born_on": "1980-02-29",
        "gender": "⟦woman⟧",
        "address": WORDS,
        "gp_name": WORDS,
        "gp_practice": WORDS,
        "nhs_number": "9434765919",
    }
    await sent(alice, f"{RECORD}/particulars", **who, seen="")
    await sent(alice, f"{RECORD}/background", kind="allergy", text=WORDS, source="patient", on="2020-05-01")
    await sent(alice, f"{RECORD}/background", kind="history", text=WORDS, source="doctor", giver=WORDS)
    for file in (("letter.pdf", pdf(), "application/pdf"), ("knee.png", picture("PNG"), "image/png")):
        title = {"title": WORDS, "on": "2026-01-31", "shared": "yes"}
        assert (await alice.post(f"{RECORD}/files", data=title, files={"file": file})).status_code == 303
    await sent(seating.clients["dana"], f"/my/{DANA.patient_id}/background/ask", kind="medication", text=WORDS)
    seating.seats.put(consultation_id=meeting.consultation_id, note_id=notes["shared"])


async def _texts(seating: Seating) -> None:
    alice = seating.clients["alice"]
    template = {"owner": "own", "name": WORDS, "sections": {"plan": WORDS}}
    snippet = {"owner": "own", "shortcut": "bp", "text": WORDS}
    for name, body in (("template", template), ("snippet", snippet)):
        made = await alice.post(f"/api/{name}s", json=body)
        assert made.status_code == 201, made.text
        seating.seats.put(**{f"{name}_id": made.json()["id"]})


async def _mail(seating: Seating) -> None:
    """The links of letters about accounts: a forgotten password, another address, at both, and a place in the practice."""
    house, alice, olga = seating.house, seating.clients["alice"], seating.clients["olga"]
    await sent(alice, "/account/email", email="new@example.org")
    await _confirm(seating)
    seating.clock.advance(1)
    await sent(alice, "/account/email", email="third@example.org")
    stranger = seating.clients["stranger"]
    assert (await stranger.post("/reset", data={"email": EMAIL})).status_code in {200, 303}
    async with house.database.read() as tx:
        rows = list(await tx.scalars(select(AccountLetter).order_by(AccountLetter.asked_at)))
    tokens = {row.subject: letter_token(house.secrets, row.id) for row in rows}
    seating.seats.put(confirm=tokens[Subject.CONFIRM], reset=tokens[Subject.RESET], agree=tokens[Subject.EMAIL_AGREE])
    seating.seats.put(place=(await invited(olga, "professional")).rpartition("/")[2], person_id=ALICE.person_id)


async def _confirm(seating: Seating) -> None:
    async with seating.house.database.read() as tx:
        letter = (await tx.scalars(select(AccountLetter).where(AccountLetter.subject == Subject.CONFIRM))).one()
    path = f"/account/email/{letter_token(seating.house.secrets, letter.id)}"
    assert (await seating.clients["alice"].post(path)).status_code == 200


async def _second(seating: Seating) -> None:
    """bob has a second factor."""
    bob = seating.clients["bob"]
    await sent(bob, f"{SET_UP}/begin")
    code = App(await page(bob, SET_UP), seating.clock).code()
    assert "Recovery codes" in (await bob.post(f"{SET_UP}/confirm", data={"code": code})).text
