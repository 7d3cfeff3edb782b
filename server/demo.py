"""Demo people for a first start: a practice, two teams, everybody who signs in, their texts, and a consultation with a link to open."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from secrets import token_urlsafe
from uuid import UUID

from sqlalchemy import select

from server.access.actions import add_practice, add_staff, add_team, join_team
from server.access.brand import colours_of, decide_colours
from server.access.model import Practice, Professional, Review, StaffRole, Team
from server.access.policy import Viewer
from server.access.viewer import viewer_in
from server.consultation.actions import Plan, current_link, schedule
from server.consultation.doors import visible_consultations
from server.consultation.join_link import join_url
from server.consultation.model import Consultation, ConsultationState, Standing
from server.core.db import Tx
from server.core.files import replace_private
from server.core.house import House
from server.core.ids import new_id
from server.demo_offer import add_answers, add_offer
from server.demo_texts import add_texts
from server.identity.actions import add_person, end_all_logins, find_credential, set_password
from server.identity.model import Credential
from server.identity.passwords import Passwords
from server.patients.actions import agree_to_sharing
from server.patients.model import Patient
from server.settings import PREFIX, BadSettings
from server.web.i18n import ENGLISH

PATIENT, PATIENT_LOGIN = "Dana Demo", "dana"
ADMINISTRATOR, ADMINISTRATOR_LOGIN = "Olga Orlova", "olga"
TWICE = "dr_charlie"  # has places in two practices
ASSISTANT, ASSISTANT_LOGIN = "Sam Shaw", "sam"


@dataclass(frozen=True)
class DemoPerson:
    username: str
    title: str
    name: str
    qualifications: str
    field_of_practice: str
    team: str


PEOPLE = (
    DemoPerson("dr_alice", "Dr", "Alice Ahmed", "MBBS, MRCGP", "General practice", "North"),
    DemoPerson("nurse_bob", "Nurse", "Bob Brown", "RN", "Diabetes care", "North"),
    DemoPerson("dr_charlie", "Dr", "Charlie Clark", "MBBS, FRCA", "Pain medicine", "South"),
)
LOGINS = (*(person.username for person in PEOPLE), PATIENT_LOGIN, ADMINISTRATOR_LOGIN, ASSISTANT_LOGIN)


@dataclass(frozen=True)
class Kept:
    """What is written down at the first start: the demo's sign-ins, the record of its patient, and whose public page it shows."""

    patient_id: UUID
    passwords: dict[str, str]
    front_id: UUID | None = None

    def as_json(self) -> bytes:
        front_id = str(self.front_id) if self.front_id else None
        return json.dumps({"patient_id": str(self.patient_id), "passwords": self.passwords, "front_id": front_id}).encode()


def read_kept(data_dir: Path) -> Kept:
    """Read what the first start wrote; raises `FileNotFoundError` where there was none."""
    found = json.loads(kept_path(data_dir).read_text())
    front_id = found.get("front_id")  # not written by the first versions
    return Kept(UUID(found["patient_id"]), found["passwords"], UUID(front_id) if front_id else None)


@dataclass(frozen=True)
class DemoFacts:
    """What `make run` prints and `consilium demo --json` answers."""

    base_url: str
    passwords: dict[str, str]
    patient_link: str
    booking_link: str

    def as_json(self) -> str:
        professional, colleague = (self._sign_in(person.username) for person in PEOPLE[:2])
        facts = {"base_url": self.base_url, "professional": professional, "colleague": colleague, "patient_link": self.patient_link}
        facts["booking_link"] = self.booking_link
        return json.dumps(facts, indent=2)

    def as_text(self) -> str:
        professional, colleague = (self._sign_in(person.username) for person in PEOPLE[:2])
        patient, twice, assistant, administrator = (
            self._sign_in(name) for name in (PATIENT_LOGIN, TWICE, ASSISTANT_LOGIN, ADMINISTRATOR_LOGIN)
        )
        return (
            f"Address:       {self.base_url}\n"
            f"Professional:  {professional['username']}  {professional['password']}   ({self.base_url}/sign-in)\n"
            f"Colleague:     {colleague['username']}  {colleague['password']}\n"
            f"Patient:       {self.patient_link}\n"
            f"Booking:       {self.booking_link}\n"
            f"Her account:   {patient['username']}  {patient['password']}\n"
            f"Two practices: {twice['username']}  {twice['password']}\n"
            f"Assistant:     {assistant['username']}  {assistant['password']}\n"
            f"Administrator: {administrator['username']}  {administrator['password']}\n"
        )

    def _sign_in(self, username: str) -> dict[str, str]:
        return {"username": username, "password": self.passwords[username]}


