"""Circulars on both databases and through a real mail server: to whoever wants them, once each, in rounds, until somebody stops them."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from email.message import EmailMessage
from uuid import UUID, uuid4

import anyio
import pytest
from sqlalchemy import func, select, update

from server.adapters.smtp_mail import SmtpMail
from server.billing.papers import Seller
from server.billing.vat import VatKind
from server.circulars.audience import MOST, Whom, audience_of
from server.circulars.consents import Choice, choose
from server.circulars.laying import lay_out
from server.circulars.model import Came, Circular, Copy, Kind, State, Via
from server.circulars.newsletters import SEND, Meant, counts_of, plan, save, send_test, stop
from server.circulars.sending import Sending, begin_round, circular_handlers, own_address, take
from server.circulars.switches import desk_of
from server.circulars.words import Draft
from server.consultation.events import Channel
from server.core.house import House
from server.core.outbox import Errand
from server.errors import Invalid
from server.identity.details_model import AccountDetails
from server.identity.mail_model import AccountEmail
from server.identity.model import Person
from server.messaging.composing import Post
from server.messaging.optouts import hear
from server.patients.model import Patient
from server.ports import Carried, Letter
from server.web.i18n import ENGLISH, read_languages
from tests.cast import CLINIC, OLGA, seat_cast
from tests.conftest import StillClock
from tests.mailbox import Mailbox, receiving

pytestmark = [pytest.mark.anyio, pytest.mark.row("S2")]

TEXT = "# Spring\n\nWe have <new> hours, see [our page](https://clinic.example/?a=1&b=2).\n\n- Monday\n- Tuesday"
DRAFT = Draft(Channel.EMAIL, "News of spring", TEXT)


class Van:
    """A carrier that keeps what it is given; `does` is done at each letter first, and may raise."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.does: object = None

    async def carry(self, letter: Letter, dedupe_key: str) -> Carried:
        del dedupe_key
        if callable(self.does):
            await self.does()
        self.letters.append(letter)
        return Carried.SENT

    async def close(self) -> None:
        """There is nothing that stays open."""


@pytest.fixture
async def house(idle_house: House) -> House:
    """The cast's house, whose practice has said who it is."""
    async with idle_house.database.write() as tx:
        await seat_cast(tx, idle_house.clock.now())
        tx.add(
            Seller(
                practice_id=CLINIC, name="Harbour Clinic Ltd", address="1 Quay\nPortsmouth", vat_number="", vat_kind=VatKind.EXEMPT,
                vat_words="", pay_words="", changed_at=idle_house.clock.now(),
            )
        )  # fmt: skip
    return idle_house


async def add_reader(house: House, email: str, *, agrees: bool = True) -> Patient:
    now = house.clock.now()
    async with house.database.write() as tx:
        patient = Patient(id=uuid4(), practice_id=CLINIC, person_id=None, name="R", mobile=None, email=email, created_at=now)
        tx.add(patient)
        await tx.flush()
        if agrees:
            await choose(tx, desk_of(house), patient, Choice([Channel.EMAIL], [Channel.EMAIL], Via.VISIT, None, ENGLISH), now)
    return patient


async def planned(house: House, draft: Draft = DRAFT, in_s: float = 0) -> UUID:
    now = house.clock.now()
    many = len(await audience_of(house.database, Whom(CLINIC, None, Kind.NEWSLETTER, draft.channel), "GB"))
    async with house.database.write() as tx:
        circular = await save(tx, OLGA.viewer, None, Meant(draft, None, 0), now)
        await plan(tx, OLGA.viewer, circular, now + timedelta(seconds=in_s), many, now)
    return circular.id


def sending(house: House, van: object) -> Sending:
    post = Post(house.secrets, "https://clinic.example", read_languages(None))
    return Sending(house, post, {Channel.EMAIL: van, Channel.SMS: van})  # type: ignore[dict-item]


async def run_all(house: House, clock: StillClock, rounds: Sending, circular_id: UUID) -> int:
    """Run a round a minute until the newsletter is settled; returns how many there were."""
    for count in range(1, 200):
        await rounds.round(circular_id)
        async with house.database.read() as tx:
            if (await tx.get_one(Circular, circular_id)).state in {State.SENT, State.STOPPED}:
                return count
        clock.advance(60)
    raise AssertionError("it never ended")


