"""Files and functions stay small enough to be read at one sitting."""

import ast
import statistics
from pathlib import Path

import pytest

from tests.house.source import ROOT, functions, project_files, python_files, relative, tree_of

LONGEST_FILE, LONGEST_FUNCTION, MEDIAN_FUNCTION = 400, 60, 10
OURS = [path for path in python_files() if "versions" not in path.parts]  # a migration is a list, not logic
BROWSER = [path for path in project_files() if path.suffix in {".ts", ".tsx", ".mjs"} and path.is_relative_to(ROOT / "static")]


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or 0) - function.lineno + 1


@pytest.mark.parametrize("path", OURS + BROWSER + python_files(ROOT / "tests"), ids=relative)
def test_file_is_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("path", OURS, ids=relative)
def test_functions_are_short(path: Path) -> None:
    assert [function.name for function in functions(path) if lines_of(function) > LONGEST_FUNCTION] == []


def test_the_usual_function_is_short() -> None:
    lengths = [lines_of(function) for path in OURS for function in functions(path)]
    assert statistics.median(lengths) <= MEDIAN_FUNCTION
    assert statistics.quantiles(lengths, n=10)[-1] <= 30


@pytest.mark.parametrize("path", [path for path in OURS if path.read_text().strip()], ids=relative)
def test_module_says_its_job_in_its_first_line(path: Path) -> None:
    words = ast.get_docstring(tree_of(path))
    assert words
    assert words.splitlines()[0].endswith((".", ":", "`"))
