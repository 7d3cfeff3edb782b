"""The second factor: set up, asked for at the sign-in, and what an attacker who knows the password gets."""

import re
from collections.abc import AsyncIterator

import httpx2
import pyotp
import pytest
from sqlalchemy import select, update
from starlette.applications import Starlette

from server.access.model import Professional, Review
from server.access.obliged import insist_on_second
from server.access.reviewing import seen_of
from server.consultation.model import Role
from server.consultation.rights import check_rights
from server.consultation.subject import RoomSubject
from server.core.house import House
from server.core.ids import new_id
from server.errors import NotSignedIn
from server.identity.actions import open_logins
from server.identity.mail_model import AccountLetter, Subject
from server.identity.model import LoginSession
from server.identity.second_model import HalfLogin, RecoveryCode, SecondFactor
from server.notes.rights import still_viewer
from server.notes.subject import NoteSubject
from server.settings import Settings
from tests.cast import ALICE, BOB, CHARLIE, DANA, OLGA, Cast, Meeting
from tests.conftest import ORIGIN, SignIn, StillClock, browser_of

pytestmark = [pytest.mark.anyio, pytest.mark.row("P4")]

SET_UP, SECOND = "/account/second-factor", "/sign-in/second"
PASSWORD = {"username": ALICE.username, "password": ALICE.password}


class App:
    """An authenticator app with one key, on the tests' clock."""

    def __init__(self, page: str, clock: StillClock) -> None:
        found = re.search(r'<code class="secret" dir="ltr">([A-Z2-7 ]+)</code>', page)
        assert found
        self._totp = pyotp.TOTP(found[1].replace(" ", ""))
        self._clock = clock

    def code(self, steps: int = 0) -> str:
        return self._totp.at(self._clock.now(), counter_offset=steps)


@pytest.fixture
async def alice(sign_in: SignIn) -> httpx2.AsyncClient:
    return await sign_in(ALICE)


@pytest.fixture
async def phone(alice: httpx2.AsyncClient, clock: StillClock) -> App:
    """The phone of alice, who has switched the second factor on; its present code is used."""
    await alice.post(f"{SET_UP}/begin")
    app = App((await alice.get(SET_UP)).text, clock)
    answer = await alice.post(f"{SET_UP}/confirm", data={"code": app.code()})
    assert "Recovery codes" in answer.text
    return app


@pytest.fixture
async def thief(app: Starlette, cast: Cast) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody who knows alice's password."""
    async with browser_of(app) as client:
        yield client


async def signed_in(client: httpx2.AsyncClient) -> bool:
    return (await client.get("/api/today")).status_code == 200


async def half(client: httpx2.AsyncClient, **more: str) -> httpx2.Response:
    answer = await client.post("/sign-in", data=PASSWORD | more)
    assert answer.headers["location"] == SECOND
    return answer


async def place_offered(client: httpx2.AsyncClient, role: str) -> str:
    """Return the path of a new link for a place."""
    assert (await client.post("/practice/people/invite", data={"role": role, "email": ""})).status_code == 303
    found = re.search(r"/place/[\w-]{43}", (await client.get("/practice/people")).text)
    assert found
    return found[0]


async def test_the_password_alone_signs_nobody_in(phone: App, thief: httpx2.AsyncClient) -> None:
    answer = await half(thief, next="/outbox")
    assert "sid=" not in answer.headers["set-cookie"]
    assert not await signed_in(thief)
    assert "Code of six numbers" in (await thief.get(SECOND)).text


