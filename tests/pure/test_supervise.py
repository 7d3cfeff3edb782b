"""A kept task starts again with a growing pause, raises the alarm in time, and forgets old failures."""

from collections.abc import Iterator

import anyio
import pytest
import structlog
from structlog.typing import EventDict

from server.core import supervise
from server.core.supervise import ALARM_AFTER, HEALTHY_S, LONGEST_PAUSE_S, Supervisor, pause_after

pytestmark = pytest.mark.row("O1")


class Flaky:
    """Work that crashes each time, after running for so many seconds of a clock of its own, until its last run."""

    def __init__(self, lasting_s: list[float]) -> None:
        self.now = 0.0
        self.done = anyio.Event()
        self._lasting_s = iter(lasting_s)

    async def run(self) -> None:
        lasting_s = next(self._lasting_s, None)
        if lasting_s is None:
            self.done.set()
            await anyio.sleep_forever()
        self.now += lasting_s or 0
        raise ZeroDivisionError("Dana Diaz")


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[EventDict]]:
    """What is logged while nothing pauses."""
    monkeypatch.setattr(supervise, "FIRST_PAUSE_S", 0.0)
    with structlog.testing.capture_logs() as lines:
        yield lines


async def run_to_the_end(flaky: Flaky) -> None:
    supervisor = Supervisor(lambda: flaky.now)
    supervisor.keep(flaky.run, name="flaky")
    with anyio.fail_after(10):
        await flaky.done.wait()
    await supervisor.close(1)


def test_the_pause_grows_to_a_bound_however_often_it_fails() -> None:
    pauses = [pause_after(failures) for failures in range(12)]
    assert pauses == sorted(pauses)
    assert pauses[0] < 1
    assert pause_after(100_000) == pauses[-1] == LONGEST_PAUSE_S


@pytest.mark.anyio
async def test_the_alarm_comes_after_five_failures_in_a_row(logs: list[EventDict]) -> None:
    await run_to_the_end(Flaky([0.0] * (ALARM_AFTER + 1)))
    assert [line["log_level"] for line in logs] == ["warning"] * 4 + ["error"] * 2
    assert "Dana" not in str(logs)


@pytest.mark.anyio
async def test_failures_far_apart_are_not_in_a_row(logs: list[EventDict]) -> None:
    await run_to_the_end(Flaky([HEALTHY_S] * (ALARM_AFTER + 3)))
    assert [line["failures"] for line in logs] == [1] * (ALARM_AFTER + 3)


@pytest.mark.anyio
async def test_a_task_that_failed_thousands_of_times_goes_on(logs: list[EventDict]) -> None:
    await run_to_the_end(Flaky([0.0] * 1_200))
    assert logs[-1]["failures"] == 1_200


@pytest.mark.anyio
async def test_work_that_is_done_alone_is_not_begun_twice() -> None:
    supervisor, begun, go = Supervisor(), [], anyio.Event()

    async def work() -> None:
        begun.append(1)
        await go.wait()

    tasks = {supervisor.spawn_alone(work, name="alone") for _ in range(3)}
    assert len(tasks) == 1
    go.set()
    await tasks.pop()
    await supervisor.spawn_alone(work, name="alone")
    assert begun == [1, 1]
