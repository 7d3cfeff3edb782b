"""How a room moves on: a roster and a command in; a new roster, what to store and what to tell out. Pure.

A step that stores something is provisional: whoever carries it out stores first, and forgets the step when that fails.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from server.consultation import changes
from server.consultation.changes import Change
from server.consultation.commands import (
    Admit,
    Agree,
    Answer,
    Caption,
    Chat,
    Command,
    End,
    Enter,
    Flowing,
    Hand,
    Hold,
    Leave,
    Media,
    MediaWord,
    Quality,
    Record,
    Refuse,
    RestartMedia,
    ShareFile,
    Signal,
    Stuck,
    ToWaiting,
    Watch,
)
from server.consultation.model import NOT_WAITING, Role, Stage
from server.consultation.recording_steps import answered, asked
from server.consultation.roster import MOST_IN_CALL, RETIRED_KEPT, Member, Peer, Roster
from server.consultation.route import FEWEST_FOR_ENGINE, says_flowing
from server.consultation.signalling import find_target
from server.errors import Conflict, Forbidden, Overloaded

MAX_CONNECTIONS = 16  # of one consultation; one more is closed 1013
LEFT = 1000


@dataclass(frozen=True, slots=True)
class Tell:
    handle: int
    kind: str
    body: dict[str, object]


@dataclass(frozen=True, slots=True)
class Close:
    handle: int
    code: int
    message: str


@dataclass(frozen=True, slots=True)
class Measured:
    """What a participant's browser tells of the call; it may be stored later, or not at all."""

    participant_id: UUID
    quality: Quality


@dataclass(frozen=True, slots=True)
class Step:
    roster: Roster
    store: Change | None = None
    measured: Measured | None = None
    tells: tuple[Tell, ...] = ()
    closes: tuple[Close, ...] = ()
    word: tuple[str, MediaWord] | None = None  # of a peer to the engine


def act(roster: Roster, actor_id: UUID, command: Command) -> Step:
    """Carry out a command of docs/WIRE.md 2.2; raises the tree's errors and then nothing has changed."""
    actor = roster.members.get(actor_id)
    if actor is None or (command.professional_only and not actor.professional):
        raise Forbidden
    return ACTIONS[type(command)](roster, actor, command)


def check_arrival(roster: Roster, participant_id: UUID) -> None:
    """Raises `Overloaded` when the room has no place for one more connection."""
    others = [member for member in roster.members.values() if member.peer is not None and member.id != participant_id]
    if len(others) >= MAX_CONNECTIONS:
        raise Overloaded


def attach(roster: Roster, participant_id: UUID, handle: int, resumed: str | None, fresh: str) -> Step:
    """Bind a new socket to a participant whose arrival is stored: the newer one replaces the older.

    `resumed` is a peer id that this participant was given earlier; `fresh` is one that was never used.
    """
    member = roster.members[participant_id]
    old = member.peer
    peer = _peer(roster, old, handle, resumed, fresh)
    closes = (Close(old.handle, Conflict.close_code, "You opened this in another place."),) if old is not None and old.present else ()
    attached = roster.with_member(replace(member, peer=peer, gone_at=None))
    if old is not None and old.id != peer.id:
        attached = _retire(attached, old)
    return Step(attached, tells=_reminders(attached.members[participant_id], handle), closes=closes)


def showing(roster: Roster, participant_id: UUID, media: Media) -> Roster:
    """Note what a participant who is connected sends."""
    member = roster.members[participant_id]
    peer = replace(_peer_of(member), mic=media.mic, camera=media.camera, screen=media.screen)
    return roster.with_member(replace(member, peer=peer))


def drop(roster: Roster, handle: int, now: float) -> Roster:
    """A socket is gone: its participant keeps the peer for the grace. A socket that was replaced changes nothing."""
    member = roster.by_handle(handle)
    if member is None or member.peer is None:
        return roster
    if member.stage == Stage.LEFT:
        return _detach(roster, member)
    return roster.with_member(replace(member, peer=replace(member.peer, present=False), gone_at=now))


def expel(roster: Roster, handle: int, code: int, message: str) -> Step:
    """A right was withdrawn: the socket is closed and its participant gives up every place at once, without a grace."""
    member = roster.by_handle(handle)
    if member is None:
        return Step(roster)
    return Step(_detach(roster, member), store=changes.Lose(member.id), closes=(Close(handle, code, message),))


