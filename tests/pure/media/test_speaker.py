"""Who speaks, by the levels of their sound."""

import pytest

from server.media.speaker import HOLD_S, STALE_S, Speaker

pytestmark = pytest.mark.row("V7")


class Room:
    def __init__(self) -> None:
        self.speaker, self.now = Speaker(), 100.0

    def hear(self, seconds: float, **levels: int) -> str | None:
        """Hear these levels, a packet of each every 20 ms, asking as often as the engine does."""
        active = None
        for number in range(round(seconds * 50)):
            self.now += 0.02
            for name, level in levels.items():
                self.speaker.heard(name, level, self.now)
            if number % 5 == 4:
                active = self.speaker.active(self.now)
        return active


def test_the_loudest_voice_speaks_and_a_quiet_room_has_no_speaker() -> None:
    room = Room()
    assert room.hear(1, alice=110, dana=90) is None
    assert room.hear(0.5, alice=30, dana=90) == "alice"


def test_a_pause_keeps_the_word_for_a_while() -> None:
    room = Room()
    room.hear(0.5, alice=30, dana=100)
    assert room.hear(HOLD_S - 0.5, alice=100, dana=100) == "alice"
    assert room.hear(1, alice=100, dana=100) is None


def test_a_cough_takes_no_word_and_a_second_voice_does_once_the_first_pauses() -> None:
    room = Room()
    room.hear(0.5, alice=30, dana=100)
    assert room.hear(0.1, alice=30, dana=30) == "alice"
    assert room.hear(0.1, alice=30, dana=100) == "alice"
    assert room.hear(0.5, alice=100, dana=40) == "alice"
    assert room.hear(HOLD_S / 2, alice=100, dana=40) == "dana"


def test_who_is_much_louder_takes_over_at_once() -> None:
    room = Room()
    room.hear(0.5, alice=40, dana=100)
    assert room.hear(0.5, alice=40, dana=20) == "dana"


def test_old_levels_say_nothing_and_who_leaves_is_forgotten() -> None:
    room = Room()
    room.hear(0.5, alice=20)
    room.now += STALE_S + HOLD_S
    assert room.speaker.active(room.now) is None
    room.speaker.heard("alice", 20, room.now)
    assert room.speaker.active(room.now) is None, "one packet after a silence is no speech"
    assert room.hear(0.5, alice=20) == "alice"
    room.speaker.forget("dana")
    room.speaker.forget("alice")
    assert room.speaker.active(room.now) is None
