"""Liveness and readiness, for whatever watches the server."""

from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from server.core.db import STORAGE_ERRORS
from server.web.endpoint import house_of


def routes() -> list[Route]:
    return [Route("/healthz", _alive), Route("/readyz", _ready)]


async def _alive(request: Request) -> Response:
    del request
    return PlainTextResponse("ok\n")


async def _ready(request: Request) -> Response:
    """Say 503 while the database does not answer or the server is closing, so that a proxy sends nobody here."""
    if request.app.state.closing:
        return PlainTextResponse("closing\n", 503)
    try:
        async with house_of(request).database.read() as tx:
            await tx.execute(text("SELECT 1"))
    except STORAGE_ERRORS:
        return PlainTextResponse("database\n", 503)
    return PlainTextResponse("ready\n")
