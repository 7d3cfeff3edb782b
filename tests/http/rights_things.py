"""What the rights matrix asks for: one real thing for every id in an address, each of dana, of dr_alice or of their practice."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select, update

from server.access.acting import Basis, Reach
from server.access.model import EmergencyAccess, EmergencyNotice, PlaceInvitation
from server.access.policy import Role
from server.access.representation import Representation
from server.access.restrictions import Restriction
from server.billing.papers import BillingDocument
from server.booking.model import Appointment, Closure, DayException, DayKind, Pays, Service
from server.circulars.model import Circular
from server.circulars.model import Kind as CircularKind
from server.circulars.model import State as CircularState
from server.consultation.events import Channel
from server.consultation.model import Participant
from server.consultation.recorded import RecordingTrack
from server.consultation.records import Testimonial, TestimonialState
from server.core.ids import new_id, token_hash
from server.core.outbox import Errand
from server.identity.model import LoginSession
from server.identity.passkey_model import Passkey
from server.messaging.model import Delay, Delivery, DeliveryStatus, Why
from server.notes.model import NoteSnippet, NoteTemplate
from server.patients.background import BackgroundEntry
from server.patients.files import RecordFile
from server.patients.legal_holds import LegalHold
from server.patients.merge_rows import MergeWish
from server.patients.model import Patient
from server.privacy.account_rows import AccountRequest
from server.privacy.letter_rows import Letter
from server.privacy.merges import merge, see_pair
from server.privacy.request_rows import RightsRequest
from tests.acting import ask
from tests.booking import service
from tests.cast import ALICE, BOB, CLINIC, DANA, NORTH, OLGA, add_meeting
from tests.conftest import browser_of
from tests.http.asking import Answerer, publish_questionnaire
from tests.http.booking import Booker, consultation_at, offer
from tests.http.filing import pdf
from tests.http.guests import add_guest
from tests.http.paying import Payer, charges
from tests.http.recording import lay_out
from tests.http.rights_world import World, patient_of_the_clinic, permission
from tests.tapes import record_call
from tests.twins import TWIN, make_twins

WORD = "Zanzibar"  # stands in every text that was written for this
WAIT = {"day2": "yes", "mornings": "yes", "until": "2026-03-04", "email": "dana@example.org", "name": "Dana Diaz"}
CHILD = {"name": "Tim Diaz", "born_on": "2015-05-01", "agree": "yes"}


async def make_everything(world: World) -> None:
    world.rightful = {name: await world.signed_in(who) for name, who in (("alice", ALICE), ("olga", OLGA), ("dana", DANA))}
    for make in (_call, _twins, _booking, _places, _record, _acting, _rights, _words, _texts, _practice, _account):
        await make(world)


async def _twins(world: World) -> None:
    """Two records of one person that could be merged, two that were, and what their owners are asked."""
    house, now = world.house, world.clock.now()
    async with house.database.write() as tx:
        for mobile in ("+447700900011", "+447700900012"):
            await add_meeting(tx, house.secrets, now, guest=replace(TWIN, mobile=mobile))
        both = list(await tx.scalars(select(Patient.id).where(Patient.name == TWIN.name)))
        kept, other = await see_pair(tx, ALICE.viewer, (both[0], both[1]), lock=True)
        world.things |= {"merge": (await merge(tx, house.keyring, ALICE.viewer, kept, other, now)).id, "kept record": kept.id}
        await tx.execute(update(Patient).where(Patient.id.in_(both)).values(name="Merged"))
    twins = await make_twins(house, world.clock)
    wish = MergeWish(
        id=new_id(), practice_id=CLINIC, one_id=DANA.patient_id, other_id=twins.other_id, asked_by=ALICE.person_id, asked_at=now,
        one_agreed_at=None, other_agreed_at=None, refused_at=None,
    )  # fmt: skip
    world.things |= {"other record": twins.other_id, "wish": (await world.add(wish)).id}


async def _call(world: World) -> None:
    """A consultation with its notes, its patient's link, a guest, a colleague who could be asked in, and a recording."""
    house, now = world.house, world.clock.now()
    async with house.database.write() as tx:
        meeting = await add_meeting(tx, house.secrets, now)
        (await tx.get_one(Participant, meeting.participant_id)).admitted_at = now
    notes = await lay_out(world.rightful["alice"], meeting)
    guest = await add_guest(house, meeting, now, name=WORD)
    recording = await record_call(house, meeting, [(meeting.participant_id, b"sound" * 100, 0, 9)])
    heard = await world.rightful["alice"].post(f"/recordings/{recording.id}/listen", data={"why": "Training"})
    assert heard.status_code == 303, heard.text
    world.things |= {
        "consultation": meeting.consultation_id, "visit": meeting.visit_id, "note": UUID(notes["summary"]), "guest": guest.participant_id,
        "colleague": BOB.professional_id, "recording": recording.id, "track": await world.only(RecordingTrack),
    }  # fmt: skip
    world.rightful["visitor"] = browser_of(world.app, {"visit": meeting.token})
    said = Testimonial(
        id=new_id(), participant_id=meeting.participant_id, professional_id=ALICE.professional_id, words=WORD,
        state=TestimonialState.SHOWN, given_at=now, decided_at=now, decided_by=ALICE.person_id,
    )  # fmt: skip
    delivery = Delivery(
        id=new_id(), practice_id=CLINIC, consultation_id=meeting.consultation_id, link_id=meeting.visit_id, participant_id=None,
        reminder_id=None, delay_id=None, seeker_id=None, representation_id=None, channel=Channel.EMAIL, news=None,
        status=DeliveryStatus.FAILED, created_at=now, settled_at=now, why=Why.REFUSED, dealt_with_at=None,
    )  # fmt: skip
    world.things |= {"testimonial": (await world.add(said)).id, "delivery": (await world.add(delivery)).id}


