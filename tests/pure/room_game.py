"""A room without a loop, a database or a socket: the pure files and the models' own rules, driven step by step."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid5

from server.consultation.audience import Audience, Seat
from server.consultation.changes import Answer, Arrive, Change, Say
from server.consultation.commands import Command, Media
from server.consultation.exchange import Exchange
from server.consultation.live_actions import Book, apply_change, facts_of
from server.consultation.model import Consultation, ConsultationState, Participant, Relation, Role, Stage
from server.consultation.recording_steps import followed
from server.consultation.roster import MESSAGES_SHOWN, Facts, Member, Message, Roster, absorb, restore
from server.consultation.route import Route
from server.consultation.steps import Step, act, attach, check_arrival, drop, expel, overdue, showing
from server.consultation.subject import RoomSubject
from server.consultation.view import Snapshot, view_for
from server.errors import ConsiliumError
from server.patients.model import Patient
from tests.cast import fixed_id
from tests.pure.fake_engine import FakeEngine

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
GRACE_S = 30.0
ALICE, BOB, DANA, IMRAN, FAY = (fixed_id("place", name) for name in ("alice", "bob", "dana", "imran", "fay"))
NAMES = {ALICE: "Dr Alice Ahmed", BOB: "Nurse Bob Brown", DANA: "Dana Diaz", IMRAN: "Imran Iqbal", FAY: "Fay Diaz"}
ROLES = {DANA: Role.PATIENT, IMRAN: Role.GUEST, FAY: Role.GUEST}
RELATIONS = {IMRAN: Relation.INTERPRETER, FAY: Relation.FAMILY}


@dataclass
class Page:
    """What a browser does with the frames, by docs/WIRE.md and nothing else."""

    heard_at: float = 0.0
    beat_s: float = 5.0
    closing: bool = False
    closed: tuple[int, str] | None = None
    consultation: Any = None
    participants: dict[str, Any] = field(default_factory=dict)
    messages: list[Any] = field(default_factory=list)
    recording: Any = None
    route: Any = None
    others: list[tuple[str, Any]] = field(default_factory=list)

    def start(self, snapshot: Snapshot) -> None:
        self.consultation = snapshot["consultation"]
        self.participants = {shown["id"]: shown for shown in snapshot["participants"]}
        self.messages = list(snapshot["messages"])
        self.recording = snapshot["recording"]
        self.route = snapshot["route"]

    def send(self, kind: str, body: Any) -> None:
        if kind == "participant":
            self.participants[body["id"]] = body
        elif kind == "gone":
            del self.participants[body["id"]]
        elif kind == "recording":
            self.recording = body
        elif kind == "consultation":
            self.consultation = body
        elif kind == "route":
            self.route = body
        elif kind == "message":
            self.messages = [*self.messages, body][-MESSAGES_SHOWN:]
        else:
            self.others.append((kind, body))

    def heard(self, kind: str) -> list[Any]:
        return [body for name, body in self.others if name == kind]

    def shows(self, snapshot: Snapshot) -> bool:
        """Whether the page is where a fresh page would be."""
        participants = {shown["id"]: shown for shown in snapshot["participants"]}
        shown = (self.consultation, self.participants, self.messages, self.recording, self.route)
        return shown == (snapshot["consultation"], participants, snapshot["messages"], snapshot["recording"], snapshot["route"])

    def say(self, sentence: str) -> str:
        return sentence

    def reply(self, frame_id: int, kind: str, body: Any) -> None: ...

    def ok(self, frame_id: int) -> None: ...

    def refuse(self, frame_id: int, error: ConsiliumError) -> None: ...

    def close(self, code: int, message: str) -> None:
        if not self.closing:
            self.closing, self.closed = True, (code, message)


class Game:
    """dana, alice and bob of team North, whose consultation is alice's, and two guests: an interpreter, and dana's sister."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.consultation = new_consultation()
        self.book = Book(self.consultation, new_patient(), {place.id: place for place in map(new_place, NAMES)}, ALICE)
        self.audience = Audience()
        self.pages: dict[int, Page] = {}
        self.said = 0
        self.peers = 0
        self.engine = FakeEngine()
        self.begin(())

    @property
    def time(self) -> datetime:
        return NOON + timedelta(seconds=self.now)

    def join(self, who: UUID, resumed: str | None = None, *, fresh: bool = True, media: Media | None = None) -> Page:
        check_arrival(self.roster, who)
        facts = self.store(Arrive(who, fresh=fresh))
        self.peers += 1
        handle, page = self.peers, Page(heard_at=self.now)
        step = attach(absorb(self.roster, facts), who, handle, resumed, f"peer-{handle}")
        if media is not None:
            step = replace(step, roster=showing(step.roster, who, media))
        view = view_for(step.roster, step.roster.members[who], page.say)
        page.start(view)
        self.pages[handle] = page
        subject = RoomSubject(self.consultation.id, who, ROLES.get(who, Role.PROFESSIONAL), NAMES[who], None, None)
        self.audience.add(handle, Seat(page, subject, view, lambda: None))
        self.take(step)
        peer = self.member(who).peer
        self.audience.tell(self.exchange.pending(self.roster, "" if peer is None else peer.id))
        return page

    def act(self, who: UUID, command: Command) -> None:
        self.take(act(self.roster, who, command))

    def drop(self, who: UUID) -> None:
        peer = self.roster.members[who].peer
        if peer is not None and peer.present:
            self.lose(peer.handle)

    def lose(self, handle: int) -> None:
        self.audience.lose(handle)
        self.roster = drop(self.roster, handle, self.now)
        self.audience.publish(self.roster)

    def expel(self, who: UUID) -> None:
        peer = self.roster.members[who].peer
        if peer is not None:
            self.take(expel(self.roster, peer.handle, 4403, "withdrawn"))

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        while (step := overdue(self.roster, self.now, GRACE_S)) is not None:
            self.take(step)
        self.believe(self.roster)

    def restart(self) -> None:
        """The process dies and another one begins: only what was stored is left, and every page must connect again."""
        self.audience, self.pages = Audience(), {}
        self.engine.rooms.clear()
        self.begin(self.roster.messages)

    def begin(self, messages: tuple[Message, ...]) -> None:
        self.exchange = Exchange(self.engine, self.consultation.id, lambda: None)
        route = Route(epoch=int(self.now))
        self.roster: Roster = self.exchange.steer(replace(restore(facts_of(self.book), messages, self.now), route=route), self.now)

    def believe(self, roster: Roster) -> None:
        self.roster = self.exchange.steer(roster, self.now)
        self.audience.publish(self.roster)

    def hear_engine(self) -> None:
        """The room's task wakes up because the engine has said something."""
        roster, tells = self.exchange.take(self.roster, self.now)
        self.believe(roster)
        self.audience.tell(tells)

    def take(self, step: Step) -> None:
        roster = step.roster
        if step.store is not None:
            roster = absorb(roster, self.store(step.store))
        self.believe(followed(roster, self.time))
        if step.word is not None:
            self.exchange.say(*step.word, self.roster.route.epoch)
        self.audience.tell(step.tells)
        self.audience.close(step.closes)
        for close in step.closes:
            self.lose(close.handle)

    def store(self, change: Change) -> Facts:
        if isinstance(change, Answer):
            return facts_of(self.book)
        if isinstance(change, Say):
            self.said += 1
            name = NAMES[change.participant_id]
            return facts_of(self.book, Message(self.said, change.participant_id, name, change.body, self.time))
        apply_change(self.book, change, self.time)
        return facts_of(self.book)

    def withdraw(self, who: UUID) -> None:
        """Somebody withdraws a guest's invitation over HTTP, and the room reads the facts again."""
        self.book.participants[who].withdraw(self.time)
        self.roster = absorb(self.roster, facts_of(self.book))
        self.audience.publish(self.roster)
        self.expel(who)

    def member(self, who: UUID) -> Member:
        return self.roster.members[who]

    def page(self, who: UUID) -> Page:
        peer = self.member(who).peer
        assert peer is not None
        return self.pages[peer.handle]

    def peer(self, who: UUID) -> str:
        peer = self.member(who).peer
        assert peer is not None
        return peer.id


