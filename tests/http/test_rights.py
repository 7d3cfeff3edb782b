"""Which routes are for everybody and which for oneself, and who sees nothing beside the strangers of tests/http/test_rights_matrix.py."""

from dataclasses import replace
from uuid import UUID, uuid4

import httpx2
import pytest
from starlette.applications import Starlette

from server.core.house import House
from tests.cast import ALICE, BOB, CHARLIE, DANA, MALLORY, NORTH, OLGA, Cast, Meeting, Staff, add_meeting
from tests.conftest import SignIn, StillClock, browser_of
from tests.http.routes import Endpoint, endpoints

pytestmark = [pytest.mark.anyio, pytest.mark.row("N3"), pytest.mark.row("V1")]

PUBLIC = {
    "/", "/healthz", "/readyz", "/sign-in", "/sign-in/second", "/register", "/reset", "/reset/{token}", "/account/email/{token}",
    "/account/email/old/{token}",
    "/sign-in/passkey", "/api/passkeys/sign-in", "/sign-out", "/j/{token}", "/book/{owner_id:uuid}", "/wait/{token}",
    "/feed/{token}.ics", "/practice/audit/key.pem",
    "/place/{token}", "/acting/{token}", "/news/{token}", "/news/{token}/stop",
}  # fmt: skip
OWN = {
    "/patients", "/emergency", "/emergency/open",
    "/today", "/outbox", "/account", "/my", "/api/today", "/api/teams", "/api/consultations", "/api/tickets", "/sign-out-everywhere",
    "/account/devices/{session_id:uuid}/sign-out", "/api/patients/search", "/api/templates", "/api/snippets", "/templates",
    "/my/phone", "/my/phone/code",
    "/my/details", "/account/prove", "/account/password", "/account/email", "/account/email/undo",
    "/account/second-factor", "/account/second-factor/begin",
    "/account/second-factor/confirm",
    "/account/prove/passkey", "/api/passkeys/prove", "/api/passkeys/new", "/account/passkeys",
    "/account/passkeys/{passkey_id:uuid}/remove", "/account/second-factor/codes", "/account/second-factor/off",
    "/account/practice", "/account/place", "/account/called", "/templates/new", "/snippets/new", "/calls", "/engines",
    "/recordings", "/week", "/day", "/feedback", "/waiting-list", "/appointments/new", "/api/late",
    "/my/acting", "/my/acting/new", "/my/acting/child", "/my/acting/{representation_id:uuid}/end",
    "/my/consents",
    "/my/find", "/my/find/code", "/my/data", "/my/data/download", "/account/calendar", "/account/calendar/new", "/account/calendar/stop",
    "/practice/messages", "/practice/messages/reminders", "/practice/undelivered",
    "/practice/messages/{kind}/{language}", "/practice/messages/{kind}/{language}/built-in",
    "/money", "/money/month.csv", "/money/fees", "/money/fees.csv", "/money/invoices", "/money/seller", "/questionnaires",
    "/policies", "/policies/{whose}/{policy}",
    "/practice/people", "/practice/people/invite", "/practice/teams", "/teams", "/practice/settings", "/practice/queues", "/practice/audit",
    "/practice/audit/extract", "/practice/parents",
    "/account/registration", "/account/profile", "/account/leaving",
    "/account/profile/photo", "/account/profile/photo/own.jpg", "/account/profile/photo/remove",
    "/account/permissions", "/account/permissions/{grant_id:uuid}/withdraw",
    "/terms", "/practice/letters", "/my/data/copy", "/my/data/copy/delete", "/patients/doubles",
    "/practice/requests", "/practice/requests/accounts", "/my/data/account", "/my/data/account/closing", "/my/data/account/closing/undo",
    "/practice/holds", "/practice/testimonials", "/practice/holds/find", "/practice/retention",
    "/erasures", "/practice/restrictions",
    "/practice/newsletters", "/practice/newsletters/new",
    "/practice/brand", "/practice/brand/try.css", "/practice/brand/colours", "/practice/brand/logo", "/practice/brand/remove",
    "/practice", "/practice/health", "/practice/health/{thing}", "/practice/statistics", "/practice/statistics.csv",
    "/practice/services", "/practice/services/new",
    "/offer", "/offer/services/new", "/offer/days", "/offer/closures", "/offer/bookings", "/offer/hours/{weekday:few}",
}  # fmt: skip
BODIES: dict[str, object] = {
    "/api/notes/{note_id:uuid}/tickets": {},
    "sign": {"seq": 0, "head": "0" * 64, "password": "not mine", "lock": False},
    "amend": {"purpose": "addendum", "reason": "More to say"},
    "restore": {"seq": 1, "reason": "Too much was deleted"},
    "release": {"seq": 0, "head": "0" * 64},
    "tickets": {"purpose": "room"},
    "send": {"channel": "sms"},
    "guests": {"name": "Imran Iqbal", "relation": "interpreter"},
    "messages": {"body": "Hello"},
    "hold": {"body": None},
    "refuse": {"reason": "Please call us"},
    "end": {"outcome": "completed", "reason": None},
}
BEHIND_THE_DOOR = {"password", "empty", "seq"}  # refusals of whoever came in
NOWHERE = Meeting(uuid4(), uuid4(), uuid4(), "x" * 43, uuid4())  # it does not exist
HIDDEN = {"dr_alice", "Alice", "Dana", "Diaz"}
QUALITY = "/calls/{consultation_id:uuid}"  # an administrator sees how a call went, and not with which patient


