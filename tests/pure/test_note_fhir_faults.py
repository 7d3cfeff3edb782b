"""Every own check of a FHIR document finds what it looks for, and nothing in a good one; of every kind the models let something through."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from pydantic import ValidationError

from server.notes.export import fhir
from server.notes.export.fhir import bundle, make_fhir
from server.notes.export.fhir_faults import CHECKS, InvalidBundle, faults
from server.web.i18n import Languages
from tests.cast import fixed_id
from tests.dossiers import NOTES, dossier

pytestmark = pytest.mark.row("N9")

Json = dict[str, Any]
ENGLISH = Languages([]).choose(None, "")
GOOD = bundle(dossier(NOTES["amended"]), ENGLISH, fixed_id("export", "bundle"), whole=False)
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'


def first(document: Json, kind: str = "Composition") -> Json:
    found: Json = next(entry["resource"] for entry in document["entry"] if entry["resource"]["resourceType"] == kind)
    return found


def put(kind: str, *path: str | int, value: Any) -> Callable[[Json], None]:
    """Return what sets a value in the first resource of a kind, or in the bundle itself."""

    def change(document: Json) -> None:
        place: Any = document if kind == "Bundle" else first(document, kind)
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return change


def drop(*path: str | int) -> Callable[[Json], None]:
    def change(document: Json) -> None:
        place: Any = document
        for step in path[:-1]:
            place = place[step]
        del place[path[-1]]

    return change


def narrative(inside: str, whole: str = DIV) -> Callable[[Json], None]:
    return put("Composition", "section", 0, "text", "div", value=whole.format(inside))


def swap(document: Json) -> None:
    document["entry"][0], document["entry"][-1] = document["entry"][-1], document["entry"][0]


def twice(document: Json) -> None:
    document["entry"].append(deepcopy(document["entry"][-1]))


def stray(document: Json) -> None:
    stranger = fixed_id("export", "stranger")
    document["entry"].append({"fullUrl": f"urn:uuid:{stranger}", "resource": {"resourceType": "Practitioner", "id": str(stranger)}})


def out_of_time(document: Json) -> None:
    first(document, "Encounter")["period"]["end"] = "2026-11-23T09:00:00.000Z"


BROKEN: list[tuple[str, Callable[[Json], None]]] = [
    ("head", drop("identifier")),
    ("head", drop("identifier", "system")),
    ("head", drop("timestamp")),
    ("head", swap),
    ("names", twice),
    ("names", put("Composition", "id", value="other")),
    ("names", drop("entry", 0, "fullUrl")),
    ("names", put("Bundle", "entry", 0, "fullUrl", value="https://example.org/Composition/1")),
    ("references", put("Composition", "subject", "reference", value="urn:uuid:00000000-0000-0000-0000-000000000000")),
    ("references", put("Composition", "attester", 0, "party", "reference", value="Practitioner/1")),
    ("references", put("Composition", "section", 5, "entry", 0, "reference", value="#inside")),
    ("belonging", stray),
    ("belonging", put("Composition", "relatesTo", value=[])),
    ("codes", put("Bundle", "type", value="collection")),
    ("codes", put("Composition", "status", value="signed")),
    ("codes", put("Composition", "confidentiality", value="secret")),
    ("codes", put("Composition", "attester", 0, "mode", value="signed")),
    ("codes", put("Composition", "relatesTo", 0, "code", value="amends")),
    ("codes", put("Composition", "section", 0, "text", "status", value="written")),
    ("codes", put("Encounter", "status", value="ended")),
    ("codes", put("Patient", "gender", value="f")),
    ("codes", put("Patient", "telecom", 0, "system", value="mobile")),
    ("codes", put("Provenance", "entity", 0, "role", value="hash")),
    ("codes", put("AuditEvent", "action", value="X")),
    ("codes", put("AuditEvent", "outcome", value="1")),
    ("systems", put("Composition", "type", "coding", 0, "code", value="11488-5")),
    ("systems", put("Composition", "section", 0, "code", "coding", 0, "code", value="SUBJ")),
    ("systems", put("Encounter", "class", "code", value="AMB")),
    ("narratives", narrative("<p onclick='x()'>a</p>")),
    ("narratives", narrative("<script>x()</script>")),
    ("narratives", narrative("<p>a")),
    ("narratives", narrative("<p> \n </p>")),
    ("narratives", narrative("<p>a</p>", "<div>{}</div>")),
    ("narratives", narrative("<p>a</p>", '<span xmlns="http://www.w3.org/1999/xhtml">{}</span>')),
    ("narratives", narrative("<p>a</p>", '<!DOCTYPE d [<!ENTITY a "b">]>' + DIV)),
    ("narratives", narrative("<p>a</p>", '<?xml version="1.0"?>' + DIV)),
    ("moments", put("Bundle", "timestamp", value="2026-11-28T16:05:00")),
    ("moments", put("Composition", "date", value="2026-11-28")),
    ("moments", put("Composition", "attester", 0, "time", value="2026-13-28T16:05:00Z")),
    ("moments", put("Provenance", "recorded", value="yesterday")),
    ("moments", put("Provenance", "recorded", value=1_795_881_900)),
    ("moments", put("Encounter", "period", "start", value="2026-11-23T10:32")),
    ("moments", put("Patient", "birthDate", value="9.3.1984")),
    ("periods", out_of_time),
    ("sections", put("Composition", "section", 0, value={"title": "Subjective"})),
    ("empty", put("Composition", "title", value="")),
    ("empty", put("Composition", "section", value=[])),
    ("empty", put("Patient", "name", 0, value={})),
    ("empty", put("Patient", "gender", value=None)),
    ("letters", put("Composition", "title", value="a\x00b")),
    ("letters", put("Patient", "name", 0, "text", value="a\x1bb")),
]  # fmt: skip


def broken(change: Callable[[Json], None]) -> Json:
    document = json.loads(json.dumps(GOOD))
    change(document)
    return document


@pytest.mark.parametrize(("check", "change"), BROKEN)
def test_what_is_broken_by_hand_is_found(check: str, change: Callable[[Json], None]) -> None:
    assert faults(GOOD) == []
    assert check in {fault.partition(":")[0] for fault in faults(broken(change))}


def test_every_check_is_tried() -> None:
    assert {check for check, _change in BROKEN} == {check.__name__.removeprefix("_") for check in CHECKS}


def test_the_models_let_through_something_of_every_kind() -> None:
    """Where this fails, the models have learnt something, and a check of ours may have had its day."""
    passed = set()
    for check, change in BROKEN:
        try:
            Bundle.model_validate(broken(change))
        except ValidationError:
            continue
        passed.add(check)
    assert passed == {check for check, _change in BROKEN}


def test_a_broken_document_never_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fhir, "bundle", lambda *_, **__: broken(put("Composition", "status", value="Dana Reed")))
    with pytest.raises(InvalidBundle, match=r"^codes: Composition.status$"):
        make_fhir(dossier(NOTES["signed"]), ENGLISH, fixed_id("x"), whole=False)


def test_what_the_models_refuse_is_told_without_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fhir, "bundle", lambda *_, **__: broken(put("Composition", "author", value="Dana Reed")))
    with pytest.raises(InvalidBundle) as caught:
        make_fhir(dossier(NOTES["signed"]), ENGLISH, fixed_id("x"), whole=False)
    assert "author" in str(caught.value)
    assert "Dana" not in str(caught.value)
