"""Templates, scripts and styles keep to the strict content policy, to every direction of writing, and to translation."""

import re
from pathlib import Path

import pytest

from tests.house.source import ROOT, SERVER, project_files, relative

TEMPLATES = sorted((SERVER / "templates").rglob("*.html"))
SCRIPTS = [path for path in project_files() if path.is_relative_to(ROOT / "static" / "src")]
STYLES = [path for path in project_files() if path.suffix == ".css"]

INLINE = re.compile(r"<style|<script(?![^>]*\bsrc=)|\sstyle=[\"'{]|\son[a-z]+=[\"']|javascript:", re.IGNORECASE)
UNTRUSTED = re.compile(r"\b(innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|eval|new Function)\b|\bstyle=\{")
PHYSICAL = re.compile(
    r"(?<![\w-])(margin|padding|border|scroll-margin|scroll-padding|inset)-(left|right)\b"
    r"|(?<![\w-])(left|right)\s*:|text-align\s*:\s*(left|right)|float\s*:\s*(left|right)|border-(top|bottom)-(left|right)-radius"
)
ELSEWHERE = re.compile(r"(?:src|href|url|import)\s*[=(]\s*[\"']?(?:https?:)?//")
NOT_LITERAL = re.compile(r"\{\{[^}]*(?<![\w.])_\(\s*(?![\"'])(?!wording\.)")


def code(path: Path) -> str:
    """Return the text without its comments, which may name what is forbidden."""
    return re.sub(r"/\*.*?\*/|\{#.*?#\}|(?<!:)//[^\n]*", "", path.read_text(), flags=re.DOTALL)


@pytest.mark.parametrize("path", TEMPLATES, ids=relative)
def test_template_has_no_code_and_no_style_in_it(path: Path) -> None:
    assert not INLINE.search(code(path))


@pytest.mark.parametrize("path", TEMPLATES, ids=relative)
def test_template_switches_escaping_off_nowhere(path: Path) -> None:
    switched = re.findall(r"\{\{[^}]*\|\s*safe\b[^}]*\}\}|autoescape false", code(path))
    assert [text for text in switched if not re.search(r"'[^']*'\s*\|\s*safe", text)] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=relative)
def test_template_translates_literals_only(path: Path) -> None:
    assert not NOT_LITERAL.search(code(path))


@pytest.mark.parametrize("path", SCRIPTS, ids=relative)
def test_script_makes_no_page_out_of_text(path: Path) -> None:
    assert not UNTRUSTED.search(code(path))


@pytest.mark.parametrize("path", STYLES, ids=relative)
def test_style_reads_from_both_sides(path: Path) -> None:
    assert PHYSICAL.findall(code(path)) == []


@pytest.mark.parametrize("path", [*TEMPLATES, *SCRIPTS, *STYLES], ids=relative)
def test_nothing_is_fetched_from_elsewhere(path: Path) -> None:
    assert not ELSEWHERE.search(path.read_text())


FORBIDDEN = [
    (INLINE, '<p style="color: red">'), (INLINE, "<script>"), (INLINE, '<a onclick="x()">'), (UNTRUSTED, "element.innerHTML = text"),
    (UNTRUSTED, "<p style={{ color }}>"), (PHYSICAL, "margin-left: 1rem"), (PHYSICAL, " left: 0"), (PHYSICAL, "text-align: right"),
    (ELSEWHERE, 'src="https://cdn.example/x.js"'), (ELSEWHERE, "url(//fonts.example/a)"), (NOT_LITERAL, "{{ _(title) }}"),
]  # fmt: skip


@pytest.mark.parametrize(("search", "text"), FORBIDDEN, ids=[text for _, text in FORBIDDEN])
def test_the_searches_find_what_they_look_for(search: re.Pattern[str], text: str) -> None:
    assert search.search(text)
