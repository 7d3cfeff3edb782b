"""A patient makes an account by the personal link, and nobody else does."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import func, select
from starlette.applications import Starlette

import server.consultation.visit_account
import server.identity.accounts
from server.consultation.actions import revoke_link
from server.consultation.model import Consultation, Outcome, Participant, Stage
from server.core.audit import Act, AuditEntry
from server.core.house import House
from server.identity import passwords
from server.identity.actions import find_credential
from server.identity.model import Credential, Person
from server.web.ratelimit import RULES
from tests.cast import ALICE, CHARLIE, DANA, ERIN, Cast, Meeting, add_meeting
from tests.conftest import SignIn, StillClock, browser_of
from tests.http.visiting import let_in, place, record_of

pytestmark = [pytest.mark.anyio, pytest.mark.row("P1")]

PASSWORD = "four words are better"
ACCOUNT = {"username": "Erin_E", "password": PASSWORD}
Untouched = Callable[[], Awaitable[None]]
FORM = {"content-type": "application/x-www-form-urlencoded"}
DANAS = {"joins": "yes", "username": "DANA", "password": "dana likes long walks"}


@pytest.fixture
async def meeting(house: House, cast: Cast, clock: StillClock) -> Meeting:
    """A consultation of dr_alice with erin, who has no account; alice has let her in."""
    async with house.database.write() as tx:
        meeting = await add_meeting(tx, house.secrets, clock.now(), guest=ERIN)
        await let_in(tx, meeting, clock.now())
    return meeting


@pytest.fixture
async def erin(app: Starlette, meeting: Meeting) -> AsyncIterator[httpx2.AsyncClient]:
    async with browser_of(app, {"visit": meeting.token}) as client:
        yield client


@pytest.fixture
def page(meeting: Meeting) -> str:
    return f"/v/{meeting.visit_id}/account"


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every password that was hashed, or compared with a hash."""
    seen: list[str] = []

    class Counting:
        def hash(self, password: str) -> str:
            seen.append(password)
            return passwords.NOBODY

    monkeypatch.setattr(passwords, "HASHER", Counting())
    return seen


async def people(house: House) -> tuple[int, int, int]:
    """Return how many people, credentials and entries of the audit there are."""
    async with house.database.read() as tx:
        counted = [await tx.scalar(select(func.count()).select_from(table)) for table in (Person, Credential, AuditEntry)]
    return counted[0] or 0, counted[1] or 0, counted[2] or 0


@pytest.fixture
async def untouched(house: House, meeting: Meeting) -> Untouched:
    """A function that fails where, since the test began, somebody came into being, the record got an account or the audit an entry."""
    before = await people(house)

    async def untouched() -> None:
        assert (await record_of(house, meeting)).person_id is None
        assert await people(house) == before

    return untouched


@pytest.fixture
async def idle(untouched: Untouched, hashed: list[str]) -> Untouched:
    """The same, and a password must not even have been hashed."""

    async def idle() -> None:
        await untouched()
        assert hashed == []

    return idle


@pytest.fixture
def spoil(house: House, meeting: Meeting, clock: StillClock) -> Callable[[str], Awaitable[None]]:
    """A function that makes erin's link early, expired or revoked."""

    async def spoil(how: str) -> None:
        async with house.database.write() as tx:
            if how == "revoked":
                await revoke_link(tx, ALICE.viewer, meeting.consultation_id, clock.now())
                return
            consultation = await tx.get_one(Consultation, meeting.consultation_id)
            consultation.scheduled_at += timedelta(days=3 if how == "early" else -3)

    return spoil


@pytest.fixture
async def others(
    app: Starlette, house: House, meeting: Meeting, clock: StillClock, sign_in: SignIn
) -> AsyncIterator[list[httpx2.AsyncClient]]:
    """charlie, alice and dana, signed in; somebody unknown; and a patient with the cookie of another link."""
    async with house.database.write() as tx:
        danas = await add_meeting(tx, house.secrets, clock.now(), guest=DANA)
    async with browser_of(app) as unknown, browser_of(app, {"visit": danas.token}) as patient:
        yield [await sign_in(CHARLIE), await sign_in(ALICE), await sign_in(DANA), unknown, patient]


async def test_a_patient_makes_an_account_and_is_signed_in(erin: httpx2.AsyncClient, page: str, house: House, meeting: Meeting) -> None:
    answer = await erin.post(page, data=ACCOUNT)
    assert (answer.status_code, answer.headers["location"]) == (303, "/my")
    assert "Harbour Clinic" in (await erin.get("/my")).text
    patient = await record_of(house, meeting)
    async with house.database.read() as tx:
        credential = await find_credential(tx, "erin_e")
        assert credential is not None
        (entry,) = await tx.scalars(select(AuditEntry))
        person = await tx.get_one(Person, credential.person_id)
    assert credential.person_id == patient.person_id == entry.person_id
    assert (entry.act, entry.thing, entry.thing_id, entry.patient_id) == (Act.REGISTERED, "record", patient.id, patient.id)
    assert person.name == ERIN.name
    assert PASSWORD not in credential.password_hash


