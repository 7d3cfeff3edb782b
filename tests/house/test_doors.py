"""Nobody loads a protected thing except through its door, or in one of the few places that are handed its id by a door."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.source import python_files, relative, tree_of

PROTECTED = {"Consultation", "Participant", "JoinLink", "ChatMessage", "Consent", "Feedback", "Attendance", "Delivery"}
NOTES = {"Note", "NoteUpdate", "NoteSession", "NoteSnapshot", "NoteReject"}
LOADS = {"select", "get", "get_one"}
DOORS = {"server/consultation/doors.py", "server/notes/doors.py"}
HANDED = {
    "server/consultation/actions.py": "asks see_consultation first, or holds what it returned",
    "server/consultation/today.py": "starts from visible_consultations",
    "server/messaging/actions.py": "starts from visible_consultations, or from a delivery's own consultation",
    "server/consultation/attendance.py": "works on the places of a live room, and sweeps what a crash left: there is no viewer",
    "server/consultation/live_actions.py": "acts for the room's actor, whose sockets came in by tickets from the doors",
    "server/consultation/rights.py": "is the door of the room's sockets: asks see_consultation, or compares with the ticket's own link",
    "server/consultation/visit_actions.py": "is handed what see_visit opened",
    "server/messaging/jobs.py": "runs errands: there is no viewer",
}


def loads(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and model of each `select(Model)`, `tx.get(Model, …)` or `tx.get_one(Model, …)`."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and _name(node.func) in LOADS:
            for argument in node.args[:1] if _name(node.func) != "select" else node.args:
                model = _root(argument)
                if model in PROTECTED | NOTES:
                    yield node.lineno, model


def _name(func: ast.expr) -> str:
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""


def _root(argument: ast.expr) -> str:
    while isinstance(argument, ast.Attribute):
        argument = argument.value
    return argument.id if isinstance(argument, ast.Name) else ""


@pytest.mark.row("N3")
@pytest.mark.parametrize("path", [path for path in python_files() if relative(path) not in DOORS | HANDED.keys()], ids=relative)
def test_no_query_goes_round_the_doors(path: Path) -> None:
    assert not list(loads(path))


def test_the_search_finds_what_it_looks_for() -> None:
    """The doors themselves must be full of such queries, else the search is blind."""
    found = {model for path in python_files() if relative(path) in DOORS for _, model in loads(path)}
    assert {"Consultation", "Participant", "JoinLink"} <= found


@pytest.mark.parametrize("name", sorted(HANDED))
def test_known_places_still_need_to_be_known(name: str) -> None:
    path = next(path for path in python_files() if relative(path) == name)
    assert list(loads(path))