async def _words(world: World) -> None:
    """What a professional said of themself: late, away on a day, templates of their own."""
    now = world.clock.now()
    whose = {"practice_id": CLINIC, "person_id": ALICE.person_id, "created_at": now}
    day = DayException(
        id=new_id(), professional_id=ALICE.professional_id, day=date(2026, 3, 20), kind=DayKind.CLOSED, begins_min=None, ends_min=None,
        time_zone="Europe/London",
    )  # fmt: skip
    late = Delay(
        id=new_id(), practice_id=CLINIC, professional_id=ALICE.professional_id, minutes=10, said_at=now, taken_back_at=None, told_at=None
    )
    world.things |= {
        "day": (await world.add(day)).id,
        "delay": (await world.add(late)).id,
        "template": (await world.add(NoteTemplate(id=new_id(), name=WORD, body="{}", **whose))).id,
        "snippet": (await world.add(NoteSnippet(id=new_id(), shortcut="zz", text=WORD, **whose))).id,
    }


async def _booking(world: World) -> None:
    """dana books over the pages, pays and answers what she is asked."""
    house, dana = world.house, world.rightful["dana"]
    questionnaire = await publish_questionnaire(house)
    async with house.database.write() as tx:
        offered = await offer(tx, world.clock.now(), price_minor=4500, pays=Pays.ONLINE, name=WORD, questionnaire_id=questionnaire)
    payer = Payer(dana, offered, ALICE.professional_id)
    held = await payer.to_the_till("2026-03-03T09:20Z", {"name": DANA.name, "mobile": DANA.mobile, "email": DANA.email})
    visit = (await dana.get(await payer.pay(held))).headers["location"].partition("/appointment")[0]
    booked = UUID(held.rpartition("/")[2])
    await Answerer(dana, visit, booked).answer_and_send()
    (charge,) = await charges(house)
    world.things |= {
        "questionnaire": questionnaire, "service": offered.id, "appointment": booked, "charge": charge.id,
        "document": await world.only(BillingDocument), "paid visit": UUID(visit.rpartition("/")[2]),
        "paid consultation": (await consultation_at(house, booked)).id,
    }  # fmt: skip