def overdue(roster: Roster, now: float, grace_s: float) -> Step | None:
    """Return the step that lets go of one participant whose grace is over, if there is one."""
    for member in roster.members.values():
        if member.gone_at is not None and now - member.gone_at >= grace_s:
            return Step(_detach(roster, member), store=changes.Lose(member.id))
    return None


def _peer(roster: Roster, old: Peer | None, handle: int, resumed: str | None, fresh: str) -> Peer:
    if resumed is None or resumed in roster.retired:
        return Peer(fresh, handle)
    if old is not None and old.id == resumed:
        return replace(old, handle=handle, present=True)
    return Peer(resumed, handle)


def _retire(roster: Roster, peer: Peer) -> Roster:
    return replace(roster, retired=(*roster.retired, peer.id)[-RETIRED_KEPT:])


def _detach(roster: Roster, member: Member) -> Roster:
    detached = roster.with_member(replace(member, peer=None, gone_at=None))
    return detached if member.peer is None else _retire(detached, member.peer)


def _reminders(member: Member, handle: int) -> tuple[Tell, ...]:
    """What a patient or guest was told before, told again to a page that may have been reloaded."""
    if member.professional:
        return ()
    if member.stage == Stage.REFUSED:
        return (Tell(handle, "refused", {"reason": member.refused_reason or ""}),)
    return () if member.hold is None else (Tell(handle, "hold", {"body": member.hold or None}),)


def _signal(roster: Roster, actor: Member, command: Signal) -> Step:
    peer, body = find_target(roster, actor, command)
    return Step(roster, tells=(Tell(peer.handle, "signal", body),))


def _media(roster: Roster, actor: Member, command: Media) -> Step:
    return Step(showing(roster, actor.id, command))


def _word(roster: Roster, actor: Member, command: MediaWord) -> Step:
    return Step(roster, word=(_talking_peer(actor).id, command))


def _flowing(roster: Roster, actor: Member, command: Flowing) -> Step:
    return Step(replace(roster, route=says_flowing(roster.route, _talking_peer(actor).id, command.epoch)))


def _stuck(roster: Roster, actor: Member, command: Stuck) -> Step:
    """Where there is no engine nothing is gained: the browsers go on trying."""
    del command
    _talking_peer(actor)
    return Step(replace(roster, route=replace(roster.route, stuck=True)) if roster.has_engine else roster)


def _hand(roster: Roster, actor: Member, command: Hand) -> Step:
    return Step(roster.with_member(replace(actor, peer=replace(_peer_of(actor), hand=command.up))))


def _chat(roster: Roster, actor: Member, command: Chat) -> Step:
    """A guest hears and says nothing outside of the call."""
    _refuse_if_over(roster)
    if actor.guest and actor.stage != Stage.IN_CALL:
        raise Conflict("You can write here once you are in the call.", code="not_in_call")
    return Step(roster, store=changes.Say(actor.id, command.body))


def _share(roster: Roster, actor: Member, command: ShareFile) -> Step:
    """Whoever is in the call sends to whoever is told of messages; a file that is on its way outlives its sender's connection."""
    _refuse_if_over(roster)
    if actor.stage != Stage.IN_CALL:
        raise Conflict("You can send a file once you are in the call.", code="not_in_call")
    return Step(roster, store=changes.Say(actor.id, command.name, changes.SharedFile(command.file_id, command.kind, command.size)))


def _caption(roster: Roster, actor: Member, command: Caption) -> Step:
    """Whoever else is in the call is told now; nobody is told later, because it is kept nowhere."""
    _talking_peer(actor)
    body: dict[str, object] = {"from": str(actor.id), **command.model_dump()}
    others = [handle for handle, member in roster.connected() if member.stage == Stage.IN_CALL and member.id != actor.id]
    return Step(roster, tells=tuple(Tell(handle, "caption", body) for handle in others))


def _quality(roster: Roster, actor: Member, command: Quality) -> Step:
    _talking_peer(actor)
    return Step(roster, measured=Measured(actor.id, command))


def _enter(roster: Roster, actor: Member, command: Enter) -> Step:
    _check_seats(roster, actor)
    there = actor.stage == Stage.IN_CALL and actor.quiet == command.quiet
    return Step(roster, store=None if there else changes.Sit(actor.id, command.quiet))


def _admit(roster: Roster, actor: Member, command: Admit) -> Step:
    waiting = _find_waiting(roster, command, {Stage.WAITING, Stage.REFUSED, Stage.IN_CALL})
    _check_seats(roster, actor, waiting)
    if waiting.peer is None and waiting.stage != Stage.IN_CALL:
        raise _away(waiting)
    return Step(roster, store=changes.Admit(actor.id, waiting.id))