def kept_path(data_dir: Path) -> Path:
    return data_dir / "demo-people.json"


async def seed_demo(house: House, base_url: str) -> DemoFacts:
    """Add the demo people at the first start, and a consultation for today if none is open; safe to run at every start."""
    kept = await _seed_people(house)
    async with house.database.write() as tx:
        link = await _open_link(tx, house, base_url, kept.patient_id)
        front_id = await add_offer(tx, await _practice_id(tx, kept.patient_id), house.clock.now())
    if kept.front_id != front_id:
        kept = replace(kept, front_id=front_id)
        replace_private(kept_path(house.settings.data_dir), kept.as_json())
    return DemoFacts(base_url, kept.passwords, link, booking_url(base_url, kept))


def booking_url(base_url: str, kept: Kept) -> str:
    return f"{base_url}/book/{kept.front_id}"


async def _practice_id(tx: Tx, patient_id: UUID) -> UUID:
    """Return the demo's own practice, which is that of its patient's record: its people may have found places in others since."""
    return (await tx.get_one(Patient, patient_id)).practice_id


async def _seed_people(house: House) -> Kept:
    data_dir, now = house.settings.data_dir, house.clock.now()
    async with house.database.read() as tx:
        known = await tx.scalar(select(Practice.id).limit(1)) is not None
    if known and kept_path(data_dir).exists():
        return read_kept(data_dir)
    passwords = {username: token_urlsafe(9) for username in LOGINS}
    hashes = {username: await Passwords().hash(password) for username, password in passwords.items()}
    async with house.database.write() as tx:
        await (_renew_passwords if known else _add_people)(tx, hashes, now)
        kept = Kept((await _record(tx)).id, passwords)
    replace_private(kept_path(data_dir), kept.as_json())
    return kept


async def _record(tx: Tx) -> Patient:
    """Return the record of the demo's patient: the first one, where other practices have begun one since."""
    person_id = (await _demo_credential(tx, PATIENT_LOGIN)).person_id
    return (await tx.scalars(select(Patient).where(Patient.person_id == person_id).order_by(Patient.created_at).limit(1))).one()


async def _renew_passwords(tx: Tx, hashes: dict[str, str], now: datetime) -> None:
    """The people are there, their passwords are not: the file was deleted, or the first start ended before it was written."""
    for username, password_hash in hashes.items():
        credential = await _demo_credential(tx, username)
        credential.password_hash, credential.changed_at = password_hash, now
        await end_all_logins(tx, credential.person_id, now)


async def _demo_credential(tx: Tx, username: str) -> Credential:
    credential = await find_credential(tx, username)
    if credential is None:
        raise BadSettings(f"{PREFIX}ENVIRONMENT: the database holds another practice than the demo's")
    return credential


async def _add_people(tx: Tx, hashes: dict[str, str], now: datetime) -> None:
    practice = add_practice(tx, "Riverside Clinic", "020 7946 0000", "Europe/London")
    await tx.flush()
    teams = {name: add_team(tx, practice.id, name) for name in ("North", "South")}
    await tx.flush()
    for demo in PEOPLE:
        person_id = await _add_person(tx, f"{demo.title} {demo.name}", demo.username, hashes, now)
        professional = _professional(demo, person_id, practice)
        tx.add(professional)
        await tx.flush()
        join_team(tx, teams[demo.team], professional, now)
    await _add_patient(tx, practice.id, await _add_person(tx, PATIENT, PATIENT_LOGIN, hashes, now), now)
    await _add_second_place(tx, await _demo_credential(tx, TWICE), now)
    administrator_id = await _add_person(tx, ADMINISTRATOR, ADMINISTRATOR_LOGIN, hashes, now)
    assistant_id = await _add_person(tx, ASSISTANT, ASSISTANT_LOGIN, hashes, now)
    add_staff(tx, practice.id, administrator_id, StaffRole.OWNER, now)
    add_staff(tx, practice.id, assistant_id, StaffRole.ASSISTANT, now)
    await tx.flush()
    professional_id = (await _demo_credential(tx, PEOPLE[0].username)).person_id
    await add_texts(
        tx, await viewer_in(tx, administrator_id, practice.id, now), await viewer_in(tx, professional_id, practice.id, now), now
    )


