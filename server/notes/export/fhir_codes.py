"""Codes of FHIR R4, LOINC and DICOM for notes, and which codes R4 allows where it binds an element to a list."""

from server.consultation.model import ConsultationState
from server.notes.export.dossier import Act, Mark, NoteKind, NoteStatus, PartKind

LOINC = "http://loinc.org"
DICOM = "http://dicom.nema.org/resources/ontology/DCM"
HL7 = "http://terminology.hl7.org/CodeSystem/"
SIGNATURES = "urn:iso-astm:E1762-95:2013"
URI = "urn:ietf:rfc:3986"
SHA_256 = "urn:oid:2.16.840.1.101.3.4.2.1"

TYPES = {
    NoteKind.SHARED: ("11488-4", "Consult note"),
    NoteKind.JOTTINGS: ("34109-9", "Note"),
    NoteKind.SUMMARY: ("34133-9", "Summary of episode note"),
}
RECORD_TYPE = ("11503-0", "Medical records")
SECTION_CODES = {
    "subjective": ("61150-9", "Subjective Narrative"),
    "objective": ("61149-1", "Objective Narrative"),
    "assessment": ("51848-0", "Evaluation note"),
    "plan": ("18776-5", "Plan of care note"),
}
RECORD_SECTIONS = {
    "allergies": ("48765-2", "Allergies and adverse reactions Document"),
    "medication": ("10160-0", "History of Medication use Narrative"),
    "history": ("11348-0", "History of Past illness Narrative"),
    "consultations": ("46240-8", "History of Hospitalizations+Outpatient visits Narrative"),
}
CONFIDENTIALITY = {NoteKind.SHARED: "N", NoteKind.JOTTINGS: "R", NoteKind.SUMMARY: "N"}
STATUS = {
    NoteStatus.DRAFT: "preliminary",
    NoteStatus.SIGNED: "final",
    NoteStatus.AMENDED: "amended",
    NoteStatus.RELEASED: "final",
}
ATTESTS = {Mark.SIGNED: "professional", Mark.LOCKED: "legal", Mark.RELEASED: "official"}
SIGNATURE_TYPES = {
    Mark.SIGNED: ("1.2.840.10065.1.12.1.1", "Author's Signature"),
    Mark.LOCKED: ("1.2.840.10065.1.12.1.6", "Validation Signature"),
    Mark.RELEASED: ("1.2.840.10065.1.12.1.5", "Verification Signature"),
}
SIGNING = {Mark.LOCKED: (f"{HL7}v3-DocumentCompletion", "LA", "legally authenticated")}  # R4 lists no code for the others
WRITING = {
    PartKind.ORIGINAL: (f"{HL7}v3-DataOperation", "CREATE", "create"),
    PartKind.AMENDMENT: (f"{HL7}v3-DataOperation", "UPDATE", "revise"),
    PartKind.ADDENDUM: (f"{HL7}v3-DataOperation", "APPEND", "append"),
}
ENCOUNTER = {
    ConsultationState.SCHEDULED: "planned",
    ConsultationState.WAITING: "arrived",
    ConsultationState.ACTIVE: "in-progress",
    ConsultationState.ENDED: "finished",
    ConsultationState.ABANDONED: "cancelled",
    ConsultationState.CANCELLED: "cancelled",
}
AUDITED = {
    Act.CREATED: ("110110", "Patient Record", "C"),
    Act.OPENED: ("110110", "Patient Record", "R"),
    Act.EMERGENCY: ("110110", "Patient Record", "R"),
    Act.EXPORTED: ("110106", "Export", "R"),
}
OVERRIDE = ("110127", "Emergency Override Started")

REQUIRED = {
    "Bundle.type": {"document"},
    "Composition.status": {"preliminary", "final", "amended", "entered-in-error"},
    "Composition.confidentiality": {"U", "L", "M", "N", "R", "V"},
    "Composition.attester.mode": {"personal", "professional", "legal", "official"},
    "Composition.relatesTo.code": {"replaces", "transforms", "signs", "appends"},
    "Encounter.status": {
        "planned", "arrived", "triaged", "in-progress", "onleave", "finished", "cancelled", "entered-in-error", "unknown",
    },
    "Patient.gender": {"male", "female", "other", "unknown"},
    "Provenance.entity.role": {"derivation", "revision", "quotation", "source", "removal"},
    "MedicationStatement.status": {
        "active", "completed", "entered-in-error", "intended", "stopped", "on-hold", "unknown", "not-taken",
    },
    "DocumentReference.status": {"current", "superseded", "entered-in-error"},
    "QuestionnaireResponse.status": {"in-progress", "completed", "amended", "entered-in-error", "stopped"},
    "Consent.status": {"draft", "proposed", "active", "rejected", "inactive", "entered-in-error"},
    "Appointment.status": {
        "proposed", "pending", "booked", "arrived", "fulfilled", "cancelled", "noshow", "entered-in-error", "checked-in", "waitlist",
    },
    "Appointment.participant.status": {"accepted", "declined", "tentative", "needs-action"},
    "AuditEvent.action": {"C", "R", "U", "D", "E"},
    "AuditEvent.outcome": {"0", "4", "8", "12"},
    "telecom.system": {"phone", "fax", "email", "pager", "url", "sms", "other"},
    "text.status": {"generated", "extensions", "additional", "empty"},
}  # fmt: skip
