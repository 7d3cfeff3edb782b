"""docs/TASKS.md has a row for every task that the server creates, and for no other."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "TASKS.md").read_text()
ROWS = {row[1]: row[2] for row in re.finditer(r"^\| `([^`]+)` \| `([^`]+)` \|", PAGE, re.MULTILINE)}


def created() -> dict[str, str]:
    """Return name and file of every `spawn(…, name=…)`, `spawn_alone` and `keep(…, name=…)`."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "server").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"spawn", "spawn_alone", "keep"}:
                names = [word.value for word in node.keywords if word.arg == "name"]
                found |= {name.value: path.relative_to(ROOT).as_posix() for name in names if isinstance(name, ast.Constant)}
    return found


def test_every_task_has_its_row() -> None:
    assert created() == ROWS


def test_tasks_are_created_by_the_supervisor_only() -> None:
    makers = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "server").rglob("*.py")
        if re.search(r"create_task\(|ensure_future\(|TaskGroup\(", path.read_text())
    ]
    assert makers == ["server/core/supervise.py"]