async def counts(house: House, circular_id: UUID) -> dict[str, int]:
    async with house.database.read() as tx:
        return {name: many for name, many in (await counts_of(tx, [circular_id]))[circular_id].items() if many}


@pytest.fixture
async def mailbox(anyio_backend: str) -> AsyncIterator[Mailbox]:
    with receiving() as mailbox:
        yield mailbox


async def test_it_arrives_with_who_sends_it_and_two_ways_to_stop(house: House, clock: StillClock, mailbox: Mailbox) -> None:
    await add_reader(house, "reader@example.org")
    await add_reader(house, "other@example.org", agrees=False)
    settings = house.settings.model_copy(update={"smtp_host": "127.0.0.1", "smtp_port": mailbox.port, "smtp_security": "none"})
    mail = SmtpMail(settings.model_copy(update={"mail_from": "Clinic <no-reply@clinic.example>"}), clock)
    circular_id = await planned(house)
    await run_all(house, clock, sending(house, mail), circular_id)
    ((address, message),) = mailbox.letters
    assert (address, message["Subject"]) == ("reader@example.org", "News of spring")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    (line,) = (one for one in mailbox.raw[0].split(b"\r\n") if one.startswith(b"List-Unsubscribe:"))
    assert re.fullmatch(rb"List-Unsubscribe: <https://clinic\.example/news/[\w-]{54}/stop>", line), "whole, in no encoded word"
    text, html = parts(message)
    assert "Harbour Clinic Ltd, 1 Quay Portsmouth" in text
    assert "our page (https://clinic.example/?a=1&b=2)" in text
    assert "- Monday\n- Tuesday" in text
    assert "&lt;new&gt;" in html
    assert 'href="https://clinic.example/?a=1&amp;b=2"' in html
    stop_link = message["List-Unsubscribe"].strip("<>").removesuffix("/stop")
    assert f"Change or stop news ({stop_link})" in text
    assert "<img" not in html
    assert await counts(house, circular_id) == {"sent": 1}


def parts(message: EmailMessage) -> tuple[str, str]:
    plain, rich = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert rich is not None
    return plain.get_content().replace("\r\n", "\n"), rich.get_content()


async def test_bad_19_two_workers_send_none_twice_and_a_lost_one_stays_out(house: House, clock: StillClock) -> None:
    for number in range(12):
        await add_reader(house, f"r{number}@example.org")
    await add_reader(house, "R1@example.org ")  # an address twice
    van, circular_id = Van(), await planned(house)
    rounds = sending(house, van)
    await lay_out(house, circular_id)
    async with house.database.write() as tx:
        assert await begin_round(tx, house, circular_id) == 5
        lost = await take(tx, circular_id, clock.now())
    for _minute in range(5):
        async with anyio.create_task_group() as both:
            both.start_soon(rounds.round, circular_id)
            both.start_soon(rounds.round, circular_id)
        clock.advance(60)
    assert len(van.letters) == len({letter.to for letter in van.letters}) == 11
    assert await counts(house, circular_id) == {"sent": 11, "out": 1}
    async with house.database.read() as tx:
        assert (await tx.get_one(Copy, lost)).came == Came.OUT
        assert (await tx.get_one(Circular, circular_id)).state == State.SENT
        queued = await tx.scalar(select(func.count()).where(Errand.kind == SEND))
        assert queued == 1 + (await tx.get_one(Circular, circular_id)).rounds, "one line of rounds, whoever ran them"


async def test_consent_is_looked_at_when_each_one_goes(house: House, clock: StillClock) -> None:
    patients = [await add_reader(house, f"r{number}@example.org") for number in range(3)]
    van, circular_id = Van(), await planned(house)

    async def all_withdraw() -> None:
        async with house.database.write() as tx:
            for one in patients:
                await choose(tx, desk_of(house), one, Choice([], [Channel.EMAIL], Via.LINK, None, ENGLISH), clock.now())

    van.does = all_withdraw
    await run_all(house, clock, sending(house, van), circular_id)
    assert len(van.letters) == 1
    assert await counts(house, circular_id) == {"sent": 1, "unwanted": 2}


