"""The answer to `hello`: who you are, how to come back, which ICE servers to use, and the whole room as you may see it."""

from typing import TypedDict
from uuid import UUID

from server.consultation.resume import resume_token
from server.consultation.turn import IceServer, ice_servers
from server.consultation.view import Snapshot
from server.core.house import House


class Welcome(TypedDict):
    you: str
    peer: str
    resume: str
    beat_s: float
    ice: list[IceServer]
    snapshot: Snapshot


def welcome(house: House, participant_id: UUID, peer: str, beat_s: float, snapshot: Snapshot) -> Welcome:
    return {
        "you": str(participant_id),
        "peer": peer,
        "resume": resume_token(house.secrets, participant_id, peer),
        "beat_s": beat_s,
        "ice": ice_servers(house.settings, house.clock.now(), participant_id),
        "snapshot": snapshot,
    }
