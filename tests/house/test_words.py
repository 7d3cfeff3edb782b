"""No name of a machine, no leftover and no stray output in any file of the project."""

import re
from pathlib import Path

import pytest

from tests.house.source import ROOT, project_files, python_files, relative

HERE = Path(__file__)
REGISTRIES = re.compile(r"pypi\.(org|python)|pythonhosted|registry\.npmjs|npmjs\.(org|com)|--(extra-)?index-url|artifactory|/simple/")
MACHINE = re.compile(r"(?<![\w.])/(work|home|root|Users)/[a-z]")
LEFTOVERS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
CONSOLE = re.compile(r"\bconsole\.(log|debug|info)\b|\bdebugger\b")
FILES = [path for path in project_files() if path != HERE]


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_file_names_no_registry_and_no_machine(path: Path) -> None:
    text = path.read_text(errors="replace")
    assert not REGISTRIES.search(text)
    assert not MACHINE.search(text)


@pytest.mark.parametrize("path", [path for path in FILES if path.suffix in {".py", ".ts", ".tsx", ".css", ".html", ".sh"}], ids=relative)
def test_file_has_no_leftover(path: Path) -> None:
    assert not LEFTOVERS.search(path.read_text())


@pytest.mark.parametrize("path", [path for path in FILES if path.is_relative_to(ROOT / "static" / "src")], ids=relative)
def test_browser_side_logs_nothing(path: Path) -> None:
    assert not CONSOLE.search(path.read_text())


@pytest.mark.parametrize("path", [path for path in python_files() if path.name != "__main__.py"], ids=relative)
def test_server_prints_nothing(path: Path) -> None:
    assert not re.search(r"(?<![\w.])print\(", path.read_text())