async def _add_second_place(tx: Tx, credential: Credential, now: datetime) -> None:
    """Let one of them have a practice of their own beside: the bar of their pages has a menu to switch, in that practice's colours."""
    first = (await tx.scalars(select(Professional).where(Professional.person_id == credential.person_id))).one()
    practice = add_practice(tx, "Hillside Pain Practice", "020 7946 0100", "Europe/London")
    await tx.flush()
    demo = next(one for one in PEOPLE if one.username == TWICE)
    second = _professional(demo, first.person_id, practice)
    second.diary_id = first.diary_id
    tx.add(second)
    add_staff(tx, practice.id, first.person_id, StaffRole.OWNER, now)
    await tx.flush()
    await decide_colours(tx, await viewer_in(tx, first.person_id, practice.id, now), "", colours_of("#7a2e8e", ""), now)


async def _add_person(tx: Tx, name: str, username: str, hashes: dict[str, str], now: datetime) -> UUID:
    person = add_person(tx, name)
    await tx.flush()
    set_password(tx, person.id, username, hashes[username], now)
    return person.id


def _professional(demo: DemoPerson, person_id: UUID, practice: Practice) -> Professional:
    return Professional(
        id=new_id(),
        person_id=person_id,
        practice_id=practice.id,
        title=demo.title,
        name=demo.name,
        qualifications=demo.qualifications,
        field_of_practice=demo.field_of_practice,
        review=Review.APPROVED,
    )


async def _open_link(tx: Tx, house: House, base_url: str, patient_id: UUID) -> str:
    now = house.clock.now()
    credential = await _demo_credential(tx, PEOPLE[0].username)
    viewer = await viewer_in(tx, credential.person_id, await _practice_id(tx, patient_id), now)
    for consultation in await _scheduled(tx, viewer):
        link = await current_link(tx, consultation.id)
        if link.standing(consultation, now) == Standing.READY:
            return join_url(base_url, house.secrets, link.id)
    plan = Plan(PATIENT, None, None, await _north(tx, viewer), now, 20, patient_id)
    consultation, link = await schedule(tx, house.secrets, viewer, plan, now)
    await tx.flush()
    await add_answers(tx, house.keyring, viewer, consultation, now)
    return join_url(base_url, house.secrets, link.id)


async def _add_patient(tx: Tx, practice_id: UUID, person_id: UUID, now: datetime) -> None:
    """The demo's patient has an account and lets the team see the notes, so that two professionals can write together."""
    patient_id = new_id()
    tx.add(
        Patient(
            id=patient_id,
            practice_id=practice_id,
            person_id=person_id,
            name=PATIENT,
            mobile="+44 7700 900123",
            email="dana@example.org",
            created_at=now,
        )
    )
    await tx.flush()
    await agree_to_sharing(tx, patient_id, ENGLISH, now)


async def _scheduled(tx: Tx, viewer: Viewer) -> list[Consultation]:
    waiting = visible_consultations(viewer).where(Consultation.state == ConsultationState.SCHEDULED)
    return list(await tx.scalars(waiting.order_by(Consultation.scheduled_at.desc()).limit(5)))


async def _north(tx: Tx, viewer: Viewer) -> UUID | None:
    found: UUID | None = await tx.scalar(select(Team.id).where(Team.practice_id == viewer.practice_id, Team.name == "North"))
    return found
