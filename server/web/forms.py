"""Plain HTML forms: bounded, and with the same strictness about text as the JSON endpoints."""

from urllib.parse import parse_qsl

from starlette.requests import Request

from server.errors import Malformed, TooBig, Unsupported
from server.web.endpoint import inspect_text, limited_body

MAX_FORM = 32 * 1024
MAX_FIELDS = 64


async def read_form(request: Request, limit: int = MAX_FORM) -> dict[str, str]:
    """Return the fields that somebody filled in, stripped; see `read_fields`."""
    return {name: value.strip() for name, value in (await read_fields(request, limit)).items()}


async def read_fields(request: Request, limit: int = MAX_FORM) -> dict[str, str]:
    """Return the fields as they were sent, in at most `limit` bytes; of a repeated field the last counts.

    Raises `Unsupported`, `TooBig`, `TooSlow` or `Malformed`.
    """
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise Unsupported("This form could not be read.")
    raw = await limited_body(request, limit)
    try:
        pairs = parse_qsl(raw.decode("utf-8"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except UnicodeDecodeError:
        raise Malformed from None
    except ValueError:
        raise TooBig("This form has too many fields.") from None
    for name, value in pairs:
        inspect_text(name)
        inspect_text(value)
    return dict(pairs)
