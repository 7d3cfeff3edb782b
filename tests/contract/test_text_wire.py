"""docs/WIRE.md, section 4, names every request about texts, earlier notes and known patients, and every bound of them."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel
from starlette.applications import Starlette

from server.consultation.http import CreatedAnswer, NewConsultation
from server.consultation.known import FEWEST_LETTERS, MOST_FOUND
from server.consultation.known_http import KnownAnswer, Search
from server.notes.earlier import PAGE
from server.notes.earlier_http import EarlierAnswer
from server.notes.templates import MAX_BODY, MAX_NAME, MAX_SNIPPET, MAX_SNIPPETS, MAX_TEMPLATES, PLACEHOLDERS, SHORTCUT
from server.notes.texts_http import ChangedSnippet, ChangedTemplate, NewSnippet, NewTemplate, SnippetAnswer, TemplateAnswer, TextsAnswer
from server.web.endpoint import MAX_BODY as MAX_REQUEST
from server.web.ratelimit import RULES
from tests.http.routes import endpoints

SECTION = (Path(__file__).resolve().parents[2] / "docs" / "WIRE.md").read_text().split("\n## 4.")[1].split("\n## ")[0]
ROWS = [
    [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
    for line in SECTION.splitlines()
    if re.match(r"\| (?!limit|request)", line)
]
REQUESTS = {row[0].strip("`"): row[1:] for row in ROWS if row[0].startswith("`")}
TABLE = {row[0]: row[1:] for row in ROWS if not row[0].startswith("`")}
CREATE = RULES["create"]
PREFIXES = ("/api/templates", "/api/snippets", "/api/patients")

BODIES: dict[str, type[BaseModel]] = {
    "POST /api/templates": NewTemplate,
    "PUT /api/templates/{id}": ChangedTemplate,
    "POST /api/snippets": NewSnippet,
    "PUT /api/snippets/{id}": ChangedSnippet,
    "POST /api/patients/search": Search,
    "POST /api/consultations": NewConsultation,
}
ANSWERS: dict[str, type[BaseModel]] = {
    "GET /api/templates": TextsAnswer,
    "POST /api/patients/search": KnownAnswer,
    "POST /api/consultations": CreatedAnswer,
    "Template": TemplateAnswer,
    "Snippet": SnippetAnswer,
    "Earlier": EarlierAnswer,
}
LIMITS = {
    "body of a request": f"{MAX_REQUEST // 1024} KiB",
    "templates of one owner": f"{MAX_TEMPLATES}",
    "snippets of one owner": f"{MAX_SNIPPETS}",
    "name of a template": f"1 to {MAX_NAME} letters",
    "text of a template, all sections together": f"1 to {MAX_BODY:,} letters",
    "text of a snippet": f"1 to {MAX_SNIPPET:,} letters",
    "shortcut of a snippet": f"1 to {re.findall(r'[0-9]+', SHORTCUT)[1]} letters and digits, of one owner only once",
    "new templates, snippets and consultations of one person, together": f"{CREATE.times} at once, "
    f"then {CREATE.times} in {CREATE.within_s:.0f} s",
    "letters of a search": f"{FEWEST_LETTERS} to {Search.model_fields['letters'].metadata[0].max_length}",
    "patients in one answer": f"{MOST_FOUND}",
    "earlier notes in one answer": f"{PAGE}",
}


def names(text: str) -> set[str]:
    """Return the keys of the outermost object in a line of the page."""
    inner = text.partition("{")[2]
    while re.search(r"\{[^{}]*\}", inner):
        inner = re.sub(r"\{[^{}]*\}", "", inner)
    return set(re.findall(r'(?:^|,)\s*"(\w+)"', re.sub(r"\[[^\]]*\]", "", inner.partition("}")[0])))


@pytest.mark.anyio
async def test_the_page_has_every_request(app: Starlette) -> None:
    named = {f"{one.method} {re.sub(r'{[^}]*}', '{id}', one.path)}" for one in endpoints(app) if one.path.startswith(PREFIXES)}
    assert named <= REQUESTS.keys()
    everything = {f"{one.method} {re.sub(r'{[^}]*}', '{id}', one.path)}" for one in endpoints(app)}
    assert everything >= REQUESTS.keys()


@pytest.mark.parametrize("request_line", BODIES)
def test_bodies_have_the_fields_of_the_page(request_line: str) -> None:
    fields = BODIES[request_line].model_fields
    assert names(REQUESTS[request_line][0].replace('"?', '"')) == fields.keys()
    optional = set(re.findall(r'"(\w+)"\?', REQUESTS[request_line][0]))
    assert optional == {name for name, field in fields.items() if not field.is_required()}


@pytest.mark.parametrize("what", ANSWERS)
def test_answers_have_the_fields_of_the_page(what: str) -> None:
    model = ANSWERS[what]
    if what in REQUESTS:
        told = REQUESTS[what][1]
        told = told if model is not KnownAnswer else told.partition("[")[2]
    else:
        told = SECTION.partition(f"\n{what}")[2].partition("\n```")[0].partition("\nSnippet")[0]
    assert names(told) == model.model_fields.keys()


@pytest.mark.parametrize("limit", LIMITS)
def test_limits_are_what_the_page_says(limit: str) -> None:
    assert TABLE[limit][0] == LIMITS[limit]


def test_the_page_has_no_other_limits() -> None:
    assert TABLE.keys() == LIMITS.keys()


def test_every_placeholder_is_on_the_page() -> None:
    assert [one.name for one in PLACEHOLDERS if f"`{{{one.name}}}`" not in SECTION] == []
