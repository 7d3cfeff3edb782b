"""Who may import whom, and which files must stay pure."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.source import ROOT, SERVER, imports_of, python_files, relative

FRAMEWORKS = {"asyncio", "anyio", "sqlalchemy", "starlette", "uvicorn", "structlog", "threading", "socket", "time"}
PURE = (
    "access/policy.py",
    "consultation/changes.py",
    "consultation/commands.py",
    "consultation/roster.py",
    "consultation/signalling.py",
    "consultation/steps.py",
    "consultation/turn.py",
    "consultation/view.py",
    "messaging/texts.py",
    "notes/limits.py",
    "notes/yproto.py",
    "notes/ywalk.py",
)
VENDORS = {"httpx", "httpx2", "stripe", "twilio", "smtplib", "boto3", "redis", "aiortc"}


def roots(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports_of(path)}


def test_import_contracts_hold() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", PURE)
def test_pure_file_imports_no_framework(name: str) -> None:
    assert not roots(SERVER / name) & FRAMEWORKS


@pytest.mark.parametrize("path", python_files(), ids=relative)
def test_vendors_are_imported_in_adapters_only(path: Path) -> None:
    assert path.parent.name == "adapters" or not roots(path) & VENDORS


@pytest.mark.parametrize("path", [path for path in python_files() if path.name == "model.py"], ids=relative)
def test_models_know_no_web_and_no_task(path: Path) -> None:
    assert not roots(path) & {"starlette", "asyncio", "anyio", "uvicorn"}


@pytest.mark.parametrize("path", [path for path in python_files() if path.name == "actions.py"], ids=relative)
def test_actions_neither_commit_nor_sleep(path: Path) -> None:
    text = path.read_text()
    assert ".commit(" not in text
    assert "sleep(" not in text
    assert "starlette" not in roots(path)
