"""A new version of a policy is told to everybody with an account whom it concerns, once, and shown to them for a while."""

import httpx2
import pytest
from sqlalchemy import select

from server.circulars.model import Circular, Copy, Kind, State
from server.circulars.sending import Sending
from server.consultation.events import Channel
from server.core.house import House
from server.core.outbox import Errand
from server.identity.mail_model import AccountEmail
from server.messaging.composing import Post
from server.patients.model import Patient
from server.privacy.announcing import Words, announce
from server.privacy.policies import Owner, Wording, publish, see_owner
from server.privacy.policy_words import Policy
from server.web.i18n import read_languages
from tests.cast import ALICE, CHARLIE, CLINIC, DANA, OLGA, Meeting, add_meeting, seat_cast
from tests.conftest import SignIn, StillClock
from tests.contract.test_circulars import Van
from tests.http.test_policies import GOOD, OURS

pytestmark = [pytest.mark.anyio, pytest.mark.row("L4")]

BASES = ("6_1_b", "9_2_h")


@pytest.fixture
async def seated(idle_house: House) -> House:
    """Dana has an account with a confirmed address, and sees alice."""
    now = idle_house.clock.now()
    async with idle_house.database.write() as tx:
        await seat_cast(tx, now)
        await add_meeting(tx, idle_house.secrets, now)
        tx.add(AccountEmail(person_id=DANA.person_id, address="dana@home.example", confirmed_at=now))
        tx.add(Patient(id=OLGA.person_id, practice_id=CLINIC, person_id=None, name="N", mobile=None, email="n@x.example", created_at=now))
    return idle_house


async def published(house: House, owner_id: object, edits: int = 0) -> Circular:
    now = house.clock.now()
    async with house.database.write() as tx:
        owner: Owner = await see_owner(tx, owner_id)  # type: ignore[arg-type]
        wording = Wording("Text", "We keep [less].", BASES, now, edits)
        version = await publish(tx, OLGA.viewer, owner, Policy.PRIVACY, wording, now)
        await announce(tx, Words(read_languages(None), "https://c.example"), OLGA.viewer, owner, version)
        return (await tx.scalars(select(Circular).order_by(Circular.changed_at.desc(), Circular.id))).first() or pytest.fail("none")


async def told(house: House, clock: StillClock) -> list[str]:
    """Run every errand until nothing is left to send, and return subject and address of each letter."""
    van = Van()
    rounds = Sending(house, Post(house.secrets, "https://c.example", read_languages(None)), {Channel.EMAIL: van})
    for _minute in range(3):
        async with house.database.read() as tx:
            circulars = set(await tx.scalars(select(Errand.subject_id)))
        for circular_id in circulars:
            await rounds.round(circular_id)
        clock.advance(60)
    assert all(
        letter.unsubscribe is None and "We keep [less]." in letter.sentences[1] and "https://c.example/privacy" in letter.sentences[4]
        for letter in van.letters
    )
    return [f"{letter.to}: {letter.subject}" for letter in van.letters]


async def test_accounts_are_told_once_and_nobody_else(seated: House, clock: StillClock) -> None:
    await published(seated, CLINIC)
    assert await told(seated, clock) == ["dana@home.example: Harbour Clinic: Privacy policy, new version"]
    assert await told(seated, clock) == []


async def test_a_professionals_text_is_told_to_their_patients(seated: House, clock: StillClock) -> None:
    await published(seated, CHARLIE.professional_id)
    assert await told(seated, clock) == []
    await published(seated, ALICE.professional_id)
    assert await told(seated, clock) == ["dana@home.example: Dr Alice Ahmed: Privacy policy, new version"]


async def test_who_was_erased_meanwhile_is_told_nothing(seated: House, clock: StillClock) -> None:
    await published(seated, CLINIC)
    async with seated.database.write() as tx:
        (await tx.get_one(Patient, DANA.patient_id)).person_id = None
    assert await told(seated, clock) == []


async def test_publishing_tells_of_it_and_the_account_shows_it(house: House, meeting: Meeting, clock: StillClock, sign_in: SignIn) -> None:
    olga, dana = await sign_in(OLGA), await sign_in(DANA)
    assert "New version" not in (await dana.get("/my")).text
    coming = {**GOOD, "effective": "2026-03-09", "changes": "Shorter."}
    assert (await olga.post(OURS, data=coming)).status_code == 303
    page = (await dana.get("/my")).text
    for words in ("New version: Privacy policy", "Shorter.", "9 March 2026", f"/privacy/of/{CLINIC}/privacy/1"):
        assert words in page, words
    async with house.database.read() as tx:
        notice = (await tx.scalars(select(Circular))).one()
    assert (notice.kind, notice.professional_id) == (Kind.NOTICE, None)
    assert notice.state != State.DRAFT
    assert "Notice of a policy" in (await olga.get("/practice/newsletters")).text
    clock.advance(40 * 86400)
    assert "New version" not in (await (await sign_in(DANA)).get("/my")).text


async def test_a_refused_text_tells_nobody(house: House, cast: object, sign_in: SignIn) -> None:
    olga: httpx2.AsyncClient = await sign_in(OLGA)
    assert (await olga.post(OURS, data={**GOOD, "text": ""})).status_code == 422
    async with house.database.read() as tx:
        assert list(await tx.scalars(select(Circular))) == []
        assert list(await tx.scalars(select(Copy))) == []
