"""Our TURN credentials against a real coturn: a right one relays; forged, expired and missing ones do not (bad input 40)."""

import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest
from pydantic import SecretStr

from server.consultation.turn import credential, ice_servers
from server.core.clock import SystemClock
from server.settings import Settings
from tests.cast import fixed_id
from tests.contract.turn_client import TurnClient, TurnRefused
from tests.servers import Turn

pytestmark = pytest.mark.row("V4")

SECRET = "north wind"
CLOCK = SystemClock()
DANA = fixed_id("place", "dana")


@pytest.fixture(scope="module")
def turn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Turn]:
    turn = Turn(tmp_path_factory.mktemp("turn"), SECRET)
    yield turn
    turn.stop()


def login(turn: Turn, age_s: int = 0) -> tuple[str, str]:
    """Return what a browser would have been told `age_s` seconds ago."""
    settings = Settings(turn_urls=[turn.url], turn_secret=SecretStr(SECRET), turn_ttl_s=600)
    (server,) = ice_servers(settings, CLOCK.now() - timedelta(seconds=age_s), DANA)
    return server["username"], server["credential"]


def test_a_right_credential_relays_both_ways(turn: Turn) -> None:
    with closing(TurnClient(turn.port, *login(turn))) as client, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.settimeout(10)
        relayed = client.allocate()
        client.permit(peer.getsockname())
        client.send(peer.getsockname(), b"to the peer")
        data, sender = peer.recvfrom(100)
        assert (data, sender) == (b"to the peer", relayed)
        peer.sendto(b"and back", relayed)
        assert client.receive() == b"and back"


INNER = (
    "127.0.0.2", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "0.0.0.1", "224.0.0.1",
    "::1", "::ffff:127.0.0.2", "::ffff:169.254.169.254", "64:ff9b::7f00:2", "2002:7f00:2::1", "fd00::1", "fe80::1",
)  # fmt: skip


def test_bad_40_no_relay_reaches_the_inner_network(turn: Turn) -> None:
    with closing(TurnClient(turn.port, *login(turn))) as client:
        client.allocate()
        for inner in INNER:
            with pytest.raises(TurnRefused) as refused:
                client.permit((inner, 80))
            assert refused.value.code in {403, 443}, inner
        client.permit(("198.51.100.7", 80))


@pytest.mark.parametrize("fault", ["forged", "expired", "extended", "another name", "another secret", "empty"])
def test_bad_40_no_other_credential_allocates(turn: Turn, fault: str) -> None:
    username, password = login(turn)
    expires, _, name = username.partition(":")
    username, password = {
        "forged": (username, "A" * 28),
        "expired": login(turn, age_s=3600),
        "extended": (f"{int(expires) + 3600}:{name}", password),
        "another name": (f"{expires}:somebody", password),
        "another secret": credential("south wind", int(expires), name),
        "empty": ("", ""),
    }[fault]
    with closing(TurnClient(turn.port, username, password)) as client, pytest.raises(TurnRefused) as refused:
        client.allocate()
    assert refused.value.code in {400, 401}
