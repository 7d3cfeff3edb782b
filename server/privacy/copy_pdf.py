"""The readable part of a copy as PDF, by the same typesetter as notes."""

import json
from datetime import datetime

from server.core.printable import language_parts, printer
from server.core.typeset import FOLDER, typeset
from server.notes.export.pdf_data import plain_of
from server.notes.prose import shown
from server.privacy.copy_paper import Volume

TEMPLATE = FOLDER / "copy.typ"


def make_pdf(volume: Volume, tag: str, made_at: datetime) -> bytes:
    """Return the PDF of one volume in the language `tag`. It takes time and memory: call it in the press."""
    language, region = language_parts(tag)

    def data_of(unprintable: frozenset[str]) -> str:
        printed = printer(unprintable)
        data = plain_of(volume, lambda text: printed(shown(text)))
        return json.dumps(
            {**data, "lang": language, "region": region, "missing": data["missing"] if unprintable else ""}, ensure_ascii=False
        )

    return typeset(TEMPLATE, data_of, int(made_at.timestamp()))
