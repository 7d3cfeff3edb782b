"""What belongs to a professional's registration beside their qualifications, put there for tests of the directory."""

from datetime import datetime

from server.core.db import Tx
from server.core.ids import new_id
from server.identity.details_model import AccountDetails
from server.identity.mail_model import AccountEmail
from server.privacy.policy_rows import PolicyVersion
from server.privacy.policy_words import Policy
from tests.cast import Staff

ADDRESS, PHONE, EMAIL = "1 Harbour Street, London", "+442079460000", "alice@example.org"


def complete(tx: Tx, member: Staff, now: datetime) -> None:
    """Let a professional have told everything that is asked for before they are listed."""
    kept = {"phone": PHONE, "phone_confirmed_at": None, "address": ADDRESS}
    tx.add(AccountDetails(person_id=member.person_id, **kept, changed_at=now))
    tx.add(AccountEmail(person_id=member.person_id, address=EMAIL, confirmed_at=now))
    add_policy(tx, member, now)


def add_policy(tx: Tx, member: Staff, now: datetime, bases: str = "6_1_b,9_2_h") -> None:
    """Publish a privacy policy of a professional's own; the bases are codes of `server/privacy/bases.py`."""
    tx.add(
        PolicyVersion(
            id=new_id(), practice_id=member.practice_id, professional_id=member.professional_id, owner_id=member.professional_id,
            policy=Policy.PRIVACY, number=1, text="How I treat your data.", changes="", bases=bases, language="en-GB",
            effective_at=now, published_by=member.person_id, published_at=now,
        )
    )  # fmt: skip
