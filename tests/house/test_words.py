"""No name of a machine, no leftover and no stray output in any file of the project."""

import re
from pathlib import Path

from tests.house.source import ROOT, found, project_files, python_files, relative

HERE = Path(__file__)
FILES = [path for path in project_files() if path != HERE]
CODE = [path for path in FILES if path.suffix in {".py", ".ts", ".tsx", ".css", ".html", ".sh"}]
REGISTRIES = re.compile(r"pypi\.(org|python)|pythonhosted|registry\.npmjs|npmjs\.(org|com)|--(extra-)?index-url|artifactory|/simple/")
MACHINE = re.compile(r"(?<![\w.])/(work|home|root|Users)/[a-z]")
LEFTOVERS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
CONSOLE = re.compile(r"\bconsole\.(log|debug|info)\b|\bdebugger\b")
PRINT = re.compile(r"(?<![\w.])print\(")
NAMES_FOR_ANYTHING = {"utils", "util", "helpers", "helper", "common", "services", "service", "manager", "managers", "misc"}


def test_no_file_names_a_registry_or_a_machine() -> None:
    assert found(FILES, REGISTRIES, MACHINE) == []


def test_no_file_has_a_leftover() -> None:
    assert found(CODE, LEFTOVERS) == []


def test_the_browser_side_logs_nothing() -> None:
    assert found([path for path in FILES if path.is_relative_to(ROOT / "static" / "src")], CONSOLE) == []


def test_the_server_prints_nothing() -> None:
    assert found([path for path in python_files() if path.name != "__main__.py"], PRINT) == []


def test_no_folder_and_no_file_has_a_name_for_anything() -> None:
    """Such a name says nothing, and gathers what nobody found a place for."""
    named = {relative(path): {*path.relative_to(ROOT).parent.parts, path.stem} for path in FILES}
    assert [name for name, parts in named.items() if parts & NAMES_FOR_ANYTHING] == []
