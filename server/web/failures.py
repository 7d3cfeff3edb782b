"""Turns exceptions into answers: JSON for programs, a plain page with what to do next for people."""

from collections.abc import Awaitable, Callable
from urllib.parse import quote, urlsplit

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from server.core.db import STORAGE_ERRORS
from server.core.supervise import where
from server.errors import ConsiliumError, Malformed, NotFound, NotSignedIn, Overloaded, ProofNeeded, TooBig, TooSlow, Unfinished
from server.web.endpoint import error_answer, storage_error
from server.web.pages import language_of, render

log = structlog.get_logger(__name__)

Menu = Callable[[Request], Awaitable[str]]  # whose menu a page is to show, "" for nobody's
BY_STATUS: dict[int, type[ConsiliumError]] = {404: NotFound, 413: TooBig}


async def on_error(request: Request, error: Exception) -> Response:
    """Handler of the exception tree."""
    assert isinstance(error, ConsiliumError)  # noqa: S101 - registered for this type only
    return await _answer(request, error)


async def on_http_error(request: Request, error: Exception) -> Response:
    """Handler of Starlette's own exceptions: unknown path, wrong method, body over the limit."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type only
    if error.status_code == 405:
        return Response(status_code=405, headers=error.headers)
    return await _answer(request, BY_STATUS.get(error.status_code, Malformed)())


async def on_database_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, STORAGE_ERRORS)  # noqa: S101 - registered for these types only
    return await _answer(request, storage_error(error))


async def on_crash(request: Request, error: Exception) -> Response:
    """Handler of bugs; the log names type and route, the person gets a sentence."""
    log.error("request crashed", error=type(error).__name__, where=where(error), route=request.url.path.split("/")[1][:20])
    return await _answer(request, Overloaded("Something went wrong on our side. Please try again."))


async def _answer(request: Request, error: ConsiliumError) -> Response:
    response = _told(request, error) or await _page(request, error)
    if isinstance(error, TooSlow):
        response.headers["Connection"] = "close"  # or the body would trickle on
    return response


def _told(request: Request, error: ConsiliumError) -> Response | None:
    """Answer what needs no page, None for the rest."""
    if _wants_json(request):
        return error_answer(error, language_of(request).text(error.message))
    if isinstance(error, NotSignedIn) and request.method == "GET":
        return RedirectResponse(f"/sign-in?next={quote(request.url.path)}", status_code=303)
    if isinstance(error, Unfinished):
        return RedirectResponse("/account/second-factor", status_code=303)
    if isinstance(error, ProofNeeded):
        return RedirectResponse(f"/account/prove?next={quote(error.back)}", status_code=303)
    return None


async def _page(request: Request, error: ConsiliumError) -> Response:
    """Say it under the menu of whoever is signed in; nobody is looked up while the fault is the server's own."""
    menu: Menu = request.app.state.menu_of
    part = await menu(request) if error.http_status < 500 else ""
    said = language_of(request).text(error.message) if error.message != type(error).message else ""
    shown = {"error": error, "part": part, "said": said, "back": _back(request)}
    return render(request, "error.html", shown, status=error.http_status)


def _back(request: Request) -> str:
    """Return the path of the page that was asked for, or from which something was sent; "" where the browser does not tell."""
    return request.url.path if request.method == "GET" else urlsplit(request.headers.get("referer", "")).path


def _wants_json(request: Request) -> bool:
    """Programs are told apart by where they ask and what they send; only browsers' page loads get a page."""
    speaks_json = any(request.headers.get(name, "").startswith("application/json") for name in ("content-type", "accept"))
    return request.url.path.startswith("/api/") or speaks_json


class Quiet:
    """Ends a crash that `on_crash` has answered and logged: the server's own log would print texts that may hold a person's data."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        except Exception as error:
            if scope["type"] == "lifespan":
                raise
            log.debug("crash ended", error=type(error).__name__)
