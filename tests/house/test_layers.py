"""Who may import whom, and which files must stay pure."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.house.source import ROOT, found, importers, python_files, relative

FRAMEWORKS = {"asyncio", "anyio", "sqlalchemy", "starlette", "uvicorn", "structlog", "threading", "socket", "time"}
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
PURE = next(contract["source_modules"] for contract in CONTRACTS if contract["type"] == "forbidden")
LAYERS = next(contract["layers"] for contract in CONTRACTS if contract["type"] == "layers")
VENDORS = {"httpx", "httpx2", "stripe", "twilio", "smtplib", "boto3", "redis"}
ENGINE_PARTS = {"aiortc", "aioice", "pylibsrtp", "cffi"}
ENGINE_PARTS_IN = {f"server/media/{name}.py" for name in ("delay", "dtls", "ice", "inquiry", "mmsg", "probe", "srtp")}
ACTIONS = [path for path in python_files() if path.name == "actions.py"]


def test_import_contracts_hold() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_map_tells_the_order_that_is_enforced() -> None:
    assert f"`{' > '.join(LAYERS)}`" in (ROOT / "docs" / "MAP.md").read_text()


def test_pure_files_import_no_framework() -> None:
    assert importers([ROOT / f"{name.replace('.', '/')}.py" for name in PURE], FRAMEWORKS) == []


def test_vendors_are_imported_in_adapters_only() -> None:
    assert importers([path for path in python_files() if path.parent.name != "adapters"], VENDORS) == []


def test_parts_of_the_engine_are_imported_where_it_meets_the_network_only() -> None:
    assert importers([path for path in python_files() if relative(path) not in ENGINE_PARTS_IN], ENGINE_PARTS) == []


def test_models_know_no_web_and_no_task() -> None:
    models = [path for path in python_files() if path.name == "model.py"]
    assert importers(models, {"starlette", "asyncio", "anyio", "uvicorn"}) == []


def test_actions_neither_commit_nor_sleep() -> None:
    assert found(ACTIONS, re.compile(r"\.commit\(|sleep\(")) == []
    assert importers(ACTIONS, {"starlette"}) == []
