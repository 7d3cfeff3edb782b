"""An account before any booking, and what its owner says about themselves. On both databases."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.core.house import House
from server.identity.details_model import AccountDetails
from server.identity.letters import letter_token
from server.identity.mail_model import AccountEmail, AccountLetter, Subject
from server.identity.model import Person
from server.web.ratelimit import RULES
from tests.cast import ALICE, DANA, Cast
from tests.conftest import SignIn, StillClock, browser_of

pytestmark = [pytest.mark.anyio, pytest.mark.row("P1")]

FAY = {
    "name": "Fay  Fox", "username": "Fay", "password": "seven quiet ponies hum", "email": "Fay@Example.org", "phone": "07700 900123",
    "address": "1 High Street, Leeds",
}  # fmt: skip


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


@pytest.fixture
async def stranger(app: Starlette, cast: Cast) -> AsyncIterator[httpx2.AsyncClient]:
    async with browser_of(app) as client:
        yield client


async def letter(house: House) -> AccountLetter:
    async with house.database.read() as tx:
        return (await tx.scalars(select(AccountLetter).where(AccountLetter.subject == Subject.CONFIRM))).one()


async def test_an_account_is_made_and_signed_in(stranger: httpx2.AsyncClient, house: House) -> None:
    assert 'href="/register"' in (await stranger.get("/sign-in")).text
    answer = await stranger.post("/register", data=FAY)
    assert (answer.status_code, answer.headers["location"]) == (303, "/my")
    page = (await stranger.get("/my")).text
    assert "Fay Fox" in page
    assert 'href="/my/details"' in page
    async with house.database.read() as tx:
        details = (await tx.scalars(select(AccountDetails))).one()
    assert (details.phone, details.address) == ("+447700900123", FAY["address"])


async def test_the_address_counts_once_its_link_was_followed(stranger: httpx2.AsyncClient, house: House) -> None:
    await stranger.post("/register", data=FAY)
    sent = await letter(house)
    assert sent.address == "fay@example.org"
    async with house.database.read() as tx:
        assert (await tx.scalars(select(AccountEmail))).all() == []
    await stranger.post(f"/account/email/{letter_token(house.secrets, sent.id)}")
    async with house.database.read() as tx:
        assert (await tx.scalars(select(AccountEmail.address))).all() == ["fay@example.org"]


async def test_phone_and_postal_address_can_be_left_out(stranger: httpx2.AsyncClient) -> None:
    assert (await stranger.post("/register", data=FAY | {"phone": "", "address": ""})).status_code == 303


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("name", "", "write your name"), ("username", "a b", "without spaces"), ("username", ALICE.username, "is taken"),
        ("password", "Fay Fox", "at least 10"), ("password", "qwertyuiop1", "too easy"), ("email", "fay", "name@example.org"),
        ("phone", "12", "phone number"), ("address", "x" * 501, "too long"),
    ],
)  # fmt: skip
async def test_what_cannot_stay_is_said_beside_its_field(stranger: httpx2.AsyncClient, field: str, value: str, word: str) -> None:
    answer = await stranger.post("/register", data=FAY | {field: value})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert word in answer.text
    assert "seven quiet" not in answer.text
    assert "set-cookie" not in answer.headers


async def test_bad_35_what_was_written_is_shown_as_text(stranger: httpx2.AsyncClient) -> None:
    answer = await stranger.post("/register", data=FAY | {"name": "<script>alert(1)</script>", "email": ""})
    assert "<script>alert" not in answer.text


async def test_bad_32_names_are_not_fished_for_without_end(stranger: httpx2.AsyncClient) -> None:
    taken = FAY | {"username": ALICE.username, "phone": "12"}
    statuses = [(await stranger.post("/register", data=taken)).status_code for _ in range(RULES["register_address"].times + 1)]
    assert statuses == [422] * (len(statuses) - 1) + [429]


async def test_bad_32_nobody_is_flooded_with_letters_by_strangers(stranger: httpx2.AsyncClient, house: House) -> None:
    most = RULES["prove_address"].times
    statuses = [(await stranger.post("/register", data=FAY | {"username": f"fay{count}"})).status_code for count in range(most + 1)]
    assert statuses == [303] * most + [429]
    async with house.database.read() as tx:
        assert len((await tx.scalars(select(AccountLetter).where(AccountLetter.subject == Subject.CONFIRM))).all()) == most


async def test_a_new_account_reads_nobodys_record(stranger: httpx2.AsyncClient) -> None:
    await stranger.post("/register", data=FAY | {"name": DANA.name})
    assert "Harbour Clinic" not in (await stranger.get("/my")).text


async def test_its_owner_changes_what_is_said_about_them(sign_in: SignIn, house: House, clock: StillClock) -> None:
    dana = await sign_in(DANA)
    changed = {"name": "Dana Dunn", "phone": "+44 7700 900999", "address": "2 Low Road"}
    assert (await dana.post("/my/details", data=changed)).headers["location"] == "/my/details?done"
    assert 'value="+447700900999"' in (await dana.get("/my/details")).text
    assert (await dana.post("/my/details", data=changed | {"name": ""})).status_code == 422
    async with house.database.read() as tx:
        assert (await tx.get_one(Person, DANA.person_id)).name == "Dana Dunn"
    clock.advance(600)
    assert (await dana.get("/my/details")).headers["location"] == "/account/prove?next=/my/details"
    late = await dana.post("/my/details", data=changed | {"address": "3 Late Road"})
    assert (late.status_code, 'value="3 Late Road"' in late.text, 'name="present"' in late.text) == (403, True, True)
    assert (await dana.post("/my/details", data=changed | {"present": "dana likes long walks"})).headers["location"] == "/my/details?done"
