"""Whoever reads the audit reads in their language what each deed was done to."""

import ast
from collections.abc import Iterator
from importlib import import_module

from server.administration.act_words import THINGS
from tests.house.source import ROOT, calls, python_files

THING_AT = 3  # among the arguments of `Deed`
GIVEN = {"permission", "permission_for_all", "handover", "consents", "looks"}  # chosen where the deed is, or by who calls


def things() -> Iterator[str]:
    """Yield what a thing is called wherever a deed names it by a word or by a constant."""
    for path in python_files():
        for thing in (call.args[THING_AT] for name, call in calls(path) if name == "Deed" and len(call.args) > THING_AT):
            if isinstance(thing, ast.Constant):
                yield str(thing.value)
            elif isinstance(thing, ast.Name):
                module = import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
                yield from (str(vars(module)[name]) for name in [thing.id] if name in vars(module))


def test_every_thing_of_the_audit_has_words() -> None:
    assert {*things(), *GIVEN} == THINGS.keys()
