"""What the server logs is what the allow-list lets through."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.core.logs import FIELDS
from tests.house.source import python_files, relative, tree_of

ALWAYS = {"event", "level", "timestamp"}


def logged(path: Path) -> Iterator[str]:
    """Yield the field names of every call of a method of `log`."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "log":
            yield from (keyword.arg or "**" for keyword in node.keywords)


@pytest.mark.parametrize("path", python_files(), ids=relative)
def test_every_field_that_is_logged_is_on_the_list(path: Path) -> None:
    assert set(logged(path)) <= FIELDS


def test_no_field_is_on_the_list_that_nobody_logs() -> None:
    assert {name for path in python_files() for name in logged(path)} == FIELDS - ALWAYS
