"""What each participant is shown (docs/WIRE.md 2.1), and the events that lead from one view to the next. Pure."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Literal, TypedDict

from server.consultation.device_words import in_words
from server.consultation.model import Stage
from server.consultation.recording_view import RecordingShape, recording_for
from server.consultation.roster import ConsultationFacts, Member, Message, Roster

ShownStage = Literal["away", "waiting", "in_call", "left", "refused"]
SHOWN: dict[Stage, ShownStage] = {
    Stage.WAITING: "waiting",
    Stage.IN_CALL: "in_call",
    Stage.LEFT: "left",
    Stage.REFUSED: "refused",
}  # everything before the waiting room is `away`


class ParticipantShape(TypedDict):
    id: str
    name: str
    booked_as: str | None
    role: str
    companion: str | None
    stage: ShownStage
    present: bool
    peer: str | None
    mic: bool
    camera: bool
    screen: bool
    hand: bool
    since: str | None
    devices: str | None


MessageShape = TypedDict("MessageShape", {"id": int, "from": str, "name": str, "body": str, "at": str})


class ConsultationShape(TypedDict):
    id: str
    state: str
    started_at: str | None
    outcome: str | None


class Snapshot(TypedDict):
    consultation: ConsultationShape
    participants: list[ParticipantShape]
    messages: list[MessageShape]
    recording: RecordingShape


Event = tuple[str, ConsultationShape | ParticipantShape | MessageShape | RecordingShape | dict[str, str]]


def view_for(roster: Roster, viewer: Member, say: Callable[[str], str]) -> Snapshot:
    """Return everything that `viewer` may know of the room at this moment; `say` puts our own words into their language."""
    return {
        "consultation": _consultation(roster.consultation),
        "participants": [_participant(member, viewer, say) for member in roster.members.values() if _is_shown(roster, member, viewer)],
        "messages": [_message(message) for message in roster.messages],
        "recording": recording_for(roster, viewer, say),
    }


def diff(old: Snapshot, new: Snapshot) -> Iterator[Event]:
    """Yield the events by which a page that shows `old` comes to show `new`."""
    if old["consultation"] != new["consultation"]:
        yield "consultation", new["consultation"]
    if old["recording"] != new["recording"]:
        yield "recording", new["recording"]
    before = {shown["id"]: shown for shown in old["participants"]}
    after = {shown["id"]: shown for shown in new["participants"]}
    for gone in before.keys() - after.keys():
        yield "gone", {"id": gone}
    for name, shown in after.items():
        if before.get(name) != shown:
            yield "participant", shown
    last = old["messages"][-1]["id"] if old["messages"] else 0
    for message in new["messages"]:
        if message["id"] > last:
            yield "message", message


def _is_shown(roster: Roster, member: Member, viewer: Member) -> bool:
    """A patient sees themself, the seated professional, and while they wait the one whose consultation it is."""
    if not viewer.patient or member.id == viewer.id:
        return True
    if member.patient or viewer.stage not in {Stage.WAITING, Stage.IN_CALL}:
        return False
    return member.stage == Stage.IN_CALL or (viewer.stage == Stage.WAITING and member.id == roster.consultation.host)


def _participant(member: Member, viewer: Member, say: Callable[[str], str]) -> ParticipantShape:
    """Nobody is shown as sending before they are in the call; a device check and the booked name are for professionals only."""
    peer = member.peer
    sends = peer if member.stage == Stage.IN_CALL else None
    return {
        "id": str(member.id),
        "name": member.name,
        "booked_as": None if viewer.patient else member.booked_as,
        "role": "patient" if member.patient else "professional",
        "companion": member.companion,
        "stage": SHOWN.get(member.stage, "away"),
        "present": peer is not None and peer.present,
        "peer": None if peer is None else peer.id,
        "mic": sends is not None and sends.mic,
        "camera": sends is not None and sends.camera,
        "screen": sends is not None and sends.screen,
        "hand": sends is not None and sends.hand,
        "since": _iso(member.since),
        "devices": None if viewer.patient else in_words(member.devices, say),
    }


def _message(message: Message) -> MessageShape:
    return {
        "id": message.id,
        "from": str(message.participant_id),
        "name": message.name,
        "body": message.body,
        "at": message.at.isoformat(),
    }


def _consultation(facts: ConsultationFacts) -> ConsultationShape:
    return {"id": str(facts.id), "state": facts.state, "started_at": _iso(facts.started_at), "outcome": facts.outcome}


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
