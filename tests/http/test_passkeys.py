"""Passkeys: added, used, removed; and every answer that is none. On both databases."""

import json
from collections.abc import AsyncIterator, Callable

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select
from starlette.applications import Starlette

from server.core.house import House
from server.identity.mail_model import AccountLetter, Subject
from server.identity.passkey_model import Passkey
from tests.authenticator import Authenticator
from tests.cast import ALICE, BOB, Cast
from tests.conftest import ORIGIN, SignIn, StillClock, browser_of

pytestmark = [pytest.mark.anyio, pytest.mark.row("P4")]

PASSKEYS, PROVE = "/account/passkeys", "/account/prove"
UNFIT = "/sign-in?passkey"


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


@pytest.fixture
async def alice(sign_in: SignIn) -> httpx2.AsyncClient:
    return await sign_in(ALICE)


@pytest.fixture
async def stranger(app: Starlette, cast: Cast) -> AsyncIterator[httpx2.AsyncClient]:
    async with browser_of(app) as client:
        yield client


def device() -> Authenticator:
    return Authenticator(ORIGIN, "testserver")


async def add(client: httpx2.AsyncClient, key: Authenticator, name: str = "my phone") -> httpx2.Response:
    options = (await client.post("/api/passkeys/new", json={})).json()
    return await client.post(PASSKEYS, data={"name": name, "credential": key.create(options)})


async def enter(client: httpx2.AsyncClient, key: Authenticator, **more: str) -> str:
    """Sign in by this device; returns where that leads."""
    options = (await client.post("/api/passkeys/sign-in", json={})).json()
    return (await client.post("/sign-in/passkey", data={"credential": key.get(options), **more})).headers["location"]


@pytest.fixture
async def phone(alice: httpx2.AsyncClient) -> Authenticator:
    """The phone of alice, with a passkey."""
    key = device()
    assert (await add(alice, key)).status_code == 303
    return key


async def signed_in(client: httpx2.AsyncClient) -> bool:
    return (await client.get("/api/today")).status_code == 200


async def test_a_passkey_signs_in_without_a_name(phone: Authenticator, stranger: httpx2.AsyncClient) -> None:
    assert await enter(stranger, phone, next="/outbox") == "/outbox"
    assert await signed_in(stranger)
    assert await enter(stranger, phone) == "/"


async def test_the_options_tell_nothing_of_anybody(phone: Authenticator, stranger: httpx2.AsyncClient) -> None:
    options = (await stranger.post("/api/passkeys/sign-in", json={})).json()
    assert options["rpId"] == "testserver"
    assert options["userVerification"] == "required"
    assert options.get("allowCredentials", []) == []


async def test_one_person_has_several_and_one_random_handle(alice: httpx2.AsyncClient, phone: Authenticator, house: House) -> None:
    laptop = device()
    await add(alice, laptop, "<laptop>")
    page = (await alice.get(PASSKEYS)).text
    assert "my phone" in page
    assert "&lt;laptop&gt;" in page
    async with house.database.read() as tx:
        handles = set(await tx.scalars(select(Passkey.handle)))
    assert handles == {phone.handle} == {laptop.handle}
    assert len(phone.handle) == 32
    assert ALICE.person_id.bytes not in phone.handle


async def test_a_removed_one_opens_nothing(
    alice: httpx2.AsyncClient, phone: Authenticator, stranger: httpx2.AsyncClient, house: House
) -> None:
    async with house.database.read() as tx:
        passkey = (await tx.scalars(select(Passkey))).one()
    assert (await alice.post(f"{PASSKEYS}/{passkey.id}/remove")).status_code == 303
    assert await enter(stranger, phone) == UNFIT
    assert "You have no passkey yet" in (await alice.get(PASSKEYS)).text
    async with house.database.read() as tx:
        told = set(await tx.scalars(select(AccountLetter.subject)))
    assert {Subject.PASSKEY_ADDED, Subject.PASSKEY_REMOVED} <= told


async def test_nobody_removes_anothers(phone: Authenticator, sign_in: SignIn, house: House) -> None:
    bob = await sign_in(BOB)
    async with house.database.read() as tx:
        passkey = (await tx.scalars(select(Passkey))).one()
    assert (await bob.post(f"{PASSKEYS}/{passkey.id}/remove")).status_code == 404


async def test_bad_32_an_answer_counts_once(phone: Authenticator, app: Starlette, stranger: httpx2.AsyncClient) -> None:
    options = (await stranger.post("/api/passkeys/sign-in", json={})).json()
    answer = phone.get(options)
    assert (await stranger.post("/sign-in/passkey", data={"credential": answer})).headers["location"] == "/"
    async with browser_of(app) as thief:
        assert (await thief.post("/sign-in/passkey", data={"credential": answer})).headers["location"] == UNFIT
        assert (await thief.post("/sign-in/passkey", data={"credential": phone.get(options)})).headers["location"] == UNFIT


async def test_bad_32_a_counter_that_went_back_is_refused(phone: Authenticator, stranger: httpx2.AsyncClient) -> None:
    phone.count = 9
    assert await enter(stranger, phone) == "/"
    phone.count = 9  # its next answer has ten, again
    assert await enter(stranger, phone) == UNFIT
    phone.count = 11
    assert await enter(stranger, phone) == "/"


def other_site(key: Authenticator) -> None:
    key.origin = "https://evil.test"


def other_port(key: Authenticator) -> None:
    key.origin = ORIGIN + ":8443"


