"""The project's own files, as the house tests read them; a rule is one test whose failure names every file and line at fault."""

import ast
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / "server"
TESTS = ROOT / "tests"
GENERATED = {".venv", "node_modules", "dist", "__pycache__", ".git", "data", "build"}
BINARY = {".png", ".webp", ".ico", ".woff2", ".gz", ".br", ".mo", ".db", ".pyc"}


@cache
def project_files() -> tuple[Path, ...]:
    """Return every text file that belongs to the project: what git keeps or would keep."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    ).stdout
    paths = (ROOT / name for name in listed.decode().split("\0") if name)
    return tuple(path for path in paths if path.is_file() and not path.is_symlink() and path.suffix not in BINARY)


def python_files(folder: Path = SERVER) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if not GENERATED & set(path.parts))


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def text_of(path: Path) -> str:
    return path.read_text(errors="replace")


def code_of(path: Path) -> str:
    """Return the text of a template, script or style with its comments blanked, which may name what is forbidden."""
    return re.sub(
        r"/\*.*?\*/|\{#.*?#\}|(?<!:)//[^\n]*", lambda comment: re.sub(r"[^\n]", " ", comment.group()), text_of(path), flags=re.DOTALL
    )


def found(paths: Iterable[Path], *searches: re.Pattern[str], read: Callable[[Path], str] = text_of) -> list[str]:
    """Return `file:line: text` of everything that one of the searches finds."""
    return [
        f"{place(path, match)}: {match.group().strip()}" for path in paths for search in searches for match in search.finditer(read(path))
    ]


def place(path: Path, match: re.Match[str]) -> str:
    line = match.string.count("\n", 0, match.start()) + 1
    return f"{relative(path)}:{line}"


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Yield each call with the last part of the name that is called."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call):
            func = node.func
            yield func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else "", node


def imports_of(path: Path) -> set[str]:
    """Return the full names of the modules that a file imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def importers(paths: Iterable[Path], banned: set[str]) -> list[str]:
    """Return `file: packages` of those who import one of the banned packages."""
    pairs = ((path, {name.split(".")[0] for name in imports_of(path)} & banned) for path in paths)
    return [f"{relative(path)}: {', '.join(sorted(names))}" for path, names in pairs if names]
