"""Who may send WebRTC descriptions and candidates to whom. Pure; what is inside them is the browsers' business."""

from server.consultation.commands import Signal
from server.consultation.model import Stage
from server.consultation.roster import Member, Peer, Roster
from server.errors import Forbidden, NotFound

MAY_CONNECT = {Stage.WAITING, Stage.IN_CALL}


def find_target(roster: Roster, sender: Member, signal: Signal) -> tuple[Peer, dict[str, object]]:
    """Return the peer to tell and the body; raises `NotFound` for a peer that is not here, `Forbidden` for a pair that may not talk.

    The patient and the seated professional may connect already while the patient waits; no media flows before the admission.
    """
    target = next((member for _, member in roster.connected() if member.peer is not None and member.peer.id == signal.to), None)
    if target is None or target.peer is None or sender.peer is None:
        raise NotFound("The other side is not connected.", code="not_connected")
    if not _may_talk(roster, sender, target):
        raise Forbidden("You may not connect to this participant.", code="not_seated")
    return target.peer, {"from": sender.peer.id, **signal.payload}


def _may_talk(roster: Roster, one: Member, other: Member) -> bool:
    patient, professional = (one, other) if one.patient else (other, one)
    seated = roster.seated
    return patient.patient and patient.stage in MAY_CONNECT and seated is not None and professional.id == seated.id
