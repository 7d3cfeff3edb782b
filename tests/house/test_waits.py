"""Tests wait for a condition; a fixed time is too short on a loaded machine and too long on every other one."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.house.source import TESTS, python_files, relative, tree_of

SLEEPS = {"sleep", "wait_for_timeout"}
TESTED = [path for path in python_files(TESTS) if not path.is_relative_to(TESTS / "bench")]  # a bench measures time
KNOWN = {
    "tests/browser/person.py": "is the wait of every condition in a browser, which needs its turns",
    "tests/live/notes/test_note_hub.py": "is a database that takes its time",
}


def fixed_waits(node: ast.AST) -> Iterator[ast.Call]:
    """Yield each wait for a constant time that no loop asks a condition around."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call) and _is_fixed_wait(child):
            yield child
        if not isinstance(child, ast.While):
            yield from fixed_waits(child)


def _is_fixed_wait(call: ast.Call) -> bool:
    waits = isinstance(call.func, ast.Attribute) and call.func.attr in SLEEPS
    return waits and bool(call.args) and isinstance(call.args[0], ast.Constant) and bool(call.args[0].value)


def places(paths: list[Path]) -> list[str]:
    return [f"{relative(path)}:{call.lineno}" for path in paths for call in fixed_waits(tree_of(path))]


def test_no_test_waits_for_a_fixed_time() -> None:
    assert places([path for path in TESTED if relative(path) not in KNOWN]) == []


def test_known_waits_are_still_there() -> None:
    assert {place.split(":")[0] for place in places(TESTED)} == KNOWN.keys()


def test_the_search_finds_what_it_looks_for() -> None:
    assert len(list(fixed_waits(ast.parse("async def wait():\n    await anyio.sleep(0.5)\n    time.sleep(1)")))) == 2
    assert not list(fixed_waits(ast.parse("while not met():\n    time.sleep(0.02)")))
    assert not list(fixed_waits(ast.parse("await asyncio.sleep(0)")))
