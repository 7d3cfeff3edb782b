"""How the tests are dealt out to the processes that run them."""

from pathlib import PurePath
from typing import Any

from xdist.scheduler import LoadFileScheduling

# Three browsers that send and draw video, and the engine between them, keep two processors busy. Two such calls at once are a test of the
# machine: pictures then stall for seconds, and pages rightly say so.
ALONE = frozenset(
    f"tests/browser/{name}.py"
    for name in (
        "test_call_lab",
        "test_engine",
        "test_narrow_line",
        "test_recording",
        "test_sleeping_phone",
        "test_team_call",
        "test_walls",
    )
)


def is_alone(nodeid: str) -> bool:
    """Whether nothing else is to run beside this test."""
    return nodeid.partition("::")[0] in ALONE


def turn_of(nodeid: str) -> tuple[bool, bool]:
    """Return by what tests are sorted first: browsers' last, because Playwright's loop stays in the main thread, where no other can run
    after it; and of those the ones that run alone.
    """
    return "browser" in PurePath(nodeid.partition("::")[0]).parts, is_alone(nodeid)


class Dealer(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """Deals files, and of the browser's files tests: those take long, and the process that is dealt the last file would be alone with it
    for minutes. The last ones, which run alone, are all dealt to one process, once the others have ended.
    """

    def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:
        super().mark_test_complete(node, item_index, duration)
        first = self._first()
        if self._lonely and first is not None:
            self._reschedule(first)

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return nodeid if file.startswith("tests/browser/") else file

    def _assign_work_unit(self, node: Any) -> None:
        """Called while something is left, and only for a process that goes on. One whose last test waits for the next one waits with it."""
        if not self._lonely:
            super()._assign_work_unit(node)
        elif node is not self._first():
            node.shutdown()
        elif not any(self._pending_of(work) for other, work in self.assigned_work.items() if other is not node):
            super()._assign_work_unit(node)

    @property
    def _lonely(self) -> bool:
        """Whether only tests are left that run alone."""
        return bool(self.workqueue) and is_alone(next(iter(self.workqueue)))

    def _first(self) -> Any:
        return next((node for node in self.nodes if not node.shutting_down), None)
