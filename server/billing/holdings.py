"""What billing holds about somebody: what they were asked for, paid and got back, and the documents of it. All of it is kept for tax."""

from server.access.holdings import PROFESSIONALS
from server.billing.model import Charge, Dispute, LedgerLine, MerchantAccount, Refund
from server.billing.papers import BillingDocument
from server.booking.holdings import APPOINTMENTS
from server.core.holdings import Class, Fate, Holding, Link, Part
from server.core.marking import _

NOBODY = {"name": None, "mobile": None, "email": None, "person_id": None, "checkout_url": None}
PROVIDERS = frozenset({"account", "checkout_id", "checkout_url", "payment", "origin"})
CHARGES = Part(Charge, (Link("appointment_id", APPOINTMENTS),), Fate.PSEUDONYMISE, NOBODY, PROVIDERS)
REFUNDS = Part(Refund, (Link("charge_id", CHARGES),), Fate.KEEP, hidden=frozenset({"provider_ref"}))
DISPUTES = Part(Dispute, (Link("charge_id", CHARGES),), Fate.KEEP, hidden=frozenset({"provider_ref"}))
LINES = Part(LedgerLine, (Link("charge_id", CHARGES),), Fate.KEEP)
DOCUMENTS = Part(BillingDocument, (Link("appointment_id", APPOINTMENTS),), Fate.KEEP)
MERCHANTS = Part(MerchantAccount, (Link("professional_id", PROFESSIONALS),), Fate.KEEP)

HOLDINGS = (
    Holding(
        "billing.charges",
        _("What you were asked to pay, and who paid"),
        Class.TAX,
        _("Tax law asks for the books of past years."),
        (CHARGES,),
    ),
    Holding(
        "billing.books",
        _("Receipts and invoices, refunds and the ledger"),
        Class.RECORD,
        _("Tax law forbids to change or delete a document that was issued."),
        (REFUNDS, DISPUTES, LINES, DOCUMENTS),
    ),
    Holding(
        "billing.merchant",
        _("Your account at the provider of payments"),
        Class.RECORD,
        _("Refunds go by this account for as long as payments can be returned."),
        (MERCHANTS,),
    ),
)
