"""An extract of the audit as a PDF to be read, in the words that the page uses."""

import json
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from server.administration.act_words import what_it_was, what_was_done
from server.administration.audit_bundle import Extract
from server.core.audit import Entry
from server.core.printable import Show, language_parts, printer
from server.core.typeset import FOLDER, typeset
from server.web.i18n import Language
from server.web.moments import full_date

TEMPLATE = FOLDER / "audit.typ"
MOST_PRINTED = 2_000  # entries, some eighty pages; who needs more reads the table


def make_pdf(extract: Extract, language: Language) -> bytes:
    """Return the PDF; the caller sees to it that there are no more than `MOST_PRINTED` entries."""

    def data_of(unprintable: frozenset[str]) -> str:
        return json.dumps(_data(extract, language, printer(unprintable)), ensure_ascii=False)

    return typeset(TEMPLATE, data_of, int(extract.made_at.timestamp()))


def _data(extract: Extract, language: Language, show: Show) -> Mapping[str, Any]:
    text = language.text
    code, region = language_parts(language.tag)
    person = extract.names.get(extract.wanted.person_id, "") if extract.wanted.person_id else text("Everybody")
    facts = [
        (text("From"), extract.wanted.first.isoformat()),
        (text("To"), extract.wanted.last.isoformat()),
        (text("Whose deeds"), person),
        (text("Entries"), str(len(extract.entries))),
        (text("Made"), f"{full_date(language, extract.made_at, extract.zone)}, {extract.made_by}"),
        (text("The whole audit"), _state(extract, language)),
    ]
    return {
        "lang": code,
        "region": region,
        "title": text("Extract of the audit"),
        "practice": show(extract.practice),
        "facts": [{"label": label, "value": show(value)} for label, value in facts],
        "heads": [text("No."), text("When"), text("Who"), text("What"), text("Thing")],
        "rows": [[show(cell) for cell in _row(extract, entry, language)] for entry in extract.entries],
        "nothing": text("There is no such entry."),
        "page": text("Page {page} of {pages}"),
    }


def _state(extract: Extract, language: Language) -> str:
    chain = extract.chain
    if chain.broken is None:
        return language.text("{number} entries, each of which follows from the one before", number=chain.number)
    return language.text("does not hold: entry {number} does not follow from the one before", number=chain.broken)


def _who(extract: Extract, entry: Entry, language: Language) -> str:
    """Name who works here, and say of anybody else as what they did it: also a colleague who acted for a patient did not do it as one."""
    if entry.representation_id:
        return language.text("Somebody who acts for the patient")
    if entry.person_id is None:
        return language.text("The server, or somebody without an account")
    return extract.names.get(entry.person_id) or language.text("Somebody who does not work here, such as the patient")


def _row(extract: Extract, entry: Entry, language: Language) -> list[str]:
    text = language.text
    at = entry.at.astimezone(ZoneInfo(extract.zone))
    who = _who(extract, entry, language)
    about = text("Patient {code}", code=entry.patient_id.hex[:8]) if entry.patient_id else entry.reason or ""
    thing = " · ".join(part for part in (text(what_it_was(entry.thing)), about) if part)
    act = text(what_was_done(entry.act, entry.thing))
    return [str(entry.number), f"{at:%Y-%m-%d %H:%M:%S}", who, act, thing]
