"""The device check in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from server.consultation.device_words import SEPARATOR, STEPS, in_words, with_result

pytestmark = pytest.mark.row("V2")
RESULTS = [(step, result) for step, results in STEPS.items() for result in results]
LONGEST_COLUMN = 200


@given(some.lists(some.sampled_from(RESULTS)))
def test_the_last_result_of_each_step_counts_in_the_order_of_the_check(done: list[tuple[str, str]]) -> None:
    devices = None
    for step, result in done:
        devices = with_result(devices, step, result)
    last = dict(done)
    expected = [STEPS[step][last[step]] for step in STEPS if step in last]
    assert in_words(devices, str) == (SEPARATOR.join(expected) or None)


def test_the_words_tell_the_steps_apart_and_fit_the_column() -> None:
    words = [sentence for results in STEPS.values() for sentence in results.values()]
    assert len(set(words)) == len(words)
    assert sum(len(step) + max(map(len, results)) + 2 for step, results in STEPS.items()) < LONGEST_COLUMN


def test_codes_that_are_not_known_any_more_are_passed_over() -> None:
    assert with_result("nose:works camera:works speaker: x", "microphone", "works") == "camera:works microphone:works"
    assert in_words("nose:works camera:dreams", str) is None


def test_the_words_are_the_readers_own() -> None:
    assert in_words("camera:works network:good", str.upper) == "CAMERA WORKS · CONNECTION GOOD"


@pytest.mark.parametrize(("step", "result"), [("camera", "heard"), ("nose", "works"), ("", "")])
def test_a_result_that_there_is_not_is_an_error(step: str, result: str) -> None:
    with pytest.raises(KeyError):
        with_result(None, step, result)