async def _places(world: World) -> None:
    """One browser holds a time, another waits for one, and a third will pay at the practice."""
    house, now = world.house, world.clock.now()
    async with house.database.write() as tx:
        at_desk: Service = service(ALICE, name=WORD, price_minor=4500, notice_min=30, horizon_days=28, created_at=now)
        tx.add(at_desk)
    holding, waiting, paying = (browser_of(world.app) for _ in range(3))
    held = await Booker(holding, at_desk, ALICE.professional_id).choose("2026-03-03T10:00Z")
    await Booker(paying, at_desk, ALICE.professional_id).book("2026-03-03T10:40Z")
    seeker = await waiting.post(f"/book/{ALICE.professional_id}/{at_desk.id}/wait", data=WAIT)
    assert seeker.status_code == 303, seeker.text
    held_id = UUID(held.rpartition("/")[2])
    world.things |= {
        "held": held_id, "seeker": UUID(seeker.headers["location"].rpartition("/")[2]),
        "unpaid": await world.only(Appointment, Appointment.service_id == at_desk.id, Appointment.id != held_id),
    }  # fmt: skip
    world.rightful |= {"holding": holding, "waiting": waiting, "paying": paying}


async def _record(world: World) -> None:
    """What stands in dana's record."""
    now, dana = world.clock.now(), world.rightful["dana"]
    for title in (WORD, "Of the call"):
        sent = await dana.post(
            f"/my/{DANA.patient_id}/files", data={"title": title}, files={"file": ("a.pdf", pdf(title.encode()), "application/pdf")}
        )
        assert sent.status_code == 303, sent.text
    async with world.house.database.write() as tx:
        newest = (await tx.scalars(select(RecordFile).order_by(RecordFile.added_at.desc(), RecordFile.id.desc()).limit(1))).one()
        newest.consultation_id = world.things["consultation"]
    asked = await dana.post(f"/my/{DANA.patient_id}/background/ask", data={"kind": "allergy", "text": WORD})
    assert asked.status_code == 303, asked.text
    opened = EmergencyAccess(
        id=new_id(), practice_id=CLINIC, person_id=BOB.person_id, patient_id=DANA.patient_id, reason=WORD, began_at=now,
        ends_at=now + timedelta(hours=1),
    )  # fmt: skip
    world.things["emergency"] = (await world.add(opened)).id
    await world.add(EmergencyNotice(access_id=opened.id, person_id=ALICE.person_id, read_at=None))
    world.things |= {
        "patient": DANA.patient_id or UUID(int=0),
        "file": await world.only(RecordFile, RecordFile.consultation_id.is_(None)),
        "call file": await world.only(RecordFile, RecordFile.consultation_id.is_not(None)),
        "entry": await world.only(BackgroundEntry, BackgroundEntry.patient_id == DANA.patient_id),
        "permission": (await world.add(permission(ALICE, BOB, DANA.patient_id, world))).id,
    }


async def _acting(world: World) -> None:
    """Somebody is asked to act for dana; she is a parent who waits to be accepted."""
    asked, _ = await ask(world.house)
    registered = await world.rightful["dana"].post("/my/acting/child", data=CHILD)
    assert registered.status_code == 303, registered.text
    world.things |= {"representation": asked, "parent": await world.only(Representation, Representation.basis == Basis.PARENT)}


