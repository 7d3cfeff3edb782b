"""PDF of notes: what `server.core.typeset` makes of a dossier that is laid out."""

import json

from server.core.typeset import FOLDER, typeset
from server.notes.export.dossier import Dossier
from server.notes.export.paper import Paper, lay_out
from server.notes.export.pdf_data import template_data
from server.notes.export.weight import check_weight
from server.web.i18n import Language

TEMPLATE = FOLDER / "dossier.typ"


def make_pdf(dossier: Dossier, language: Language, *, whole: bool) -> bytes:
    """Return the PDF. Letters for which the machine has no font are spelt out, and the first page says so. Raises `TooBig`."""
    check_weight(dossier)
    paper = lay_out(dossier, language, whole=whole)
    as_written = len(_data(paper, frozenset(), whole=whole))

    def data_of(unprintable: frozenset[str]) -> str:
        data = _data(paper, unprintable, whole=whole)
        check_weight(dossier, more=len(data) - as_written)
        return data

    return typeset(TEMPLATE, data_of, int(dossier.exported_at.timestamp()))


def _data(paper: Paper, unprintable: frozenset[str], *, whole: bool) -> str:
    return json.dumps(template_data(paper, whole=whole, unprintable=unprintable), ensure_ascii=False)
