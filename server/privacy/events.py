"""What happened to somebody's data that others must follow."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class NewsRefused:
    """A patient objects to news and advertising: whoever sends any stops with it, in the same transaction."""

    patient_id: UUID
