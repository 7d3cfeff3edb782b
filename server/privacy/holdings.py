"""What privacy holds about somebody: which terms they accepted, and what they asked of their data.

What people wrote to a practice by its public form names no record.
"""

from server.core.holdings import Class, Fate, Holding, Link, Part, Root
from server.core.marking import _
from server.privacy.account_rows import AccountClosing, AccountRequest
from server.privacy.copy_rows import DataCopy
from server.privacy.erasure_rows import ClinicalAnswer, Erasure
from server.privacy.outside_rows import Handover
from server.privacy.policy_rows import PolicyAcceptance
from server.privacy.request_rows import RightsRequest
from server.privacy.retention_rows import AccountNotice

ACCEPTANCES = Part(PolicyAcceptance, (Link("person_id", Root.PERSON),))
NOTICES = Part(AccountNotice, (Link("person_id", Root.PERSON),))
ACCOUNT_REQUESTS = Part(AccountRequest, (Link("person_id", Root.PERSON),), hidden=frozenset({"key_id"}))
CLOSINGS = Part(AccountClosing, (Link("person_id", Root.PERSON),), Fate.KEEP, hidden=frozenset({"listed_at", "goes"}))
REQUESTS = Part(RightsRequest, (Link("patient_id", Root.PATIENT),), hidden=frozenset({"key_id", "told"}))
ERASURES = Part(Erasure, (Link("patient_id", Root.PATIENT),), Fate.KEEP)
CLINICAL_ANSWERS = Part(ClinicalAnswer, (Link("request_id", REQUESTS),), technical=True)

HANDOVERS = Part(Handover, (Link("request_id", REQUESTS),), technical=True)
COPY_LINKS = (Link("person_id", Root.PERSON), Link("request_id", REQUESTS), Link("patient_id", Root.PATIENT))
COPIES = Part(DataCopy, COPY_LINKS, hidden=frozenset({"key_id", "lease_by", "lease_until", "attempts"}))

HOLDINGS = (
    Holding(
        "privacy.terms",
        _("Which terms you accepted, and when"),
        Class.ACCOUNT,
        _("It shows what was agreed while you had your account."),
        (ACCEPTANCES,),
    ),
    Holding(
        "privacy.notices",
        _("That you were told that your account goes because it is not used"),
        Class.ACCOUNT,
        _("The account goes no earlier than a month after that."),
        (NOTICES,),
    ),
    Holding(
        "privacy.account",
        _("What you asked whoever runs this server to do about your account, and until when it is answered"),
        Class.ACCOUNT,
        _("The answers are read in the account."),
        (ACCOUNT_REQUESTS,),
    ),
    Holding(
        "privacy.closing",
        _("That you asked for your account to be deleted, and when it was"),
        Class.RECORD,
        _("Whoever runs the server must be able to show that it was done in time; no name stands in it."),
        (CLOSINGS,),
    ),
    Holding(
        "privacy.requests",
        _("What you asked the practice to do about your data, and until when it answers; you read the answers while you have an account"),
        Class.RECORD,
        _("The practice must be able to show that it answered in time."),
        (REQUESTS, ERASURES, CLINICAL_ANSWERS, HANDOVERS),
    ),
    Holding("privacy.copies", _("A copy of your data that you asked for"), Class.CHOICE, "", (COPIES,)),
)
