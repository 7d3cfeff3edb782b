"""JSON endpoints: a strict body in, a pydantic model or nothing out, and every error as `{"error": {"code", "message"}}`."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response

from server.core.house import House
from server.core.marking import _
from server.core.supervise import where
from server.errors import ConsiliumError, Invalid, Malformed, NotStored, TooBig, TooSlow, Unsupported

log = structlog.get_logger(__name__)

MAX_BODY = 64 * 1024
BODY_WITHIN_S = 20.0  # 64 KB over the slowest telephone; a body that trickles holds its connection no longer
MAX_DEPTH = 16
CONTROLS = bytes(set(range(32)) - set(b"\t\n\r") | {127})

# What is wrong with a value, by the beginning of pydantic's name for it.
WRONG = {
    "missing": _("Please fill this in."),
    "string_too_short": _("Please write something."),
    "string_too_long": _("This text is too long. Please shorten it."),
    "string_pattern_mismatch": _("This does not look right. Please check it."),
    "timezone": _("Please choose a day and a time."),
    "datetime": _("Please choose a day and a time."),
    "greater_than": _("This number is too small."),
    "less_than": _("This number is too big."),
}

Body = TypeVar("Body", bound=BaseModel)


class Strict(BaseModel):
    """Base of request bodies: unknown fields, lenient numbers and control characters are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, str_strip_whitespace=True)


class Empty(Strict):
    """A body that says nothing but proves that the request was made by a script of ours."""


def house_of(connection: HTTPConnection) -> House:
    return cast(House, connection.app.state.house)


def base_url_of(request: Request) -> str:
    """Return the public address: the setting, or on a first start the host that was asked."""
    return house_of(request).settings.base_url or f"{request.url.scheme}://{request.url.netloc}"


async def read_body(request: Request, model: type[Body]) -> Body:
    """Parse the body; raises `Unsupported`, `TooBig`, `TooSlow`, `Malformed`, or `Invalid` with the field as its code; echoes nothing."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise Unsupported
    return parse_model(await limited_body(request, MAX_BODY), model)


async def limited_body(request: Request, limit: int) -> bytes:
    """Read at most `limit` bytes, whatever Content-Length says; raises `TooBig` or `TooSlow`."""
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            async for part in request.stream():
                size += len(part)
                if size > limit:
                    raise TooBig
                parts.append(part)
    except TimeoutError:
        raise TooSlow from None
    return b"".join(parts)


def parse_model(raw: bytes, model: type[Body]) -> Body:
    try:
        return model.model_validate_json(json.dumps(parse_json(raw)))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        raise _refusal(first["type"], first["loc"]) from None


def _refusal(kind: str, place: tuple[int | str, ...]) -> Invalid:
    """Say what is wrong in our own words, with the field as the code; a field that there is not is never repeated."""
    if kind == "extra_forbidden" or not place:
        return Invalid(code="unknown_field" if place else None)
    sentence = next((words for start, words in WRONG.items() if kind.startswith(start)), None)
    return Invalid(sentence, code=str(place[0]))


def parse_json(raw: bytes) -> object:
    """Parse strictly: UTF-8, no duplicate keys, no NaN, bounded depth, no control characters or lone surrogates in text."""
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise Malformed from None
    _inspect(value, MAX_DEPTH)
    return value


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise Malformed
    return dict(pairs)


def _no_constant(name: str) -> object:
    del name
    raise Malformed


def _inspect(value: object, depth: int) -> None:
    if depth == 0:
        raise Malformed
    if isinstance(value, str):
        inspect_text(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            inspect_text(key)
            _inspect(item, depth - 1)
    elif isinstance(value, list):
        for item in value:
            _inspect(item, depth - 1)
    elif isinstance(value, float) and value in {float("inf"), float("-inf")}:
        raise Malformed


def inspect_text(text: str) -> None:
    """Refuse what PostgreSQL cannot store (NUL, lone surrogates) and what can forge a line of a log (other controls).

    Over bytes and in C: a loop over characters costs 20 ms for a frame of 60 KB, and one socket may send sixty of them in a second.
    """
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        raise Malformed from None
    if len(raw.translate(None, CONTROLS)) != len(raw):
        raise Malformed


def answer(model: BaseModel | None = None, status: int = 200) -> Response:
    if model is None:
        return Response(status_code=204)
    return Response(model.model_dump_json(), status_code=status, media_type="application/json")


def error_answer(error: ConsiliumError, message: str) -> Response:
    """`message` is the error's own in the language of whoever asked."""
    return JSONResponse({"error": {"code": error.code, "message": message}}, status_code=error.http_status)


Endpoint = Callable[[Request], Awaitable[Response]]


def storage_error(error: Exception) -> ConsiliumError:
    """Log one of `STORAGE_ERRORS` without its text, and name it for whoever waits."""
    log.error("database refused", error=type(getattr(error, "orig", error)).__name__, where=where(error))
    return NotStored()