async def test_the_code_of_the_app_signs_in_and_leads_on(phone: App, thief: httpx2.AsyncClient, clock: StillClock) -> None:
    await half(thief, next="/outbox")
    clock.advance(30)
    code = phone.code()
    answer = await thief.post(SECOND, data={"code": f"{code[:3]} {code[3:]}"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/outbox")
    assert await signed_in(thief)
    assert "half" not in thief.cookies


async def test_bad_32_a_code_counts_once(phone: App, app: Starlette, clock: StillClock) -> None:
    clock.advance(30)
    code = phone.code()
    async with browser_of(app) as owner, browser_of(app) as watcher:
        await half(owner)
        await half(watcher)
        assert (await owner.post(SECOND, data={"code": code})).status_code == 303
        assert (await watcher.post(SECOND, data={"code": code})).status_code == 401
        assert not await signed_in(watcher)


async def test_bad_32_the_code_that_switched_it_on_is_used_and_so_is_an_older_one(phone: App, thief: httpx2.AsyncClient) -> None:
    await half(thief)
    for steps in (0, -1):
        assert (await thief.post(SECOND, data={"code": phone.code(steps)})).status_code == 401
    assert (await thief.post(SECOND, data={"code": phone.code(1)})).status_code == 303


async def test_bad_32_five_wrong_codes_end_the_sign_in(phone: App, thief: httpx2.AsyncClient) -> None:
    await half(thief)
    answers = [await thief.post(SECOND, data={"code": "000000"}) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [401] * 4 + [303]
    assert answers[-1].headers["location"] == "/sign-in?over"
    assert (await thief.post(SECOND, data={"code": phone.code(1)})).headers["location"] == "/sign-in?over"


async def test_bad_32_more_sign_ins_buy_no_more_codes(phone: App, thief: httpx2.AsyncClient) -> None:
    statuses = []
    for _ in range(3):
        await half(thief)
        statuses += [(await thief.post(SECOND, data={"code": "000000"})).status_code for _ in range(4)]
    assert statuses == [401] * 10 + [429] * 2


async def test_a_sign_in_that_waited_too_long_begins_again(phone: App, thief: httpx2.AsyncClient, clock: StillClock) -> None:
    await half(thief)
    clock.advance(300)
    assert (await thief.post(SECOND, data={"code": phone.code()})).headers["location"] == "/sign-in?over"
    assert "took too long" in (await thief.get("/sign-in?over")).text


async def test_without_a_sign_in_there_is_nothing_to_prove(app: Starlette, phone: App) -> None:
    async with browser_of(app, {"half": "A" * 43}) as stranger:
        assert (await stranger.get(SECOND)).headers["location"] == "/sign-in?over"
        assert (await stranger.post(SECOND, data={"code": phone.code(1)})).headers["location"] == "/sign-in?over"


async def test_a_recovery_code_counts_once(alice: httpx2.AsyncClient, phone: App, app: Starlette, house: House) -> None:
    page = (await alice.post(f"{SET_UP}/codes")).text
    codes = re.findall(r"<li><code>([A-Z2-9]{5}-[A-Z2-9]{5})</code>", page)
    assert len(set(codes)) == 10
    async with browser_of(app) as first, browser_of(app) as second:
        await half(first)
        assert (await first.post(SECOND, data={"code": codes[0].lower().replace("-", " ")})).status_code == 303
        await half(second)
        assert (await second.post(SECOND, data={"code": codes[0]})).status_code == 401
    assert "9 recovery codes are left" in (await alice.get(SET_UP)).text
    async with house.database.read() as tx:
        stored = list(await tx.scalars(select(RecoveryCode.code_mac)))
    assert not any(code.encode() in mac for code in codes for mac in stored)


async def test_new_recovery_codes_end_the_old_ones(alice: httpx2.AsyncClient, phone: App, thief: httpx2.AsyncClient) -> None:
    old = re.findall(r"<li><code>([^<]+)", (await alice.post(f"{SET_UP}/codes")).text)
    await alice.post(f"{SET_UP}/codes")
    await half(thief)
    assert (await thief.post(SECOND, data={"code": old[0]})).status_code == 401


async def test_the_secret_is_sealed_at_rest(alice: httpx2.AsyncClient, house: House) -> None:
    await alice.post(f"{SET_UP}/begin")
    found = re.search(r'<code class="secret" dir="ltr">([A-Z2-7 ]+)<', (await alice.get(SET_UP)).text)
    assert found
    async with house.database.read() as tx:
        factor = (await tx.scalars(select(SecondFactor))).one()
    assert found[1].replace(" ", "").encode() not in factor.sealed


async def test_what_was_not_confirmed_asks_nobody(alice: httpx2.AsyncClient, thief: httpx2.AsyncClient) -> None:
    await alice.post(f"{SET_UP}/begin")
    answer = await alice.post(f"{SET_UP}/confirm", data={"code": "000000"})
    assert (answer.status_code, "not right" in answer.text) == (422, True)
    assert (await thief.post("/sign-in", data=PASSWORD)).headers["location"] == "/"


async def test_bad_33_switching_it_on_ends_every_other_login_and_renews_this_one(
    thief: httpx2.AsyncClient, sign_in: SignIn, clock: StillClock
) -> None:
    here, there = thief, await sign_in(ALICE)
    await here.post("/sign-in", data=PASSWORD)
    before = here.cookies["sid"]
    await here.post(f"{SET_UP}/begin")
    await here.post(f"{SET_UP}/confirm", data={"code": App((await here.get(SET_UP)).text, clock).code()})
    assert here.cookies["sid"] != before
    assert [await signed_in(client) for client in (here, there)] == [True, False]


async def test_bad_33_signing_out_everywhere_ends_a_half_sign_in(alice: httpx2.AsyncClient, phone: App, thief: httpx2.AsyncClient) -> None:
    await half(thief)
    await alice.post("/sign-out-everywhere")
    assert (await thief.post(SECOND, data={"code": phone.code(1)})).headers["location"] == "/sign-in?over"


async def test_it_can_be_switched_off_where_nothing_asks_for_it(alice: httpx2.AsyncClient, phone: App, thief: httpx2.AsyncClient) -> None:
    assert (await alice.post(f"{SET_UP}/off")).status_code == 303
    assert (await thief.post("/sign-in", data=PASSWORD)).headers["location"] == "/"


async def test_whoever_owns_the_account_is_told_of_each_change(alice: httpx2.AsyncClient, phone: App, house: House) -> None:
    for act in ("codes", "off", "off"):
        await alice.post(f"{SET_UP}/{act}")
    async with house.database.read() as tx:
        told = list(await tx.scalars(select(AccountLetter.subject)))
    assert sorted(told) == sorted([Subject.SECOND_ON, Subject.CODES_NEW, Subject.SECOND_OFF])


async def test_a_browser_left_alone_is_asked_who_it_is(alice: httpx2.AsyncClient, phone: App, clock: StillClock) -> None:
    clock.advance(600)
    for act in ("off", "codes"):
        answer = await alice.post(f"{SET_UP}/{act}")
        assert answer.headers["location"] == f"/account/prove?next={SET_UP}"
    assert (await alice.post("/account/prove", data={"password": "not this", "next": SET_UP})).status_code == 401
    assert (await alice.post(f"{SET_UP}/off")).headers["location"].startswith("/account/prove")
    answer = await alice.post("/account/prove", data={"password": ALICE.password, "next": SET_UP})
    assert answer.headers["location"] == SET_UP
    assert (await alice.post(f"{SET_UP}/off")).headers["location"] == SET_UP


async def test_bad_25_the_way_back_from_the_proof_stays_here(alice: httpx2.AsyncClient) -> None:
    answer = await alice.post("/account/prove", data={"password": ALICE.password, "next": "//evil.test"})
    assert answer.headers["location"] == "/account"


async def test_the_password_of_an_account_with_a_second_factor_is_not_enough_at_a_link(
    app: Starlette, house: House, sign_in: SignIn, clock: StillClock, meeting: Meeting
) -> None:
    from tests.cast import ERIN, add_meeting

    dana = await sign_in(DANA)
    await dana.post(f"{SET_UP}/begin")
    await dana.post(f"{SET_UP}/confirm", data={"code": App((await dana.get(SET_UP)).text, clock).code()})
    async with house.database.write() as tx:
        other = await add_meeting(tx, house.secrets, clock.now(), guest=ERIN)
    async with browser_of(app, {"visit": other.token}) as erin:
        form = {"username": "dana", "password": "dana likes long walks", "joins": "yes"}
        answer = await erin.post(f"/v/{other.visit_id}/account", data=form)
        assert answer.status_code != 303 or answer.headers["location"] != "/my"
        assert "sid" not in erin.cookies


class TestRequired:
    """A server that asks a second factor of everybody who works here."""

    @pytest.fixture
    def settings(self, app_database_url: str, tmp_path: object) -> Settings:
        return Settings(database_url=app_database_url, data_dir=f"{tmp_path}/data", base_url=ORIGIN, require_second_factor=True)

    async def test_nothing_opens_before_it_is_set_up(self, thief: httpx2.AsyncClient, clock: StillClock) -> None:
        assert (await thief.post("/sign-in", data=PASSWORD)).headers["location"] == SET_UP
        assert (await thief.get("/account")).headers["location"] == SET_UP
        assert (await thief.get("/api/today")).json()["error"]["code"] == "second_factor"
        await thief.post(f"{SET_UP}/begin")
        phone = App((await thief.get(SET_UP)).text, clock)
        await thief.post(f"{SET_UP}/confirm", data={"code": phone.code()})
        assert await signed_in(thief)
        assert (await thief.post(f"{SET_UP}/off")).status_code == 409

    async def test_whoever_takes_a_place_sets_it_up_before_anything_else_opens(self, sign_in: SignIn, clock: StillClock) -> None:
        olga, here, there = await sign_in(OLGA), await sign_in(DANA), await sign_in(DANA)
        path = await place_offered(olga, "assistant")
        assert (await here.post(path, data={"x": "1"})).headers["location"] == SET_UP
        for browser in (here, there):
            assert (await browser.get("/patients")).headers["location"] == SET_UP
            assert (await browser.get("/api/today")).json()["error"]["code"] == "second_factor"
        await here.post(f"{SET_UP}/begin")
        await here.post(f"{SET_UP}/confirm", data={"code": App((await here.get(SET_UP)).text, clock).code()})
        assert (await here.get("/patients")).status_code == 200
        assert (await there.get("/patients")).headers["location"].startswith("/sign-in")

    async def test_whoever_has_one_takes_a_place_and_goes_on(self, sign_in: SignIn, clock: StillClock) -> None:
        olga, dana = await sign_in(OLGA), await sign_in(DANA)
        await dana.post(f"{SET_UP}/begin")
        await dana.post(f"{SET_UP}/confirm", data={"code": App((await dana.get(SET_UP)).text, clock).code()})
        assert (await dana.post(await place_offered(olga, "assistant"), data={"x": "1"})).headers["location"] == "/"
        assert (await dana.get("/patients")).status_code == 200

    async def test_whoever_was_rejected_and_works_here_again_sets_it_up(self, sign_in: SignIn, house: House) -> None:
        olga, charlie = await sign_in(OLGA), await sign_in(CHARLIE)
        async with house.database.write() as tx:
            (await tx.get_one(Professional, CHARLIE.professional_id)).review = Review.REJECTED
        person = f"/practice/people/{CHARLIE.person_id}"
        async with house.database.read() as tx:
            seen = seen_of(await tx.get_one(Professional, CHARLIE.professional_id))
        form = {"decided": "returned", "words": "Please send the number again.", "seen": seen}
        assert (await olga.post(f"{person}/review", data=form)).status_code == 303
        assert (await charlie.get("/account/registration")).headers["location"] == SET_UP

    async def test_whoever_works_here_already_is_not_thrown_out_by_a_review(self, sign_in: SignIn, house: House) -> None:
        """They may have signed in by a passkey, and be in a call."""
        olga, charlie = await sign_in(OLGA), await sign_in(CHARLIE)
        async with house.database.write() as tx:
            (await tx.get_one(Professional, CHARLIE.professional_id)).review = Review.PENDING
        async with house.database.read() as tx:
            seen = seen_of(await tx.get_one(Professional, CHARLIE.professional_id))
        form = {"decided": "approved", "words": "", "seen": seen}
        assert (await olga.post(f"/practice/people/{CHARLIE.person_id}/review", data=form)).status_code == 303
        assert (await charlie.get("/account/registration")).status_code == 200

    async def test_what_is_open_over_a_socket_closes_with_it(self, house: House, meeting: Meeting, sign_in: SignIn) -> None:
        await sign_in(ALICE)
        now = house.clock.now()
        async with house.database.write() as tx:
            (login,) = await open_logins(tx, ALICE.person_id)
            room = RoomSubject(meeting.consultation_id, new_id(), Role.PROFESSIONAL, "", ALICE.viewer, None, login.id)
            note = NoteSubject(new_id(), ALICE.viewer, login.id)
            await check_rights(tx, house.settings, room, now)
            await still_viewer(tx, house.settings, note, now)
            assert await insist_on_second(tx, house.settings, ALICE.person_id)
        async with house.database.read() as tx:
            with pytest.raises(NotSignedIn):
                await check_rights(tx, house.settings, room, now)
            with pytest.raises(NotSignedIn):
                await still_viewer(tx, house.settings, note, now)

    async def test_patients_decide_for_themselves(self, thief: httpx2.AsyncClient) -> None:
        answer = await thief.post("/sign-in", data={"username": "dana", "password": "dana likes long walks"})
        assert answer.headers["location"] == "/"


async def test_it_is_asked_for_in_production_unless_said_otherwise() -> None:
    https = "https://clinic.example"
    assert Settings(environment="production", base_url=https).needs_second_factor
    assert not Settings(environment="production", base_url=https, require_second_factor=False).needs_second_factor
    assert not Settings().needs_second_factor


async def test_a_person_without_one_is_not_asked(app: Starlette, phone: App) -> None:
    async with browser_of(app) as bob:
        answer = await bob.post("/sign-in", data={"username": BOB.username, "password": BOB.password})
        assert answer.headers["location"] == "/"


async def test_what_others_left_unfinished_goes(phone: App, thief: httpx2.AsyncClient, house: House, clock: StillClock) -> None:
    await half(thief)
    clock.advance(301)
    await half(thief)
    async with house.database.read() as tx:
        assert len(list(await tx.scalars(select(HalfLogin)))) == 1


async def test_a_limited_login_opens_no_socket(alice: httpx2.AsyncClient, house: House) -> None:
    async with house.database.write() as tx:
        await tx.execute(update(LoginSession).values(limited=True))
    assert (await alice.post("/api/tickets", json={"purpose": "today"})).status_code == 403
