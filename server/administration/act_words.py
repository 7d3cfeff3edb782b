"""What each act of the audit is called for whoever looks after a practice."""

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
    Act.DELETED: _("Deleted a recording or a document"),
    Act.HELD: _("Held a recording back"),
    Act.FREED: _("Let a recording go"),
    Act.INVITED: _("Invited somebody"),
    Act.RESENT: _("Sent an invitation again"),
    Act.UNINVITED: _("Took an invitation back"),
    Act.ASKED: _("Asked for a correction"),
    Act.ANSWERED: _("Answered what was asked"),
    Act.ADDED: _("Added a document"),
    Act.HIDDEN: _("Hid a document"),
    Act.JOINED: _("Took a place"),
    Act.LEFT: _("Ended a place"),
    Act.REVIEWED: _("Reviewed a professional"),
    Act.TESTED: _("Tested a part of the server"),
}
