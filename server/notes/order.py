"""In which order the pieces of a place stand, deleted ones too, and whether an author can have seen two of them side by side.

An editor puts a piece between two that touch each other in its own copy of the note. Where an update says otherwise, what comes first in
one library depends on what it read first: a newcomer would see another text than the one that was signed. What an author has seen at least
is known: everything that their pieces hang on, and all that was there before it. Nothing of that may stand between the two neighbours.
So whatever is let in could have come from honest editors, however late each of them heard of the others, and such text is the same for all.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from server.notes.ypieces import Id


class Crossed(Exception):
    """Two neighbours that no editor can have seen side by side, or too many stretches to compare before that is known."""


class New(NamedTuple):
    """Clocks of one client that come into a place between two neighbours, of which each is there or is its beginning or end."""

    client: int
    start: int
    end: int
    left: Id | None
    right: Id | None
    place: object


@dataclass(slots=True, eq=False)
class Stretch:
    """Consecutive clocks of one client that stand side by side; `left` and `right` are what the first of them was put between.

    Each of the others was put between the one before it and the same `right`. `before` and `after` are the stretches that touch it.
    """

    client: int
    start: int
    end: int
    left: Id | None
    right: Id | None
    place: object
    before: "Stretch | None" = None
    after: "Stretch | None" = None

    @property
    def last(self) -> Id:
        return self.client, self.end - 1


@dataclass(slots=True)
class _Trail:
    """The stretches of one client by their starts, and what its pieces hang on: by other client, at which clock it rose to which end."""

    starts: list[int] = field(default_factory=list)
    stretches: list[Stretch] = field(default_factory=list)
    needs: dict[int, list[Id]] = field(default_factory=dict)

    def add(self, stretch: Stretch) -> None:
        if not self.starts or self.starts[-1] < stretch.start:
            self.starts.append(stretch.start)
            self.stretches.append(stretch)
            return
        at = bisect_left(self.starts, stretch.start)
        self.starts.insert(at, stretch.start)
        self.stretches.insert(at, stretch)

    def drop(self, stretch: Stretch) -> None:
        at = bisect_left(self.starts, stretch.start)
        del self.starts[at], self.stretches[at]

    def at(self, clock: int) -> Stretch:
        return self.stretches[bisect_right(self.starts, clock) - 1]

    def need(self, clock: int, item: Id) -> None:
        other, end = item[0], item[1] + 1
        rises = self.needs.setdefault(other, [])
        if not rises or rises[-1][1] < end:
            rises.append((clock, end))

    def needed(self, clock: int) -> Iterator[Id]:
        """Yield the clients, and up to which clock, that what is older than `clock` hangs on."""
        for other, rises in self.needs.items():
            at = bisect_left(rises, (clock, 0))
            if at:
                yield other, rises[at - 1][1]

    def forget(self, clock: int) -> None:
        for rises in self.needs.values():
            del rises[bisect_left(rises, (clock, 0)) :]


class Order:
    """Keeps the pieces of every place in order as each library does that reads them, whatever it reads first."""

    def __init__(self, steps: int = 0) -> None:
        self._first: dict[object, Stretch] = {}
        self._trails: dict[int, _Trail] = {}
        self._steps = steps
        self._seen: dict[int, int] | None = None

    def begin(self, steps: int) -> None:
        """A new update comes, which may be compared with so many stretches."""
        self._steps = steps
        self._seen = None

    def need(self, client: int, clock: int, hangs_on: Sequence[Id]) -> None:
        """Note what a piece hangs on: from this clock on its author has seen it."""
        trail = self._trails.get(client) or self._trails.setdefault(client, _Trail())
        for item in hangs_on:
            if item[0] != client:
                trail.need(clock, item)
        if self._seen is not None:
            self._learn(self._seen, [(other, clock + 1) for other, clock in hangs_on])

    def check(self, new: New, hangs_on: Sequence[Id]) -> None:
        """Raise `Crossed` where the author cannot have seen both neighbours side by side."""
        if self._goes_on(new) is not None:
            return
        seen: dict[int, int] | None = None
        for client, clock in self._between(new):
            self._step()
            if seen is None:
                seen = self._seen_by(new, hangs_on)
            if clock < seen.get(client, 0):
                raise Crossed

    def grow(self, client: int, start: int, end: int, right: Id | None) -> bool:
        """Make an author's latest stretch longer; False where something stands between its end and its right neighbour."""
        trail = self._trails.get(client)
        if trail is None or not trail.stretches:
            return False
        latest = trail.stretches[-1]
        after = latest.after
        touched = None if after is None else (after.client, after.start)
        if latest.end != start or latest.right != right or touched != right:
            return False
        latest.end = end
        return True

    def add(self, new: New) -> None:
        """Put a piece in its place. Raises `Crossed`, and has put nothing there, when that takes too many steps."""
        latest = self._goes_on(new)
        right = self._beginning(new.right)
        left = latest or self._ending(new.left)
        try:
            spot = self._settle(new, left, right)
        except Crossed:
            self._heal(new)
            raise
        if latest is not None and spot is latest:
            latest.end = new.end
            return
        stretch = Stretch(*new)
        self._link(stretch, spot)
        trail = self._trails.get(new.client) or self._trails.setdefault(new.client, _Trail())
        trail.add(stretch)

    def cut(self, client: int, clock: int) -> None:
        """Take back what was put in of a client from this clock on."""
        trail = self._trails.get(client)
        if trail is None:
            return
        while trail.starts and trail.starts[-1] >= clock:
            trail.starts.pop()
            gone = trail.stretches.pop()
            self._unlink(gone)
            self._heal(gone)
        if trail.stretches:
            trail.stretches[-1].end = min(clock, trail.stretches[-1].end)
        trail.forget(clock)

    def _goes_on(self, new: New) -> Stretch | None:
        """Return the author's latest stretch, if this is put right after it and before the same as all of it was."""
        trail = self._trails.get(new.client)
        if trail is None or not trail.stretches:
            return None
        latest = trail.stretches[-1]
        goes_on = latest.end == new.start and new.left == latest.last and new.right == latest.right
        return latest if goes_on else None

    def _between(self, new: New) -> Iterator[Id]:
        """Yield the first item of each stretch between the neighbours; raises `Crossed` where the right one does not come."""
        stretch, clock = self._next(new)
        while stretch is not None:
            if new.right is not None and stretch.client == new.right[0] and clock <= new.right[1] < stretch.end:
                if clock < new.right[1]:
                    yield stretch.client, clock
                return
            yield stretch.client, clock
            stretch = stretch.after
            clock = 0 if stretch is None else stretch.start
        if new.right is not None:
            raise Crossed

    def _next(self, new: New) -> tuple[Stretch | None, int]:
        """Return what comes right after the left neighbour, be it in the same stretch, and at which clock."""
        stretch = self._of(new.left)
        if stretch is not None and new.left is not None and new.left[1] + 1 < stretch.end:
            return stretch, new.left[1] + 1
        after = self._first.get(new.place) if stretch is None else stretch.after
        return after, 0 if after is None else after.start

    def _seen_by(self, new: New, hangs_on: Sequence[Id]) -> dict[int, int]:
        """Return the next clocks of the smallest copy of the note in which the author can have written this."""
        if self._seen is None:
            self._seen = {}
            self._learn(self._seen, [(new.client, new.start)])
        self._seen[new.client] = new.start
        self._learn(self._seen, [(client, clock + 1) for client, clock in hangs_on])
        return self._seen

    def _learn(self, seen: dict[int, int], waiting: list[Id]) -> None:
        while waiting:
            self._step()
            client, end = waiting.pop()
            if end > seen.get(client, 0):
                seen[client] = end
                waiting += self._trails[client].needed(end)

    def _settle(self, new: New, left: Stretch | None, right: Stretch | None) -> Stretch | None:
        """Return what the piece comes right after. Others may have come between the neighbours meanwhile: every library sorts them so."""
        spot = left
        other = self._first.get(new.place) if left is None else left.after
        passed: set[Stretch] = set()
        rivals: set[Stretch] = set()
        while other is not None and other is not right:
            self._step()
            passed.add(other)
            rivals.add(other)
            if other.left == new.left:
                if other.client < new.client:
                    spot = other
                    rivals.clear()
                elif other.right == new.right:
                    break
            else:
                origin = self._of(other.left)
                if origin not in passed:
                    break
                if origin not in rivals:
                    spot = other
                    rivals.clear()
            other = other.after
        return spot

    def _step(self) -> None:
        self._steps -= 1
        if self._steps < 0:
            raise Crossed

    def _of(self, item: Id | None) -> Stretch | None:
        return None if item is None else self._trails[item[0]].at(item[1])

    def _ending(self, item: Id | None) -> Stretch | None:
        """Return the stretch that ends with this item, cut there if need be."""
        stretch = self._of(item)
        if stretch is not None and item is not None and stretch.end > item[1] + 1:
            self._split(stretch, item[1] + 1)
        return stretch

    def _beginning(self, item: Id | None) -> Stretch | None:
        stretch = self._of(item)
        if stretch is None or item is None or stretch.start == item[1]:
            return stretch
        return self._split(stretch, item[1])

    def _split(self, stretch: Stretch, clock: int) -> Stretch:
        """Cut before a clock and return the second part."""
        rest = Stretch(stretch.client, clock, stretch.end, (stretch.client, clock - 1), stretch.right, stretch.place)
        stretch.end = clock
        self._link(rest, stretch)
        self._trails[stretch.client].add(rest)
        return rest

    def _heal(self, gone: New | Stretch) -> None:
        """Join what was cut for a piece that is gone, so that whoever is refused again and again leaves no splinters."""
        left, right = self._of(gone.left), self._of(gone.right)
        if left is not None:
            self._join(left)
        if right is not None and right.before is not None:
            self._join(right.before)

    def _join(self, stretch: Stretch) -> None:
        rest = stretch.after
        if rest is None or (rest.client, rest.start) != (stretch.client, stretch.end):
            return
        if rest.left == stretch.last and rest.right == stretch.right:
            self._trails[rest.client].drop(rest)
            self._unlink(rest)
            stretch.end = rest.end

    def _link(self, new: Stretch, spot: Stretch | None) -> None:
        after = self._first.get(new.place) if spot is None else spot.after
        new.before, new.after = spot, after
        if spot is None:
            self._first[new.place] = new
        else:
            spot.after = new
        if after is not None:
            after.before = new

    def _unlink(self, old: Stretch) -> None:
        if old.before is not None:
            old.before.after = old.after
        elif old.after is not None:
            self._first[old.place] = old.after
        else:
            del self._first[old.place]
        if old.after is not None:
            old.after.before = old.before
