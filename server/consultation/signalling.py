"""Who may send WebRTC descriptions and candidates to whom. Pure; what is inside them is the browsers' business."""

from uuid import UUID

from server.consultation.commands import Signal
from server.consultation.model import Stage
from server.consultation.roster import Member, Peer, Roster
from server.errors import Forbidden, NotFound


def find_target(roster: Roster, sender: Member, signal: Signal) -> tuple[Peer, dict[str, object]]:
    """Return the peer to tell and the body; raises `NotFound` for a peer that is not here, `Forbidden` for a pair that may not talk.

    Two connect to each other while they are alone in the call, and go on until the engine has taken over from them. The patient and the
    one professional in the call may do so already while the patient waits; no media flows before the admission.
    """
    target = next((member for _, member in roster.connected() if member.peer is not None and member.peer.id == signal.to), None)
    if target is None or target.peer is None or sender.peer is None:
        raise NotFound("The other side is not connected.", code="not_connected")
    if {sender.id, target.id} != pair_of(roster) and {sender.peer.id, target.peer.id} != roster.route.straight:
        raise Forbidden("You may not connect to this participant.", code="not_seated")
    return target.peer, {"from": sender.peer.id, **signal.payload}


def pair_of(roster: Roster) -> set[UUID] | None:
    """Return the two who may talk peer to peer by who is in the call; None where it is not exactly two."""
    pair = {member.id for member in roster.in_call}
    if len(pair) == 1 and roster.seated and roster.patient is not None and roster.patient.stage == Stage.WAITING:
        pair.add(roster.patient.id)
    return pair if len(pair) == 2 else None
