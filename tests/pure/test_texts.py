"""Messages to patients: in the practice's language and zone, and without a word that others should not read."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from server.access.model import Practice
from server.messaging.texts import Call, Manner, to_patient
from server.messaging.wording import Kind
from server.web.i18n import Languages

pytestmark = pytest.mark.row("S4")
WHEN = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
LINK = "https://clinic.example/j/x"
CALL = Call(WHEN, LINK)
INVITATION = Manner(Kind.INVITATION)


def practice(phone: str | None = "+44 20 7946 0018", zone: str = "Europe/London") -> Practice:
    return Practice(id=uuid4(), name="Harbour Clinic", phone=phone, time_zone=zone, language="en-GB")


def test_the_invitation_reads_well(languages: Languages) -> None:
    letter = to_patient(INVITATION, "+447700900001", practice(), CALL, languages.choose("en-GB", ""))
    assert letter.body == (
        "Harbour Clinic: your video appointment is on Monday 23 November at 10:30 (London time). "
        "To join, open https://clinic.example/j/x - no app is needed. Questions? Call +44 20 7946 0018."
    )
    assert letter.subject == "Your video appointment with Harbour Clinic"


def test_the_time_is_the_practices_own(languages: Languages) -> None:
    letter = to_patient(INVITATION, "dana@example.org", practice(None, "America/New_York"), CALL, languages.choose("en-GB", ""))
    assert "on Monday 23 November at 05:30 (New York time)." in letter.body
    assert "Questions?" not in letter.body


def test_it_is_written_in_the_practices_language(languages: Languages) -> None:
    letter = to_patient(INVITATION, "dana@example.org", practice(), CALL, languages.choose("en-XA", ""))
    assert letter.subject.startswith("⟦")
    assert letter.body.count("⟦") == 4
    assert LINK in letter.body
    months = to_patient(INVITATION, "dana@example.org", practice(), CALL, languages.choose("ar-XB", "")).body
    assert "November" not in months
