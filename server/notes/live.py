"""One open note: its document, the people in it, and the order in which updates are accepted, stored and told."""

from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import Protocol

from server.core.keyring import Sealer
from server.errors import ConsiliumError, Locked, NotStored, Overloaded
from server.notes.awareness import Presence
from server.notes.chain import Chain
from server.notes.document import Document, Poisoned, snapshot_place, update_place
from server.notes.guard import Verdict
from server.notes.journal import Entry, Journal
from server.notes.limits import MAX_CONNECTIONS, MAX_CONNECTIONS_PERSON
from server.notes.subject import NoteRef, NoteSubject
from server.notes.ypieces import Touched
from server.notes.yproto import UPDATE, Bad, awareness_message, sync_message, wire_frame


class State(Enum):
    LOADING = "loading"
    LIVE = "live"
    IDLE = "idle"
    FLUSHING = "flushing"
    GONE = "gone"


class Member(Protocol):
    """A connection, as the note sees it."""

    @property
    def client_id(self) -> int: ...

    @property
    def session_id(self) -> int: ...

    @property
    def subject(self) -> NoteSubject: ...

    @property
    def writable(self) -> bool: ...

    def allow(self, *, writable: bool) -> None:
        """The right is now this."""
        ...

    def tell_standing(self) -> None:
        """Who stands for the note has changed."""
        ...

    def push(self, message: bytes, wire: bytes) -> None: ...

    def confirm(self) -> None:
        """Everything of yours that was stored by now may be acknowledged."""
        ...

    def end(self, error: ConsiliumError) -> None: ...


class Owner(Protocol):
    """The hub, as the note sees it."""

    def forget(self, live: "LiveNote") -> None: ...

    def stored(self, live: "LiveNote") -> None: ...


class LiveNote:
    """Owned by the hub. Nothing here waits: every check and the change that follows it happen in one go.

    An update goes into the document, then to the journal, and to the others only once it is stored. So nobody else ever holds text that a
    crash could take back, and every character in the log was sent by the tab that its client id belongs to.
    """

    def __init__(self, ref: NoteRef, journal: Journal, owner: Owner) -> None:
        self.ref = ref
        self.state = State.LOADING
        self.document = Document()
        self.chain = Chain(ref.note_id)
        self.presence = Presence()
        self.members: dict[int, Member] = {}
        self.snapshot_seq = 0
        self.locked = False
        self._sealer: Sealer | None = None
        self._journal = journal
        self._owner = owner
        self._accepted = 0
        self._stored = 0
        self._waiting: deque[tuple[int, Callable[[], None]]] = deque()
        self._owed: set[Member] = set()

    @property
    def note_id(self) -> int:
        return self.ref.note_id

    @property
    def dead(self) -> bool:
        return self.state is State.GONE

    @property
    def settled(self) -> bool:
        """Whether everything in the document is on disk too."""
        return self._accepted == self._stored

    def come_alive(self, document: Document, chain: Chain, sealer: Sealer, *, locked: bool) -> None:
        """The log has been read: from now on people may come in."""
        self.document, self.chain, self.snapshot_seq = document, chain, chain.seq
        self._sealer, self.locked = sealer, locked
        self.state = State.LIVE

    def seal(self, seq: int, payload: bytes) -> bytes:
        return self._own_sealer.seal(payload, update_place(self.note_id, seq))

    def packed(self) -> bytes:
        """Return the document as the snapshot of the last row holds it."""
        return self._own_sealer.seal(self.document.pack(), snapshot_place(self.note_id, self.chain.seq))

    @property
    def _own_sealer(self) -> Sealer:
        if self._sealer is None:
            raise RuntimeError("the note is not loaded")
        return self._sealer

    def join(self, member: Member) -> None:
        """Add a connection whose tab has no other; raises `Overloaded`, or `NotStored` where the note has just failed."""
        if self.dead:
            raise NotStored
        same_person = sum(1 for other in self.members.values() if other.subject.viewer.person_id == member.subject.viewer.person_id)
        if len(self.members) >= MAX_CONNECTIONS or same_person >= MAX_CONNECTIONS_PERSON:
            raise Overloaded(code="full_house")
        self.members[member.client_id] = member

    def leave(self, member: Member) -> None:
        """Remove just this connection: one that was replaced does not take its successor with it."""
        if self.members.get(member.client_id) is not member:
            return
        del self.members[member.client_id]
        farewell = self.presence.forget(member.client_id)
        if farewell is not None:
            self.tell(awareness_message({member.client_id: farewell}), member)

    def lock(self) -> None:
        """Take no more from now on, and tell everybody so: the text has been locked."""
        self.locked = True
        for member in tuple(self.members.values()):
            if member.writable:
                member.allow(writable=False)
            else:
                member.tell_standing()

    def tell_standing(self) -> None:
        """Tell everybody that somebody signed, released or amended: they ask for the rest over HTTP."""
        for member in tuple(self.members.values()):
            member.tell_standing()

    def tell(self, message: bytes, but: Member | None = None) -> None:
        wire = wire_frame(message)
        for member in tuple(self.members.values()):
            if member is not but:
                member.push(message, wire)

    def accept(self, member: Member, update: bytes, touched: Touched, verdict: Verdict, on_commit: Callable[[], None]) -> None:
        """Take a judged update into the document; `on_commit` runs when it, and all before it, is stored."""
        try:
            changed = self._apply(update, touched, verdict, member.client_id)
        except Poisoned:
            self.fail(NotStored(code="reload"), but=member)
            raise Bad("poison") from None
        if not changed:
            self.when_stored(on_commit)
            return
        self._accepted += 1
        self._journal.append(Entry(self, member.session_id, update, lambda: self._committed(member, update, on_commit)))

    def _apply(self, update: bytes, touched: Touched, verdict: Verdict, author: int) -> bool:
        if verdict is Verdict.OLD:
            return bool(touched.deletes) and self.document.apply_deletions(author, update, touched)
        self.document.apply(author, update, touched)
        return True

    def _committed(self, member: Member, update: bytes, on_commit: Callable[[], None]) -> None:
        self._stored += 1
        self.tell(sync_message(UPDATE, update), member)
        on_commit()
        while self._waiting and self._waiting[0][0] <= self._stored:
            self._waiting.popleft()[1]()

    def when_stored(self, callback: Callable[[], None]) -> None:
        """Call back once everything that was accepted by now is on disk; the order of calls is kept.

        What waits is bounded by the rates of the connections and by how long a write may take: one that fails ends the note.
        """
        if self.settled:
            callback()
        else:
            self._waiting.append((self._accepted, callback))

    def owe(self, member: Member) -> None:
        """Something of theirs has been stored: they are told once the whole flush has been."""
        self._owed.add(member)

    def settle(self) -> None:
        owed, self._owed = self._owed, set()
        for member in owed:
            member.confirm()
        self._owner.stored(self)

    def close(self) -> None:
        self.fail(Locked())

    def lose(self) -> None:
        self.fail(NotStored())

    def fail(self, error: ConsiliumError, but: Member | None = None) -> None:
        """End this note's life in memory: what it holds may be ahead of the disk. Whoever comes back reads the log."""
        if self.dead:
            return
        self.state = State.GONE
        self._waiting.clear()
        self._owner.forget(self)
        for member in tuple(self.members.values()):
            if member is not but:
                member.end(error)
