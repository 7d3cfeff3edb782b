"""Presence and cursors: what a client may say about itself, with its name set by the server."""

from dataclasses import dataclass, field
from typing import Any

from pydantic_core import from_json, to_json

from server.notes.limits import MAX_CLIENT_ID, MAX_CLOCK, SECTIONS
from server.notes.yproto import NULL_STATE, Bad, read_bytes, read_last, read_varuint

ENDS = ("anchor", "head")
POSITION = frozenset(("type", "tname", "item", "assoc"))
ITEM = frozenset(("client", "clock"))
ASSOCIATIONS = (-1, 0, 1)


@dataclass(frozen=True, slots=True)
class Who:
    """The person behind a connection, as the others see them."""

    person_id: str
    name: str


def read_own(message: bytes, client_id: int) -> tuple[int, Any]:
    """Return clock and state of an awareness message about nobody but `client_id`; raises `Bad`."""
    entries = read_last(message, 1)
    count, at = read_varuint(entries, 0)
    client, at = read_varuint(entries, at)
    clock, at = read_varuint(entries, at)
    raw, at = read_bytes(entries, at)
    if count != 1 or client != client_id or at != len(entries) or clock >= MAX_CLOCK:
        raise Bad("awareness")
    try:
        return clock, from_json(raw)
    except ValueError:
        raise Bad("awareness") from None


def told(state: Any, who: Who) -> bytes:
    """Return the state as the others get it: cursor, section and whether they write, under the name that we know."""
    if not isinstance(state, dict):
        return NULL_STATE
    user = {"id": who.person_id, "name": who.name}
    section = state.get("section")
    clean = {
        "user": user,
        "cursor": _cursor(state.get("cursor")),
        "section": section if section in SECTIONS else None,
        "writing": state.get("writing") is True,
    }
    return to_json(clean)


def _cursor(cursor: Any) -> Any:
    """Let through relative positions of Yjs, and nothing else: others' editors read them unchecked, and some would break them."""
    if not isinstance(cursor, dict) or not all(_position(cursor.get(end)) for end in ENDS):
        return None
    return {end: cursor[end] for end in ENDS}


def _position(position: Any) -> bool:
    if not isinstance(position, dict) or position.keys() - POSITION:
        return False
    named, within, item = position.get("tname"), position.get("type"), position.get("item")
    return (
        (named is not None or within is not None or item is not None)
        and (named is None or named in SECTIONS)
        and (within is None or _item_id(within))
        and (item is None or _item_id(item))
        and position.get("assoc", 0) in ASSOCIATIONS
    )


def _item_id(found: Any) -> bool:
    if not isinstance(found, dict) or found.keys() != ITEM:
        return False
    client, clock = found["client"], found["clock"]
    return type(client) is type(clock) is int and 0 <= client < MAX_CLIENT_ID and 0 <= clock < MAX_CLOCK


@dataclass
class Presence:
    """The last state of everybody in one note, by client id."""

    states: dict[int, tuple[int, bytes]] = field(default_factory=dict)

    def hear(self, client_id: int, clock: int, state: bytes) -> bool:
        """Keep a state that is newer than the one we have; False for an old one."""
        known = self.states.get(client_id)
        if known is not None and clock <= known[0]:
            return False
        self.states[client_id] = (clock, state)
        return True

    def forget(self, client_id: int) -> tuple[int, bytes] | None:
        """Return the entry that tells the others that this client has gone, or None if it never said a word.

        It carries the client's own last clock, as y-protocols allows, so that the client can come back with the next one.
        """
        known = self.states.pop(client_id, None)
        return None if known is None else (known[0], NULL_STATE)