async def test_the_username_signs_in_however_it_is_written(
    erin: httpx2.AsyncClient, page: str, client: httpx2.AsyncClient, house: House
) -> None:
    await erin.post(page, data={"username": "\uff25rin_E", "password": PASSWORD})
    answer = await client.post("/sign-in", data={"username": " ERIN_e ", "password": PASSWORD, "next": "/my"})
    assert answer.headers["location"] == "/my"
    assert "Made the account" in (await client.get(f"/my/{await own_record(client)}/looks")).text


async def own_record(client: httpx2.AsyncClient) -> str:
    return (await client.get("/my")).text.partition('action="/my/')[2].partition("/")[0]


async def test_looking_at_the_form_uses_nothing_up(erin: httpx2.AsyncClient, page: str, untouched: Untouched) -> None:
    for _ in range(3):
        answer = await erin.get(page)
        assert answer.status_code == 200
        assert 'name="password"' in answer.text
    await untouched()
    assert (await erin.get(page.removesuffix("/account"))).status_code == 200


async def test_the_way_to_the_form_is_there_until_there_is_an_account(
    erin: httpx2.AsyncClient, page: str, house: House, meeting: Meeting, clock: StillClock
) -> None:
    base = page.removesuffix("/account")
    assert f'href="{page}"' in (await erin.get(base)).text
    async with house.database.write() as tx:
        (await tx.get_one(Consultation, meeting.consultation_id)).end(clock.now(), Outcome.COMPLETED, None)
    assert f'href="{page}"' in (await erin.get(f"{base}/after")).text
    await erin.post(page, data=ACCOUNT)
    after = (await erin.get(f"{base}/after")).text
    assert f'href="{page}"' not in after
    assert "/sign-in?next=/my" in after


async def test_a_second_account_is_not_made(erin: httpx2.AsyncClient, page: str, house: House, meeting: Meeting) -> None:
    await erin.post(page, data=ACCOUNT)
    first, before = (await record_of(house, meeting)).person_id, await people(house)
    for form in ({"username": "mallory", "password": PASSWORD}, DANAS):
        assert (await erin.post(page, data=form)).headers["location"] == page
    answer = await erin.get(page)
    assert "You have an account" in answer.text
    assert 'name="password"' not in answer.text
    assert "erin_e" not in answer.text.lower()
    assert (await record_of(house, meeting)).person_id == first
    assert await people(house) == before


@pytest.mark.parametrize(
    "case",
    [
        ({"username": ""}, "username", "3 to 100"),
        ({"username": "ab"}, "username", "3 to 100"),
        ({"username": "x" * 101}, "username", "3 to 100"),
        ({"username": "\ufdfa" * 20}, "username", "3 to 100"),  # one sign that is eighteen letters once it is stored
        ({"username": "erin evans"}, "username", "without spaces"),
        ({"username": "er\u200bin"}, "username", "without spaces"),
        ({"username": "er\u202ein"}, "username", "without spaces"),
        ({"password": ""}, "password", "at least 10"),
        ({"password": "nine char"}, "password", "at least 10"),
        ({"password": "x1" * 200}, "password", "too long"),
        ({"password": "aaaaaaaaaaaaaaa"}, "password", "too easy"),
        ({"username": "erin.evans.here", "password": "Erin.Evans.Here"}, "password", "too easy"),
        ({"username": "Dr_Charlie"}, "username", "taken"),
        ({"username": "\uff44r_charlie"}, "username", "taken"),
    ],
)
async def test_bad_23_what_cannot_be_is_said_beside_its_field(
    erin: httpx2.AsyncClient, page: str, idle: Untouched, case: tuple[dict[str, str], str, str]
) -> None:
    fields, field, words = case
    answer = await erin.post(page, data={**ACCOUNT, **fields})
    assert answer.status_code == 422
    assert words in answer.text.partition(f'id="{field}-error"')[2].partition("</p>")[0]
    assert f'href="#{field}"' in answer.text
    assert "Cole" not in answer.text
    assert fields.get("password") or PASSWORD not in answer.text
    await idle()


async def test_a_name_that_is_taken_at_this_very_moment(
    erin: httpx2.AsyncClient, page: str, monkeypatch: pytest.MonkeyPatch, untouched: Untouched
) -> None:
    async def nobody(*_: object) -> None:
        return None

    monkeypatch.setattr(server.consultation.visit_account, "find_credential", nobody)
    monkeypatch.setattr(server.identity.accounts, "find_credential", nobody)
    answer = await erin.post(page, data={**ACCOUNT, "username": ALICE.username})
    assert answer.status_code == 422
    assert "This username is taken." in answer.text
    await untouched()


@pytest.fixture
async def not_let_in(house: House, meeting: Meeting) -> None:
    """erin has her link, and nobody has seen her yet."""
    async with house.database.write() as tx:
        (await tx.get_one(Participant, meeting.participant_id)).admitted_at = None


