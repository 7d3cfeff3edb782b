"""The bench's load over the engine as it is delivered, small and short: every packet arrives, decrypted, in its order. Times are not
looked at; the bench does that.
"""

from dataclasses import replace

import pytest

from tests.bench.media import engine, seat
from tests.bench.media.load import Load, Outcome, stage

pytestmark = pytest.mark.anyio
SHORT = Load(rooms=2, warm_s=0.5, window_s=0.7, subscribers=3, feedback=False)
"""Without feedback nothing is held back, however late a busy machine delivers."""
TRIES = 4  # a kernel that gives the engine no time for long enough loses packets; what comes out wrong is an error at once


async def play(load: Load) -> Outcome:
    async with stage(engine.ours, load) as set_up:
        await set_up.fill(load.rooms)
        for _ in range(TRIES):
            outcome = await set_up.play()
            if not outcome.loss:
                break
    return outcome


@pytest.mark.row("V5")
@pytest.mark.parametrize("cipher", ["gcm", "cm"])
async def test_every_packet_arrives_whole_and_in_its_order(cipher: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (engine, seat):
        monkeypatch.setattr(module, "ADDRESS", "127.0.0.1")
    outcome = await play(replace(SHORT, cipher=cipher))
    assert (outcome.loss, outcome.gaps) == (0, 0)
    assert outcome.packets_per_s > 100
