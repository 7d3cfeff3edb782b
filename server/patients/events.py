"""What patients tells others, inside the transaction that causes it."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class ActingEnded:
    """Somebody may act for a patient no longer: what they have open for them closes."""

    representation_id: UUID