@pytest.mark.row("N3")
@pytest.mark.usefixtures("not_let_in")
async def test_bad_28_a_forwarded_link_makes_no_account_before_somebody_was_let_in(
    erin: httpx2.AsyncClient, page: str, idle: Untouched
) -> None:
    base, when = page.removesuffix("/account"), "as soon as Dr Alice Ahmed has let you in to the call"
    for form in (ACCOUNT, {**ACCOUNT, "username": ALICE.username}, DANAS):
        answer = await erin.post(page, data=form)
        assert answer.headers["location"] == page
        assert "sid" not in answer.cookies
    shown = (await erin.get(page)).text
    assert when in shown
    assert 'name="password"' not in shown
    welcome = (await erin.get(base)).text
    assert when in welcome
    assert f'href="{page}"' not in welcome
    assert f'href="{page}"' not in (await erin.get(f"{base}/after")).text
    await idle()


async def test_who_was_let_in_once_may_make_an_account_whatever_came_then(
    erin: httpx2.AsyncClient, page: str, house: House, meeting: Meeting
) -> None:
    async with house.database.write() as tx:
        (await tx.get_one(Participant, meeting.participant_id)).leave()
    assert (await place(house, meeting)).stage == Stage.LEFT
    assert (await erin.post(page, data=ACCOUNT)).headers["location"] == "/my"


@pytest.mark.parametrize("state", ["early", "expired", "revoked"])
async def test_bad_31_a_link_out_of_its_time_makes_no_account(
    erin: httpx2.AsyncClient, page: str, spoil: Callable[[str], Awaitable[None]], idle: Untouched, state: str
) -> None:
    base = page.removesuffix("/account")
    await spoil(state)
    assert (await erin.get(page)).headers["location"] == base
    for form in (ACCOUNT, DANAS):
        answer = await erin.post(page, data=form)
        assert answer.headers["location"] == base
        assert "sid" not in answer.cookies
    assert f'href="{page}"' not in (await erin.get(base)).text
    await idle()


async def test_bad_31_an_expired_link_of_a_past_call_offers_no_account(
    erin: httpx2.AsyncClient, page: str, house: House, meeting: Meeting, clock: StillClock
) -> None:
    async with house.database.write() as tx:
        (await tx.get_one(Consultation, meeting.consultation_id)).end(clock.now(), Outcome.COMPLETED, None)
    clock.advance(3 * 86400)
    after = await erin.get(page.removesuffix("/account") + "/after")
    assert after.status_code == 200
    assert f'href="{page}"' not in after.text


@pytest.mark.row("N3")
async def test_bad_28_nobody_but_who_holds_the_link(page: str, others: list[httpx2.AsyncClient], untouched: Untouched) -> None:
    for client in others:
        assert (await client.get(page)).status_code == 404
        for form in (ACCOUNT, DANAS):
            assert (await client.post(page, data=form)).status_code == 404
    await untouched()


@pytest.mark.parametrize("origin", ["https://evil.test", "null", "http://testserver.evil.test"])
async def test_bad_26_another_site_makes_no_account(erin: httpx2.AsyncClient, page: str, origin: str, untouched: Untouched) -> None:
    for form in (ACCOUNT, DANAS):
        assert (await erin.post(page, data=form, headers={"origin": origin})).status_code == 403
    await untouched()


async def test_bad_23_and_24_junk_makes_no_account(erin: httpx2.AsyncClient, page: str, untouched: Untouched) -> None:
    for raw in (b"username=%00", b"username=%ff%fe&password=x", b"username=a%0d%0ab%1b[31m", b"username=%ed%a0%80"):
        assert (await erin.post(page, content=raw, headers=FORM)).status_code == 400, raw
    assert (await erin.post(page, json=ACCOUNT)).status_code == 415
    many = b"&".join([b"username=erin_e&password=four+words+are+better", *(b"f%d=1" % number for number in range(1000))])
    assert (await erin.post(page, content=many, headers=FORM)).status_code == 413
    assert (await erin.post(page, content=b"username=" + b"x" * 40_000, headers=FORM)).status_code == 413
    await untouched()


async def test_bad_35_what_was_typed_comes_back_as_text(erin: httpx2.AsyncClient, page: str) -> None:
    for joins in ("yes", "no"):
        name = '"><script>alert(1)</script>{{ 7 * 7 }}'
        answer = await erin.post(page, data={"username": name, "password": "short", "joins": joins})
        assert answer.status_code in {401, 422}
        assert "<script>alert" not in answer.text
        assert "&lt;script&gt;" in answer.text


async def test_bad_32_tries_at_names_are_limited_before_any_hashing(
    erin: httpx2.AsyncClient, page: str, hashed: list[str], untouched: Untouched
) -> None:
    times = RULES["account_visit"].times
    for _ in range(times):
        assert (await erin.post(page, data={**ACCOUNT, "username": ALICE.username})).status_code == 422
    answer = await erin.post(page, data=ACCOUNT)
    assert answer.status_code == 429
    assert "too many attempts" in answer.text
    assert hashed == []
    await untouched()


async def test_a_login_that_the_browser_had_is_ended(erin: httpx2.AsyncClient, page: str, app: Starlette, sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    old = alice.cookies["sid"]
    erin.cookies.set("sid", old)
    await erin.post(page, data=ACCOUNT)
    assert (await alice.get("/api/today")).status_code == 401
