"""The project's own files, as the house tests read them."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / "server"
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


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def imports_of(path: Path) -> set[str]:
    """Return the full names of the modules that a file imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found
