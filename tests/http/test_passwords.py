"""A forgotten password, a new one, the address that letters go to, and whom a flood of guesses keeps out. On both databases."""

import re
import threading
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.core.house import House
from server.identity.actions import find_login
from server.identity.letters import letter_token
from server.identity.mail_model import AccountEmail, AccountLetter, KnownDevice, Subject
from server.messaging.account_letters import letter_of
from server.messaging.composing import Post
from server.web.i18n import read_languages
from tests.cast import ALICE, BOB, Cast
from tests.conftest import ORIGIN, SignIn, StillClock, browser_of

pytestmark = [pytest.mark.anyio, pytest.mark.row("P4")]

MAIL = "alice@example.org"
PASSWORD = {"username": ALICE.username, "password": ALICE.password}
BETTER = "seven quiet ponies hum"


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


@pytest.fixture
async def stranger(app: Starlette, cast: Cast) -> AsyncIterator[httpx2.AsyncClient]:
    async with browser_of(app) as client:
        yield client


async def letters(house: House, subject: Subject) -> list[AccountLetter]:
    async with house.database.read() as tx:
        return list(await tx.scalars(select(AccountLetter).where(AccountLetter.subject == subject)))


async def link(house: House, subject: Subject = Subject.RESET) -> str:
    """Return the path in the newest letter of this kind."""
    *_, letter = await letters(house, subject)
    path = "/reset" if subject == Subject.RESET else "/account/email"
    return f"{path}/{letter_token(house.secrets, letter.id)}"


async def signed_in(client: httpx2.AsyncClient) -> bool:
    return (await client.get("/api/today")).status_code == 200


async def enters(client: httpx2.AsyncClient, password: str) -> bool:
    return (await client.post("/sign-in", data=PASSWORD | {"password": password})).status_code == 303


async def test_a_forgotten_password_is_chosen_anew(stranger: httpx2.AsyncClient, house: House) -> None:
    assert 'href="/reset"' in (await stranger.get("/sign-in")).text
    await stranger.post("/reset", data={"username": " DR_Alice "})
    path = await link(house)
    assert "New password" in (await stranger.get(path)).text
    answer = await stranger.post(path, data={"password": BETTER})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?changed")
    assert "set-cookie" not in answer.headers
    assert [await enters(stranger, password) for password in (ALICE.password, BETTER)] == [False, True]


async def test_bad_32_nobody_learns_whether_there_is_such_an_account(stranger: httpx2.AsyncClient, house: House) -> None:
    known = await stranger.post("/reset", data={"username": ALICE.username})
    unknown = await stranger.post("/reset", data={"username": "dr_nobody"})
    assert (known.status_code, known.text) == (unknown.status_code, unknown.text)
    assert len(await letters(house, Subject.RESET)) == 2
    letter = next(one for one in await letters(house, Subject.RESET) if one.username == "dr_nobody")
    answer = await stranger.post(f"/reset/{letter_token(house.secrets, letter.id)}", data={"password": BETTER})
    assert answer.status_code == 404


async def test_bad_31_a_program_that_follows_links_uses_nothing_up(stranger: httpx2.AsyncClient, house: House) -> None:
    await stranger.post("/reset", data={"username": ALICE.username})
    path = await link(house)
    for _ in range(3):
        assert (await stranger.get(path)).status_code == 200
        assert (await stranger.head(path)).status_code == 200
    assert (await stranger.post(path, data={"password": BETTER})).status_code == 303


async def test_bad_31_a_link_counts_once_and_for_half_an_hour(stranger: httpx2.AsyncClient, house: House, clock: StillClock) -> None:
    await stranger.post("/reset", data={"username": ALICE.username})
    used = await link(house)
    await stranger.post(used, data={"password": BETTER})
    assert (await stranger.post(used, data={"password": "another quiet pony hums"})).status_code == 404
    await stranger.post("/reset", data={"username": ALICE.username})
    late = await link(house)
    clock.advance(1800)
    assert (await stranger.get(late)).status_code == 404
    assert (await stranger.post(late, data={"password": BETTER})).status_code == 404
    assert (await stranger.post("/reset/" + "A" * 43, data={"password": BETTER})).status_code == 404


async def test_bad_33_a_new_password_ends_every_login(stranger: httpx2.AsyncClient, house: House, sign_in: SignIn) -> None:
    alice, bob = await sign_in(ALICE), await sign_in(BOB)
    await stranger.post("/reset", data={"username": ALICE.username})
    await stranger.post(await link(house), data={"password": BETTER})
    assert [await signed_in(client) for client in (alice, bob)] == [False, True]
    assert [one.username for one in await letters(house, Subject.PASSWORD_CHANGED)] == [ALICE.username]


@pytest.mark.parametrize(
    ("password", "word"),
    [
        ("short", "at least 10"), ("dr_alice1234", "too easy"), ("password1234567", "too easy"), ("Alice Ahmed 1", "too easy"),
        ("x" * 257, "too long"),
    ],
)  # fmt: skip
async def test_what_is_easily_guessed_is_no_password(stranger: httpx2.AsyncClient, house: House, password: str, word: str) -> None:
    await stranger.post("/reset", data={"username": ALICE.username})
    answer = await stranger.post(await link(house), data={"password": password})
    assert (answer.status_code, word in answer.text) == (422, True)


