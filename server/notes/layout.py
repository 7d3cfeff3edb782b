"""Where everything in a note stands: editors that meet a letter outside of a text, or a text outside of a paragraph, never open it again.

An update says where its pieces stand by neighbours and parents, so the layout remembers a place for every clock of every client.
What is deleted keeps its place; what hangs on garbage is garbage too, in every editor.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from server.notes.limits import BLOCKS, MAX_LAYOUT_STEPS, MAX_ORDER_STEPS, NODES, SECTIONS, TEXT
from server.notes.order import Crossed, New, Order
from server.notes.ypieces import DELETED, GARBAGE, LETTERS, VALUE, Id, Parent, Piece, Touched
from server.notes.yproto import Bad

SECTION, ATTRIBUTE = "#section", "#attribute"
UNORDERED = frozenset({ATTRIBUTE, GARBAGE})
GONE = frozenset({DELETED, GARBAGE})
INSIDES: dict[str, frozenset[str]] = {
    SECTION: GONE.union(BLOCKS),
    ATTRIBUTE: GONE | {VALUE},
    TEXT: GONE | {LETTERS},
    **{name: GONE.union(inside) for name, inside in NODES.items()},
}


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """The inside of one section, node, text or attribute; `kind` is a key of `INSIDES`."""

    kind: str

    def takes(self, content: str) -> bool:
        return self is NOWHERE or content in INSIDES[self.kind]


NOWHERE = Place(GARBAGE)
Deletes = Mapping[int, Sequence[tuple[int, int]]]
NOTHING: Deletes = {}


class _Run(NamedTuple):
    """Consecutive clocks that stand in one place; `inside` is the place that they are: of a type its own, of what is gone nowhere."""

    start: int
    stands: Place
    inside: Place | None


@dataclass(slots=True)
class _Trail:
    """The runs of one client, without a gap; `starts` is there to be searched, and before `halves` nobody may cut."""

    starts: list[int] = field(default_factory=list)
    runs: list[_Run] = field(default_factory=list)
    halves: set[int] = field(default_factory=set)

    def at(self, clock: int) -> _Run:
        return self.runs[bisect_right(self.starts, clock) - 1]

    def add(self, run: _Run) -> None:
        last = self.runs[-1] if self.runs else None
        if last is None or last.stands is not run.stands or last.inside is not run.inside:
            self.starts.append(run.start)
            self.runs.append(run)

    def cut(self, clock: int) -> None:
        """Forget everything from this clock on."""
        while self.starts and self.starts[-1] >= clock:
            self.starts.pop()
            self.runs.pop()
        self.halves = {half for half in self.halves if half < clock}


class Layout:
    """Holds a place for every clock that the document knows; `clocks` are the next ones by client id."""

    def __init__(self, steps: int = 0) -> None:
        """`steps` are what a document of one's own may be compared with before its first update."""
        self.clocks: dict[int, int] = {}
        self._sections = {name: Place(SECTION) for name in SECTIONS}
        self._trails: dict[int, _Trail] = {}
        self._order = Order(steps)

    def add(self, client: int, pieces: Iterable[Piece], deletes: Deletes = NOTHING) -> None:
        """Note what is new in an update that rests on nothing unknown; notes nothing when it raises.

        Raises `Bad` when something is out of place, `Crossed` when something is between two that its author cannot have seen side by side.
        """
        known = self.clocks.get(client, 0)
        self._order.begin(MAX_ORDER_STEPS)
        try:
            for piece in pieces:
                if piece.end > known:
                    self._add(client, piece, asked=True)
            for author, ranges in deletes.items():
                self._check_cuts(author, ranges)
        except (Bad, Crossed):
            self.cut(client, known)
            raise

    def recall(self, client: int, piece: Piece) -> None:
        """Note a piece of a document that has it in its log: nobody asks again what its author can have seen."""
        self._add(client, piece, asked=False)

    def cut(self, client: int, clock: int) -> None:
        """Take back what was noted of a client from this clock on."""
        if client in self._trails:
            self._trails[client].cut(clock)
        self._order.cut(client, clock)
        if clock:
            self.clocks[client] = clock
        else:
            self.clocks.pop(client, None)

    def knows(self, item: Id) -> bool:
        return item[1] < self.clocks.get(item[0], 0)

    def goes_on(self, client: int, piece: Piece) -> bool:
        """Note a piece of plain typing, right after its author's latest and before the same as that: it hangs on nothing new."""
        if piece.left != (client, piece.clock - 1) or self.clocks.get(client) != piece.clock:
            return False
        trail = self._trails[client]
        run = trail.runs[-1]
        if not run.stands.takes(piece.content) or not self._order.grow(client, piece.clock, piece.end, piece.right):
            return False
        inside = _inside(piece.content)
        if inside is not run.inside:
            trail.add(_Run(piece.clock, run.stands, inside))
        if piece.halves:
            trail.halves.update(piece.halves)
        self.clocks[client] = piece.end
        return True

    def _add(self, client: int, piece: Piece, *, asked: bool) -> None:
        if self.goes_on(client, piece):
            return
        known = self.clocks.get(client, 0)
        trail = self._trails.get(client) or self._trails.setdefault(client, _Trail())
        stands = self._stands(piece)
        if not stands.takes(piece.content):
            raise Bad("place")
        if piece.clock < known:
            _check_going_on(trail.at(known - 1), stands, piece, known)
        trail.add(_Run(max(piece.clock, known), stands, _inside(piece.content)))
        if piece.halves:
            trail.halves.update(piece.halves)
        left = piece.left if piece.clock >= known else (client, known - 1)
        new = New(client, max(piece.clock, known), piece.end, left, piece.right, stands)
        self._line_up(stands.kind, new, _hangs_on(piece), asked=asked)
        self.clocks[client] = piece.end

    def _line_up(self, kind: str, new: New, hangs_on: tuple[Id, ...], *, asked: bool) -> None:
        """Put what is new of a piece in order. What is gone stands nowhere. Values of an attribute are all put at its end, so that by
        their ids alone every library knows which of them is the last, the one that counts.
        """
        if asked and kind == ATTRIBUTE and new.right is not None:
            raise Crossed
        if kind not in UNORDERED:
            if asked:
                self._order.check(new, hangs_on)
            self._order.add(new)
        self._order.need(new.client, new.start, hangs_on)

    def _stands(self, piece: Piece) -> Place:
        """Return the place of the neighbours, which is one: where they differ, not every library would choose the same."""
        if piece.parent is not None:
            return self._within(piece.parent)
        after = self._beside(piece.left, 1)
        before = self._beside(piece.right, 0)
        if after is not None and before is not None and after is not before:
            raise Bad("place")
        return after or before or NOWHERE

    def _beside(self, item: Id | None, side: int) -> Place | None:
        """Return where a neighbour stands, if there is one, and if nothing that comes at this side of it cuts a character in two."""
        if item is None:
            return None
        trail = self._trails[item[0]]
        if item[1] + side in trail.halves:
            raise Bad("cut")
        return trail.at(item[1]).stands

    def _check_cuts(self, client: int, ranges: Sequence[tuple[int, int]]) -> None:
        """Half a character is what one library shows as another sign than the other: the stored text would not be the one that was seen."""
        halves = self._trails[client].halves if ranges else ()
        if halves and any(start in halves or end in halves for start, end in ranges):
            raise Bad("cut")

    def _within(self, parent: Parent) -> Place:
        if parent.section is not None:
            return self._sections[parent.section]
        client, clock = parent.id
        inside = self._trails[client].at(clock).inside
        if inside is None or (parent.key and inside.kind == TEXT):
            raise Bad("place")
        return Place(ATTRIBUTE) if parent.key and inside is not NOWHERE else inside


