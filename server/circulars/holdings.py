"""What circulars hold about somebody: their yes to news, and which letters they were sent."""

from server.circulars.model import Copy, NewsConsent
from server.core.holdings import Class, Fate, Holding, Link, Part, Root
from server.core.marking import _

CONSENTS = Part(NewsConsent, (Link("patient_id", Root.PATIENT),))
COPIES = Part(
    Copy, (Link("patient_id", Root.PATIENT), Link("test_for", Root.PERSON)), Fate.PSEUDONYMISE, {"patient_id": None, "test_for": None}
)  # fmt: skip

HOLDINGS = (
    Holding("circulars.consents", _("Whether you want news of a practice, and by which way"), Class.CHOICE, "", (CONSENTS,)),
    Holding("circulars.copies", _("Which newsletters and notices you were sent"), Class.CHOICE, "", (COPIES,)),
)
