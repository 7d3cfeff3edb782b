"""What each participant is shown (docs/WIRE.md 2.1), and the events that lead from one view to the next. Pure."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Literal, TypedDict

from server.consultation.changes import SharedFile
from server.consultation.device_words import in_words
from server.consultation.model import Stage
from server.consultation.recording_view import RecordingShape, recording_for
from server.consultation.roster import ConsultationFacts, Member, Message, Roster
from server.consultation.route import RouteShape

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
    relation: str | None
    companion: str | None
    stage: ShownStage
    present: bool
    peer: str | None
    mic: bool
    camera: bool
    screen: bool
    hand: bool
    quiet: bool
    since: str | None
    devices: str | None


class FileShape(TypedDict):
    id: str
    kind: str
    size: int


MessageShape = TypedDict("MessageShape", {"id": int, "from": str, "name": str, "body": str, "at": str, "file": FileShape | None})


class ConsultationShape(TypedDict):
    id: str
    state: str
    started_at: str | None
    outcome: str | None


class Snapshot(TypedDict):
    consultation: ConsultationShape
    participants: list[ParticipantShape]
    messages: list[MessageShape]
    route: RouteShape
    recording: RecordingShape


Event = tuple[str, ConsultationShape | ParticipantShape | MessageShape | RecordingShape | RouteShape | dict[str, str]]


def view_for(roster: Roster, viewer: Member, say: Callable[[str], str]) -> Snapshot:
    """Return everything that `viewer` may know of the room at this moment; `say` puts our own words into their language."""
    return {
        "consultation": _consultation(roster.consultation, viewer),
        "participants": [_participant(member, viewer, say) for member in roster.members.values() if _is_shown(roster, member, viewer)],
        "messages": [_message(message) for message in roster.messages if _is_heard(message, viewer)],
        "recording": recording_for(roster, viewer, say),
        "route": roster.route.shape,
    }


def diff(old: Snapshot, new: Snapshot) -> Iterator[Event]:
    """Yield the events by which a page that shows `old` comes to show `new`. A recording comes last: it names people."""
    if old["consultation"] != new["consultation"]:
        yield "consultation", new["consultation"]
    if old["route"] != new["route"]:
        yield "route", new["route"]
    yield from _diff_participants(old, new)
    last = old["messages"][-1]["id"] if old["messages"] else 0
    for message in new["messages"]:
        if message["id"] > last:
            yield "message", message
    if old["recording"] != new["recording"]:
        yield "recording", new["recording"]


def _diff_participants(old: Snapshot, new: Snapshot) -> Iterator[Event]:
    before = {shown["id"]: shown for shown in old["participants"]}
    after = {shown["id"]: shown for shown in new["participants"]}
    for gone in before.keys() - after.keys():
        yield "gone", {"id": gone}
    for name, shown in after.items():
        if before.get(name) != shown:
            yield "participant", shown


def _is_shown(roster: Roster, member: Member, viewer: Member) -> bool:
    """Whoever is in the call sees everybody in it. A professional sees all others, too, but for guests whose invitation was withdrawn.

    A patient or guest sees themself, and while they wait the professionals in the call and the one whose consultation it is.
    """
    if member.id == viewer.id:
        return True
    if viewer.professional:
        return not member.withdrawn or member.peer is not None or member.stage == Stage.IN_CALL
    if viewer.stage == Stage.WAITING:
        return member.professional and (member.stage == Stage.IN_CALL or member.id == roster.consultation.host)
    return viewer.stage == Stage.IN_CALL and member.stage == Stage.IN_CALL


def _is_heard(message: Message, viewer: Member) -> bool:
    """What was said while a guest was not in the call is not for them, whatever comes later."""
    return not viewer.guest or viewer.id in message.heard_by


def _participant(member: Member, viewer: Member, say: Callable[[str], str]) -> ParticipantShape:
    """Nobody is shown as sending before they are in the call; a device check and the booked name are for professionals only."""
    peer = member.peer
    sends = peer if member.stage == Stage.IN_CALL and not member.quiet else None
    return {
        "id": str(member.id),
        "name": member.name,
        "booked_as": member.booked_as if viewer.professional else None,
        "role": str(member.role),
        "relation": None if member.relation is None else str(member.relation),
        "companion": member.companion,
        "stage": SHOWN.get(member.stage, "away"),
        "present": peer is not None and peer.present,
        "peer": None if peer is None else peer.id,
        "mic": sends is not None and sends.mic,
        "camera": sends is not None and sends.camera,
        "screen": sends is not None and sends.screen,
        "hand": peer is not None and member.stage == Stage.IN_CALL and peer.hand,
        "quiet": member.quiet,
        "since": _iso(member.since),
        "devices": in_words(member.devices, say) if viewer.professional else None,
    }


def _file(file: SharedFile) -> FileShape:
    return {"id": str(file.id), "kind": file.kind, "size": file.size}


def _message(message: Message) -> MessageShape:
    return {
        "id": message.id,
        "from": str(message.participant_id),
        "name": message.name,
        "body": message.body,
        "at": message.at.isoformat(),
        "file": None if message.file is None else _file(message.file),
    }


def _consultation(facts: ConsultationFacts, viewer: Member) -> ConsultationShape:
    """How it ended is between the patient and the professionals."""
    outcome = None if viewer.guest else facts.outcome
    return {"id": str(facts.id), "state": facts.state, "started_at": _iso(facts.started_at), "outcome": outcome}


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
