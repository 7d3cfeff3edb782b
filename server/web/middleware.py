"""What every answer carries and every request must pass, as plain ASGI.

Whatever passes unchanged is handed on without `async`: the frame of a coroutine would stay in memory as long as a socket is open.
"""

from collections.abc import Awaitable, Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


def content_policy(*styles: str) -> str:
    """Return the Content-Security-Policy; `styles` are the hashes of style sheets that stand in the page itself."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            " ".join(("style-src 'self'", *(f"'{each}'" for each in styles))),
            "font-src 'self'",
            "img-src 'self' data:",
            "media-src 'self' blob: mediastream:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types ProseMirrorClipboard",
        )
    )


CSP = content_policy()

HEADERS = {
    "Content-Security-Policy": CSP,
    "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(self), geolocation=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class SecurityHeaders:
    """Adds the headers above where an answer has none of its own; only hashed assets may be kept by a shared computer's browser."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self.app = app
        self._headers = dict(HEADERS)
        if secure:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        return self.app(scope, receive, self._with_headers(send) if scope["type"] == "http" else send)

    def _with_headers(self, send: Send) -> Send:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        return with_headers


class OriginCheck:
    """Refuses unsafe methods and websockets that another site started.

    Exactly one `Origin` and it is ours; without one, `Sec-Fetch-Site: same-origin`; with neither, only a request that carries no cookie.
    """

    def __init__(self, app: ASGIApp, *, base_url: str) -> None:
        self.app = app
        self._own = origin_of(base_url) if base_url else None

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if not self._must_check(scope) or self._passes(scope):
            return self.app(scope, receive, send)
        if scope["type"] == "websocket":
            return _deny_socket(receive, send)
        return JSONResponse({"error": {"code": "origin", "message": "This request came from another site."}}, 403)(scope, receive, send)

    @staticmethod
    def _must_check(scope: Scope) -> bool:
        return scope["type"] == "websocket" or (scope["type"] == "http" and scope["method"] not in SAFE_METHODS)

    def _passes(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        origins = headers.getlist("origin")
        if origins:
            return len(origins) == 1 and origins[0] in self._allowed(scope, headers)
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site == "same-origin"
        return scope["type"] == "http" and "cookie" not in headers

    def _allowed(self, scope: Scope, headers: Headers) -> Iterable[str]:
        """Our public origin, or where none is set (the first start on a laptop) the host that was asked, in the same scheme."""
        if self._own is not None:
            return (self._own,)
        scheme = {"ws": "http", "wss": "https"}.get(scope["scheme"], scope["scheme"])
        return (f"{scheme}://{headers.get('host', '')}",)


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


async def _deny_socket(receive: Receive, send: Send) -> None:
    """Close before anything is accepted: the server then answers the upgrade itself, with 403."""
    await receive()
    await send({"type": "websocket.close", "code": 4403})


class HostCheck:
    """Refuses requests for a host that is not ours, so that no forged Host ends in a link."""

    def __init__(self, app: ASGIApp, *, base_url: str) -> None:
        self.app = app
        self._host = urlsplit(base_url).netloc if base_url else None

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if self._passes(scope):
            return self.app(scope, receive, send)
        return JSONResponse({"error": {"code": "host", "message": "There is no such host here."}}, 421)(scope, receive, send)

    def _passes(self, scope: Scope) -> bool:
        if scope["type"] != "http" or self._host is None or scope["path"] in {"/healthz", "/readyz"}:
            return True
        return Headers(scope=scope).get("host") == self._host
