"""The demo's templates and snippets: one of each of the practice's and of a professional's own, to be found at the first start."""

from datetime import datetime

from server.access.policy import Viewer
from server.core.db import Tx
from server.notes.text_actions import Owner, Place, Writer, add_snippet, add_template

PRACTICE_TEMPLATE = "Video follow-up"
PRACTICE_SECTIONS = {
    "subjective": "Since the last time:\nMedication taken as agreed:\nNew complaints:",
    "objective": "Seen by video on {date} at {time}.\nGeneral appearance:\nReadings at home:\n- Blood pressure:\n- Weight:",
    "assessment": "Impression:",
    "plan": "Treatment:\nNext appointment with {professional.name}:",
}
OWN_TEMPLATE = "Sore throat"
OWN_SECTIONS = {
    "subjective": "Sore throat since:\nFever:\nCough:\nSwallowing:",
    "objective": "Throat, as far as the camera shows it:\nGlands, as {patient.name} feels them:",
    "assessment": "FeverPAIN score:",
    "plan": "- Fluids and rest\n- Paracetamol as needed\n- Another consultation if it is no better within a week",
}
PRACTICE_SNIPPET = ("net", "{patient.name} knows the warning signs, and calls {practice.name} or 999 if things get worse.")
OWN_SNIPPET = ("vid", "Seen by video. No physical examination was possible.")


async def add_texts(tx: Tx, administrator: Viewer, professional: Viewer, now: datetime) -> None:
    """Add the practice's by its administrator, and the professional's own."""
    practices = Place(Writer(administrator, administrator=True), Owner.PRACTICE)
    own = Place(Writer(professional, administrator=False), Owner.OWN)
    await add_template(tx, practices, PRACTICE_TEMPLATE, PRACTICE_SECTIONS, now)
    await add_template(tx, own, OWN_TEMPLATE, OWN_SECTIONS, now)
    await add_snippet(tx, practices, *PRACTICE_SNIPPET, now)
    await add_snippet(tx, own, *OWN_SNIPPET, now)
