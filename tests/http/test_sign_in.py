"""Signing in and out, and what an attacker gets from trying."""

import re
from collections.abc import AsyncIterator

import anyio
import httpx2
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

import server.identity.gate
from server.core.house import House
from server.identity import passwords
from server.identity.model import LoginSession
from tests.cast import ALICE, BOB, CHARLIE, OLGA, Cast, Staff
from tests.conftest import ORIGIN, SignIn, StillClock, browser_of

pytestmark = [pytest.mark.anyio, pytest.mark.row("P4")]

WRONG = {"username": ALICE.username, "password": "not this one"}


@pytest.fixture
async def stranger(app: Starlette, cast: Cast) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody who is not signed in, in front of a house with the cast in it."""
    async with browser_of(app) as client:
        yield client


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The stored hashes that were compared with a password, in order."""
    seen: list[str] = []
    real = passwords._fits

    def fits(stored: str, password: str) -> bool:
        seen.append(stored)
        return real(stored, password)

    monkeypatch.setattr(passwords, "_fits", fits)
    return seen


def form_of(member: Staff, **more: str) -> dict[str, str]:
    return {"username": member.username, "password": member.password, **more}


async def signed_in(client: httpx2.AsyncClient) -> bool:
    return (await client.get("/api/today")).status_code == 200


def parameters(stored: str) -> str:
    """Return the argon2 variant and costs, without salt and hash."""
    return stored.rsplit("$", 2)[0]


async def test_the_right_password_signs_in(stranger: httpx2.AsyncClient) -> None:
    answer = await stranger.post("/sign-in", data=form_of(ALICE))
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    assert await signed_in(stranger)


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(stranger: httpx2.AsyncClient) -> None:
    cookie = (await stranger.post("/sign-in", data=form_of(ALICE))).headers["set-cookie"]
    token = re.match(r"sid=([\w-]{43});", cookie)
    assert token, cookie.split("=")[0]
    assert {"httponly", "samesite=lax", "path=/"} <= {part.strip().lower() for part in cookie.split(";")}


@pytest.mark.parametrize("typed", ["DR_ALICE", "  dr_alice ", "\uff44\uff52_alice"])
async def test_a_username_is_forgiving_about_case_and_form(stranger: httpx2.AsyncClient, typed: str) -> None:
    assert (await stranger.post("/sign-in", data=form_of(ALICE) | {"username": typed})).status_code == 303


@pytest.mark.parametrize(
    "change", [{"password": ""}, {"password": "DR_ALICE LIKES LONG WALKS"}, {"username": ""}, {"username": BOB.username}]
)
async def test_anything_else_does_not(stranger: httpx2.AsyncClient, change: dict[str, str]) -> None:
    answer = await stranger.post("/sign-in", data=form_of(ALICE) | change)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert not await signed_in(stranger)


async def test_bad_32_an_unknown_name_gets_the_same_page(stranger: httpx2.AsyncClient) -> None:
    known = await stranger.post("/sign-in", data=WRONG)
    unknown = await stranger.post("/sign-in", data=WRONG | {"username": "dr_nobody"})
    assert (known.status_code, unknown.status_code) == (401, 401)
    assert known.text == unknown.text.replace("dr_nobody", WRONG["username"])
    assert known.headers.keys() == unknown.headers.keys()


async def test_the_name_need_not_be_written_again_after_a_slip(stranger: httpx2.AsyncClient) -> None:
    answer = await stranger.post("/sign-in", data=WRONG | {"username": '"><script>dr'})
    assert 'value="&#34;&gt;&lt;script&gt;dr"' in answer.text
    assert WRONG["password"] not in answer.text


async def test_the_account_page_says_on_which_day_a_browser_was_used(stranger: httpx2.AsyncClient) -> None:
    await stranger.post("/sign-in", data=form_of(ALICE))
    assert "Last used: Today, " in (await stranger.get("/account")).text


async def test_bad_32_an_unknown_name_costs_the_same_work(stranger: httpx2.AsyncClient, verified: list[str]) -> None:
    await stranger.post("/sign-in", data=WRONG)
    await stranger.post("/sign-in", data=WRONG | {"username": "dr_nobody"})
    assert len(verified) == 2
    assert parameters(verified[0]) == parameters(verified[1])
    assert parameters(verified[0]).startswith("$argon2id$")