def other_rp(key: Authenticator) -> None:
    key.rp_id = "evil.test"


def other_key(key: Authenticator) -> None:
    key.key = ec.generate_private_key(ec.SECP256R1())


def nobody_verified(key: Authenticator) -> None:
    key.verified = False


def other_handle(key: Authenticator) -> None:
    key.handle = bytes(32)


def unknown(key: Authenticator) -> None:
    key.id = bytes(16)


@pytest.mark.parametrize("spoil", [other_site, other_port, other_rp, other_key, nobody_verified, other_handle, unknown])
async def test_bad_32_an_answer_that_is_not_quite_right_is_refused(
    phone: Authenticator, stranger: httpx2.AsyncClient, spoil: Callable[[Authenticator], None]
) -> None:
    spoil(phone)
    assert await enter(stranger, phone) == UNFIT
    assert not await signed_in(stranger)


@pytest.mark.parametrize("spoil", [other_site, other_rp, nobody_verified])
async def test_bad_32_nothing_is_added_by_an_answer_that_is_not_quite_right(
    alice: httpx2.AsyncClient, spoil: Callable[[Authenticator], None]
) -> None:
    key = device()
    spoil(key)
    answer = await add(alice, key)
    assert (answer.status_code, "could not be checked" in answer.text) == (422, True)


async def test_bad_32_a_challenge_of_ones_own_is_refused(phone: Authenticator, stranger: httpx2.AsyncClient) -> None:
    answer = phone.get({"challenge": "A" * 43})
    assert (await stranger.post("/sign-in/passkey", data={"credential": answer})).headers["location"] == UNFIT


async def test_bad_32_a_challenge_is_for_one_purpose_and_person(
    alice: httpx2.AsyncClient, phone: Authenticator, stranger: httpx2.AsyncClient, sign_in: SignIn
) -> None:
    to_prove = (await alice.post("/api/passkeys/prove", json={})).json()
    assert (await stranger.post("/sign-in/passkey", data={"credential": phone.get(to_prove)})).headers["location"] == UNFIT
    bob = await sign_in(BOB)
    for_bob = (await bob.post("/api/passkeys/prove", json={})).json()
    refused = await bob.post(f"{PROVE}/passkey", data={"credential": phone.get(for_bob), "next": PASSKEYS})
    assert refused.headers["location"] == f"{PROVE}?passkey&next={PASSKEYS}"


async def test_a_challenge_does_not_wait_for_ever(phone: Authenticator, stranger: httpx2.AsyncClient, clock: StillClock) -> None:
    options = (await stranger.post("/api/passkeys/sign-in", json={})).json()
    clock.advance(300)
    assert (await stranger.post("/sign-in/passkey", data={"credential": phone.get(options)})).headers["location"] == UNFIT


async def test_a_passkey_shows_that_it_is_still_oneself(alice: httpx2.AsyncClient, phone: Authenticator, clock: StillClock) -> None:
    clock.advance(600)
    assert (await alice.get(PASSKEYS)).headers["location"] == f"{PROVE}?next={PASSKEYS}"
    assert (await alice.post("/api/passkeys/new", json={})).json()["error"]["code"] == "prove_again"
    options = (await alice.post("/api/passkeys/prove", json={})).json()
    answer = await alice.post(f"{PROVE}/passkey", data={"credential": phone.get(options), "next": PASSKEYS})
    assert answer.headers["location"] == PASSKEYS
    assert (await alice.get(PASSKEYS)).status_code == 200


async def test_a_passkey_belongs_to_one_person(phone: Authenticator, sign_in: SignIn) -> None:
    assert (await add(await sign_in(BOB), phone)).status_code == 422


async def test_a_passkey_needs_a_name(alice: httpx2.AsyncClient) -> None:
    answer = await alice.post(PASSKEYS, data={"name": " ", "credential": "{}"})
    assert (answer.status_code, "Please give the passkey a name" in answer.text) == (422, True)


@pytest.mark.parametrize(
    "answer",
    [
        "", "{}", "[]", "null", "1", "nonsense", '{"id": 1}', json.dumps({"id": "A", "rawId": "A", "type": "public-key", "response": {}}),
        json.dumps({"id": "QQ", "rawId": "QQ", "type": "public-key", "response": {
            "clientDataJSON": "e30", "authenticatorData": "QQ", "signature": "QQ", "attestationObject": "QQ"}}),
        json.dumps({"id": "QQ", "rawId": "QQ", "type": "public-key", "response": {
            "clientDataJSON": "é", "authenticatorData": 5, "signature": None, "attestationObject": []}}),
        json.dumps({"id": "QQ", "rawId": "QQ", "type": "public-key", "response": {
            "clientDataJSON": "_w", "authenticatorData": "_w", "signature": "_w", "attestationObject": "_w", "userHandle": "_w"}}),
    ],
)  # fmt: skip
async def test_bad_23_an_answer_that_is_none_is_refused(alice: httpx2.AsyncClient, stranger: httpx2.AsyncClient, answer: str) -> None:
    assert (await stranger.post("/sign-in/passkey", data={"credential": answer})).headers["location"] == UNFIT
    assert (await alice.post(PASSKEYS, data={"name": "x", "credential": answer})).status_code == 422


async def test_an_answer_of_nothing_but_brackets_is_none(stranger: httpx2.AsyncClient) -> None:
    answer = await stranger.post("/sign-in/passkey", data={"credential": "[" * 9000})
    assert answer.headers.get("location") == UNFIT
