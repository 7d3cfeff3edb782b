"""The documentation says what is there, and everything that must be said is said."""

import re

import pytest

from server.settings import PREFIX, Settings
from tests.house.source import ROOT, SERVER

DOCS = ROOT / "docs"
PATHS = re.compile(r"`((?:server|static|tests|docs|deploy)/[\w./*-]*)`")


def paths_in(page: str) -> list[str]:
    return sorted(set(PATHS.findall((DOCS / page).read_text())))


def test_map_names_only_what_exists() -> None:
    named = paths_in("MAP.md")
    assert len(named) > 20
    assert [path for path in named if not list(ROOT.glob(path.rstrip("/")))] == []


def test_map_names_every_folder_of_the_server() -> None:
    page = (DOCS / "MAP.md").read_text()
    folders = [path.name for path in SERVER.iterdir() if path.is_dir() and not path.name.startswith("_")]
    assert [name for name in sorted(folders) if f"{name}/" not in page] == []


@pytest.mark.parametrize("field", sorted(Settings.model_fields))
def test_every_setting_is_described(field: str) -> None:
    assert f"`{PREFIX}{field.upper()}`" in (DOCS / "SETTINGS.md").read_text()


def test_no_setting_is_described_that_is_not_there() -> None:
    described = set(re.findall(rf"`{PREFIX}([A-Z0-9_]+)`", (DOCS / "SETTINGS.md").read_text()))
    known = {field.upper() for field in Settings.model_fields}
    assert {name.removesuffix("_FILE") for name in described} - {"NAME"} <= known


@pytest.mark.parametrize("page", ["README.md", *sorted(path.relative_to(ROOT).as_posix() for path in DOCS.rglob("*.md"))])
def test_links_between_pages_lead_somewhere(page: str) -> None:
    path = ROOT / page
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", path.read_text())
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_decisions_are_numbered_and_have_their_parts() -> None:
    decisions = sorted((DOCS / "decisions").glob("[0-9]*.md"))
    assert decisions
    assert [int(path.name[:4]) for path in decisions] == list(range(1, len(decisions) + 1))
    for path in decisions:
        assert "Consequences" in path.read_text(), path.name