async def test_bad_32_a_flood_is_stopped_before_any_hashing(stranger: httpx2.AsyncClient, verified: list[str]) -> None:
    answers = [await stranger.post("/sign-in", data=WRONG) for _ in range(12)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 2
    assert len(verified) == 10
    assert (await stranger.post("/sign-in", data=form_of(ALICE))).status_code == 429
    assert (await stranger.post("/sign-in", data=form_of(BOB))).status_code == 303


async def test_bad_32_the_limit_of_a_name_is_that_of_an_unknown_name(stranger: httpx2.AsyncClient) -> None:
    for name in (ALICE.username, "dr_nobody"):
        for _ in range(10):
            await stranger.post("/sign-in", data=WRONG | {"username": name})
    known = await stranger.post("/sign-in", data=WRONG)
    unknown = await stranger.post("/sign-in", data=WRONG | {"username": "DR_Nobody "})
    assert (known.status_code, unknown.status_code) == (429, 429)
    assert known.text == unknown.text.replace("DR_Nobody", WRONG["username"])


async def test_bad_32_many_names_from_one_address_are_limited(stranger: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_fits", lambda *_: False)
    statuses = [(await stranger.post("/sign-in", data={"username": f"dr_{number}", "password": "x"})).status_code for number in range(101)]
    assert statuses == [401] * 100 + [429]


async def test_the_right_password_clears_the_count_of_its_name(stranger: httpx2.AsyncClient) -> None:
    assert [(await stranger.post("/sign-in", data=form_of(ALICE))).status_code for _ in range(12)] == [303] * 12
    for _ in range(2):
        wrong = [(await stranger.post("/sign-in", data=WRONG)).status_code for _ in range(9)]
        assert wrong == [401] * 9
        assert (await stranger.post("/sign-in", data=form_of(ALICE))).status_code == 303


async def test_bad_32_the_right_password_buys_no_attempts_at_other_names(
    stranger: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_fits", lambda _, password: password == "right")
    statuses = []
    for number in range(101):
        await stranger.post("/sign-in", data={"username": ALICE.username, "password": "right"})
        statuses.append((await stranger.post("/sign-in", data={"username": f"dr_{number}", "password": "x"})).status_code)
    assert statuses == [401] * 100 + [429]


async def test_bad_33_a_sign_in_that_breaks_changes_nothing(stranger: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    await stranger.post("/sign-in", data=form_of(ALICE))

    def fail(*_: object, **__: object) -> str:
        raise OverflowError

    with monkeypatch.context() as patch:
        patch.setattr(server.identity.gate, "begin_login", fail)
        with pytest.raises(OverflowError):
            await stranger.post("/sign-in", data=form_of(ALICE))
    assert await signed_in(stranger)


async def test_bad_33_signing_in_again_ends_the_login_before(stranger: httpx2.AsyncClient, app: Starlette) -> None:
    await stranger.post("/sign-in", data=form_of(ALICE))
    first = stranger.cookies["sid"]
    await stranger.post("/sign-in", data=form_of(ALICE))
    assert stranger.cookies["sid"] != first
    assert await signed_in(stranger)
    async with browser_of(app, {"sid": first}) as thief:
        assert not await signed_in(thief)


async def test_bad_33_a_planted_cookie_is_never_taken_over(app: Starlette, cast: Cast) -> None:
    planted = "A" * 43
    async with browser_of(app, {"sid": planted}) as victim:
        answer = await victim.post("/sign-in", data=form_of(ALICE))
        assert planted not in answer.headers["set-cookie"]
    async with browser_of(app, {"sid": planted}) as attacker:
        assert not await signed_in(attacker)


async def test_bad_33_signing_out_kills_the_cookie(stranger: httpx2.AsyncClient, app: Starlette) -> None:
    await stranger.post("/sign-in", data=form_of(ALICE))
    token = stranger.cookies["sid"]
    answer = await stranger.post("/sign-out")
    assert answer.headers["location"] == "/sign-in"
    assert "storage" in answer.headers["clear-site-data"]
    assert "sid" not in stranger.cookies
    async with browser_of(app, {"sid": token}) as thief:
        assert not await signed_in(thief)


async def test_bad_33_signing_out_everywhere_kills_every_cookie(sign_in: SignIn) -> None:
    here, there, bob = await sign_in(ALICE), await sign_in(ALICE), await sign_in(BOB)
    assert (await here.post("/sign-out-everywhere")).status_code == 303
    assert [await signed_in(client) for client in (here, there, bob)] == [False, False, True]


async def test_signing_out_twice_is_no_error(stranger: httpx2.AsyncClient) -> None:
    assert [(await stranger.post("/sign-out")).status_code for _ in range(2)] == [303, 303]


async def test_a_forgotten_login_ends_by_itself(sign_in: SignIn, clock: StillClock) -> None:
    idle = await sign_in(ALICE)
    clock.advance(8 * 3600 - 1)
    assert await signed_in(idle)
    clock.advance(8 * 3600 + 60)
    assert not await signed_in(idle)


async def test_a_busy_database_neither_stops_nor_delays_who_only_reads(sign_in: SignIn, house: House, clock: StillClock) -> None:
    alice = await sign_in(ALICE)
    clock.advance(120)
    async with house.database.write():
        with anyio.fail_after(5):
            assert await signed_in(alice)
    with anyio.fail_after(30):
        while await last_use(house) != clock.now():  # noqa: ASYNC110 - a database sets no event
            await anyio.sleep(0.02)


async def last_use(house: House) -> object:
    async with house.database.read() as tx:
        return (await tx.scalars(select(LoginSession.seen_at))).one()


async def test_a_login_in_use_still_ends_after_a_week(sign_in: SignIn, clock: StillClock) -> None:
    busy = await sign_in(ALICE)
    for _ in range(7 * 4):
        assert await signed_in(busy)
        clock.advance(6 * 3600)
    clock.advance(1)
    assert not await signed_in(busy)


async def test_bad_21_a_clock_set_back_opens_nothing_that_was_closed(sign_in: SignIn, clock: StillClock) -> None:
    client = await sign_in(ALICE)
    await client.post("/sign-out-everywhere")
    clock.advance(-3600)
    assert not await signed_in(client)


async def test_the_account_page_lists_and_ends_other_devices(sign_in: SignIn) -> None:
    here, there = await sign_in(ALICE), await sign_in(ALICE)
    page = (await here.get("/account")).text
    others = re.findall(r"/account/devices/([0-9a-f-]{36})/sign-out", page)
    assert others
    for session in others:
        await here.post(f"/account/devices/{session}/sign-out")
    assert not await signed_in(there)


async def test_nobody_ends_another_persons_login(sign_in: SignIn) -> None:
    alice, charlie = await sign_in(ALICE), await sign_in(CHARLIE)
    await sign_in(ALICE)
    page = (await alice.get("/account")).text
    (session, *_) = re.findall(r"/account/devices/([0-9a-f-]{36})/sign-out", page)
    answer = await charlie.post(f"/account/devices/{session}/sign-out")
    assert answer.status_code == 404
    assert session in (await alice.get("/account")).text


async def test_somebody_without_a_professional_record_reaches_no_consultation(sign_in: SignIn) -> None:
    olga = await sign_in(OLGA)
    assert (await olga.get("/api/today")).status_code in {401, 403}


OPEN_REDIRECTS = [
    "//evil.test", "/\\evil.test", "\\\\evil.test", "https://evil.test", "http:evil.test", "javascript:alert(1)",
    "/%09/evil.test/..//evil.test\\", "///evil.test", "/\tevil", "/\r\nset-cookie: sid=x", " //evil.test", "data:text/html,x",
    "evil.test", "", "/\u2028", "//evil.test@testserver",
]  # fmt: skip


@pytest.mark.parametrize("target", OPEN_REDIRECTS)
async def test_bad_25_the_way_back_stays_on_this_site(stranger: httpx2.AsyncClient, target: str) -> None:
    answer = await stranger.post("/sign-in", data=form_of(ALICE, next=target))
    if answer.status_code == 303:
        location = answer.headers["location"]
        assert httpx2.URL(ORIGIN).join(location).host == "testserver"
        assert not location.startswith(("//", "/\\"))
        assert "\n" not in location
    else:
        assert answer.status_code == 400


async def test_the_way_back_leads_to_the_page_that_was_asked_for(stranger: httpx2.AsyncClient) -> None:
    sent_away = await stranger.get("/outbox")
    assert sent_away.status_code == 303
    assert sent_away.headers["location"] == "/sign-in?next=/outbox"
    answer = await stranger.post("/sign-in", data=form_of(ALICE, next="/outbox"))
    assert answer.headers["location"] == "/outbox"


async def test_bad_35_what_was_typed_is_shown_as_text(stranger: httpx2.AsyncClient) -> None:
    script = '"><script>alert(1)</script>'
    shown = (await stranger.get("/sign-in", params={"next": "/" + script})).text
    typed = (await stranger.post("/sign-in", data={"username": script, "password": "x", "next": "/" + script})).text
    assert "<script>alert" not in shown + typed


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"username=%00&password=x", "application/x-www-form-urlencoded", 400),
        (b"username=%ff%fe&password=x", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"f%d=1" % number for number in range(1001)), "application/x-www-form-urlencoded", 413),
        (b"username=" + b"a" * 40_000, "application/x-www-form-urlencoded", 413),
        (b'{"username": "dr_alice"}', "application/json", 415),
        (b"username=dr_alice", "text/plain", 415),
        (b"", "multipart/form-data; boundary=x", 415),
    ],
)
async def test_bad_24_a_form_that_is_none_is_refused(stranger: httpx2.AsyncClient, body: bytes, kind: str, status: int) -> None:
    answer = await stranger.post("/sign-in", content=body, headers={"content-type": kind})
    assert answer.status_code == status


async def test_a_password_of_any_length_is_answered(stranger: httpx2.AsyncClient) -> None:
    assert (await stranger.post("/sign-in", data=WRONG | {"password": "a" * 20_000})).status_code == 401


async def test_looking_at_the_page_signs_nobody_in(stranger: httpx2.AsyncClient) -> None:
    answer = await stranger.get("/sign-in", params=form_of(ALICE))
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
