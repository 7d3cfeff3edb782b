"""What somebody may insert into one note: templates with the facts of its consultation in their place, and snippets."""

from collections.abc import Iterator
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time

from server.access.model import Practice, Team
from server.access.policy import Viewer
from server.consultation.model import Consultation
from server.core.db import Tx
from server.notes.doors import SeenNote, see_setting
from server.notes.prose_nodes import nodes_of
from server.notes.templates import SOAP, SOAP_SECTIONS, Sections, blocks_of, filled, unpacked
from server.notes.text_doors import see_snippets, see_templates
from server.web.i18n import Language

Values = dict[str, str]


class Insertable(NamedTuple):
    """A named text by section, as the editor's nodes."""

    name: str
    sections: dict[str, list[dict[str, Any]]]


class Shortcut(NamedTuple):
    """What a shortcut stands for; one's own stands before the practice's of the same name."""

    shortcut: str
    nodes: list[dict[str, Any]]


async def texts_for(tx: Tx, seen: SeenNote, language: Language) -> tuple[list[Insertable], list[Shortcut]]:
    """Return templates and snippets for a note that the viewer may write in; SOAP comes first."""
    values = await _values(tx, seen, language)
    templates = await see_templates(tx, seen.viewer)
    soap = {name: language.text(text) for name, text in SOAP_SECTIONS.items()}
    found = [_insertable(SOAP, soap, values), *(_insertable(one.name, unpacked(one.body), values) for one in templates)]
    return found, list(await _shortcuts(tx, seen.viewer, values))


async def _shortcuts(tx: Tx, viewer: Viewer, values: Values) -> Iterator[Shortcut]:
    snippets = await see_snippets(tx, viewer)
    own_last = sorted(snippets, key=lambda snippet: snippet.person_id is not None)
    chosen = {snippet.shortcut: snippet.text for snippet in own_last}
    return (Shortcut(shortcut, nodes_of(blocks_of(filled(text, values)))) for shortcut, text in sorted(chosen.items()))


def _insertable(name: str, sections: Sections, values: Values) -> Insertable:
    return Insertable(name, {section: nodes_of(blocks_of(filled(text, values))) for section, text in sections.items()})


async def _values(tx: Tx, seen: SeenNote, language: Language) -> Values:
    consultation, patient_name = await see_setting(tx, seen)
    practice = await tx.get_one(Practice, consultation.practice_id)
    team = await tx.get_one(Team, consultation.team_id) if consultation.team_id else None
    return {
        "patient.name": patient_name,
        "professional.name": seen.viewer.name,
        "practice.name": practice.name,
        **_moment(consultation, practice, language),
        **({"team": team.name} if team else {}),
    }


def _moment(consultation: Consultation, practice: Practice, language: Language) -> Values:
    """Return day and time of the consultation as the practice's clock shows them."""
    began = (consultation.started_at or consultation.scheduled_at).astimezone(ZoneInfo(practice.time_zone))
    day = format_date(began.date(), "long", locale=language.locale)
    return {"date": day, "time": format_time(began, "HH:mm", locale=language.locale)}
