"""Finds the sentences for people that no `_()` marks: what errors say, and the last words of a socket."""

import ast
from collections.abc import Iterator
from typing import NamedTuple

import server.errors
from server.errors import ConsiliumError

ERRORS = {name for name, kind in vars(server.errors).items() if isinstance(kind, type) and issubclass(kind, ConsiliumError)}
# Where the sentence stands among the arguments.
PLACES = {**dict.fromkeys(ERRORS, 0), "close": 1, "close_all": 1, "Close": 2}


class Spoken(NamedTuple):
    """A sentence and its line; None for one that is put together at run time, which no translation can know."""

    sentence: str | None
    line: int


def find_spoken(text: str) -> Iterator[Spoken]:
    """Yield what a Python file says by raising an error, closing a socket, or in the `message` of a class."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            yield from _said(node)
        elif isinstance(node, ast.ClassDef):
            yield from _default(node)


def _said(call: ast.Call) -> Iterator[Spoken]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    place = PLACES.get(name)
    if place is None or len(call.args) <= place:
        return
    argument = call.args[place]
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and argument.value:
        yield Spoken(argument.value, argument.lineno)
    elif isinstance(argument, (ast.JoinedStr, ast.BinOp)):
        yield Spoken(None, argument.lineno)


def _default(kind: ast.ClassDef) -> Iterator[Spoken]:
    """Read what an error says when nothing else is told: `message` in its class, alone or beside its code."""
    for statement in kind.body:
        if isinstance(statement, ast.Assign):
            yield from _message(statement.targets[0], statement.value)
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            yield from _message(statement.target, statement.value)


def _message(target: ast.expr, value: ast.expr) -> Iterator[Spoken]:
    names, values = (target.elts, value.elts) if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) else ([target], [value])
    for name, said in zip(names, values, strict=True):
        if isinstance(name, ast.Name) and name.id == "message" and isinstance(said, ast.Constant) and isinstance(said.value, str):
            yield Spoken(said.value, said.lineno)
