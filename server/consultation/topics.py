"""The hints about consultations: what whoever shows something of them listens to."""

from uuid import UUID


def today_topic(practice_id: UUID) -> str:
    """Something in a Today list of the practice may have changed."""
    return f"today:{practice_id}"


def room_topic(consultation_id: UUID) -> str:
    """A right, or what a room knows from outside, may have changed."""
    return f"rights:{consultation_id}"
