"""Who may import whom, and which files must stay pure."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.house.source import ROOT, imports_of, python_files, relative

FRAMEWORKS = {"asyncio", "anyio", "sqlalchemy", "starlette", "uvicorn", "structlog", "threading", "socket", "time"}
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
PURE = next(contract["source_modules"] for contract in CONTRACTS if contract["type"] == "forbidden")
LAYERS = next(contract["layers"] for contract in CONTRACTS if contract["type"] == "layers")
VENDORS = {"httpx", "httpx2", "stripe", "twilio", "smtplib", "boto3", "redis", "aiortc"}


def roots(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports_of(path)}


def test_import_contracts_hold() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", PURE)
def test_pure_file_imports_no_framework(name: str) -> None:
    assert not roots(ROOT / f"{name.replace('.', '/')}.py") & FRAMEWORKS


def test_the_map_tells_the_order_that_is_enforced() -> None:
    assert f"`{' > '.join(LAYERS)}`" in (ROOT / "docs" / "MAP.md").read_text()


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
