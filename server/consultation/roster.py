"""The room as a value: who takes part, whose browser is here, what was said. Pure; steps.py moves it on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from server.consultation.changes import SharedFile
from server.consultation.model import Relation, Role, Stage
from server.consultation.recording import OFF, Recording
from server.consultation.route import P2P, Route

MOST_IN_CALL = 8
MESSAGES_SHOWN = 200  # the newest are in the room; older ones stay in the database
RETIRED_KEPT = 256  # newest; an older page that resumes would begin with a fresh connection after its first failed attempt


@dataclass(frozen=True, slots=True)
class Peer:
    """One browser connection. `handle` names the socket in this process; the rest survives a socket that drops."""

    id: str
    handle: int
    present: bool = True
    mic: bool = False
    camera: bool = False
    screen: bool = False
    hand: bool = False


@dataclass(frozen=True, slots=True)
class Member:
    """A participant. `booked_as` is the booked name of a patient who goes by another one, `hold` what somebody who waits was told last
    ("" when they were only asked to wait); `gone_at` (monotonic seconds) is when somebody who held a place was last seen to vanish.
    Of a guest there is a `relation`, and `withdrawn` once the invitation holds no longer.
    """

    id: UUID
    role: Role
    relation: Relation | None
    name: str
    booked_as: str | None
    companion: str | None
    devices: str | None
    stage: Stage
    since: datetime | None
    refused_reason: str | None
    hold: str | None
    quiet: bool
    withdrawn: bool
    peer: Peer | None = None
    gone_at: float | None = None

    @property
    def patient(self) -> bool:
        return self.role == Role.PATIENT

    @property
    def professional(self) -> bool:
        return self.role == Role.PROFESSIONAL

    @property
    def guest(self) -> bool:
        return self.role == Role.GUEST


@dataclass(frozen=True, slots=True)
class Message:
    """`heard_by` are the guests who were in the call when it was said: nobody else of them is shown it, at no time."""

    id: int
    participant_id: UUID
    name: str
    body: str
    at: datetime
    file: SharedFile | None = None
    heard_by: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class ConsultationFacts:
    """What the room needs of the consultation; `host` is the place of the professional whose consultation it is."""

    id: UUID
    state: str
    over: bool
    started_at: datetime | None
    outcome: str | None
    host: UUID | None


@dataclass(frozen=True, slots=True)
class Facts:
    """The stored truth after a change; `said` is a message that is new by it."""

    consultation: ConsultationFacts
    members: tuple[Member, ...]
    said: Message | None = None


@dataclass(frozen=True, slots=True)
class Roster:
    consultation: ConsultationFacts
    members: Mapping[UUID, Member]
    messages: tuple[Message, ...] = ()
    retired: tuple[str, ...] = ()  # peers that must not come back, because the other side has let go of them
    recording: Recording = OFF
    route: Route = P2P
    has_engine: bool = False  # whether there is a forwarding engine for a call of three and more

    @property
    def patient(self) -> Member | None:
        return next((member for member in self.members.values() if member.patient), None)

    @property
    def in_call(self) -> tuple[Member, ...]:
        return tuple(member for member in self.members.values() if member.stage == Stage.IN_CALL)

    @property
    def seated(self) -> tuple[Member, ...]:
        """The professionals in the call."""
        return tuple(member for member in self.in_call if member.professional)

    @property
    def talking(self) -> frozenset[str]:
        """The peers of those in the call, also of those who have just dropped."""
        return frozenset(member.peer.id for member in self.in_call if member.peer is not None)

    @property
    def quiet(self) -> frozenset[str]:
        """Those of them who only see and hear."""
        return frozenset(member.peer.id for member in self.in_call if member.peer is not None and member.quiet)

    def connected(self) -> Iterator[tuple[int, Member]]:
        """Yield the handle and the participant of every open socket."""
        for member in self.members.values():
            if member.peer is not None and member.peer.present:
                yield member.peer.handle, member

    def by_handle(self, handle: int) -> Member | None:
        """Return whose current socket this is; None for one that was replaced or has dropped."""
        return next((member for found, member in self.connected() if found == handle), None)

    def with_member(self, member: Member) -> "Roster":
        return replace(self, members=MappingProxyType({**self.members, member.id: member}))


def restore(facts: Facts, messages: tuple[Message, ...], now: float) -> Roster:
    """Begin from the database: whoever was in the call when the server stopped has the usual grace to come back."""
    members = {member.id: replace(member, gone_at=now if member.stage == Stage.IN_CALL else None) for member in facts.members}
    heard = tuple(_heard(message, members) for message in messages[-MESSAGES_SHOWN:])
    return Roster(facts.consultation, MappingProxyType(members), heard)


def absorb(roster: Roster, facts: Facts) -> Roster:
    """Take over the stored truth, keeping what only lives here: peers, grace, the newest messages."""
    members = {member.id: _keep_live(roster.members.get(member.id), member) for member in facts.members}
    said = () if facts.said is None else (_heard(facts.said, members),)
    messages = (*roster.messages, *said)[-MESSAGES_SHOWN:]
    return replace(roster, consultation=facts.consultation, members=MappingProxyType(members), messages=messages)


def _keep_live(old: Member | None, new: Member) -> Member:
    return new if old is None else replace(new, peer=old.peer, gone_at=old.gone_at)


def _heard(message: Message, members: Mapping[UUID, Member]) -> Message:
    """Note which guests heard it; after a restart it is those who have been in the call since before it was said."""
    guests = {name for name, member in members.items() if member.guest and member.stage == Stage.IN_CALL}
    return replace(message, heard_by=frozenset(name for name in guests if (members[name].since or message.at) <= message.at))
