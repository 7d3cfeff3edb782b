"""What holds for every route: headers, whose requests pass, and what errors say."""

import re

import httpx2
import pytest
import structlog
from starlette.applications import Starlette

from server.serve import configure
from server.web.assets import built_assets
from server.web.middleware import CSP, content_policy
from tests.cast import ALICE, Meeting
from tests.conftest import ORIGIN, SignIn, browser_of
from tests.http.routes import SAFE, Endpoint, endpoints

pytestmark = pytest.mark.anyio

TEXT, DIGEST = built_assets().style("app.css")
STYLE = f"<style>{TEXT}</style>"

INLINE = re.compile(r"<script(?![^>]*(\bsrc=|type=\"application/json\"))|<style|\son\w+=|\sstyle=|javascript:", re.IGNORECASE)


async def answers_to_alice(app: Starlette, meeting: Meeting, sign_in: SignIn) -> list[tuple[Endpoint, httpx2.Response]]:
    """Return what every route says to dr_alice, who is signed in until she signs out."""
    alice = await sign_in(ALICE)
    answers = [(endpoint, await alice.request(endpoint.method, endpoint.filled(meeting))) for endpoint in endpoints(app)]
    assert len([answer for _, answer in answers if answer.status_code == 200]) >= 15
    assert [str(endpoint) for endpoint, answer in answers if answer.status_code == 401] == ["POST /sign-out-everywhere"]
    return answers


async def test_every_answer_carries_the_headers(app: Starlette, meeting: Meeting, sign_in: SignIn) -> None:
    for endpoint, answer in await answers_to_alice(app, meeting, sign_in):
        assert answer.headers["content-security-policy"] in {CSP, content_policy(DIGEST)}, endpoint
        assert answer.headers["referrer-policy"] in {"same-origin", "no-referrer"}, endpoint
        assert answer.headers["x-content-type-options"] == "nosniff", endpoint
        assert "cache-control" in answer.headers, endpoint
        assert answer.status_code < 500, endpoint


async def test_no_page_has_code_or_style_in_it(app: Starlette, meeting: Meeting, sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    pages = 0
    for endpoint in endpoints(app):
        if endpoint.method == "GET":
            answer = await alice.get(endpoint.filled(meeting), follow_redirects=True)
            if answer.headers.get("content-type", "").startswith("text/html"):
                pages += 1
                named = DIGEST in answer.headers["content-security-policy"]
                assert not INLINE.search(answer.text.replace(STYLE, "") if named else answer.text), endpoint
    assert pages >= 10


async def test_no_page_is_kept_by_a_shared_computer(app: Starlette, meeting: Meeting, sign_in: SignIn) -> None:
    for endpoint, answer in await answers_to_alice(app, meeting, sign_in):
        assert endpoint.path.startswith("/static") or answer.headers["cache-control"] == "no-store", endpoint


FOREIGN = [
    {"origin": "null"},
    {"origin": "https://testserver"},
    {"origin": "http://testserver.evil.test"},
    {"origin": "http://blog.testserver"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "cross-site"},
    {},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
async def test_bad_26_no_route_takes_a_write_from_another_site(
    app: Starlette, meeting: Meeting, sign_in: SignIn, headers: dict[str, str]
) -> None:
    alice = await sign_in(ALICE)
    del alice.headers["origin"]
    for endpoint in endpoints(app):
        if endpoint.method not in SAFE:
            answer = await alice.request(endpoint.method, endpoint.filled(meeting), headers=headers, json={})
            assert answer.status_code == 403, endpoint
            assert answer.json()["error"]["code"] == "origin", endpoint
    alice.headers["origin"] = ORIGIN
    assert (await alice.get("/api/today")).json()["rows"][0]["link"]["state"] == "ready"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""])
async def test_bad_26_no_json_route_takes_what_a_form_can_send(app: Starlette, meeting: Meeting, sign_in: SignIn, kind: str) -> None:
    alice = await sign_in(ALICE)
    for endpoint in endpoints(app):
        if endpoint.path.startswith("/api/") and endpoint.method == "POST":
            answer = await alice.post(endpoint.filled(meeting), content=b"{}", headers={"content-type": kind})
            assert answer.status_code == 415, endpoint


@pytest.mark.parametrize("host", ["evil.test", "testserver:80", "testserver.evil.test"])
async def test_bad_25_a_forged_host_is_refused(client: httpx2.AsyncClient, host: str) -> None:
    assert (await client.get("/sign-in", headers={"host": host})).status_code == 421


@pytest.mark.parametrize("header", ["x-forwarded-host", "x-forwarded-proto", "forwarded", "x-original-url", "x-rewrite-url"])
async def test_bad_25_forwarded_headers_of_a_stranger_change_nothing(sign_in: SignIn, header: str) -> None:
    alice = await sign_in(ALICE)
    answer = await alice.post("/api/consultations", json={"patient_name": "Dana Diaz"}, headers={header: "evil.test"})
    assert answer.json()["link"].startswith(f"{ORIGIN}/j/")


@pytest.mark.parametrize(
    "path", ["/nothing", "/api/nothing", "/api/consultations/not-an-id", "/v/not-an-id", "/desk/..%2f..%2fetc", "/j/", "/%00"]
)
async def test_an_unknown_path_is_told_plainly(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code in {303, 404}
    assert "Traceback" not in answer.text


async def test_errors_do_not_repeat_what_was_sent(sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    answer = await alice.post("/api/consultations", json={"patient_name": "Dana Diaz", "mobile": "secret-number", "duration_min": 20})
    assert answer.status_code == 422
    assert "secret-number" not in answer.text


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
async def test_a_method_that_is_not_there_is_refused(sign_in: SignIn, method: str) -> None:
    alice = await sign_in(ALICE)
    assert (await alice.request(method, "/today")).status_code == 405


async def test_health_needs_no_login_and_says_nothing_else(app: Starlette) -> None:
    async with browser_of(app, {}, host="10.0.0.7") as probe:
        for path, words in (("/healthz", "ok\n"), ("/readyz", "ready\n")):
            answer = await probe.get(path)
            assert (answer.status_code, answer.text) == (200, words)


async def test_not_ready_while_closing(app: Starlette, client: httpx2.AsyncClient) -> None:
    app.state.closing = True
    assert (await client.get("/readyz")).status_code == 503
    assert (await client.get("/healthz")).status_code == 200


@pytest.fixture
async def crashing(app: Starlette, meeting: Meeting, monkeypatch: pytest.MonkeyPatch) -> httpx2.AsyncClient:
    """The application as the server runs it, with a bug behind every join link."""

    async def hit(*_: str) -> None:
        raise ZeroDivisionError("Dana Diaz")

    monkeypatch.setattr(app.state.house.limiter, "hit", hit)
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=configure(app, None).app), base_url=ORIGIN)  # type: ignore[arg-type]


async def test_the_answer_to_a_crash_carries_the_headers_too(crashing: httpx2.AsyncClient) -> None:
    answer = await crashing.get("/j/anything")
    assert answer.status_code == 503
    assert answer.headers["content-security-policy"] == CSP
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_crash_is_logged_once_without_its_text(crashing: httpx2.AsyncClient, capfd: pytest.CaptureFixture[str]) -> None:
    with structlog.testing.capture_logs() as logs:
        await crashing.get("/j/anything")
    assert [line["event"] for line in logs if line["log_level"] != "debug"] == ["request crashed"]
    assert "Dana" not in str(logs) + str(capfd.readouterr())
