"""Whether a call may be recorded at this moment: nobody is, who has not agreed. Pure; the room moves it on, tape.py carries it out.

off ── a professional asks ──> asking ── everybody has agreed ──> on <── somebody joins, then agrees or leaves ──> paused
and from each of them back to off, for good, by one 'no', by taking an agreement back, by a professional who stops it, and when nobody
is in the call any more. To record again a professional must ask anew, and everybody must answer anew.

Beside it stands whether anything is written: what is on may be `interrupted`, because an engine has died, and goes on by itself.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from server.core.marking import _
from server.errors import Conflict

FEWEST = 2  # in the call: nobody is recorded alone


class RecordingState(StrEnum):
    OFF = "off"
    ASKING = "asking"
    ON = "on"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Recording:
    """`by` asked at `asked_at`, `agreed` said yes, also those who have left since; `since` is when it was asked, later when it began.

    Once it is off, `ended_by` says who ended it, None where the call was over, and `undone` that they took back what they had agreed to:
    what was recorded is then deleted. Nothing is written while it is `interrupted`. `unseen` are those whose picture cannot be recorded.
    """

    state: RecordingState = RecordingState.OFF
    by: UUID | None = None
    agreed: frozenset[UUID] = frozenset()
    asked_at: datetime | None = None
    since: datetime | None = None
    ended_by: UUID | None = None
    undone: bool = False
    interrupted: bool = False
    unseen: frozenset[UUID] = frozenset()

    @property
    def begun(self) -> bool:
        return self.state in {RecordingState.ON, RecordingState.PAUSED}

    @property
    def goes_on(self) -> bool:
        return self.state == RecordingState.ON and not self.interrupted


OFF = Recording()


def ask(recording: Recording, who: UUID, in_call: AbstractSet[UUID]) -> Recording:
    """Ask everybody in the call; whoever asks agrees by it. Raises `Conflict` where it was asked already, or nobody else is there."""
    if recording.state != RecordingState.OFF:
        raise Conflict(_("Recording was asked for already."), code="asked")
    if len(in_call | {who}) < FEWEST:
        raise Conflict(_("There is nobody else in the call yet."), code="alone")
    return Recording(RecordingState.ASKING, who, frozenset({who}))


def answer(recording: Recording, who: UUID, *, yes: bool) -> Recording:
    """Take an answer; one 'no' ends it for everybody. Raises `Conflict` where nobody asked."""
    if recording.state == RecordingState.OFF:
        raise Conflict(_("Nobody asks to record at the moment."), code="not_asked")
    if yes:
        return replace(recording, agreed=recording.agreed | {who})
    return replace(OFF, ended_by=who, undone=recording.begun and who in recording.agreed)


def stop(who: UUID) -> Recording:
    """End it, and keep what was recorded."""
    return replace(OFF, ended_by=who)


def written(recording: Recording, *, writes: bool, unseen: AbstractSet[UUID]) -> Recording:
    """Return it with what an engine makes of it: whether one writes, and whose picture it leaves out."""
    if not recording.begun:
        return recording
    return replace(recording, interrupted=not writes, unseen=frozenset(unseen))


def follow(recording: Recording, in_call: AbstractSet[UUID], now: datetime) -> Recording:
    """Return what holds while just these are in the call; those who dropped and may yet come back are among them."""
    if recording.state == RecordingState.OFF:
        return recording
    if not in_call:
        return OFF
    agreed = in_call <= recording.agreed
    if recording.begun:
        return replace(recording, state=RecordingState.ON if agreed else RecordingState.PAUSED)
    if agreed and len(in_call) >= FEWEST:
        return replace(recording, state=RecordingState.ON, since=now)
    return recording if recording.asked_at else replace(recording, asked_at=now, since=now)
