"""ICE servers for one participant, with TURN credentials that expire, as coturn's `use-auth-secret` checks them. Pure."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol, TypedDict
from uuid import UUID


class Secret(Protocol):
    def get_secret_value(self) -> str: ...


class TurnSettings(Protocol):
    @property
    def stun_urls(self) -> Sequence[str]: ...

    @property
    def turn_urls(self) -> Sequence[str]: ...

    @property
    def turn_secret(self) -> Secret: ...

    @property
    def turn_ttl_s(self) -> int: ...


class IceServer(TypedDict, total=False):
    """An RTCIceServer of the browsers."""

    urls: list[str]
    username: str
    credential: str


class Credential(NamedTuple):
    username: str
    password: str


def ice_servers(settings: TurnSettings, now: datetime, participant_id: UUID) -> list[IceServer]:
    """Return what a browser is told; empty where the operator has set up neither STUN nor TURN."""
    servers: list[IceServer] = []
    if settings.stun_urls:
        servers.append({"urls": list(settings.stun_urls)})
    secret = settings.turn_secret.get_secret_value()
    if settings.turn_urls and secret:
        username, password = credential(secret, int(now.timestamp()) + settings.turn_ttl_s, str(participant_id))
        servers.append({"urls": list(settings.turn_urls), "username": username, "credential": password})
    return servers


def credential(secret: str, expires_at: int, name: str) -> Credential:
    """Return username and password, good until `expires_at` (seconds since 1970). SHA-1 is what the protocol knows."""
    username = f"{expires_at}:{name}"
    digest = hmac.digest(secret.encode(), username.encode(), hashlib.sha1)
    return Credential(username, base64.b64encode(digest).decode())