async def test_it_is_stopped_while_it_is_sent_and_unsubscribing_is_counted(house: House, clock: StillClock) -> None:
    patients = [await add_reader(house, f"r{number}@example.org") for number in range(8)]
    van, circular_id = Van(), await planned(house)
    rounds = sending(house, van)
    await rounds.round(circular_id)
    assert len(van.letters) == 5
    async with house.database.write() as tx:
        await stop(tx, OLGA.viewer, circular_id, clock.now())
        got = set(await tx.scalars(select(Copy.patient_id).where(Copy.came == Came.SENT)))
        reader = next(one for one in patients if one.id in got)
        await choose(tx, desk_of(house), reader, Choice([], [Channel.EMAIL], Via.LINK, None, ENGLISH), clock.now())
    clock.advance(60)
    await rounds.round(circular_id)
    assert await counts(house, circular_id) == {"sent": 5, "waiting": 3, "unsubscribed": 1}


async def test_it_waits_for_its_time_and_is_taken_back_until_then(house: House, clock: StillClock) -> None:
    await add_reader(house, "r@example.org")
    van, circular_id = Van(), await planned(house, in_s=3600)
    rounds = sending(house, van)
    await rounds.round(circular_id)
    async with house.database.write() as tx:
        assert (await stop(tx, OLGA.viewer, circular_id, clock.now())).state == State.DRAFT
    clock.advance(3600)
    await rounds.round(circular_id)
    assert van.letters == []


async def test_bad_18_a_provider_that_is_down_is_tried_again_and_given_up(house: House, clock: StillClock) -> None:
    await add_reader(house, "r@example.org")
    van, circular_id = Van(), await planned(house)
    tried: list[int] = []

    async def is_down() -> None:
        tried.append(1)
        raise OSError("down")

    van.does = is_down
    await run_all(house, clock, sending(house, van), circular_id)
    assert (len(tried), await counts(house, circular_id)) == (5, {"refused": 1})


async def test_news_by_text_message_end_with_stop(house: House, clock: StillClock) -> None:
    for mobile in ("07700 900003", "+447700900004", "+44 7700 900003"):
        reader = await add_reader(house, "", agrees=False)
        async with house.database.write() as tx:
            (patient := await tx.get_one(Patient, reader.id)).mobile = mobile
            await choose(tx, desk_of(house), patient, Choice([Channel.SMS], [Channel.SMS], Via.VISIT, None, ENGLISH), clock.now())
    van, circular_id = Van(), await planned(house, Draft(Channel.SMS, "", "We open at seven."))
    async with house.database.write() as tx:
        await hear(tx, house.secrets, "+447700900004", "stop", clock.now())
    morning = clock.now()
    clock.set(morning.replace(hour=22))
    await sending(house, van).round(circular_id)
    assert van.letters == []
    clock.set(morning + timedelta(days=1))
    await run_all(house, clock, sending(house, van), circular_id)
    (letter,) = van.letters
    assert letter.to == "+447700900003"
    assert letter.body.startswith("Harbour Clinic: We open at seven. To stop: https://clinic.example/news/")
    assert await counts(house, circular_id) == {"sent": 1, "unwanted": 1}


async def test_a_test_by_text_message_goes_to_a_proved_number_only(house: House, clock: StillClock) -> None:
    details = AccountDetails(person_id=OLGA.person_id, phone="+447700900005", phone_confirmed_at=None, address="", changed_at=clock.now())
    async with house.database.write() as tx:
        await tx.execute(update(Person).where(Person.id == OLGA.person_id).values(mobile="+447700900009"))
        tx.add(details)
    for confirmed_at, address in ((None, None), (clock.now(), "+447700900005")):
        async with house.database.write() as tx:
            await tx.execute(update(AccountDetails).values(phone_confirmed_at=confirmed_at))
            assert await own_address(tx, OLGA.person_id, Channel.SMS) == address


