"""The phone of an account: proved by a code where this server sends text messages, and left as it is where it does not."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.consultation.events import Channel
from server.core.house import House
from server.identity.details_model import AccountDetails
from server.identity.phone_model import PhoneProof
from server.identity.phones import MOST_TRIES, proof_code
from server.messaging.composing import Post
from server.messaging.optouts import hear
from server.messaging.phone_codes import prove_phone_with
from server.ports import Carried, Letter
from server.web.i18n import read_languages
from server.web.ratelimit import RULES
from tests.cast import Cast
from tests.conftest import ORIGIN, StillClock, browser_of
from tests.http.test_register import FAY

pytestmark = [pytest.mark.anyio, pytest.mark.row("P1")]

PAGE, CODE = "/my/phone", "/my/phone/code"


@pytest.fixture
async def fay(app: Starlette, cast: Cast) -> AsyncIterator[httpx2.AsyncClient]:
    async with browser_of(app) as client:
        yield client


@pytest.fixture
def texting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider of text messages is set up; what is queued goes to the outbox page all the same."""
    for module in ("phone_pages", "register_pages"):
        monkeypatch.setattr(f"server.identity.{module}.sends_texts", lambda _settings: True)


async def proofs(house: House) -> list[PhoneProof]:
    async with house.database.read() as tx:
        return list(await tx.scalars(select(PhoneProof)))


async def right_code(house: House) -> str:
    (proof,) = await proofs(house)
    return proof_code(house.secrets, proof)


async def confirmed(house: House) -> bool:
    async with house.database.read() as tx:
        return (await tx.scalars(select(AccountDetails.phone_confirmed_at))).one() is not None


@pytest.mark.usefixtures("texting")
async def test_a_new_account_shows_that_its_phone_is_its_own(fay: httpx2.AsyncClient, house: House) -> None:
    assert (await fay.post("/register", data=FAY)).headers["location"] == PAGE
    assert "Is +447700900123 right?" in (await fay.get(PAGE)).text
    assert "Do it later" in (await fay.get(PAGE)).text
    assert f'href="{PAGE}"' in (await fay.get("/my/details")).text
    assert (await fay.post(PAGE)).headers["location"] == PAGE
    assert "We have sent a code" in (await fay.get(PAGE)).text
    code = await right_code(house)
    assert (await fay.post(CODE, data={"code": f"{code[:3]} {code[3:]}"})).headers["location"] == PAGE
    assert "You have shown that +447700900123 is yours" in (await fay.get(PAGE)).text
    assert await proofs(house) == []
    await fay.post("/my/details", data=FAY | {"address": "2 Low Road"})
    assert await confirmed(house)
    await fay.post("/my/details", data=FAY | {"phone": "07700 900124"})
    assert not await confirmed(house)


@pytest.mark.usefixtures("texting")
async def test_bad_32_a_code_is_guessed_a_few_times_and_counts_for_its_number(
    fay: httpx2.AsyncClient, house: House, clock: StillClock
) -> None:
    await fay.post("/register", data=FAY)
    await fay.post(PAGE)
    answers = [(await fay.post(CODE, data={"code": "x"})).text for _ in range(MOST_TRIES)]
    assert ["counts no more" in text for text in answers] == [False] * (MOST_TRIES - 1) + [True]
    await fay.post(PAGE)
    code = await right_code(house)
    await fay.post("/my/details", data=FAY | {"phone": "07700 900124"})
    assert (await fay.post(CODE, data={"code": code})).status_code == 422
    await fay.post(PAGE)
    clock.advance(600)
    assert (await fay.post(CODE, data={"code": await right_code(house)})).status_code == 422
    assert not await confirmed(house)


@pytest.mark.usefixtures("texting")
async def test_few_codes_are_sent(fay: httpx2.AsyncClient) -> None:
    await fay.post("/register", data=FAY)
    statuses = [(await fay.post(PAGE)).status_code for _ in range(RULES["prove"].times + 1)]
    assert statuses == [303] * RULES["prove"].times + [429]


async def test_without_text_messages_nothing_is_asked_and_it_says_so(fay: httpx2.AsyncClient, house: House) -> None:
    assert (await fay.post("/register", data=FAY)).headers["location"] == "/my"
    assert f'href="{PAGE}"' not in (await fay.get("/my/details")).text
    assert "This server sends no text messages" in (await fay.get(PAGE)).text
    assert (await fay.post(PAGE)).status_code == 303
    assert await proofs(house) == []
    await fay.post("/my/details", data=FAY | {"phone": ""})
    assert "There is no phone number" in (await fay.get(PAGE)).text


class Box:
    """A carrier that keeps what it is given."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []

    async def carry(self, letter: Letter, dedupe_key: str) -> Carried:
        del dedupe_key
        self.letters.append(letter)
        return Carried.SENT

    async def close(self) -> None:
        """Nothing is open."""


@pytest.mark.usefixtures("texting")
async def test_the_message_holds_the_code_and_no_name_and_goes_to_nobody_who_said_stop(fay: httpx2.AsyncClient, house: House) -> None:
    await fay.post("/register", data=FAY)
    await fay.post(PAGE)
    (proof,) = await proofs(house)
    box = Box()
    carry = prove_phone_with(house, Post(house.secrets, ORIGIN, read_languages(None)), {Channel.SMS: box})
    await carry(proof.id)
    (letter,) = box.letters
    assert (letter.to, await right_code(house) in letter.body, "Fay" in letter.body) == ("+447700900123", True, False)
    async with house.database.write() as tx:
        await hear(tx, house.secrets, proof.phone, "STOP", house.clock.now())
    await carry(proof.id)
    assert len(box.letters) == 1