def lay_out(whole: Touched) -> Layout:
    """Lay out a whole document: its pieces come client by client, so each waits for those that it hangs on. Raises `Bad`."""
    layout = Layout(MAX_LAYOUT_STEPS)
    queues = {client: deque(pieces) for client, pieces in whole.pieces.items()}
    waiting: dict[int, list[int]] = {}  # clients, by the one that they wait for
    ready = list(queues)
    while ready:
        client = ready.pop()
        before = len(queues[client])
        missing = _add_all(layout, client, queues[client])
        if missing is not None:
            waiting.setdefault(missing, []).append(client)
        if len(queues[client]) < before:
            ready += waiting.pop(client, ())
    if any(queues.values()):
        raise Bad("layout")
    return layout


def _add_all(layout: Layout, client: int, queue: deque[Piece]) -> int | None:
    """Lay out what a client wrote, up to a piece that hangs on something of another client; returns that one."""
    while queue:
        piece = queue[0]
        if not layout.goes_on(client, piece):
            for item in _hangs_on(piece):
                if not layout.knows(item):
                    return item[0]
            layout.recall(client, piece)
        queue.popleft()
    return None


def _hangs_on(piece: Piece) -> tuple[Id, ...]:
    parent = piece.parent
    above = parent.id if parent is not None and parent.section is None else None
    return tuple(item for item in (piece.left, piece.right, above) if item is not None)


def _check_going_on(run: _Run, stands: Place, piece: Piece, known: int) -> None:
    """A piece of which the document knows the beginning goes on in the same place, and not from the middle of a character:
    the library would take the rest of it for shorter than it says, and could not read its own document again.
    """
    if piece.content != GARBAGE and run.stands is not stands:
        raise Bad("place")
    if known in piece.halves:
        raise Bad("cut")


def _inside(content: str) -> Place | None:
    if content in GONE:
        return NOWHERE
    return Place(content) if content in INSIDES else None