async def test_how_easily_a_password_is_guessed_is_found_beside_the_loop(
    stranger: httpx2.AsyncClient, sign_in: SignIn, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[threading.Thread] = []

    def guessed(*_: object, **__: object) -> dict[str, int]:
        threads.append(threading.current_thread())
        return {"score": 0}

    monkeypatch.setattr("server.identity.choosing.zxcvbn", guessed)
    await stranger.post("/reset", data={"username": ALICE.username})
    await stranger.post(await link(house), data={"password": BETTER})
    await stranger.post("/register", data={"username": "fay", "password": BETTER})
    await (await sign_in(ALICE)).post("/account/password", data={"present": ALICE.password, "password": BETTER})
    assert len(threads) == 3
    assert threading.current_thread() not in threads


async def test_bad_32_letters_are_few(stranger: httpx2.AsyncClient) -> None:
    statuses = [(await stranger.post("/reset", data={"username": "Dr_Alice"})).status_code for _ in range(4)]
    assert statuses == [200] * 3 + [429]


async def test_the_password_is_changed_in_the_account(app: Starlette, stranger: httpx2.AsyncClient, sign_in: SignIn) -> None:
    there = await sign_in(ALICE)
    assert await enters(stranger, ALICE.password)
    before = stranger.cookies["sid"]
    change = "/account/password"
    wrong = await stranger.post(change, data={"present": "not this", "password": BETTER})
    assert (wrong.status_code, "This is not your password" in wrong.text) == (422, True)
    assert (await stranger.post(change, data={"present": ALICE.password, "password": "1234567890"})).status_code == 422
    assert "is changed" in (await stranger.post(change, data={"present": ALICE.password, "password": BETTER})).text
    assert stranger.cookies["sid"] != before
    assert [await signed_in(client) for client in (stranger, there)] == [True, False]
    async with browser_of(app, {"sid": before}) as thief:
        assert not await signed_in(thief)


@pytest.mark.parametrize("own", ["yes", ""])
async def test_ones_own_computer_stays_ones_own(stranger: httpx2.AsyncClient, house: House, own: str) -> None:
    await stranger.post("/sign-in", data=PASSWORD | {"own": own})
    await stranger.post("/account/password", data={"present": ALICE.password, "password": BETTER})
    async with house.database.read() as tx:
        login = await find_login(tx, stranger.cookies["sid"])
    assert login is not None
    assert login.shared == (own != "yes")


async def test_letters_go_to_an_address_that_was_confirmed(sign_in: SignIn, house: House) -> None:
    alice = await sign_in(ALICE)
    answer = await alice.post("/account/email", data={"email": f" {MAIL.upper()} "})
    assert answer.headers["location"] == "/account/email?sent"
    path = await link(house, Subject.CONFIRM)
    assert "Yes, it is mine" in (await alice.get(path)).text
    async with house.database.read() as tx:
        assert (await tx.scalars(select(AccountEmail))).all() == []
    assert "Confirmed" in (await alice.post(path)).text
    assert (await alice.post(path)).status_code == 404
    async with house.database.read() as tx:
        assert (await tx.scalars(select(AccountEmail.address))).all() == [MAIL]
    await alice.post("/account/email", data={"email": "new@example.org"})
    await alice.post(await link(house, Subject.CONFIRM))
    async with house.database.read() as tx:  # until it is agreed to there: tests/http/test_email_change.py
        assert (await tx.scalars(select(AccountEmail.address))).all() == [MAIL]


async def test_bad_31_an_address_is_confirmed_by_nobody_but_the_owner_of_the_account(
    stranger: httpx2.AsyncClient, sign_in: SignIn, house: House
) -> None:
    thief, bob = await sign_in(ALICE), await sign_in(BOB)
    await thief.post("/account/email", data={"email": "thief@example.org"})
    await (await sign_in(ALICE)).post("/sign-out-everywhere")
    path = await link(house, Subject.CONFIRM)
    for client in (stranger, thief, bob):
        assert f'href="/sign-in?next={path}"' in (await client.get(path)).text
        assert (await client.post(path)).status_code == 401
    async with house.database.read() as tx:
        assert (await tx.scalars(select(AccountEmail))).all() == []


async def test_a_new_password_voids_the_links_of_whoever_had_the_old_one(
    sign_in: SignIn, stranger: httpx2.AsyncClient, house: House
) -> None:
    thief, alice = await sign_in(ALICE), await sign_in(ALICE)
    await thief.post("/account/email", data={"email": "thief@example.org"})
    await thief.post("/reset", data={"username": ALICE.username})
    paths = [await link(house, Subject.CONFIRM), await link(house)]
    await alice.post("/account/password", data={"present": ALICE.password, "password": BETTER})
    assert [(await stranger.post(path, data={"password": "another quiet pony hums"})).status_code for path in paths] == [404, 404]
    assert await enters(stranger, BETTER)


async def test_a_new_address_voids_the_links_that_went_to_the_old_one(sign_in: SignIn, stranger: httpx2.AsyncClient, house: House) -> None:
    alice = await sign_in(ALICE)
    await stranger.post("/reset", data={"username": ALICE.username})
    path = await link(house)
    await alice.post("/account/email", data={"email": MAIL})
    await alice.post(await link(house, Subject.CONFIRM))
    assert (await stranger.post(path, data={"password": BETTER})).status_code == 404


async def test_what_is_no_address_is_said(sign_in: SignIn) -> None:
    answer = await (await sign_in(ALICE)).post("/account/email", data={"email": "alice"})
    assert (answer.status_code, "name@example.org" in answer.text) == (422, True)


async def test_an_address_is_not_changed_on_a_browser_left_alone(sign_in: SignIn, house: House, clock: StillClock) -> None:
    alice = await sign_in(ALICE)
    clock.advance(600)
    assert (await alice.get("/account/email")).headers["location"] == "/account/prove?next=/account/email"
    for given, status in (({}, 403), ({"present": "not this"}, 401)):
        asked = await alice.post("/account/email", data={"email": MAIL, **given})
        assert (asked.status_code, f'value="{MAIL}"' in asked.text, 'name="present"' in asked.text) == (status, True, True)
        assert not await letters(house, Subject.CONFIRM)
    sent = await alice.post("/account/email", data={"email": MAIL, "present": ALICE.password})
    assert sent.headers["location"] == "/account/email?sent"


async def test_the_letter_holds_the_link_and_no_name(stranger: httpx2.AsyncClient, house: House) -> None:
    await stranger.post("/reset", data={"username": ALICE.username})
    (letter,) = await letters(house, Subject.RESET)
    written = letter_of(Post(house.secrets, ORIGIN, read_languages(None)), letter, MAIL)
    assert f"{ORIGIN}{await link(house)}" in written.sentences
    assert "30 minutes" in written.body
    assert not re.search("alice", written.body + written.subject, re.IGNORECASE)


async def test_bad_32_a_flood_does_not_keep_the_owner_out_of_a_known_browser(app: Starlette, stranger: httpx2.AsyncClient) -> None:
    assert await enters(stranger, ALICE.password)
    await stranger.post("/sign-out")
    async with browser_of(app) as flood:
        for _ in range(12):
            last = await flood.post("/sign-in", data=PASSWORD | {"password": "no"})
        assert last.status_code == 429
        assert (await flood.post("/sign-in", data=PASSWORD)).status_code == 429
    assert await enters(stranger, ALICE.password)


async def test_bad_32_a_known_browser_has_a_limit_of_its_own(app: Starlette, stranger: httpx2.AsyncClient) -> None:
    assert await enters(stranger, ALICE.password)
    statuses = [(await stranger.post("/sign-in", data=PASSWORD | {"password": "no"})).status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]
    async with browser_of(app) as elsewhere:
        assert await enters(elsewhere, ALICE.password)


async def test_bad_32_a_browser_known_to_one_is_not_known_to_another(stranger: httpx2.AsyncClient) -> None:
    await stranger.post("/sign-in", data={"username": BOB.username, "password": BOB.password})
    statuses = [(await stranger.post("/sign-in", data=PASSWORD | {"password": "no"})).status_code for _ in range(11)]
    assert statuses[-1] == 429
    async with browser_of(stranger._transport.app) as elsewhere:
        assert not await enters(elsewhere, ALICE.password)


async def test_bad_33_a_planted_device_is_replaced(app: Starlette, cast: Cast) -> None:
    planted = "A" * 43
    async with browser_of(app, {"device": planted}) as victim:
        answer = await victim.post("/sign-in", data=PASSWORD)
    assert planted not in str(answer.headers.get_list("set-cookie"))
    assert any(cookie.startswith("device=") for cookie in answer.headers.get_list("set-cookie"))


async def test_a_new_device_is_told_of_and_the_first_is_not(app: Starlette, stranger: httpx2.AsyncClient, house: House) -> None:
    for _ in range(2):
        assert await enters(stranger, ALICE.password)
    assert await letters(house, Subject.NEW_DEVICE) == []
    async with browser_of(app) as other:
        assert await enters(other, ALICE.password)
    assert len(await letters(house, Subject.NEW_DEVICE)) == 1


async def test_a_browser_is_forgotten_in_time_and_by_a_new_password(stranger: httpx2.AsyncClient, house: House, clock: StillClock) -> None:
    await enters(stranger, ALICE.password)
    await stranger.post("/reset", data={"username": ALICE.username})
    await stranger.post(await link(house), data={"password": BETTER})
    async with house.database.read() as tx:
        assert (await tx.scalars(select(KnownDevice))).all() == []
    await enters(stranger, BETTER)
    clock.advance(timedelta(days=401).total_seconds())
    await stranger.post("/sign-in", data={"username": BOB.username, "password": BOB.password})
    async with house.database.read() as tx:
        assert (await tx.scalars(select(KnownDevice.person_id))).all() == [BOB.person_id]
