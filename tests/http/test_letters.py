"""What anybody writes to a practice is sealed, read by its administrators alone, and answered."""

import re
from datetime import timedelta

import anyio
import anyio.lowlevel
import httpx2
import pytest
from sqlalchemy import select

from server.consultation.events import Channel
from server.core.audit import Act, AuditEntry
from server.core.house import House
from server.core.keyring import add_key
from server.core.outbox import Errand
from server.messaging.composing import Post
from server.ports import Carried
from server.ports import Letter as Mail
from server.privacy.keys import keys_in_use, rotate
from server.privacy.letter_jobs import LetterPost
from server.privacy.letter_rows import Letter, LetterAnswer
from server.privacy.letter_words import Fate
from server.web.i18n import read_languages
from tests.cast import ALICE, CLINIC, DANA, MALLORY, OLGA, SAM, Cast
from tests.conftest import SignIn, StillClock

pytestmark = [pytest.mark.anyio, pytest.mark.row("S3")]

CONTACT, COMPLAINT, QUEUE = f"/contact/{CLINIC}", f"/complaint/{CLINIC}", "/practice/letters"
WORDS = {"words": "Nobody called me back.", "name": "Dana Diaz", "reply_to": "dana@example.org"}


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


async def send(client: httpx2.AsyncClient, clock: StillClock, path: str = COMPLAINT, wait_s: float = 20, **words: str) -> httpx2.Response:
    """Fill in the form as somebody does, who takes some seconds."""
    began = re.search(r'name="began" value="([^"]+)"', (await client.get(path)).text)
    assert began
    clock.advance(wait_s)
    return await client.post(path, data={**WORDS, "began": began[1], **words})


async def letter(house: House) -> Letter:
    async with house.database.read() as tx:
        return (await tx.scalars(select(Letter))).one()


async def errands(house: House) -> set[str]:
    async with house.database.read() as tx:
        return set(await tx.scalars(select(Errand.kind).where(Errand.kind.startswith("letter"))))


async def test_a_complaint_is_sealed_due_and_answered(
    client: httpx2.AsyncClient, cast: Cast, house: House, clock: StillClock, sign_in: SignIn
) -> None:
    page = (await send(client, clock)).text
    assert "Your reference is C-2026-1." in page
    stored = await letter(house)
    assert b"Nobody" not in stored.sealed
    assert stored.acknowledge_by == stored.received_at + timedelta(days=30)
    olga = await sign_in(OLGA)
    assert QUEUE in (await olga.get("/account")).text
    assert "To be acknowledged by" in (await olga.get(QUEUE)).text
    one = f"{QUEUE}/{stored.id}"
    assert "Nobody called me back." in (await olga.get(one)).text
    assert (await olga.post(f"{one}/state", data={"state": "acknowledged"})).status_code == 303
    assert "To be acknowledged by" not in (await olga.get(QUEUE)).text
    assert (await olga.post(f"{one}/state", data={"state": "new"})).status_code == 409
    assert (await olga.post(f"{one}/answer", data={"words": ""})).status_code == 422
    assert (await olga.post(f"{one}/answer", data={"words": "We are sorry."})).status_code == 303
    late = await olga.post(f"{one}/answer", data={"words": "A long answer\r\nof a colleague."})
    assert late.status_code == 409
    assert "a colleague was faster" in late.text
    assert "A long answer\nof a colleague." in late.text
    assert "We are sorry." in (await olga.get(one)).text
    assert "There is nothing here." in (await olga.get(QUEUE)).text
    assert "C-2026-1" in (await olga.get(f"{QUEUE}?settled")).text
    assert await errands(house) == {"letter_confirm", "letter_answer"}
    async with house.database.read() as tx:
        acts = list(await tx.scalars(select(AuditEntry.act).where(AuditEntry.thing == "letter").order_by(AuditEntry.number)))
    assert acts[:2] == [Act.LOOKED, Act.CHANGED]


async def test_only_administrators_of_the_practice_read_it(
    client: httpx2.AsyncClient, cast: Cast, house: House, clock: StillClock, sign_in: SignIn
) -> None:
    await send(client, clock, CONTACT, reply_to="", name="")
    one = f"{QUEUE}/{(await letter(house)).id}"
    for member in (ALICE, SAM, MALLORY, DANA):
        other = await sign_in(member)
        for path in (QUEUE, one):
            answer = await other.get(path)
            assert answer.status_code == 403
            assert "Nobody" not in answer.text
        assert (await other.post(f"{one}/answer", data={"words": "x"})).status_code == 403
    assert await errands(house) == set()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"words": ""}, "what it is about"),
        ({"words": "x" * 5001}, "too long"),
        ({"reply_to": "dana@example"}, "e-mail address"),
        ({"reply_to": "a@example.org,b@example.org"}, "e-mail address"),
        ({"began": "1.0"}, "send it once more"),
        ({"began": "\u0661.0"}, "send it once more"),
    ],
)
async def test_what_cannot_be_sent_is_said_and_kept(
    client: httpx2.AsyncClient, cast: Cast, clock: StillClock, change: dict[str, str], sentence: str
) -> None:
    answer = await send(client, clock, **change)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "Dana Diaz" in answer.text


