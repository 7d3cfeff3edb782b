"""Lines of the control protocol (docs/WIRE.md 5): read and written strictly and bounded both ways, and the greeting of the application.

`server/media/control_server.py` is the engine's side.
"""

import asyncio
import hashlib
import hmac
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from pydantic import Field, TypeAdapter, ValidationError

from server.errors import Forbidden, Malformed, TooBig
from server.media_control import LONGEST_LINE, VERSION, Down, Greeting, Hello, Up, Welcome

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]

_UP: TypeAdapter[Up] = TypeAdapter(Annotated[Up, Field(discriminator="t")])
_DOWN: TypeAdapter[Down] = TypeAdapter(Annotated[Down, Field(discriminator="t")])


def read_up(line: bytes) -> Up:
    """Read a line of the application. Raises `Malformed` or `TooBig`."""
    return cast("Up", _read(_UP, line))


def read_down(line: bytes) -> Down:
    """Read a line of the engine. Raises `Malformed` or `TooBig`."""
    return cast("Down", _read(_DOWN, line))


def write(message: Up | Down) -> bytes:
    """Return the message as one line, with its end. Raises `TooBig`."""
    line = message.model_dump_json().encode() + b"\n"
    if len(line) > LONGEST_LINE:
        raise TooBig(code="control_line")
    return line


def prove(secret: bytes, who: Literal["app", "engine"], greeting: str, hello: str) -> str:
    """Return the proof that `who` knows the secret, over both challenges: neither side can hand on the other's proof as its own."""
    return hmac.new(secret, f"consilium media {VERSION} {who} {greeting} {hello}".encode(), hashlib.sha256).hexdigest()


def is_proof(proof: str | None, expected: str) -> bool:
    return hmac.compare_digest((proof or "").encode(), expected.encode())


async def connect(address: tuple[str, int] | Path) -> Line:
    """Connect to an engine's control socket. Raises `OSError`."""
    if isinstance(address, Path):
        return await asyncio.open_unix_connection(address, limit=LONGEST_LINE)
    return await asyncio.open_connection(*address, limit=LONGEST_LINE)


async def greet(line: Line, secret: bytes | None) -> None:
    """Greet an engine, and have it prove that it knows the secret, where there is one.

    Raises `EOFError` when it hangs up, as it does upon a wrong secret, `Forbidden` when it proves nothing, `Malformed` or `OSError`.
    """
    reader, writer = line
    greeting = await next_down(reader)
    if not isinstance(greeting, Greeting) or greeting.version != VERSION:
        raise Malformed(code="control_greeting")
    ours, theirs = secrets.token_hex(32), greeting.challenge
    if secret is None or theirs is None:
        writer.write(write(Hello(version=VERSION)))
    else:
        writer.write(write(Hello(version=VERSION, challenge=ours, proof=prove(secret, "app", theirs, ours))))
    welcome = await next_down(reader)
    if not isinstance(welcome, Welcome):
        raise Malformed(code="control_welcome")
    if secret is not None and not is_proof(welcome.proof, prove(secret, "engine", theirs or "", ours)):
        raise Forbidden(code="control_proof")


async def next_down(reader: asyncio.StreamReader) -> Down:
    """Return what the engine says next. Raises `EOFError`, `Malformed`, `TooBig`, `OSError` or `asyncio.LimitOverrunError`."""
    line = b""
    with suppress(asyncio.IncompleteReadError):
        line = await reader.readuntil()
    if not line:
        raise EOFError
    return read_down(line)


def _read(adapter: TypeAdapter[Any], line: bytes) -> Any:
    if len(line) > LONGEST_LINE:
        raise TooBig(code="control_line")
    try:
        return adapter.validate_json(line)
    except ValidationError:
        raise Malformed(code="control_line") from None
