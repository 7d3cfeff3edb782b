"""Proof that a browser connection is the one that it says it was, good across a restart of the server."""

import base64
import hmac
from uuid import UUID

from server.core.crypto import Secrets

PURPOSE = "resume"


def resume_token(secrets: Secrets, participant_id: UUID, peer: str) -> str:
    """Return the peer's id with a MAC; it opens nothing by itself, a ticket is always needed, too."""
    return f"{peer}.{_mac(secrets, participant_id, peer)}"


def resumed_peer(secrets: Secrets, participant_id: UUID, token: str | None) -> str | None:
    """Return the peer id that a token proves, or None for a token of somebody else or of nobody."""
    peer, _, mac = (token or "").rpartition(".")
    if peer and hmac.compare_digest(mac.encode(), _mac(secrets, participant_id, peer).encode()):
        return peer
    return None


def _mac(secrets: Secrets, participant_id: UUID, peer: str) -> str:
    return base64.urlsafe_b64encode(secrets.mac(PURPOSE, str(participant_id), peer)).rstrip(b"=").decode()