def is_public(path: str) -> bool:
    return path in PUBLIC or path.startswith(
        ("/static", "/brand", "/directory", "/privacy", "/contact", "/complaint", "/book/{owner_id:uuid}/")
    )


def of_consultation(app: Starlette) -> list[Endpoint]:
    """Return what belongs to a consultation, its notes among it; what a patient has of their own record has a door of its own."""
    own = of_record(app)
    return [one for one in endpoints(app) if ("{consultation_id" in one.path or "{note_id" in one.path) and one not in own]


def of_visit(app: Starlette) -> list[Endpoint]:
    return [endpoint for endpoint in endpoints(app) if "{visit_id" in endpoint.path]


def of_record(app: Starlette) -> list[Endpoint]:
    """Return what belongs to the record that a patient reads as their own."""
    return [endpoint for endpoint in endpoints(app) if endpoint.path.startswith("/my/{patient_id")]


def of_patient(app: Starlette) -> list[Endpoint]:
    """Return what belongs to a patient's record as those who work here see it."""
    return [endpoint for endpoint in endpoints(app) if endpoint.path.startswith("/patients/{patient_id")]


def is_let_in(refusal: httpx2.Response) -> bool:
    """Whether somebody was refused only what they asked for, once the door was open."""
    if refusal.headers["content-type"].startswith("application/json"):
        return refusal.json()["error"]["code"] in BEHIND_THE_DOOR
    return refusal.status_code == 422


async def ask(client: httpx2.AsyncClient, endpoint: Endpoint, path: str) -> httpx2.Response:
    """Ask with a body that the endpoint would take, so that nothing but the right decides."""
    last = endpoint.path.rsplit("/", 1)[-1]
    if endpoint.path.startswith("/api/") or last == "tickets":
        return await client.request(
            endpoint.method, path, json=BODIES.get(endpoint.path, BODIES.get(last, {})) if endpoint.method == "POST" else None
        )
    return await client.request(endpoint.method, path, data={"step": "camera", "agree": "yes"} if endpoint.method == "POST" else None)


@pytest.fixture
async def meeting(meeting: Meeting, sign_in: SignIn) -> Meeting:
    """The meeting with its notes laid out."""
    answer = await (await sign_in(ALICE)).post(f"/api/consultations/{meeting.consultation_id}/notes", json={})
    summary = next(note for note in answer.json()["notes"] if note["kind"] == "summary")
    return replace(meeting, note_id=UUID(summary["id"]))


def visible(answer: httpx2.Response) -> tuple[int, str, str]:
    """Return all that somebody outside can tell two answers apart by."""
    return answer.status_code, answer.headers.get("location", "").split("?")[0].rstrip("0123456789abcdef-"), answer.text


async def test_bad_28_neither_an_administrator_nor_the_link_opens_a_consultation(app: Starlette, meeting: Meeting, sign_in: SignIn) -> None:
    olga = await sign_in(OLGA)
    patient = browser_of(app, {"visit": meeting.token, "sid": meeting.token})
    for client in (olga, patient):
        for endpoint in of_consultation(app):
            answer = await ask(client, endpoint, endpoint.filled(meeting))
            if client is olga and endpoint.path == QUALITY:
                assert not any(word in answer.text for word in ("Dana", "Diaz"))
                continue
            assert answer.status_code in {303, 401, 403, 404}, endpoint
            assert answer.status_code != 303 or answer.headers["location"].startswith("/sign-in"), endpoint
            assert not any(word in answer.text for word in HIDDEN), endpoint
    await patient.aclose()


@pytest.mark.row("N4")
async def test_bad_28_a_record_that_is_not_yours_looks_like_none(app: Starlette, meeting: Meeting, sign_in: SignIn) -> None:
    for outsider in (OLGA, DANA):
        client = await sign_in(outsider)
        for endpoint in of_patient(app):
            real = await ask(client, endpoint, endpoint.filled(meeting))
            none = await ask(client, endpoint, endpoint.filled(meeting).replace(str(DANA.patient_id), str(uuid4())))
            assert (real.status_code, none.status_code) == (404, 404), (outsider, endpoint)
            assert real.text == none.text, endpoint
            assert not any(word in real.text for word in HIDDEN), endpoint
    async with browser_of(app, {"visit": meeting.token}) as by_link:
        for endpoint in of_patient(app):
            answer = await ask(by_link, endpoint, endpoint.filled(meeting))
            assert answer.status_code in {303, 401}, endpoint
            assert not any(word in answer.text for word in HIDDEN), endpoint


