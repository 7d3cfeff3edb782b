"""What an engine's load means, in words."""

from typing import Any

import pytest

from server.consultation.engine_health import BUSY, CROWDED, LOSSY, health
from server.media_control import Load

pytestmark = pytest.mark.row("O3")


def told(**figures: Any) -> list[str]:
    return [str(said) for said in health(Load(**({"rooms": 1, "peers": 3, "packets": 9, "dropped": 0, "cpu": 0.1} | figures)))]


def test_an_engine_that_keeps_up_is_well() -> None:
    assert told(lost=LOSSY / 2, cpu=BUSY / 2, queued=9_000, waiting=1) == ["All is well: it keeps up, and next to nothing is lost."]


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ({"cpu": BUSY}, "It is as busy as it can be"),
        ({"overrun": 12}, "12 packets came while its queue was full"),
        ({"dropped": 7}, "did not take 7 packets"),
        ({"lost": 0.052}, "5 % of what browsers were sent did not arrive"),
        ({"oversize": 2}, "2 packets were longer"),
        ({"excess": 5}, "5 packets were more than one browser may send"),
        ({"waiting": CROWDED}, f"{CROWDED} people wait"),
    ],
)
def test_each_trouble_has_a_sentence(figures: dict[str, Any], words: str) -> None:
    (sentence,) = told(**figures)
    assert words in sentence


def test_all_troubles_are_told() -> None:
    assert len(told(cpu=1.0, overrun=1, dropped=1, lost=1.0, oversize=1, excess=1, waiting=CROWDED)) == 7
