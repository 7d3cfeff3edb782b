"""The open sockets of one room: who was told what, and when each was heard last. Owned by the room's task."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from server.consultation.roster import Member, Roster
from server.consultation.steps import Close, Tell
from server.consultation.subject import RoomSubject
from server.consultation.view import Snapshot, diff, view_for
from server.errors import ConsiliumError
from server.web.wire import Body


class Line(Protocol):
    """What the room needs of a connection; nothing here waits."""

    @property
    def heard_at(self) -> float:
        """Monotonic seconds of the last frame from the other side."""
        ...

    @property
    def beat_s(self) -> float: ...

    @property
    def closing(self) -> bool: ...

    def say(self, sentence: str) -> str:
        """Return a sentence of ours in the language of whoever sits at the other end."""
        ...

    def send(self, kind: str, body: Body) -> None: ...

    def reply(self, frame_id: int, kind: str, body: Body) -> None: ...

    def ok(self, frame_id: int) -> None: ...

    def refuse(self, frame_id: int, error: ConsiliumError) -> None: ...

    def close(self, code: int, message: str) -> None: ...


@dataclass(slots=True)
class Seat:
    """One socket, kept after it is lost for as long as its peer has the grace."""

    line: Line
    subject: RoomSubject
    view: Snapshot
    unsubscribe: Callable[[], None]
    lost: bool = False


class Audience:
    def __init__(self) -> None:
        self._seats: dict[int, Seat] = {}

    def add(self, handle: int, seat: Seat) -> None:
        self._seats[handle] = seat

    def lose(self, handle: int) -> None:
        seat = self._seats.get(handle)
        if seat is not None and not seat.lost:
            seat.lost = True
            seat.unsubscribe()

    def subjects(self) -> Iterator[tuple[int, RoomSubject]]:
        """Yield whom each open socket speaks for."""
        for handle, seat in self._seats.items():
            if not seat.lost:
                yield handle, seat.subject

    def logins(self) -> set[UUID]:
        """Return the login sessions behind the open sockets: whoever is in a room uses theirs."""
        return {subject.session_id for _, subject in self.subjects() if subject.session_id is not None}

    def heard_at(self, member: Member) -> float | None:
        """Return when a participant was last heard, in monotonic seconds; None for one who has no peer."""
        seat = None if member.peer is None else self._seats.get(member.peer.handle)
        return None if seat is None else seat.line.heard_at

    def publish(self, roster: Roster) -> None:
        """Tell each page the events that lead from what it shows to what it may now know."""
        for handle, member in roster.connected():
            seat = self._seats[handle]
            view = view_for(roster, member, seat.line.say)
            for kind, body in diff(seat.view, view):
                seat.line.send(kind, body)
            seat.view = view
        self._forget_lost(roster)

    def tell(self, tells: Iterable[Tell]) -> None:
        for tell in tells:
            self._seats[tell.handle].line.send(tell.kind, tell.body)

    def close(self, closes: Iterable[Close]) -> None:
        for close in closes:
            self._seats[close.handle].line.close(close.code, close.message)

    def close_all(self, code: int, message: str) -> None:
        for seat in self._seats.values():
            seat.line.close(code, message)
            seat.unsubscribe()

    def _forget_lost(self, roster: Roster) -> None:
        held = {member.peer.handle for member in roster.members.values() if member.peer is not None}
        for handle in [handle for handle, seat in self._seats.items() if seat.lost and handle not in held]:
            del self._seats[handle]
