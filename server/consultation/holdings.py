"""What consultation holds about somebody: the meetings, who was in them, what was said in writing, and recordings."""

from sqlalchemy import select

from server.booking.holdings import APPOINTMENTS
from server.consultation.model import Consultation, JoinLink, Participant, Role
from server.consultation.recorded import Recording, RecordingPeer, RecordingTrack
from server.consultation.records import Attendance, CallQuality, ChatMessage, Consent, Ending, Feedback, Invitation, Refusal, Testimonial
from server.consultation.settled import Settlement
from server.core.holdings import BLANK_NAME, Class, Fate, Holding, Link, Part, Root
from server.core.marking import _

NOBODY = {"name": BLANK_NAME, "companion": None, "refused_reason": None, "devices": None, "hold_message": None}
MEETINGS = Part(
    Consultation, (Link("patient_id", Root.PATIENT),), Fate.PSEUDONYMISE, {"outcome_reason": None}, frozenset({"outcome_reason"})
)
PEOPLE = Part(Participant, (Link("consultation_id", MEETINGS),), Fate.PSEUDONYMISE, NOBODY, own=Participant.role == Role.PATIENT)
PATIENTS = select(Participant.id).where(Participant.role == Role.PATIENT)  # what others in the call said is theirs
ENDINGS = Part(Ending, (Link("consultation_id", MEETINGS),), Fate.PSEUDONYMISE, {"reason": None}, frozenset({"reason"}))
LINKS = Part(JoinLink, (Link("consultation_id", MEETINGS),), own=JoinLink.participant_id.in_(PATIENTS))
INVITATIONS = Part(Invitation, (Link("participant_id", PEOPLE),), own=Invitation.participant_id.in_(PATIENTS))
STAYS = Part(Attendance, (Link("participant_id", PEOPLE),), own=Attendance.participant_id.in_(PATIENTS))
MEASURES = Part(CallQuality, (Link("participant_id", PEOPLE),), own=CallQuality.participant_id.in_(PATIENTS))
LETTERS = Part(ChatMessage, (Link("consultation_id", MEETINGS),), own=ChatMessage.participant_id.in_(PATIENTS))
YESES = Part(Consent, (Link("participant_id", PEOPLE),), own=Consent.participant_id.in_(PATIENTS))
NOES = Part(Refusal, (Link("participant_id", PEOPLE),), own=Refusal.participant_id.in_(PATIENTS))
SETTLEMENTS = Part(Settlement, (Link("appointment_id", APPOINTMENTS),), Fate.KEEP)
NO_KEY = {"key_id": None, "data_key": None, "deleted_why": None, "held_why": None}
RECORDINGS = Part(
    Recording, (Link("consultation_id", MEETINGS),), Fate.PSEUDONYMISE, NO_KEY, frozenset({"key_id", "deleted_why", "held_why"})
)
TRACKS = Part(RecordingTrack, (Link("recording_id", RECORDINGS),), Fate.KEEP, hidden=frozenset({"file", "head"}))
PEERS = Part(RecordingPeer, (Link("recording_id", RECORDINGS),), Fate.KEEP)
FEEDBACK = Part(Feedback, (Link("participant_id", PEOPLE),), own=Feedback.participant_id.in_(PATIENTS))
TESTIMONIALS = Part(Testimonial, (Link("participant_id", PEOPLE),), own=Testimonial.participant_id.in_(PATIENTS))

HOLDINGS = (
    Holding(
        "consultation.meetings",
        _("Your consultations: when they were, who was there, and what you agreed to"),
        Class.CLINICAL,
        _("They are part of your clinical record."),
        (MEETINGS, PEOPLE, ENDINGS, LINKS, INVITATIONS, STAYS, MEASURES, LETTERS, YESES, NOES),
    ),
    Holding(
        "consultation.attendance",
        _("Whether an appointment took place"),
        Class.RECORD,
        _("What was paid or given back depends on it."),
        (SETTLEMENTS,),
    ),
    Holding(
        "consultation.recordings",
        _("Recordings of calls, for which you were asked"),
        Class.CLINICAL,
        _("A recording is deleted after the time that you were told; what remains is that there was one."),
        (RECORDINGS, TRACKS, PEERS),
    ),
    Holding("consultation.feedback", _("How you found your consultations"), Class.CHOICE, "", (FEEDBACK, TESTIMONIALS)),
)
