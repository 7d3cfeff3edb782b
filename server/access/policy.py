"""Who may see what, as pure functions over ids: the only place where a right is decided."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True)
class Viewer:
    """A signed-in professional with their teams at this moment; patients come by a join link and are never a Viewer."""

    person_id: UUID
    professional_id: UUID
    practice_id: UUID
    team_ids: frozenset[UUID]
    name: str


class Owned(Protocol):
    """What the policy needs to know of a consultation."""

    @property
    def practice_id(self) -> UUID: ...

    @property
    def professional_id(self) -> UUID: ...

    @property
    def team_id(self) -> UUID | None: ...


def may_see_consultation(viewer: Viewer, consultation: Owned) -> bool:
    """The professional whose consultation it is, and the members of the team that it was given to."""
    if viewer.practice_id != consultation.practice_id:
        return False
    return consultation.professional_id == viewer.professional_id or consultation.team_id in viewer.team_ids


def may_see_note(viewer: Viewer, consultation: Owned) -> bool:
    """The note of a team consultation is the team's, any other its author's; no patient ever holds a Viewer."""
    return may_see_consultation(viewer, consultation)


def may_write_note(viewer: Viewer, consultation: Owned) -> bool:
    """Whoever may see the note of a consultation writes it too."""
    return may_see_note(viewer, consultation)
