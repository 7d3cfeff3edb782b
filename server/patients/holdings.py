"""What patients holds about somebody: the record itself, what they agreed to, and what they answered."""

from server.access.representation import Representation, RepresentationWord
from server.core.holdings import BLANK_NAME, Class, Fate, Holding, Link, Part, Root
from server.core.marking import _
from server.patients.background import BackgroundEntry
from server.patients.files import RecordFile
from server.patients.legal_holds import LegalHold, LegalHoldLift
from server.patients.merge_rows import MergeWish, RecordMerge
from server.patients.model import AddressProof, Patient, SharingConsent
from server.patients.questionnaire import AnswerSet

ACTING_HOLDING = "patients.acting"

RECORD = Part(
    Patient, (Link("id", Root.PATIENT),), Fate.PSEUDONYMISE, {"name": BLANK_NAME, "mobile": None, "email": None, "person_id": None}
)  # fmt: skip
SHARING = Part(SharingConsent, (Link("patient_id", Root.PATIENT),))
PROOFS = Part(AddressProof, (Link("person_id", Root.PERSON),))
BACKGROUND = Part(BackgroundEntry, (Link("patient_id", Root.PATIENT),), hidden=frozenset({"key_id"}))
FILES = Part(
    RecordFile, (Link("patient_id", Root.PATIENT),), Fate.PSEUDONYMISE,
    {"key_id": None, "data_key": None, "sealed": b"", "thumbnail": None, "hidden_why": None}, hidden=frozenset({"key_id", "hidden_why"}),
)  # fmt: skip
MERGES = Part(
    RecordMerge, (Link("kept_id", Root.PATIENT), Link("other_id", Root.PATIENT)), Fate.PSEUDONYMISE,
    {"key_id": None, "data_key": None, "sealed": b""}, hidden=frozenset({"key_id"}),
)  # fmt: skip
WISHES = Part(MergeWish, (Link("one_id", Root.PATIENT), Link("other_id", Root.PATIENT)))
ACTING = Part(
    Representation, (Link("patient_id", Root.PATIENT), Link("person_id", Root.PERSON)), Fate.PSEUDONYMISE,
    {"name": BLANK_NAME, "email": None, "token_hash": None, "person_id": None},  # without whom it opens nothing to anybody
    of_account={"email": None}, hidden=frozenset({"email"}),
)  # fmt: skip
ACTING_WORDS = Part(
    RepresentationWord, (Link("representation_id", ACTING),), Fate.PSEUDONYMISE, {"evidence": None},
    of_account={}, hidden=frozenset({"evidence", "file_id"}),  # what the practice noted of the patient, whoever acts has a copy, too
)  # fmt: skip
ANSWERS = Part(AnswerSet, (Link("patient_id", Root.PATIENT),), hidden=frozenset({"key_id"}))
HOLDS = Part(LegalHold, (Link("patient_id", Root.PATIENT),), hidden=frozenset({"why"}))
LIFTS = Part(LegalHoldLift, (Link("hold_id", HOLDS),), hidden=frozenset({"why"}))

HOLDINGS = (
    Holding(
        "patients.record",
        _("Your record at the practice: name, mobile number, e-mail address and whether your team may see it"),
        Class.CLINICAL,
        _("The practice must be able to say whose notes it keeps."),
        (RECORD, SHARING, MERGES, WISHES),
    ),
    Holding(
        "patients.answers",
        _("What you answered before appointments"),
        Class.CLINICAL,
        _("Your answers are part of your clinical record."),
        (ANSWERS,),
    ),
    Holding(
        "patients.background",
        _("Your date of birth, address and doctor, allergies, medication and history; you read and change them in your account"),
        Class.CLINICAL,
        _("They are part of your clinical record."),
        (BACKGROUND,),
    ),
    Holding(
        "patients.files",
        _("Documents and photographs in your record"),
        Class.CLINICAL,
        _("They are part of your clinical record. What remains of a deleted one is that it was there."),
        (FILES,),
    ),
    Holding(
        "patients.holds",
        _("That your record must be kept for a legal reason, and since when"),
        Class.RECORD,
        _("The practice must be able to show why it kept your data."),
        (HOLDS, LIFTS),
    ),
    Holding(
        ACTING_HOLDING,
        _("Who acts for you, or for whom you act: by what right, how far and until when, and what was said about it"),
        Class.CLINICAL,
        _("The practice must be able to say who acted for a patient, and who let them."),
        (ACTING, ACTING_WORDS),
    ),
    Holding("patients.proofs", _("A code that you asked for to prove an address"), Class.CHOICE, "", (PROOFS,)),
)
