"""Which thing every id in every address names, whose it is, and a body that the address would take."""

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from tests.cast import BOB
from tests.http.routes import Endpoint
from tests.openapi.whole import PLACE

PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
WORDS: dict[str, object] = {  # what is no id: a name that everybody knows
    "weekday": 0, "kind": "invitation", "language": "en-GB", "thing": "bus", "whose": "mine", "policy": "privacy", "number": 1, "place": 1,
    "question": "height", "file": "nothing.js",
}  # fmt: skip
PUBLIC = ("/book/{owner_id", "/brand/", "/complaint/", "/contact/", "/directory/", "/privacy/", "/static/")  # for everybody to read
KEYS = {"token", "mark", "checkout_id"}  # whoever has it may: nobody can guess it
THINGS: dict[str, dict[str, str]] = {  # by what its address begins with; the longest beginning counts
    "session_id": {"/account": "login session"},
    "passkey_id": {"/account": "passkey"},
    "grant_id": {"/account": "permission", "/patients": "permission"},
    "representation_id": {
        "/my": "representation", "/patients": "representation", "/practice/parents": "parent",
        "/practice/restrictions": "restricted representation",
    },
    "consultation_id": {
        "/api": "consultation", "/calls": "consultation", "/desk": "consultation", "/consultations": "paid consultation",
        "/my": "paid consultation",
    },
    "professional_id": {"/api": "colleague"},
    "guest_id": {"/api": "guest"},
    "delay_id": {"/api": "delay"},
    "note_id": {"/api": "note", "/notes": "note"},
    "snippet_id": {"/api": "snippet", "/snippets": "snippet"},
    "template_id": {"/api": "template", "/templates": "template"},
    "patient_id": {
        "/appointments": "patient", "/my": "patient", "/patients": "patient", "/patients/{patient_id:uuid}/merges": "kept record",
    },
    "service_id": {"/appointments": "service", "/offer": "service", "/practice": "service"},
    "appointment_id": {
        "/book/held": "held", "/book/held/{appointment_id:uuid}/documents": "appointment",
        "/book/held/{appointment_id:uuid}/paid": "appointment", "/book/held/{appointment_id:uuid}/pay": "appointment",
        "/money": "unpaid", "/patients": "appointment", "/practice": "appointment",
    },
    "document_id": {"/book": "document", "/money": "document", "/my": "document", "/v": "document"},
    "file_id": {"/desk": "call file", "/my": "file", "/patients": "file", "/v": "call file"},
    "request_id": {
        "/erasures": "request", "/my": "request", "/my/data/account": "account request", "/practice": "request",
        "/practice/requests/accounts": "account request", "/practice/requests/{request_id:uuid}/restriction": "request to restrict",
    },
    "testimonial_id": {"/feedback": "testimonial", "/practice": "testimonial"},
    "charge_id": {"/money": "charge"},
    "recording_id": {"/my": "recording", "/recordings": "recording", "/v": "recording"},
    "track_id": {"/recordings": "track"},
    "wish_id": {"/my": "wish"},
    "closure_id": {"/offer": "closure"},
    "day_id": {"/offer": "day"},
    "entry_id": {"/patients": "entry"},
    "other_id": {"/patients": "other record"},
    "merge_id": {"/patients": "merge"},
    "access_id": {"/patients": "emergency"},
    "errand_id": {"/practice": "errand"},
    "hold_id": {"/practice": "hold"},
    "invitation_id": {"/practice": "invitation"},
    "letter_id": {"/practice": "letter"},
    "circular_id": {"/practice": "circular"},
    "person_id": {"/practice": "person"},
    "restriction_id": {"/practice": "restriction"},
    "delivery_id": {"/practice": "delivery"},
    "questionnaire_id": {"/questionnaires": "questionnaire"},
    "team_id": {"/teams": "team"},
    "visit_id": {"/v": "visit", "/v/{visit_id:uuid}/documents": "paid visit"},
    "seeker_id": {"/waiting": "seeker"},
}  # fmt: skip
WHOSE = {  # who has a right to it, by what its address begins with
    "/": "alice", "/my": "dana", "/practice": "olga", "/v": "visitor", "/v/{visit_id:uuid}/documents": "dana", "/book/held": "holding",
    "/book/held/{appointment_id:uuid}/documents": "dana", "/book/held/{appointment_id:uuid}/paid": "dana",
    "/book/held/{appointment_id:uuid}/pay": "dana", "/waiting": "waiting", "/offer/closures": "olga",
    "/teams": "olga", "/recordings/{recording_id:uuid}/hold": "olga", "/recordings/{recording_id:uuid}/free": "olga",
}  # fmt: skip
FORMS = {  # what the document does not say: words of which one must be chosen
    "/api/consultations/{consultation_id:uuid}/tickets": {"purpose": "room"},
    "/my/{patient_id:uuid}/sharing": {"agree": "no"},
    "/my/{patient_id:uuid}/merges/{wish_id:uuid}": {"mine": "no"},
    "/offer/services/{service_id:uuid}/state": {"do": "withdraw"},
    "/practice/people/{person_id:uuid}/leaving/{appointment_id:uuid}/cancel": {"sure": "yes"},
    "/practice/people/{person_id:uuid}/leaving/{appointment_id:uuid}/pass": {"colleague": str(BOB.professional_id), "version": "1"},
    "/practice/people/{person_id:uuid}/leaving/waiting/{service_id:uuid}": {"instead": str(BOB.professional_id)},
    "/patients/{patient_id:uuid}/background/{entry_id:uuid}/answer": {"do": "refuse", "why": "It stays."},
}
ANYTHING = {"step": "camera", "agree": "yes"}  # where a form may hold what it likes
A_FILE = {"file": ("a.png", b"", "image/png")}


