"""What privacy holds about somebody: which terms they accepted, and what they asked of their data.

What people wrote to a practice by its public form names no record.
"""

from server.core.holdings import Class, Holding, Link, Part, Root
from server.core.marking import _
from server.privacy.copy_rows import DataCopy
from server.privacy.policy_rows import PolicyAcceptance
from server.privacy.request_rows import RightsRequest

ACCEPTANCES = Part(PolicyAcceptance, (Link("person_id", Root.PERSON),))
REQUESTS = Part(RightsRequest, (Link("patient_id", Root.PATIENT),), hidden=frozenset({"key_id", "told"}))
COPIES = Part(DataCopy, (Link("person_id", Root.PERSON),), hidden=frozenset({"key_id", "lease_by", "lease_until", "attempts"}))

HOLDINGS = (
    Holding(
        "privacy.terms",
        _("Which terms you accepted, and when"),
        Class.ACCOUNT,
        _("It shows what was agreed while you had your account."),
        (ACCEPTANCES,),
    ),
    Holding(
        "privacy.requests",
        _("What you asked the practice to do about your data, and until when it answers; you read the answers in your account"),
        Class.RECORD,
        _("The practice must be able to show that it answered in time."),
        (REQUESTS,),
    ),
    Holding("privacy.copies", _("A copy of your data that you asked for"), Class.CHOICE, "", (COPIES,)),
)
