"""What privacy holds about somebody: which terms they accepted. What people wrote to a practice names no record."""

from server.core.holdings import Class, Holding, Link, Part, Root
from server.core.marking import _
from server.privacy.policy_rows import PolicyAcceptance

ACCEPTANCES = Part(PolicyAcceptance, (Link("person_id", Root.PERSON),))

HOLDINGS = (
    Holding(
        "privacy.terms",
        _("Which terms you accepted, and when"),
        Class.ACCOUNT,
        _("It shows what was agreed while you had your account."),
        (ACCEPTANCES,),
    ),
)
