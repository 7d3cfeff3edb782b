"""Files and functions stay small enough to be read at one sitting."""

import ast
import statistics

from tests.house.source import ROOT, TESTS, functions, project_files, python_files, relative, text_of, tree_of

LONGEST_FILE, LONGEST_FUNCTION, MEDIAN_FUNCTION, TENTH_FUNCTION = 400, 60, 10, 30
OURS = [path for path in python_files() if "versions" not in path.parts]  # a migration is a list, not logic
BROWSER = [path for path in project_files() if path.suffix in {".ts", ".tsx", ".mjs"} and path.is_relative_to(ROOT / "static")]


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or 0) - function.lineno + 1


def test_files_are_short() -> None:
    lengths = {relative(path): len(text_of(path).splitlines()) for path in OURS + BROWSER + python_files(TESTS)}
    assert [(name, length) for name, length in lengths.items() if length > LONGEST_FILE] == []


def test_functions_are_short() -> None:
    pairs = ((path, function) for path in OURS for function in functions(path))
    assert [f"{relative(path)}:{one.lineno}: {one.name}" for path, one in pairs if lines_of(one) > LONGEST_FUNCTION] == []


def test_the_usual_function_is_short() -> None:
    lengths = [lines_of(function) for path in OURS for function in functions(path)]
    assert statistics.median(lengths) <= MEDIAN_FUNCTION
    assert statistics.quantiles(lengths, n=10)[-1] <= TENTH_FUNCTION


def test_modules_say_their_job_in_their_first_line() -> None:
    words = {relative(path): ast.get_docstring(tree_of(path)) or "" for path in OURS if text_of(path).strip()}
    assert [name for name, text in words.items() if not text.partition("\n")[0].endswith((".", ":", "`"))] == []
