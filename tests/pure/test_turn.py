"""ICE servers and TURN credentials."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from server.consultation.turn import credential, ice_servers
from server.settings import Settings
from tests.cast import fixed_id

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
DANA = fixed_id("place", "dana")
URLS = ["turn:turn.example.org:3478?transport=udp", "turns:turn.example.org:5349?transport=tcp"]


def settings(**values: object) -> Settings:
    return Settings.model_validate(values)


def test_nothing_is_set_up() -> None:
    assert ice_servers(settings(), NOW, DANA) == []


def test_stun_needs_no_credential() -> None:
    assert ice_servers(settings(stun_urls=["stun:stun.example.org"]), NOW, DANA) == [{"urls": ["stun:stun.example.org"]}]


@pytest.mark.row("V4")
def test_turn_credential_names_its_expiry_and_is_signed() -> None:
    (server,) = ice_servers(settings(turn_urls=URLS, turn_secret=SecretStr("north"), turn_ttl_s=600), NOW, DANA)
    expires = int((NOW + timedelta(seconds=600)).timestamp())
    assert server["urls"] == URLS
    assert server["username"] == f"{expires}:{DANA}"
    expected = hmac.new(b"north", server["username"].encode(), hashlib.sha1).digest()
    assert base64.b64decode(server["credential"]) == expected


def test_turn_without_a_secret_is_left_out() -> None:
    assert ice_servers(settings(turn_urls=URLS), NOW, DANA) == []


def test_the_secret_is_never_told() -> None:
    assert "north" not in str(ice_servers(settings(turn_urls=URLS, turn_secret=SecretStr("north")), NOW, DANA))


@pytest.mark.parametrize(("secret", "expires_at", "name"), [("south", 1, "a"), ("north", 2, "a"), ("north", 1, "b")])
def test_every_part_is_signed(secret: str, expires_at: int, name: str) -> None:
    assert credential(secret, expires_at, name).password != credential("north", 1, "a").password
