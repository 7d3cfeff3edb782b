"""What an entry of the audit says to the patient."""

from server.core.audit import Act
from server.core.marking import _
from server.patients.actions import SHARING

OTHERWISE = _("Did something with the record")
SENTENCES = {
    Act.LOOKED: _("Looked at a note"),
    Act.SIGNED: _("Signed a note"),
    Act.LOCKED: _("Closed a note, so that it cannot change any more"),
    Act.AMENDED: _("Added a correction to a note"),
    Act.RELEASED: _("Released a summary for you to read"),
    Act.UNRELEASED: _("Took a summary back, so that you cannot read it any more"),
    Act.EXPORTED: _("Took out a copy"),
    Act.PERMITTED: _("Let a colleague see notes"),
    Act.WITHDREW: _("Ended a colleague's permission to see notes"),
    Act.AGREED: _("Agreed that the team may see the notes"),
    Act.BROKE_GLASS: _("Opened the record in an emergency"),
    Act.REGISTERED: _("Made the account that reads this record"),
    Act.READDRESSED: _("Changed the mobile number or e-mail address of the record"),
    Act.CHANGED: _("Changed a setting of the practice"),
    Act.RECORDED: _("Began to record a call"),
    Act.STOPPED: _("Stopped recording a call"),
    Act.LISTENED: _("Played a recording of a call"),
    Act.DELETED: _("Deleted a recording of a call"),
    Act.HELD: _("Keeps a recording of a call from being deleted"),
    Act.FREED: _("Lets a recording of a call be deleted again"),
    Act.INVITED: _("Asked somebody to join your consultation"),
    Act.RESENT: _("Sent somebody the link to your consultation again"),
    Act.UNINVITED: _("Took back an invitation to your consultation"),
    Act.ASKED: _("Asked for a correction of the record"),
    Act.ANSWERED: _("Answered a correction that was asked for"),
    Act.ADDED: _("Added a document"),
    Act.HIDDEN: _("Hid a document, which is kept"),
    Act.JOINED: _("Began to work in the practice"),
    Act.LEFT: _("Ended somebody's work in the practice"),
    Act.REVIEWED: _("Reviewed a professional of the practice"),
    Act.ERASED: _("Erased your data, as far as they did not have to be kept"),
    Act.RESTRICTED: _("Restricted your record: it is kept, and not used"),
    Act.LIFTED: _("Announced that your record will be used again"),
    Act.MERGED: _("Merged two records of you into one"),
    Act.UNMERGED: _("Parted two records that had been merged"),
    Act.TESTED: _("Tested a part of the server"),
}
OF_THE_AGREEMENT = {Act.WITHDREW: _("Took back the agreement that the team may see the notes")}
OF_THE_RECORD = {
    Act.LOOKED: _("Looked at the first page of the record, with the list of notes"),
    Act.EXPORTED: _("Took out a copy of the whole record"),
}
OF_AN_ACCOUNT = {Act.DELETED: _("Deleted the account that read this record: nobody had used it")}
OF_A_MERGE = {
    Act.ASKED: _("Asked whether two records are both yours"),
    Act.AGREED: _("Said that two records are both theirs"),
    Act.WITHDREW: _("Said that two records are not both theirs"),
}
OF_A_RECORDING = {Act.WITHDREW: _("Took back an agreement to a recording of a call")}
OF_ANSWERS = {
    Act.LOOKED: _("Looked at your answers to the questions"),
    Act.ANSWERED: _("Answered the questions before an appointment"),
    Act.EXPORTED: _("Took out a copy of your answers to the questions"),
}
OF_BACKGROUND = {
    Act.LOOKED: _("Looked at who you are and at your health background"),
    Act.CHANGED: _("Changed who you are or your health background in the record"),
}
OF_A_DOCUMENT = {
    Act.LOOKED: _("Looked at the list of documents"),
    Act.EXPORTED: _("Opened or downloaded a document"),
    Act.DELETED: _("Deleted a document"),
}
OF_A_TESTIMONIAL = {Act.WITHDREW: _("Took back what others could read")}
OF_MONEY = {act: _("Took out a receipt or an invoice") for act in (Act.EXPORTED, Act.LOOKED)}
OF_ALL_DATA = {
    Act.LOOKED: _("Looked at what is held about you"),
    Act.EXPORTED: _("Took out a copy of everything that is held about you"),
}
OF_CONSENTS = {Act.LOOKED: _("Looked at what was agreed to")}
OF_A_REQUEST = {
    Act.ASKED: _("Asked the practice to do something about your data"),
    Act.LOOKED: _("Looked at what you asked the practice to do about your data"),
    Act.CHANGED: _("Dealt with what you asked the practice to do about your data"),
    Act.ANSWERED: _("Answered what you asked the practice to do about your data"),
    Act.WITHDREW: _("Took back what was asked of the practice about your data"),
}
OF_A_HOLD = {
    Act.LOOKED: _("Found the record by its name, to see whether it must be kept"),
    Act.HELD: _("Keeps everything in the record from being deleted, for a legal reason"),
    Act.FREED: _("Lets what is due in the record be deleted again"),
}
OF_ACTING = {
    Act.LOOKED: _("Looked at who says that you are their child"),
    Act.PERMITTED: _("Asked somebody to act for you"),
    Act.ADDED: _("Said that you are their child, and began this record"),
    Act.JOINED: _("Took on to act for you"),
    Act.CHANGED: _("Looked again at who acts for you, and let it go on"),
    Act.WITHDREW: _("Ended that somebody acts for you"),
}
OF_A_CONSULTATION = {
    Act.LOOKED: _("Opened the pages of a consultation"),
    Act.AGREED: _("Agreed to what is asked before a consultation"),
    Act.JOINED: _("Went to the waiting room of a consultation"),
    Act.WITHDREW: _("Did not agree to what is asked before a consultation"),
}
OF_AN_APPOINTMENT = {
    Act.ADDED: _("Booked an appointment"),
    Act.CHANGED: _("Moved an appointment"),
    Act.WITHDREW: _("Cancelled an appointment"),
}
OF_NEWS = {
    Act.AGREED: _("Asked for news of the practice"),
    Act.WITHDREW: _("Stopped news of the practice"),
}
BY_THING = {
    "news": OF_NEWS,
    "consents": OF_CONSENTS,
    "representation": OF_ACTING,
    "consultation": OF_A_CONSULTATION,
    "appointment": OF_AN_APPOINTMENT,
    "handover": {Act.CHANGED: _("Handed an appointment over to a colleague")},
    "looks": {Act.LOOKED: _("Looked at this list")},
    "account": OF_AN_ACCOUNT,
    "hold": OF_A_HOLD,
    "data": OF_ALL_DATA,
    "request": OF_A_REQUEST,
    "answers": OF_ANSWERS,
    SHARING: OF_THE_AGREEMENT,
    "record": OF_THE_RECORD,
    "merge": OF_A_MERGE,
    "recording": OF_A_RECORDING,
    "money": OF_MONEY,
    "background": OF_BACKGROUND,
    "document": OF_A_DOCUMENT,
    "testimonial": OF_A_TESTIMONIAL,
    "emergency": {Act.WITHDREW: _("Gave back what the emergency had opened")},
}
TELLS_WHY = {Act.BROKE_GLASS, Act.LISTENED, Act.HELD, Act.FREED}


def what_was_done(act: str, thing: str) -> str:
    """Return the English sentence for an act on a thing, for the catalogue; one that is not known yet gets a general one."""
    try:
        known = Act(act)
    except ValueError:
        return OTHERWISE
    return BY_THING.get(thing, {}).get(known) or SENTENCES[known]


def tells_why(act: str) -> bool:
    """Whether the reason was written for the patient to read, too; other reasons are about the work on a note."""
    return act in TELLS_WHY
