"""The secret of a join link, derived instead of stored."""

from base64 import urlsafe_b64encode
from uuid import UUID

from server.core.crypto import Secrets


def join_token(secrets: Secrets, link_id: UUID) -> str:
    """Return the 256-bit token of a link, 43 URL-safe characters.

    Derived from the server's key and the link's id, so that a message can be shown or sent again while the database holds only a hash.
    """
    return urlsafe_b64encode(secrets.mac("join-link", str(link_id))).rstrip(b"=").decode()


def join_url(base_url: str, secrets: Secrets, link_id: UUID) -> str:
    return f"{base_url}/j/{join_token(secrets, link_id)}"
