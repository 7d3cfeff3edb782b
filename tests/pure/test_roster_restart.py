"""What the others see of somebody who comes back to a room that has forgotten them."""

import pytest

from server.consultation.commands import Admit, Media
from tests.pure.room_game import ALICE, DANA, Game

ON = Media(mic=True, camera=True, screen=False)


@pytest.mark.row("V6")
def test_whoever_resumes_after_a_restart_is_at_once_shown_with_what_they_send() -> None:
    game = Game()
    game.join(DANA)
    game.join(ALICE)
    game.act(ALICE, Admit())
    game.act(DANA, ON)
    peer = game.peer(DANA)
    game.restart()
    page = game.join(ALICE)
    game.join(DANA, peer, fresh=False, media=ON)
    shown = page.participants[str(DANA)]
    assert [shown[name] for name in ("peer", "mic", "camera", "screen")] == [peer, True, True, False]