async def test_programs_are_slowed_down(client: httpx2.AsyncClient, cast: Cast, clock: StillClock) -> None:
    soon = await send(client, clock, wait_s=1)
    assert soon.status_code == 422
    assert "within a few seconds" in soon.text
    assert 'class="field invalid"' not in soon.text
    assert (await send(client, clock, wait_s=90_000)).status_code == 422
    assert [(await send(client, clock, words="")).status_code for _ in range(6)] == [422] * 6, "who mistypes is not locked out"
    answers = [await send(client, clock) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert "wait a quarter of an hour" in answers[-1].text
    assert 'class="field invalid"' not in answers[-1].text
    assert (await send(client, clock, CONTACT)).status_code == 200, "each form counts for itself"
    assert (await client.get(f"/contact/{DANA.patient_id}")).status_code == 404


async def test_letters_come_under_a_new_key(
    client: httpx2.AsyncClient, cast: Cast, house: House, clock: StillClock, sign_in: SignIn
) -> None:
    await send(client, clock)
    name = add_key(house.settings.data_dir)
    assert [done async for done, _ in rotate(house.database, house.keyring)] == [1]
    assert await keys_in_use(house.database) == {name: 1}
    assert "Nobody called me back." in (await (await sign_in(OLGA)).get(f"{QUEUE}/{(await letter(house)).id}")).text


class Box:
    """A carrier that keeps what it is given, and says of each that this became of it."""

    def __init__(self, comes_to: Carried = Carried.SENT) -> None:
        self.mails: list[tuple[Mail, str]] = []
        self._comes_to = comes_to

    async def carry(self, letter: Mail, dedupe_key: str) -> Carried:
        self.mails.append((letter, dedupe_key))
        return self._comes_to

    async def close(self) -> None:
        """Nothing is open."""


def posted(house: House, box: Box) -> LetterPost:
    return LetterPost(house, Post(house.secrets, "http://testserver", read_languages(None)), {Channel.EMAIL: box})


async def newest_answer(house: House) -> LetterAnswer:
    """Return it once the application's own worker, which has no mail server, is done with it."""
    with anyio.fail_after(20):
        while True:
            async with house.database.read() as tx:
                newest = (await tx.scalars(select(LetterAnswer).order_by(LetterAnswer.number.desc()))).all()[0]
            if newest.fate != Fate.ON_ITS_WAY:
                return newest
            await anyio.lowlevel.checkpoint()


async def test_the_mail_confirms_without_repeating_and_carries_the_answer(
    client: httpx2.AsyncClient, cast: Cast, house: House, clock: StillClock, sign_in: SignIn
) -> None:
    await send(client, clock)
    stored = await letter(house)
    await (await sign_in(OLGA)).post(f"{QUEUE}/{stored.id}/answer", data={"words": "We are sorry.\r\n\r\nHarbour Clinic"})
    box = Box()
    for kind, subject_id in (("letter_confirm", stored.id), ("letter_answer", (await newest_answer(house)).id)):
        await posted(house, box).handlers[kind](subject_id)
        await posted(house, box).handlers[kind](CLINIC)
    (confirmed, key), (answered, other_key) = box.mails
    assert key != other_key
    assert (confirmed.to, answered.to) == ("dana@example.org", "dana@example.org")
    assert "C-2026-1" in confirmed.body
    assert "Nobody" not in confirmed.body
    assert answered.sentences == ["We are sorry.", "Harbour Clinic"]
    assert (await newest_answer(house)).fate == Fate.SENT


@pytest.mark.parametrize("how", ["refused", "unreachable"])
async def test_bad_18_an_answer_that_does_not_arrive_is_told_and_another_one_is_sent(
    client: httpx2.AsyncClient, cast: Cast, house: House, clock: StillClock, sign_in: SignIn, *, how: str
) -> None:
    await send(client, clock)
    olga, one = await sign_in(OLGA), f"{QUEUE}/{(await letter(house)).id}"
    await olga.post(f"{one}/answer", data={"words": "We are sorry."})
    first = await newest_answer(house)
    assert "no mail server is set up" in (await olga.get(one)).text
    await (posted(house, Box(Carried.REFUSED)).answer if how == "refused" else posted(house, Box()).give_up)(first.id)
    assert "The answer did not arrive" in (await olga.get(QUEUE)).text
    page = (await olga.get(one)).text
    assert ("It did not arrive" in page, "We are sorry." in page, 'name="words"' in page) == (True, True, True)
    assert (await olga.post(f"{one}/answer", data={"words": "We tried to write to you."})).status_code == 303
    box, second = Box(), await newest_answer(house)
    await posted(house, box).answer(second.id)
    assert [mail.sentences for mail, _ in box.mails] == [["We tried to write to you."]]
    assert "The answer did not arrive" not in (await olga.get(f"{QUEUE}?settled")).text
    assert (await olga.post(f"{one}/state", data={"state": "in_work"})).status_code == 303
    assert (await olga.post(f"{one}/answer", data={"words": "One thing more."})).status_code == 303
