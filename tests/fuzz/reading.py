"""Can what the server holds be read by somebody who comes now? A judgement by other means than the server's own."""

import json
from collections.abc import Sequence
from typing import Any

from pycrdt import Doc, XmlElement, XmlFragment, XmlText

from server.notes.awareness import ENDS
from server.notes.document import Document
from server.notes.layout import lay_out
from server.notes.limits import SECTIONS
from server.notes.yproto import AWARENESS, read_bytes, read_last, read_state_vector, read_varuint, write_varuint
from server.notes.ywalk import walk_whole

INSIDE = {"": {"paragraph", "bulletList"}, "paragraph": {"#text"}, "bulletList": {"listItem"}, "listItem": {"paragraph", "bulletList"}}
MARKS = {"bold", "italic"}
SHOWN = {"user", "cursor", "section", "writing"}


class Unreadable(Exception):
    """Something that no editor would open; the text says what."""


def read_anew(document: Document) -> None:
    """Read the whole document with a fresh library, in several orders, and lay it out again; raises `Unreadable`."""
    whole = document.since(b"\x00")
    fresh: Doc[XmlFragment] = Doc()
    fresh.apply_update(whole)
    clocks = read_state_vector(document.state_vector())
    if read_state_vector(fresh.get_state()) != clocks:
        raise Unreadable("a fresh reader lacks something")
    if not lay_out(walk_whole(whole)).clocks == document.clocks == clocks:
        raise Unreadable("the layout has other clocks than the library")
    for section in SECTIONS:
        _read(fresh.get(section, type=XmlFragment), "")
    live = _said(document._doc)
    if _said(fresh) != live:
        raise Unreadable("a fresh reader sees another text than those who were there")
    for backwards in (False, True):
        if _said_by(document, sorted(clocks, reverse=backwards)) != live:
            raise Unreadable("the text depends on whose letters are read first")


def _said_by(document: Document, clients: Sequence[int]) -> str:
    """Return what a library shows that reads everything of one client, then everything of the next."""
    doc: Doc[XmlFragment] = Doc()
    clocks = document.clocks
    for client in clients:
        others = [(other, clock) for other, clock in clocks.items() if other != client]
        pairs = b"".join(write_varuint(other) + write_varuint(clock) for other, clock in others)
        doc.apply_update(document.since(write_varuint(len(others)) + pairs))
    return _said(doc)


def _said(doc: Doc[XmlFragment]) -> str:
    return "\n".join(str(doc.get(section, type=XmlFragment)) for section in SECTIONS)


def _read(node: Any, tag: str) -> None:
    for child in node.children:
        if isinstance(child, XmlText):
            _enter(tag, "#text")
            _read_text(child)
        elif isinstance(child, XmlElement):
            _enter(tag, child.tag)
            _read(child, child.tag)
        else:
            raise Unreadable(f"{type(child).__name__} in {tag or 'a section'}")


def _enter(tag: str, inside: str) -> None:
    if inside not in INSIDE[tag]:
        raise Unreadable(f"{inside} in {tag or 'a section'}")


def _read_text(text: XmlText) -> None:
    for piece, marks in text.diff():
        if not isinstance(piece, str):
            raise Unreadable(f"{type(piece).__name__} in a text")
        if marks and marks.keys() - MARKS:
            raise Unreadable("a mark that no editor knows")


def read_presence(message: bytes, client: int) -> None:
    """Check what others are told of one tab; raises `Unreadable`."""
    entries = read_last(message, 1)
    count, at = read_varuint(entries, 0)
    who, at = read_varuint(entries, at)
    _, at = read_varuint(entries, at)
    state = json.loads(read_bytes(entries, at)[0])
    if message[0] != AWARENESS or count != 1 or who != client:
        raise Unreadable("presence of somebody else")
    if state is None:
        return
    if state.keys() != SHOWN or (state["cursor"] is not None and state["cursor"].keys() != set(ENDS)):
        raise Unreadable("presence with other fields")