def longest(table: dict[str, str], path: str) -> str | None:
    """Return what stands at the longest beginning of an address, by whole parts of it."""
    fits = [begin for begin in table if begin in {"/", path} or path.startswith((f"{begin}/", f"{begin}{{"))]
    return table[max(fits, key=len)] if fits else None


@dataclass(frozen=True)
class Row:
    """One method of one address, with the word for the thing at each of its ids, by the name of the parameter."""

    endpoint: Endpoint
    named: dict[str, str]

    @property
    def whose(self) -> str:
        return longest(WHOSE, self.endpoint.path) or ""

    def filled(self, things: dict[str, UUID]) -> str:
        """Return the address; an id of what is not among the things is one that never was."""

        def value(parameter: re.Match[str]) -> str:
            name = parameter[1]
            return str(things.get(self.named[name]) or uuid4()) if name in self.named else str(WORDS[name])

        return PARAMETER.sub(value, self.endpoint.path)


def row_of(endpoint: Endpoint) -> Row | None:
    """Return the row of an endpoint, None where its address has no id of anything; raises `LookupError` for a parameter without a maker."""
    if endpoint.path.startswith(PUBLIC):
        return None
    named = {}
    for name in PARAMETER.findall(endpoint.path):
        if name in WORDS:
            continue
        if name in KEYS:
            return None
        thing = longest(THINGS.get(name, {}), endpoint.path)
        if thing is None:
            raise LookupError(f"{endpoint}: say in tests/http/rights_table.py which thing {{{name}}} is, and make one")
        named[name] = thing
    return Row(endpoint, named) if named else None


def sent(endpoint: Endpoint) -> dict[str, Any]:
    """Return a body such as the document of the interface allows, as httpx2 takes it."""
    if endpoint.method == "GET":
        return {}
    operation = _document()["paths"][PARAMETER.sub(r"{\1}", endpoint.path)][endpoint.method.lower()]
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        return {"json": FORMS.get(endpoint.path) or _example(content["application/json"]["schema"])}
    if "multipart/form-data" in content:
        return {"data": _example(content["multipart/form-data"]["schema"]) | {"file": ""}, "files": A_FILE}
    if endpoint.path.startswith("/api/"):
        return {}
    form = content.get("application/x-www-form-urlencoded", {"schema": {"type": "object"}})
    return {"data": FORMS.get(endpoint.path) or _example(form["schema"]) or ANYTHING}


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(PLACE.read_text())
    return document


def _example(schema: dict[str, Any]) -> Any:
    """Return the plainest value that a schema allows."""
    if "$ref" in schema:
        return _example(_document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if options := schema.get("anyOf", schema.get("oneOf")):
        return _example(options[-1])
    if schema.get("enum"):
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    return _plain(schema)


def _plain(schema: dict[str, Any]) -> Any:
    match schema.get("type"):
        case "object":
            return {name: _example(value) for name, value in schema.get("properties", {}).items()}
        case "array":
            return []
        case "integer" | "number":
            return schema.get("minimum", 0)
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return _text(schema)


def _text(schema: dict[str, Any]) -> str:
    if "{64}" in schema.get("pattern", ""):
        return "0" * 64
    formats = {"uuid": str(uuid4()), "date-time": "2026-03-04T10:00:00Z", "date": "2026-03-04"}
    return formats.get(schema.get("format", ""), "0" * max(1, min(schema.get("minLength", 4), schema.get("maxLength", 4))))
