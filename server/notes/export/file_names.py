"""Names of files that leave the house: a date and a few letters of an id, no word of a person, nothing that a header could trip over."""

from datetime import date
from enum import StrEnum
from uuid import UUID


class Exported(StrEnum):
    NOTE = "note"
    RECORD = "record"


class Form(StrEnum):
    """The form of a file, which is its ending, too; `media_type` is what HTTP calls it."""

    PDF = "pdf"
    FHIR = "json"
    TEXT = "txt"

    @property
    def media_type(self) -> str:
        return {Form.PDF: "application/pdf", Form.FHIR: "application/fhir+json", Form.TEXT: "text/plain; charset=utf-8"}[self]


def file_name(what: str, thing_id: UUID, day: date, form: Form) -> str:
    """Return `note-2026-11-23-1a2b3c4d.pdf`: letters, digits, hyphens and one dot, whatever the ids."""
    return f"{what}-{day:%Y-%m-%d}-{thing_id.hex[:8]}.{form}"
