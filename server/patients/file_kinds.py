"""What a file really is, and whether it may be kept: pure. Neither its name nor what a browser says of it is believed."""

import re
import unicodedata
import zlib
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from server.core.marking import _
from server.errors import Invalid

LONGEST_NAME = 120
LONGEST_TITLE = 200
PDF_END_WITHIN = 1024  # bytes from the end: what stands behind its last mark is no part of a PDF
MOST_INFLATED = 4 << 20  # bytes of one stream; what is longer is refused, as it cannot be looked through
MOST_STREAMS = 2000


class Kind(StrEnum):
    PDF = "pdf"
    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    TEXT = "text"


class _Facts(NamedTuple):
    extensions: tuple[str, ...]
    media_type: str


FACTS = {
    Kind.PDF: _Facts(("pdf",), "application/pdf"),
    Kind.JPEG: _Facts(("jpg", "jpeg", "jfif"), "image/jpeg"),
    Kind.PNG: _Facts(("png",), "image/png"),
    Kind.WEBP: _Facts(("webp",), "image/webp"),
    Kind.TEXT: _Facts(("txt",), "text/plain; charset=utf-8"),
}
PICTURES = {Kind.JPEG, Kind.PNG, Kind.WEBP}
ACCEPT = ",".join(f".{extension}" for facts in FACTS.values() for extension in facts.extensions)

WRONG = {
    "none": _("Please choose a file."),
    "empty": _("This file is empty. Please choose another one."),
    "kind": _("Files of this kind are not taken. Please send a PDF, a photograph (JPEG, PNG or WebP) or plain text."),
    "extension": _("The name of this file does not fit to what is in it. Please send the file under its own name."),
    "broken": _("This file is damaged or not complete. Please save it again, or take the photograph again."),
    "big": _("This file is too big."),
    "pixels": _("This picture has too many pixels. Please send a smaller one."),
    "active": _("This PDF holds a program or another file. Please print it into a new PDF, and send that."),
    "locked": _("This PDF is protected with a password, so it cannot be checked. Please send it without."),
    "virus": _("This file was refused, because it holds a virus."),
    "unchecked": _("This file could not be checked for viruses, so it was not taken. Please try again later."),
    "slow": _("This file took too long to be checked. Please send a smaller one."),
    "title": _("This title is too long. Please shorten it to 200 letters."),
    "on": _("Please write the date as a day that has been, or leave it out."),
    "full": _("There are as many documents as can be kept already. Please delete one that is not needed."),
}

_NAME = re.compile(rb"/([^\x00\t\n\f\r ()<>\[\]{}/%]*)")
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_STREAM = re.compile(rb"(?<!end)stream\r?\n")
ACTIVE = {b"JavaScript", b"JS", b"Launch", b"EmbeddedFile", b"EmbeddedFiles", b"RichMedia", b"XFA"}
_CONTROLS = set(range(32)) - set(b"\t\n\r\f")


def sniff(content: bytes) -> Kind | None:
    """Return what the bytes begin as; None for what is not taken."""
    if content.startswith(b"%PDF-"):
        return Kind.PDF
    if content.startswith(b"\xff\xd8\xff"):
        return Kind.JPEG
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return Kind.PNG
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return Kind.WEBP
    return Kind.TEXT if _is_text(content) else None


def kind_of(content: bytes, name: str) -> Kind:
    """Return what a file is; raises `Invalid` with a code of `WRONG` for what is not taken, or is named as something else."""
    if not content:
        raise refusal("empty")
    kind = sniff(content)
    if kind is None:
        raise refusal("kind")
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    if extension not in FACTS[kind].extensions:
        known = any(extension in facts.extensions for facts in FACTS.values())
        raise refusal("extension" if known or kind is not Kind.TEXT else "kind")
    if kind is Kind.PDF:
        check_pdf(content)
    return kind


def check_pdf(content: bytes) -> None:
    """Refuse a PDF that is cut, locked, or can do something: also where its names are written in numbers or stand in a packed stream."""
    end = content.rfind(b"%%EOF")
    if not re.match(rb"%PDF-[12]\.[0-9]", content) or end < 0 or len(content) - end > PDF_END_WITHIN:
        raise refusal("broken")
    names = _names(content)
    if b"Encrypt" in names:
        raise refusal("locked")
    if names & ACTIVE or any(_names(plain) & ACTIVE for plain in _packed_objects(content)):
        raise refusal("active")


def _names(content: bytes) -> set[bytes]:
    return {_ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), name) for name in _NAME.findall(content)}


def _packed_objects(content: bytes) -> Iterator[bytes]:
    """Yield what the streams hold in which other objects are packed; raises `Invalid` for more than can be looked through."""
    for number, found in enumerate(_STREAM.finditer(content)):
        if number == MOST_STREAMS:
            raise refusal("active")
        head = content[max(content.rfind(b"obj", 0, found.start()), 0) : found.start()]
        if b"ObjStm" in _names(head):
            yield _inflated(content[found.end() :])


def _inflated(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        plain = unpacker.decompress(packed, MOST_INFLATED)
    except zlib.error:
        raise refusal("broken") from None
    if unpacker.unconsumed_tail:
        raise refusal("active")
    return plain


def tidy_name(name: str) -> str:
    """Return the last part of a name as it may stand in a page and a header: no folders, no controls, not too long."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    plain = "".join(letter for letter in last if unicodedata.category(letter)[0] != "C" and letter not in '"<>:|?*')
    stem, dot, extension = " ".join(plain.split()).lstrip(".").rpartition(".")
    return f"{stem[: LONGEST_NAME - len(extension) - 1]}{dot}{extension}"[:LONGEST_NAME]


def refusal(code: str) -> Invalid:
    return Invalid(WRONG[code], code=code)


def _is_text(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not _CONTROLS & set(content)
