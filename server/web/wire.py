"""The envelope of the JSON sockets (docs/WIRE.md, section 1): strict on the way in, compact on the way out."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from server.errors import Malformed
from server.web.endpoint import parse_json

Body = Mapping[str, object]

TYPE = re.compile(r"[a-z][a-z_]{0,31}")
MAX_ID = 2**53 - 1  # what a browser counts exactly


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame up: its type, the number that a reply names, its body."""

    t: str
    id: int
    b: dict[str, object]


def parse_frame(text: str) -> Frame:
    """Read one frame up; raises `Malformed` for anything that is not exactly the envelope."""
    try:
        value = parse_json(text.encode())
    except UnicodeEncodeError:
        raise Malformed from None
    if not isinstance(value, dict) or value.keys() != {"t", "id", "b"}:
        raise Malformed
    kind, number, body = value["t"], value["id"], value["b"]
    if not isinstance(kind, str) or TYPE.fullmatch(kind) is None:
        raise Malformed
    if type(number) is not int or not 1 <= number <= MAX_ID:
        raise Malformed
    if not isinstance(body, dict):
        raise Malformed
    return Frame(kind, number, body)


def encode_body(body: Body) -> str:
    """Return a body as JSON; its texts stay as they are, because people of every language write in it."""
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def encode_frame(kind: str, seq: int, body: str, re: int | None = None) -> str:
    """Put an encoded body into its envelope; `re` is the number of the frame that is answered."""
    answered = "" if re is None else f'"re":{re},'
    return f'{{"t":"{kind}","seq":{seq},{answered}"b":{body}}}'