async def _rights(world: World) -> None:
    """Requests about data and an account, a record that is restricted and held, and a letter."""
    now, dana = world.clock.now(), world.rightful["dana"]
    for kind in ("erasure", "restriction"):
        asked = await dana.post(f"/my/{DANA.patient_id}/requests", data={"kind": kind, "words": WORD})
        assert asked.headers["location"].endswith("?asked"), asked.text
    assert (await dana.post("/my/data/account", data={"kind": "restriction", "words": WORD})).status_code == 303
    began = (await browser_of(world.app).get(f"/contact/{CLINIC}")).text.partition('name="began" value="')[2].partition('"')[0]
    world.clock.advance(20)
    letter = {"words": WORD, "name": WORD, "reply_to": "dana@example.org", "began": began}
    assert (await browser_of(world.app).post(f"/contact/{CLINIC}", data=letter)).status_code in {200, 303}
    async with world.house.database.write() as tx:
        kim = await patient_of_the_clinic(tx, "Kim Kay", world)
        restriction = Restriction(
            id=new_id(), practice_id=CLINIC, patient_id=kim.id, reason=WORD, began_at=now, lift_reason=None, announced_at=None, ends_at=None
        )
        hold = LegalHold(id=new_id(), practice_id=CLINIC, patient_id=kim.id, why=WORD, placed_by=OLGA.person_id, placed_at=now)
        acting = Representation(
            id=new_id(), practice_id=CLINIC, patient_id=kim.id, person_id=BOB.person_id, basis=Basis.CONSENT, reach=Reach.SEE, name=WORD,
            email=None, token_hash=None, link_until=now, asked_at=now, taken_at=now, expires_at=now + timedelta(days=9), sleeps_at=None,
            ended_at=None, ended_by=None,
        )  # fmt: skip
        tx.add_all((restriction, hold, acting))
    world.things |= {
        "request": await world.only(RightsRequest, RightsRequest.kind == "erasure"),
        "request to restrict": await world.only(RightsRequest, RightsRequest.kind == "restriction"),
        "account request": await world.only(AccountRequest), "letter": await world.only(Letter),
        "restriction": restriction.id, "hold": hold.id, "restricted representation": acting.id,
    }  # fmt: skip


async def _texts(world: World) -> None:
    """A newsletter, a day on which the practice is closed, and what the outbox gave up."""
    now = world.clock.now()
    news = Circular(
        id=new_id(), practice_id=CLINIC, professional_id=None, kind=CircularKind.NEWSLETTER, channel=Channel.EMAIL, subject=WORD, text=WORD,
        state=CircularState.DRAFT, edits=1, changed_by=OLGA.person_id, changed_at=now, begins_at=None, next_at=None, rounds=0,
        settled_at=None,
    )  # fmt: skip
    errand = Errand(
        id=new_id(), kind="deliver", dedupe_key="given up", subject_id=world.things["delivery"], run_at=now, attempts=8, lease_until=None,
        lease_by=None, done_at=None, dead_at=now, last_error="Refused",
    )  # fmt: skip
    closure = Closure(id=new_id(), practice_id=CLINIC, day=date(2026, 4, 6), name=WORD)
    world.things |= {
        "circular": (await world.add(news)).id,
        "errand": (await world.add(errand)).id,
        "closure": (await world.add(closure)).id,
    }


async def _practice(world: World) -> None:
    """A place to be taken, a team, and whose places they are."""
    now = world.clock.now()
    invitation = PlaceInvitation(
        id=new_id(), practice_id=CLINIC, role=Role.ASSISTANT, email="zanzibar@example.org", token_hash=token_hash(WORD), times_sent=1,
        invited_by=OLGA.person_id, invited_at=now, expires_at=now + timedelta(days=7), taken_at=None, taken_by=None, revoked_at=None,
    )  # fmt: skip
    world.things |= {"invitation": (await world.add(invitation)).id, "team": NORTH, "person": ALICE.person_id}


async def _account(world: World) -> None:
    """What dr_alice has in her account."""
    key = Passkey(
        id=new_id(), person_id=ALICE.person_id, handle=bytes(32), credential_id=b"one", public_key=b"two", count=0, name=WORD,
        created_at=world.clock.now(), used_at=None,
    )  # fmt: skip
    world.things["passkey"] = (await world.add(key)).id
    await world.signed_in(ALICE)
    async with world.house.database.read() as tx:
        mine = select(LoginSession.id).where(LoginSession.person_id == ALICE.person_id).order_by(LoginSession.created_at.desc())
        found = list(await tx.scalars(mine))
    own = world.rightful["alice"].cookies["sid"]
    async with world.house.database.read() as tx:
        first = (await tx.scalars(select(LoginSession.id).where(LoginSession.token_hash == token_hash(own)))).one()
    world.things["login session"] = next(one for one in found if one != first)