async def test_an_audience_of_several_pieces_is_laid_out_while_others_write(
    house: House, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One worker is overtaken by another one in the middle, and an address that comes again in a later piece gets no second copy."""
    for number in range(5):
        await add_reader(house, f"r{number}@example.org")
    await add_reader(house, "R0@example.org")
    monkeypatch.setattr("server.circulars.audience.PIECE", 2)
    monkeypatch.setattr("server.circulars.laying.PIECE", 2)
    circular_id, seen, others = await planned(house), [], []

    async def read_slowly(*args: object) -> list[UUID]:
        found = await audience_of(*args)  # type: ignore[arg-type]
        await add_reader(house, f"late{len(seen)}@example.org")
        seen.append(len(found))
        if len(seen) == 1:
            others.append(await lay_out(house, circular_id))
        return found

    monkeypatch.setattr("server.circulars.laying.audience_of", read_slowly)
    with anyio.fail_after(60):
        await lay_out(house, circular_id)
    assert (seen, others) == ([5, 6], [None]), "the second sees who came meanwhile, and the first gives up"
    assert await counts(house, circular_id) == {"waiting": 6}
    await lay_out(house, circular_id)
    assert await counts(house, circular_id) == {"waiting": 6}, "it is laid out once"


async def test_what_is_taken_back_while_it_is_laid_out_leaves_no_copies(
    house: House, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        await add_reader(house, f"r{number}@example.org")
    circular_id = await planned(house)

    async def then_stop(*args: object) -> list[UUID]:
        async with house.database.write() as tx:
            await stop(tx, OLGA.viewer, circular_id, clock.now())
        return await audience_of(*args)  # type: ignore[arg-type]

    monkeypatch.setattr("server.circulars.laying.audience_of", then_stop)
    await sending(house, Van()).round(circular_id)
    assert await counts(house, circular_id) == {}


@pytest.mark.parametrize("hangs", [False, True])
async def test_a_text_message_that_the_provider_may_have_taken_goes_once(
    house: House, clock: StillClock, monkeypatch: pytest.MonkeyPatch, hangs: bool
) -> None:
    monkeypatch.setattr("server.circulars.sending.CARRY_S", 0.05)
    reader = await add_reader(house, "", agrees=False)
    async with house.database.write() as tx:
        (patient := await tx.get_one(Patient, reader.id)).mobile = "+447700900003"
        await choose(tx, desk_of(house), patient, Choice([Channel.SMS], [Channel.SMS], Via.VISIT, None, ENGLISH), clock.now())
    van, circular_id = Van(), await planned(house, Draft(Channel.SMS, "", "We open at seven."))
    tried: list[int] = []

    async def takes_too_long() -> None:
        tried.append(1)
        if hangs:
            await anyio.sleep_forever()
        raise TimeoutError

    van.does = takes_too_long
    with anyio.fail_after(60):
        await run_all(house, clock, sending(house, van), circular_id)
    assert (len(tried), await counts(house, circular_id)) == (1, {"out": 1})


async def test_a_test_goes_to_its_writer_and_is_not_counted(house: House, clock: StillClock) -> None:
    van = Van()
    async with house.database.write() as tx:
        await tx.execute(update(Person).where(Person.id == OLGA.person_id).values(email="wrong@clinic.example", mobile="+447700900009"))
        tx.add(AccountEmail(person_id=OLGA.person_id, address="olga@clinic.example", confirmed_at=clock.now()))
        circular = await save(tx, OLGA.viewer, None, Meant(DRAFT, None, 0), clock.now())
        await send_test(tx, OLGA.viewer, circular, clock.now())
    async with house.database.read() as tx:
        errand = (await tx.scalars(select(Errand))).one()
    handlers = circular_handlers(house, sending(house, van).post, sending(house, van).carriers)
    for _run in range(2):
        await handlers[errand.kind](errand.subject_id)
    assert [(letter.to, letter.unsubscribe) for letter in van.letters] == [("olga@clinic.example", None)]
    assert await counts(house, circular.id) == {}


async def test_bad_more_than_ten_thousand_are_refused_before_anything_goes(
    house: House, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST == 10_000
    monkeypatch.setattr("server.circulars.newsletters.MOST", 2)
    for number in range(3):
        await add_reader(house, f"r{number}@example.org")
    with pytest.raises(Invalid) as refused:
        await planned(house)
    assert refused.value.code == "audience:many"
    async with house.database.read() as tx:
        assert await tx.scalar(select(func.count()).select_from(Errand)) == 0
