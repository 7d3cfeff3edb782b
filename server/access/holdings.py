"""What access holds about somebody: their work here, who was permitted to see what, and the record of who did what.

A permission is part of the record that it opens. One for all patients names none, holds no patient's data, and is in no patient's copy.
"""

from server.access.model import EmergencyAccess, EmergencyNotice, Grant, Membership, PlaceInvitation, Professional, Staff, TeamInvitation
from server.access.restrictions import Restriction
from server.core.audit import AuditEntry
from server.core.holdings import Class, Fate, Holding, Link, Part, Root
from server.core.marking import _

PROFESSIONALS = Part(Professional, (Link("person_id", Root.PERSON),), Fate.KEEP)
STAFF = Part(Staff, (Link("person_id", Root.PERSON),), Fate.KEEP)
MEMBERSHIPS = Part(Membership, (Link("professional_id", PROFESSIONALS),), Fate.KEEP)
TEAM_INVITATIONS = Part(TeamInvitation, (Link("professional_id", PROFESSIONALS),), Fate.KEEP)
PLACE_INVITATIONS = Part(PlaceInvitation, (Link("taken_by", Root.PERSON),), Fate.PSEUDONYMISE, {"email": None})
GRANTS = Part(Grant, (Link("patient_id", Root.PATIENT),), hidden=frozenset({"reason"}))
EMERGENCIES = Part(EmergencyAccess, (Link("patient_id", Root.PATIENT),), hidden=frozenset({"reason"}))
NOTICES = Part(EmergencyNotice, (Link("access_id", EMERGENCIES),))
RESTRICTIONS = Part(
    Restriction, (Link("patient_id", Root.PATIENT),), Fate.PSEUDONYMISE, {"reason": "", "lift_reason": None},
    frozenset({"reason", "lift_reason"}),
)  # fmt: skip
DEEDS = Part(AuditEntry, (Link("patient_id", Root.PATIENT),), Fate.KEEP, hidden=frozenset({"reason"}))

HOLDINGS = (
    Holding(
        "access.work",
        _("Your work here: your profession, your teams and what you may do"),
        Class.RECORD,
        _("Patients' records must say who wrote and saw them."),
        (PROFESSIONALS, STAFF, MEMBERSHIPS, TEAM_INVITATIONS, PLACE_INVITATIONS),
    ),
    Holding(
        "access.permissions",
        _("Who was permitted to see your notes, and emergencies in which they were opened"),
        Class.CLINICAL,
        _("They are part of your record and kept as long as it."),
        (GRANTS, EMERGENCIES, NOTICES),
    ),
    Holding(
        "access.restrictions",
        _("That your record was restricted, and until when"),
        Class.CLINICAL,
        _("The practice must be able to show that it did not use your data meanwhile."),
        (RESTRICTIONS,),
    ),
    Holding(
        "access.deeds",
        _("The protocol of who opened or changed your record; it holds no text and no name"),
        Class.RECORD,
        _("It proves how your data were treated, and cannot be changed by anybody."),
        (DEEDS,),
    ),
)
