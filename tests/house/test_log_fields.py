"""What the server logs is what the allow-list lets through."""

import ast
from collections.abc import Iterator

from server.core.logs import FIELDS
from tests.house.source import calls, python_files, relative

ALWAYS = {"event", "level", "timestamp"}


def logged() -> Iterator[tuple[str, str]]:
    """Yield place and field name of every call of a method of `log`."""
    for path in python_files():
        for _, call in calls(path):
            if isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "log":
                yield from ((f"{relative(path)}:{call.lineno}", keyword.arg or "**") for keyword in call.keywords)


def test_every_field_that_is_logged_is_on_the_list() -> None:
    assert [(place, field) for place, field in logged() if field not in FIELDS] == []


def test_no_field_is_on_the_list_that_nobody_logs() -> None:
    assert {field for _, field in logged()} == FIELDS - ALWAYS