def new_consultation() -> Consultation:
    identity = {name: fixed_id(name, "1") for name in ("id", "practice_id", "patient_id", "professional_id")}
    return Consultation(
        **identity, team_id=None, scheduled_at=NOON, duration_min=20, state=ConsultationState.SCHEDULED, started_at=None,
        ended_at=None, outcome=None, outcome_reason=None, created_at=NOON,
    )  # fmt: skip


def new_patient() -> Patient:
    return Patient(id=fixed_id("patient_id", "1"), practice_id=fixed_id("practice_id", "1"), name="Dana Diaz", created_at=NOON)


def new_place(who: UUID) -> Participant:
    patient, role = who == DANA, ROLES.get(who, Role.PROFESSIONAL)
    return Participant(
        id=who, consultation_id=fixed_id("id", "1"), role=role, relation=RELATIONS.get(who), quiet=False, withdrawn_at=None,
        person_id=who if role == Role.PROFESSIONAL else None, name=NAMES[who],
        companion="Her son" if patient else None, stage=Stage.NOT_ARRIVED if role == Role.PROFESSIONAL else Stage.CHECKING,
        waiting_since=None, admitted_at=None, refused_reason=None, devices="camera:works" if patient else None, hold_message=None,
    )  # fmt: skip


def crowd(game: Game, count: int, stage: Stage = Stage.NOT_ARRIVED) -> Roster:
    """Return the roster with so many more professionals who are connected."""
    game.join(BOB)
    bob = game.member(BOB)
    assert bob.peer is not None
    peers = [replace(bob.peer, id=f"other-{number}", handle=number + 1000) for number in range(count)]
    others = [replace(bob, id=uuid5(BOB, peer.id), peer=peer, stage=stage) for peer in peers]
    return replace(game.roster, members=MappingProxyType({**game.roster.members, **{other.id: other for other in others}}))