async def test_bad_28_without_a_login_there_are_no_own_pages(app: Starlette, cast: Cast) -> None:
    async with browser_of(app) as anonymous:
        for endpoint in endpoints(app):
            if endpoint.path in OWN:
                answer = await ask(anonymous, endpoint, endpoint.filled(NOWHERE))
                assert answer.status_code in {303, 401}, endpoint
                assert answer.status_code != 303 or answer.headers["location"].startswith("/sign-in"), endpoint


async def test_the_team_passes_the_same_doors(app: Starlette, meeting: Meeting, sign_in: SignIn) -> None:
    client = await sign_in(BOB)
    others = ("{guest_id", "{professional_id", "{file_id")  # ids that are there only once somebody was asked in: tests/http/test_guests.py
    for endpoint in of_consultation(app):
        if any(name in endpoint.path for name in others):
            continue
        answer = await ask(client, endpoint, endpoint.filled(meeting))
        refused = answer.status_code in {401, 403, 404, 415, 422}
        assert not refused or is_let_in(answer), (endpoint, answer.text)


@pytest.mark.parametrize("outsider", [CHARLIE, MALLORY], ids=lambda member: member.username)
async def test_bad_28_lists_hold_nothing_of_others(meeting: Meeting, sign_in: SignIn, outsider: Staff) -> None:
    client = await sign_in(outsider)
    assert (await client.get("/api/today")).json()["rows"] == []
    for path in ("/today", "/outbox", "/patients", "/emergency"):
        answer = await client.get(path)
        assert answer.status_code == 200
        assert not any(word in answer.text for word in HIDDEN), path


async def test_a_consultation_of_ones_own_is_not_the_teams(house: House, cast: Cast, clock: StillClock, sign_in: SignIn) -> None:
    async with house.database.write() as tx:
        private = await add_meeting(tx, house.secrets, clock.now(), team_id=None)
    bob = await sign_in(BOB)
    assert (await bob.get(f"/api/consultations/{private.consultation_id}")).status_code == 404
    assert (await bob.get("/api/today")).json()["rows"] == []


async def test_whoever_leaves_the_team_sees_nothing_any_more(house: House, meeting: Meeting, sign_in: SignIn, clock: StillClock) -> None:
    from server.access.actions import leave_team

    bob = await sign_in(BOB)
    path = f"/api/consultations/{meeting.consultation_id}"
    assert (await bob.get(path)).status_code == 200
    async with house.database.write() as tx:
        await leave_team(tx, NORTH, BOB.professional_id, clock.now())
    assert (await bob.get(path)).status_code == 404


async def test_bad_28_a_visit_opens_for_its_own_patient_only(app: Starlette, meeting: Meeting, sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    others = [browser_of(app, {"visit": "x" * 43}), alice]
    for client in others:
        for endpoint in of_visit(app):
            answer = await ask(client, endpoint, endpoint.filled(meeting))
            none = await ask(client, endpoint, endpoint.filled(NOWHERE))
            assert answer.status_code in {401, 404}, endpoint
            assert visible(answer) == visible(none), endpoint
            assert not any(word in answer.text for word in HIDDEN), endpoint
    for client in others[:-1]:
        await client.aclose()


@pytest.mark.row("L6")
async def test_bad_28_a_record_opens_to_nobody_of_the_practice_as_to_its_patient(app: Starlette, meeting: Meeting, sign_in: SignIn) -> None:
    staff = [await sign_in(member) for member in (ALICE, BOB, OLGA)]
    for endpoint in of_record(app):
        for client in staff:
            real = await ask(client, endpoint, endpoint.filled(meeting))
            none = await ask(client, endpoint, endpoint.path.replace("{patient_id:uuid}", str(uuid4())))
            assert real.status_code == 404, endpoint
            assert visible(real) == visible(none), endpoint
            assert not any(word in real.text for word in HIDDEN), endpoint
    async with browser_of(app, {"visit": meeting.token}) as by_link:
        for endpoint in of_record(app):
            assert (await ask(by_link, endpoint, endpoint.filled(meeting))).status_code in {303, 401}, endpoint


async def test_bad_28_a_patient_who_signs_in_gets_nothing_of_the_professionals(app: Starlette, meeting: Meeting, sign_in: SignIn) -> None:
    dana = await sign_in(DANA)
    for endpoint in of_consultation(app):
        answer = await ask(dana, endpoint, endpoint.filled(meeting))
        assert answer.status_code in {403, 404}, endpoint
        assert not any(word in answer.text for word in HIDDEN), endpoint
    for path in ("/today", "/outbox", "/api/today", "/api/teams"):
        assert (await dana.get(path)).status_code == 403, path
