"""The short way through the update of one key, which is nearly every update there is."""

from server.notes.limits import MAX_CLIENT_ID, MAX_RUN
from server.notes.ypieces import LETTERS, Piece, Touched, end_of, halves_of, utf16, varuint

LEFT, BOTH = 0x84, 0xC4  # a string after a left neighbour; and before a right one
LONGEST = 127  # bytes of the update


def walk_keystroke(update: bytes) -> Touched | None:
    """Read one client's one string after a left neighbour, without deletions. None when it is anything else.

    01 01 client clock 84|c4 left-client left-clock [right-client right-clock] size bytes 00
    """
    if len(update) > LONGEST or update[:2] != b"\x01\x01" or update[-1] != 0:
        return None
    try:
        client, at = varuint(update, 2)
        clock, at = varuint(update, at)
        info = update[at]
        if info not in (LEFT, BOTH):
            return None
        left, at = varuint(update, at + 1)
        left_clock, at = varuint(update, at)
        refers = {left: left_clock}
        beside = None
        if info == BOTH:
            right, at = varuint(update, at)
            right_clock, at = varuint(update, at)
            refers[right] = max(right_clock, refers.get(right, 0))
            beside = (right, right_clock)
        size = update[at]
        text = update[at + 1 : -1]
    except IndexError:
        return None
    own = refers.pop(client, -1)
    if own >= clock or size != len(text) or not size or max(client, left, *refers) >= MAX_CLIENT_ID:
        return None
    end = end_of(clock, utf16(text), MAX_RUN)
    return Touched(
        {client: (clock, end)}, refers, {}, {client: [Piece(clock, end, LETTERS, (left, left_clock), beside, None, halves_of(text, clock))]}
    )
