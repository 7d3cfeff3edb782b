"""Templates, scripts and styles keep to the strict content policy, to every direction of writing, and to translation."""

import re

from tests.house.source import ROOT, SERVER, code_of, found, project_files

TEMPLATES = sorted((SERVER / "templates").rglob("*.html"))
SCRIPTS = [path for path in project_files() if path.is_relative_to(ROOT / "static" / "src")]
STYLES = [path for path in project_files() if path.suffix == ".css"]

INLINE = re.compile(r"<style|<script(?![^>]*\bsrc=)|\sstyle=[\"'{]|\son[a-z]+=[\"']|javascript:", re.IGNORECASE)
UNTRUSTED = re.compile(
    r"\b(innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|eval|new Function)\b|\bstyle=(?:\"|\{[\"'`])"
)
UNESCAPED = re.compile(r"\{\{(?![^}]*'[^']*'\s*\|\s*safe)[^}]*\|\s*safe\b[^}]*\}\}|autoescape false")
PHYSICAL = re.compile(
    r"(?<![\w-])(margin|padding|border|scroll-margin|scroll-padding|inset)-(left|right)\b"
    r"|(?<![\w-])(left|right)\s*:|text-align\s*:\s*(left|right)|float\s*:\s*(left|right)|border-(top|bottom)-(left|right)-radius"
)
ELSEWHERE = re.compile(r"(?:src|href|url|import)\s*[=(]\s*[\"']?(?:https?:)?//")
NOT_LITERAL = re.compile(r"\{\{[^}]*(?<![\w.])_\(\s*(?![\"'])(?!wording\.)")


def test_templates_have_no_code_and_no_style_in_them() -> None:
    assert found(TEMPLATES, INLINE, read=code_of) == []


def test_templates_switch_escaping_off_nowhere() -> None:
    assert found(TEMPLATES, UNESCAPED, read=code_of) == []


def test_templates_translate_literals_only() -> None:
    assert found(TEMPLATES, NOT_LITERAL, read=code_of) == []


def test_scripts_make_no_page_out_of_text() -> None:
    """A style that is an object is set property by property, which the content policy allows; one that is a text is not wanted."""
    assert found(SCRIPTS, UNTRUSTED, read=code_of) == []


def test_styles_read_from_both_sides() -> None:
    assert found(STYLES, PHYSICAL, read=code_of) == []


def test_nothing_is_fetched_from_elsewhere() -> None:
    assert found([*TEMPLATES, *SCRIPTS, *STYLES], ELSEWHERE) == []


FORBIDDEN = [
    (INLINE, '<p style="color: red">'), (INLINE, "<script>"), (INLINE, '<a onclick="x()">'), (UNTRUSTED, "element.innerHTML = text"),
    (UNTRUSTED, "<p style={`color: ${color}`}>"), (UNESCAPED, "{{ name | safe }}"), (UNESCAPED, "{% autoescape false %}"),
    (PHYSICAL, "margin-left: 1rem"), (PHYSICAL, " left: 0"), (PHYSICAL, "text-align: right"),
    (ELSEWHERE, 'src="https://cdn.example/x.js"'), (ELSEWHERE, "url(//fonts.example/a)"), (NOT_LITERAL, "{{ _(title) }}"),
]  # fmt: skip


def test_the_searches_find_what_they_look_for() -> None:
    assert [text for search, text in FORBIDDEN if not search.search(text)] == []
    assert not UNESCAPED.search("{{ '&nbsp;' | safe }}")
