"""What a forwarding engine says, told to the pages: offers, who speaks, how well somebody is served. Pure."""

from server.consultation.roster import Member, Roster
from server.consultation.steps import Tell
from server.media_control import Connected, Event, Gone, Load, NotRecorded, Offer, Quality, Recorded, RecordingFailed, Speaking


def tells_of(roster: Roster, event: Event) -> tuple[Tell, ...]:
    """Return whom to tell what; nothing for somebody whose page is away at the moment: it is offered anew when it comes back."""
    match event:
        case Offer():
            return _to(roster, event.peer, "offer", _offer(roster.route.epoch, event))
        case Quality():
            served: dict[str, object] = {"budget_bps": event.budget_bps, "lost": event.lost, "paused": event.paused}
            return _to(roster, event.peer, "served", served)
        case Speaking():
            return tuple(Tell(handle, "speaking", {"peer": event.peer}) for handle, member in roster.connected() if _talks(roster, member))
        case Connected() | Gone() | Load() | Recorded() | RecordingFailed() | NotRecorded():
            return ()


def _offer(epoch: int, offer: Offer) -> dict[str, object]:
    streams = [{"mid": stream.mid, "peer": stream.publisher, "source": stream.source} for stream in offer.streams]
    return {"epoch": epoch, "side": offer.side, "number": offer.number, "sdp": offer.sdp, "streams": streams}


def _to(roster: Roster, peer: str, kind: str, body: dict[str, object]) -> tuple[Tell, ...]:
    return tuple(Tell(handle, kind, body) for handle, member in roster.connected() if member.peer is not None and member.peer.id == peer)


def _talks(roster: Roster, member: Member) -> bool:
    return member.peer is not None and member.peer.id in roster.talking
