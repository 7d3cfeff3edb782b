"""The list of what was erased loses no line."""

from pathlib import Path

import anyio
import pytest

from server.privacy.erasure_list import Erased, append, read

pytestmark = [pytest.mark.anyio, pytest.mark.row("L1")]


async def test_two_that_add_a_line_at_once_both_add_it(tmp_path: Path) -> None:
    lines = [Erased("2026-03-02", f"{number}", "", []) for number in range(20)]
    async with anyio.create_task_group() as group:
        for line in lines:
            group.start_soon(anyio.to_thread.run_sync, append, tmp_path, line)
    assert sorted(read(tmp_path)) == sorted(lines)
