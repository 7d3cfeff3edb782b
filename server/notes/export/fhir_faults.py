"""What the models of FHIR let through in a document bundle, and R4 does not: our own checks, each of which names where it says no."""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

from server.notes.export.fhir_codes import HL7, LOINC, RECORD_SECTIONS, RECORD_TYPE, REQUIRED, SECTION_CODES, TYPES
from server.notes.export.fhir_narrative import ELEMENTS, XHTML

Json = dict[str, Any]

CODES = {code for code, _display in (*TYPES.values(), *SECTION_CODES.values(), *RECORD_SECTIONS.values(), RECORD_TYPE)}
MOMENTS = {"timestamp", "recorded", "when", "time", "start", "end"}
DATES = {"Composition.date", *MOMENTS}
ZONED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
URN = re.compile(r"urn:uuid:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class InvalidBundle(Exception):
    """A bundle that is not R4; `found` says where and why, in no words of the note."""

    def __init__(self, found: list[str]) -> None:
        super().__init__("; ".join(found))
        self.found = found


class Place(NamedTuple):
    """A value in a resource. `names` leads to it from the resource's type, `Composition.section.text.div`, without numbers."""

    names: str
    value: Any


def faults(bundle: Json) -> list[str]:
    """Return every fault as `place: what`; none for a good bundle. What is missing altogether is for the models to say."""
    return [f"{check.__name__.removeprefix('_')}: {fault}" for check in CHECKS for fault in check(bundle)]


def _head(bundle: Json) -> Iterator[str]:
    identifier = bundle.get("identifier", {})
    if not (identifier.get("system") and identifier.get("value")):
        yield "Bundle.identifier"
    if "timestamp" not in bundle:
        yield "Bundle.timestamp"
    kinds = [resource.get("resourceType") for resource in _resources(bundle)]
    if kinds[:1] != ["Composition"]:
        yield "Bundle.entry"


def _names(bundle: Json) -> Iterator[str]:
    """Every entry has a name of its own, which is that of its resource."""
    seen: set[str] = set()
    for entry in bundle.get("entry", []):
        full_url = entry.get("fullUrl", "")
        found = URN.fullmatch(full_url)
        if not found or full_url in seen or found[1] != entry.get("resource", {}).get("id"):
            yield "Bundle.entry.fullUrl"
        seen.add(full_url)


def _references(bundle: Json) -> Iterator[str]:
    known = {entry.get("fullUrl") for entry in bundle.get("entry", [])}
    for names, value in _places(bundle):
        if names.endswith(".reference") and value not in known:
            yield names


def _belonging(bundle: Json) -> Iterator[str]:
    """Nothing is in a document but what its Composition leads to, and the Provenance of that."""
    by_url = {entry.get("fullUrl", ""): entry.get("resource", {}) for entry in bundle.get("entry", [])}
    leads_to = {url: _named(resource) for url, resource in by_url.items()}
    for url, resource in by_url.items():
        if resource.get("resourceType") == "Provenance":
            for target in resource.get("target", []):
                leads_to.get(target.get("reference"), []).append(url)
    reached: set[str] = set()
    ahead = list(by_url)[:1]
    while ahead:
        url = ahead.pop()
        if url in leads_to and url not in reached:
            reached.add(url)
            ahead += leads_to[url]
    yield from (by_url[url].get("resourceType", "") for url in by_url if url not in reached)


def _codes(bundle: Json) -> Iterator[str]:
    for names, value in _places(bundle):
        for ending, allowed in REQUIRED.items():
            if (names == ending or names.endswith(f".{ending}")) and value not in allowed:
                yield names


def _systems(bundle: Json) -> Iterator[str]:
    """Codes of LOINC are those that we know, and an encounter by video is virtual."""
    for names, value in _places(bundle):
        if isinstance(value, dict) and value.get("system") == LOINC and value.get("code") not in CODES:
            yield names
        if names == "Encounter.class" and (value.get("system"), value.get("code")) != (f"{HL7}v3-ActCode", "VR"):
            yield names


def _narratives(bundle: Json) -> Iterator[str]:
    yield from (names for names, value in _places(bundle) if names.endswith(".div") and not _readable(value))


def _moments(bundle: Json) -> Iterator[str]:
    for names, value in _places(bundle):
        dated = names in DATES or names.rpartition(".")[2] in MOMENTS
        if (dated and not _reads(datetime.fromisoformat, value, ZONED)) or (
            names == "Patient.birthDate" and not _reads(date.fromisoformat, value)
        ):
            yield names


def _periods(bundle: Json) -> Iterator[str]:
    for names, value in _places(bundle):
        if names.endswith(".period") and "start" in value and "end" in value and value["end"] < value["start"]:
            yield names


def _sections(bundle: Json) -> Iterator[str]:
    for names, value in _places(bundle):
        if names.endswith(".section") and isinstance(value, dict) and not value.keys() & {"text", "entry", "section"}:
            yield names


def _empty(bundle: Json) -> Iterator[str]:
    yield from (names for names, value in _places(bundle) if value in (None, "", [], {}) and value is not False)


def _letters(bundle: Json) -> Iterator[str]:
    yield from (names for names, value in _places(bundle) if isinstance(value, str) and FORBIDDEN.search(value))


CHECKS: tuple[Callable[[Json], Iterable[str]], ...] = (
    _head, _names, _references, _belonging, _codes, _systems, _narratives, _moments, _periods, _sections, _empty, _letters,
)  # fmt: skip


def _resources(bundle: Json) -> list[Json]:
    return [entry.get("resource", {}) for entry in bundle.get("entry", [])]


def _places(bundle: Json) -> Iterator[Place]:
    """Yield every value of the bundle's head and of each resource, those inside lists under the name of their list."""
    head = {name: value for name, value in bundle.items() if name != "entry"}
    for resource in (head, *_resources(bundle)):
        yield from _inside(str(resource.get("resourceType", "")), resource)


def _inside(names: str, value: Any) -> Iterator[Place]:
    yield Place(names, value)
    if isinstance(value, list):
        for inner in value:
            yield from _inside(names, inner)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _inside(f"{names}.{name}", inner)


def _named(resource: Json) -> list[str]:
    return [value for names, value in _inside("", resource) if names.endswith(".reference")]


def _reads(read: Callable[[str], object], value: Any, shape: re.Pattern[str] | None = None) -> bool:
    try:
        read(value)
    except (TypeError, ValueError):
        return False
    return shape is None or shape.fullmatch(value) is not None


def _readable(div: str) -> bool:
    """Say whether it is XHTML of our few elements without attributes, and says something."""
    if "<!" in div or "<?" in div:
        return False
    try:
        root = ET.fromstring(div)  # noqa: S314 - no declaration is in it, so no entity either
    except ET.ParseError:
        return False
    allowed = {f"{{{XHTML}}}{name}" for name in ELEMENTS}
    every = list(root.iter())
    return (
        root.tag == f"{{{XHTML}}}div"
        and all(element.tag in allowed and not element.attrib for element in every)
        and any(text.strip() for text in root.itertext())
    )