def _hold(roster: Roster, actor: Member, command: Hold) -> Step:
    del actor
    waiting = _find_waiting(roster, command, {Stage.WAITING})
    return Step(roster, store=changes.Hold(waiting.id, command.body), tells=_tell(waiting, "hold", {"body": command.body}))


def _refuse(roster: Roster, actor: Member, command: Refuse) -> Step:
    del actor
    waiting = _find_waiting(roster, command, {Stage.WAITING, Stage.IN_CALL})
    told = _tell(waiting, "refused", {"reason": command.reason})
    return Step(roster, store=changes.Refuse(waiting.id, command.reason), tells=told)


def _leave(roster: Roster, actor: Member, command: Leave) -> Step:
    del command
    peer = _peer_of(actor)
    closes = (Close(peer.handle, LEFT, "You have left."),)
    return Step(_detach(roster, actor), store=changes.Leave(actor.id), closes=closes)


def _end(roster: Roster, actor: Member, command: End) -> Step:
    """Ends for all; professionals stay connected, because they still read and write."""
    _refuse_if_over(roster)
    others = [handle for handle, member in roster.connected() if not member.professional]
    closes = tuple(Close(handle, LEFT, "The consultation has ended.") for handle in others)
    return Step(roster, store=changes.End(actor.id, command.outcome, command.reason), closes=closes)


def _record(roster: Roster, actor: Member, command: Record) -> Step:
    return Step(*asked(roster, actor, command))


def _agree(roster: Roster, actor: Member, command: Agree) -> Step:
    return Step(*answered(roster, actor, command))


def _check_seats(roster: Roster, *comers: Member) -> None:
    """Whoever acts comes first, and must be connected; raises `Conflict` where the call has no place for one of them."""
    _refuse_if_over(roster)
    _peer_of(comers[0])
    then = len({member.id for member in (*roster.in_call, *comers)})
    if then >= FEWEST_FOR_ENGINE and not roster.has_engine:
        raise Conflict("This server cannot carry a call of three at the moment. You can still read and write the note.", code="no_engine")
    if then > MOST_IN_CALL:
        raise Conflict("The call is full: eight people are in it. You can still read and write the note.", code="call_full")


def _peer_of(actor: Member) -> Peer:
    if actor.peer is None or not actor.peer.present:
        raise Conflict("Open the consultation first.", code="not_connected")
    return actor.peer


def _talking_peer(actor: Member) -> Peer:
    if actor.stage != Stage.IN_CALL:
        raise Forbidden("You are not in the call.", code="not_seated")
    return _peer_of(actor)


def _find_waiting(roster: Roster, command: ToWaiting, stages: set[Stage]) -> Member:
    """Return the patient or guest whom a command means; raises `Conflict` for somebody who is elsewhere."""
    _refuse_if_over(roster)
    meant = roster.patient if command.participant is None else roster.members.get(command.participant)
    if meant is None or meant.professional or meant.withdrawn or meant.stage not in stages:
        raise Conflict(NOT_WAITING[Role.GUEST if meant is None else meant.role], code="not_waiting")
    return meant


def _away(member: Member) -> Conflict:
    if member.guest:
        return Conflict("Your guest is not connected at the moment. Their place is kept.", code="guest_away")
    return Conflict("The patient is not connected at the moment. Their place is kept.", code="patient_away")


def _tell(member: Member, kind: str, body: dict[str, object]) -> tuple[Tell, ...]:
    present = member.peer is not None and member.peer.present
    return (Tell(member.peer.handle, kind, body),) if present and member.peer else ()


def _refuse_if_over(roster: Roster) -> None:
    if roster.consultation.over:
        raise Conflict("The consultation has ended.", code="ended")


ACTIONS: dict[type[Command], Callable[[Roster, Member, Any], Step]] = {
    Signal: _signal,
    Media: _media,
    Answer: _word,
    RestartMedia: _word,
    Watch: _word,
    Flowing: _flowing,
    Stuck: _stuck,
    Hand: _hand,
    Chat: _chat,
    ShareFile: _share,
    Caption: _caption,
    Quality: _quality,
    Enter: _enter,
    Admit: _admit,
    Hold: _hold,
    Refuse: _refuse,
    Leave: _leave,
    End: _end,
    Record: _record,
    Agree: _agree,
}
