"""The middleware by itself: whose requests pass, and what every answer carries."""

from collections.abc import Iterable

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.web.middleware import CSP, HostCheck, OriginCheck, SecurityHeaders

pytestmark = pytest.mark.anyio

OURS = "https://clinic.example"
Headers = dict[str, str] | list[tuple[str, str]]


async def fine(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"fine"})


async def sent_by(app: ASGIApp, kind: str, headers: Headers, **scope: object) -> list[Message]:
    pairs: Iterable[tuple[str, str]] = headers.items() if isinstance(headers, dict) else headers
    raw = [(name.lower().encode(), value.encode()) for name, value in pairs]
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect" if kind == "websocket" else "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    full = {"type": kind, "path": "/", "method": "POST", "scheme": "https", "headers": raw}
    await app({**full, **scope}, receive, send)
    return sent


async def status_of(app: ASGIApp, headers: Headers, **scope: object) -> int:
    sent = await sent_by(app, "http", headers, **scope)
    return int(sent[0]["status"])


FOREIGN: dict[str, Headers] = {
    "null": {"origin": "null"},
    "empty": {"origin": ""},
    "suffix": {"origin": "https://clinic.example.evil.test"},
    "prefix": {"origin": "https://evilclinic.example"},
    "downgrade": {"origin": "http://clinic.example"},
    "other port": {"origin": "https://clinic.example:8443"},
    "subdomain": {"origin": "https://blog.clinic.example"},
    "trailing slash": {"origin": "https://clinic.example/"},
    "upper case": {"origin": "HTTPS://CLINIC.EXAMPLE"},
    "user part": {"origin": "https://clinic.example@evil.test"},
    "two origins": [("origin", OURS), ("origin", "https://evil.test")],
    "two in one": {"origin": f"{OURS}, https://evil.test"},
    "ours twice": [("origin", OURS), ("origin", OURS)],
    "no origin, same site": {"sec-fetch-site": "same-site", "cookie": "sid=1"},
    "no origin, cross site": {"sec-fetch-site": "cross-site"},
    "no origin, none": {"sec-fetch-site": "none", "cookie": "sid=1"},
    "nothing, with a cookie": {"cookie": "sid=1"},
    "foreign origin, same-origin fetch": {"origin": "https://evil.test", "sec-fetch-site": "same-origin"},
}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "post"])
async def test_bad_26_another_site_may_not_write(method: str) -> None:
    check = OriginCheck(fine, base_url=OURS)
    assert [what for what, headers in FOREIGN.items() if await status_of(check, headers, method=method) != 403] == []


async def test_bad_27_another_site_may_not_open_a_socket() -> None:
    check = OriginCheck(fine, base_url=OURS)
    for what, headers in {**FOREIGN, "nothing at all": {}}.items():
        sent = await sent_by(check, "websocket", headers, scheme="wss")
        assert sent == [{"type": "websocket.close", "code": 4403}], what


@pytest.mark.parametrize("headers", [{"origin": OURS}, {"origin": OURS, "cookie": "sid=1"}, {"sec-fetch-site": "same-origin"}])
async def test_our_own_pages_pass(headers: Headers) -> None:
    check = OriginCheck(fine, base_url=OURS)
    assert await status_of(check, headers) == 200
    assert (await sent_by(check, "websocket", headers, scheme="wss"))[0]["type"] == "websocket.accept"


async def test_a_program_without_cookie_and_origin_passes() -> None:
    assert await status_of(OriginCheck(fine, base_url=OURS), {}) == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_looking_needs_no_origin(method: str) -> None:
    assert await status_of(OriginCheck(fine, base_url=OURS), {"cookie": "sid=1"}, method=method) == 200


@pytest.mark.parametrize(
    ("origin", "host", "expected"),
    [
        ("http://127.0.0.1:8000", "127.0.0.1:8000", 200),
        ("http://localhost:8000", "127.0.0.1:8000", 403),
        ("https://127.0.0.1:8000", "127.0.0.1:8000", 403),
        ("http://127.0.0.1:8001", "127.0.0.1:8000", 403),
    ],
)
async def test_without_a_public_address_the_asked_host_counts(origin: str, host: str, expected: int) -> None:
    check = OriginCheck(fine, base_url="")
    assert await status_of(check, {"origin": origin, "host": host}, scheme="http") == expected


@pytest.mark.parametrize("host", ["evil.test", "clinic.example:8443", "clinic.example.evil.test", "", "127.0.0.1"])
async def test_bad_25_another_host_is_refused(host: str) -> None:
    assert await status_of(HostCheck(fine, base_url=OURS), {"host": host}, method="GET") == 421


async def test_our_host_passes_and_health_needs_none() -> None:
    assert await status_of(HostCheck(fine, base_url=OURS), {"host": "clinic.example"}) == 200
    assert await status_of(HostCheck(fine, base_url=OURS), {"host": "10.0.0.7"}, path="/healthz") == 200


async def test_every_answer_carries_the_headers() -> None:
    sent = await sent_by(SecurityHeaders(fine, secure=True), "http", {})
    carried = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    assert carried["content-security-policy"] == CSP
    assert carried["referrer-policy"] in {"same-origin", "no-referrer"}
    assert carried["x-content-type-options"] == "nosniff"
    assert carried["cross-origin-opener-policy"] == "same-origin"
    assert carried["cache-control"] == "no-store"
    assert "max-age" in carried["strict-transport-security"]


async def test_plain_http_promises_no_https() -> None:
    sent = await sent_by(SecurityHeaders(fine, secure=False), "http", {})
    assert b"strict-transport-security" not in dict(sent[0]["headers"])


@pytest.mark.parametrize("part", CSP.split("; "))
def test_the_policy_allows_no_foreign_and_no_inline_code(part: str) -> None:
    assert "unsafe" not in part
    assert "*" not in part
    assert "http" not in part


def test_the_policy_is_strict_by_default() -> None:
    parts = dict(part.split(" ", 1) for part in CSP.split("; "))
    assert parts["default-src"] == parts["base-uri"] == parts["frame-ancestors"] == "'none'"
    assert parts["script-src"] == parts["style-src"] == parts["connect-src"] == parts["form-action"] == "'self'"
    assert parts["require-trusted-types-for"] == "'script'"
