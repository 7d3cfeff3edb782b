"""Tokens by which a connection proves that it is the one that dropped."""

import pytest

from server.consultation.resume import resume_token, resumed_peer
from server.core.crypto import Secrets
from tests.pure.room_game import ALICE, DANA

SECRETS = Secrets(b"k" * 32)


@pytest.mark.row("V4")
def test_a_token_proves_its_peer_also_to_a_process_that_never_saw_it() -> None:
    token = resume_token(SECRETS, DANA, "peer-1")
    assert resumed_peer(Secrets(b"k" * 32), DANA, token) == "peer-1"


def test_a_token_is_of_one_participant_one_peer_and_one_secret() -> None:
    token = resume_token(SECRETS, DANA, "peer-1")
    assert resumed_peer(SECRETS, ALICE, token) is None
    assert resumed_peer(Secrets(b"x" * 32), DANA, token) is None
    assert resumed_peer(SECRETS, DANA, token.replace("peer-1", "peer-2")) is None


@pytest.mark.parametrize("token", [None, "", ".", "peer-1", "peer-1.", ".abc", "peer-1.\u00e9", "peer-1.AAAA"])
def test_anything_else_proves_nothing(token: str | None) -> None:
    assert resumed_peer(SECRETS, DANA, token) is None
