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
MOST_INFLATED_OF_A_FILE = 64 << 20
MOST_STREAMS = 20_000
MOST_NAMES = 1_000_000  # outside of streams; a million is looked through in a second


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
    "crowded": _("This PDF holds too much to be looked through. Please print it into a new PDF, or send it in parts."),
    "locked": _("This PDF is protected with a password, so it cannot be checked. Please send it without."),
    "virus": _("This file was refused, because it holds a virus."),
    "unchecked": _("This file could not be checked for viruses, so it was not taken. Please try again later."),
    "slow": _("This file took too long to be checked. Please send a smaller one."),
    "title": _("This title is too long. Please shorten it to 200 letters."),
    "on": _("Please write the date as a day that has been, or leave it out."),
    "full": _("There are as many documents as can be kept already. Please delete one that is not needed."),
    "sent": _("You have sent as many documents by this link as can be taken. Please ask your professional before you send more."),
}

_NAME = re.compile(rb"/([^\x00\t\n\f\r ()<>\[\]{}/%]*)")
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_OBJECT = re.compile(rb"obj(?:(?<=[\s0-9]obj)|(?<=endobj))(?=[\s<\[(/%])")  # the literal first, for speed
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
    looked, inflated = 0, 0
    for piece, body in _pieces(content):
        names, count = _names(piece)
        plain = _inflated(body) if b"ObjStm" in names else b""
        packed, more = _names(plain)
        looked, inflated = looked + count + more, inflated + len(plain)
        if looked > MOST_NAMES or inflated > MOST_INFLATED_OF_A_FILE:
            raise refusal("crowded")
        if b"Encrypt" in names:
            raise refusal("locked")
        if (names | packed) & ACTIVE:
            raise refusal("active")


def _names(content: bytes | memoryview) -> tuple[set[bytes], int]:
    """Return the names, and how many were written; one by one, so that other threads are heard in between."""
    names: set[bytes] = set()
    count = 0
    for count, found in enumerate(_NAME.finditer(content), 1):
        names.add(found[1])
        if count > MOST_NAMES:
            break
    return {_ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), name) for name in names}, count


def _pieces(content: bytes) -> Iterator[tuple[memoryview, memoryview]]:
    """Yield what stands before each stream, and the stream: each byte once, for the bytes of a scan may look like any name.

    Where an object stands in a stream, what follows is no longer believed to be one. Raises `Invalid` for too many streams.
    """
    view, at, end = memoryview(content), 0, -1
    for _number in range(MOST_STREAMS):
        begin = _next_stream(content, at)
        if begin < 0:
            yield view[at:], view[:0]
            return
        if end < begin:
            end = content.find(b"endstream", begin)
            end = len(content) if end < 0 else end
        hidden = _OBJECT.search(content, begin, end)
        stop = max(hidden.start() - 8, begin) if hidden else end
        yield view[at:begin], view[begin:stop]
        at = stop
    raise refusal("crowded")


def _next_stream(content: bytes, at: int) -> int:
    """Return where the bytes of the next stream begin; negative for none."""
    while (found := content.find(b"stream", at)) >= 0:
        at = found + len(b"stream")
        line = next((line for line in (b"\n", b"\r\n") if content.startswith(line, at)), b"")
        if line and not content.endswith(b"end", 0, found):
            return at + len(line)
    return -1


def _inflated(packed: memoryview) -> bytes:
    """Return the objects that are packed in a stream; raises `Invalid` for what cannot be unpacked as a whole."""
    unpacker = zlib.decompressobj()
    try:
        plain = unpacker.decompress(packed, MOST_INFLATED)
    except zlib.error:
        raise refusal("broken") from None
    if unpacker.unconsumed_tail or len(plain) >= MOST_INFLATED:
        raise refusal("crowded")
    if not unpacker.eof:
        raise refusal("broken")
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
