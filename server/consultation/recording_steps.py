"""What `record` and `agree` do to a room, and how a recording follows who is in the call. Pure."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from server.consultation import recording
from server.consultation.changes import Answer
from server.consultation.commands import Agree, Record
from server.consultation.model import Stage
from server.consultation.recording import RecordingState
from server.consultation.roster import Member, Roster
from server.core.marking import _
from server.errors import Conflict


def asked(roster: Roster, actor: Member, command: Record) -> tuple[Roster, Answer | None]:
    """Ask everybody, which is the asker's own yes; or stop, which keeps what was recorded. Raises `Conflict`."""
    _check_in_call(actor)
    if command.on and not roster.has_engine:
        raise Conflict(_("This server cannot record at the moment."), code="no_engine")
    if not command.on:
        return replace(roster, recording=recording.stop(actor.id)), None
    return replace(roster, recording=recording.ask(roster.recording, actor.id, in_call(roster))), Answer(actor.id, yes=True)


def answered(roster: Roster, actor: Member, command: Agree) -> tuple[Roster, Answer | None]:
    """Take an answer; the same yes twice is stored once. Raises `Conflict`."""
    _check_in_call(actor)
    before = roster.recording
    after = recording.answer(before, actor.id, yes=command.yes)
    repeated = command.yes and actor.id in before.agreed
    return replace(roster, recording=after), None if repeated else Answer(actor.id, command.yes)


def followed(roster: Roster, now: datetime) -> Roster:
    """Return the room with what may be recorded of it while just these people are in the call."""
    after = recording.follow(roster.recording, in_call(roster), now)
    return roster if after == roster.recording else replace(roster, recording=after)


def in_call(roster: Roster) -> frozenset[UUID]:
    """Return everybody in the call, whoever only listens and whoever may come back from a drop among them."""
    return frozenset(member.id for member in roster.in_call)


def awaited(roster: Roster, member: Member) -> bool:
    """Whether an answer of this participant is awaited."""
    now = roster.recording
    return now.state != RecordingState.OFF and member.stage == Stage.IN_CALL and member.id not in now.agreed


def _check_in_call(actor: Member) -> None:
    if actor.stage != Stage.IN_CALL:
        raise Conflict(_("Only somebody in the call can do this."), code="not_in_call")
