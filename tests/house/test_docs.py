"""The documentation says what is there, and everything that must be said is said."""

import re

from server.settings import PREFIX, Settings
from tests.house.source import ROOT, SERVER, relative

DOCS = ROOT / "docs"
PATHS = re.compile(r"`((?:server|static|tests|docs|deploy)/[\w./*-]*)`")
LINKS = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


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


def test_every_setting_is_described() -> None:
    page = (DOCS / "SETTINGS.md").read_text()
    names = [f"`{PREFIX}{field.upper()}`" for field in Settings.model_fields]
    assert [name for name in names if name not in page] == []


def test_no_setting_is_described_that_is_not_there() -> None:
    described = set(re.findall(rf"`{PREFIX}([A-Z0-9_]+)`", (DOCS / "SETTINGS.md").read_text()))
    known = {field.upper() for field in Settings.model_fields}
    assert {name.removesuffix("_FILE") for name in described} - {"NAME"} <= known


def test_links_between_pages_lead_somewhere() -> None:
    links = [(page, link) for page in (ROOT / "README.md", *DOCS.rglob("*.md")) for link in LINKS.findall(page.read_text())]
    assert len(links) > 5
    assert [f"{relative(page)}: {link}" for page, link in links if not (page.parent / link).exists()] == []


def test_decisions_are_numbered_and_have_their_parts() -> None:
    decisions = sorted((DOCS / "decisions").glob("[0-9]*.md"))
    assert decisions
    assert [int(path.name[:4]) for path in decisions] == list(range(1, len(decisions) + 1))
    assert [relative(path) for path in decisions if "Consequences" not in path.read_text()] == []
