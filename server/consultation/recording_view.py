"""What each participant is shown of a recording, with the question as they are to read it. Pure."""

from collections.abc import Callable
from typing import Literal, TypedDict

from server.consultation.consents import RECORDING
from server.consultation.model import Stage
from server.consultation.recording import OFF, RecordingState
from server.consultation.recording_steps import awaited, in_call
from server.consultation.roster import Member, Roster

ShownRecording = Literal["off", "asking", "on", "paused"]

SHOWN: dict[RecordingState, ShownRecording] = {
    RecordingState.OFF: "off",
    RecordingState.ASKING: "asking",
    RecordingState.ON: "on",
    RecordingState.PAUSED: "paused",
}


class QuestionShape(TypedDict):
    version: str
    sentence: str
    more: str


class RecordingShape(TypedDict):
    """`interrupted` tells that nothing is written though everybody agreed, `unseen` whose picture cannot be recorded."""

    state: ShownRecording
    interrupted: bool
    unseen: list[str]
    by: str | None
    agreed: list[str]
    since: str | None
    question: QuestionShape | None


def recording_for(roster: Roster, viewer: Member, say: Callable[[str], str]) -> RecordingShape:
    """Return the state for professionals and everybody in the call; whoever waits is told once they are in it, and then asked."""
    told = viewer.professional or viewer.stage == Stage.IN_CALL
    now = roster.recording if told else OFF
    return {
        "state": "paused" if now.interrupted else SHOWN[now.state],
        "interrupted": now.interrupted,
        "unseen": sorted(str(name) for name in now.unseen & in_call(roster)),
        "by": None if now.by is None else str(now.by),
        "agreed": sorted(str(name) for name in now.agreed & in_call(roster)),
        "since": None if now.since is None else now.since.isoformat(),
        "question": _question(say) if awaited(roster, viewer) else None,
    }


def _question(say: Callable[[str], str]) -> QuestionShape:
    return {"version": RECORDING.version, "sentence": say(RECORDING.sentence), "more": say(RECORDING.more)}
