"""What each act and each thing of the audit is called for whoever looks after a practice."""

from server.core.audit import Act
from server.core.marking import _

WORDS = {
    Act.LOOKED: _("Looked"),
    Act.SIGNED: _("Signed a note"),
    Act.LOCKED: _("Closed a note"),
    Act.AMENDED: _("Amended a note"),
    Act.RELEASED: _("Released a summary"),
    Act.UNRELEASED: _("Took a summary back"),
    Act.EXPORTED: _("Took out a copy"),
    Act.PERMITTED: _("Gave a permission"),
    Act.WITHDREW: _("Withdrew a permission"),
    Act.AGREED: _("Agreed, or took it back"),
    Act.BROKE_GLASS: _("Opened a record in an emergency"),
    Act.REGISTERED: _("Registered a record"),
    Act.READDRESSED: _("Changed an address"),
    Act.CHANGED: _("Changed something"),
    Act.RECORDED: _("Began a recording"),
    Act.STOPPED: _("Stopped a recording"),
    Act.LISTENED: _("Played a recording"),
    Act.DELETED: _("Deleted a recording, a document, a record or an account"),
    Act.HELD: _("Held a recording or a record back"),
    Act.FREED: _("Let a recording or a record go"),
    Act.INVITED: _("Invited somebody"),
    Act.RESENT: _("Sent an invitation again"),
    Act.UNINVITED: _("Took an invitation back"),
    Act.ASKED: _("Asked for something"),
    Act.ANSWERED: _("Answered what was asked"),
    Act.ADDED: _("Added something"),
    Act.HIDDEN: _("Hid a document"),
    Act.JOINED: _("Took a place"),
    Act.LEFT: _("Ended a place"),
    Act.REVIEWED: _("Reviewed a professional"),
    Act.ERASED: _("Erased data"),
    Act.RESTRICTED: _("Restricted a record"),
    Act.LIFTED: _("Announced the end of a restriction"),
    Act.MERGED: _("Merged two records"),
    Act.UNMERGED: _("Undid a merge of records"),
    Act.TESTED: _("Tested a part of the server"),
}
BY_THING = {
    "service": {Act.ADDED: _("Added a service for somebody"), Act.CHANGED: _("Changed a service of somebody")},
    "practice": {Act.ADDED: _("Made the practice")},
    "background": {Act.ASKED: _("Asked for a correction"), Act.CHANGED: _("Changed the background, or answered a correction")},
    "request": {
        Act.ASKED: _("Asked for something about their data"),
        Act.CHANGED: _("Dealt with a request about data"),
        Act.ANSWERED: _("Answered a request about data"),
        Act.WITHDREW: _("Took back a request about data"),
    },
    "merge": {Act.ASKED: _("Asked whether two records are one person's"), Act.WITHDREW: _("Said that two records are not both theirs")},
    "representation": {
        Act.LOOKED: _("Looked at who says that a patient is their child"),
        Act.PERMITTED: _("Asked somebody to act for a patient"),
        Act.ADDED: _("Registered a child, for whom they act"),
        Act.JOINED: _("Took on to act for a patient"),
        Act.CHANGED: _("Renewed that somebody acts for a patient"),
        Act.WITHDREW: _("Ended that somebody acts for a patient"),
    },
    "document": {Act.ADDED: _("Added a document"), Act.DELETED: _("Deleted a document")},
    "recording": {Act.DELETED: _("Deleted a recording"), Act.HELD: _("Held a recording back"), Act.FREED: _("Let a recording go")},
    "hold": {Act.HELD: _("Held a record back"), Act.FREED: _("Let a record go")},
    "record": {Act.DELETED: _("Deleted a record")},
    "account": {Act.DELETED: _("Deleted an account")},
    "bookings": {Act.CHANGED: _("Changed whether a professional takes new bookings")},
    "handover": {Act.CHANGED: _("Handed an appointment over to a colleague")},
    "waiting_list": {Act.CHANGED: _("Handed a waiting list over"), Act.WITHDREW: _("Ended a waiting list")},
    "appointment": {
        Act.ADDED: _("Booked an appointment"),
        Act.CHANGED: _("Moved an appointment"),
        Act.WITHDREW: _("Cancelled an appointment"),
    },
}

THINGS = {
    "account": _("account"),
    "answers": _("answers to questions"),
    "appointment": _("appointment"),
    "audit": _("audit"),
    "background": _("background"),
    "bookings": _("new bookings"),
    "books": _("books of money"),
    "consents": _("what was agreed to"),
    "consultation": _("consultation"),
    "data": _("data about somebody"),
    "document": _("document"),
    "emergency": _("emergency"),
    "errand": _("job of the server"),
    "handover": _("handover"),
    "hold": _("legal hold"),
    "letter": _("letter"),
    "looks": _("who looked"),
    "merge": _("two records of one person"),
    "money": _("receipt or invoice"),
    "news": _("news of the practice"),
    "newsletter": _("newsletter"),
    "note": _("note"),
    "permission": _("permission"),
    "permission_for_all": _("permission for every patient"),
    "place": _("place in the practice"),
    "policy": _("published text"),
    "practice": _("practice"),
    "professional": _("professional"),
    "record": _("record"),
    "recording": _("recording"),
    "representation": _("acting for a patient"),
    "request": _("request about data"),
    "restriction": _("restriction"),
    "server": _("server"),
    "service": _("service"),
    "sharing": _("sharing with the team"),
    "team": _("team"),
    "testimonial": _("testimonial"),
    "waiting_list": _("waiting list"),
}


def what_was_done(act: str, thing: str) -> str:
    """Return the words for an act on a thing, for the catalogue."""
    known = Act(act)
    return BY_THING.get(thing, {}).get(known) or WORDS[known]


def what_it_was(thing: str) -> str:
    """Return the words for a thing, for the catalogue; a thing of another version of the server is shown by its code."""
    return THINGS.get(thing, thing)
