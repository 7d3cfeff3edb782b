"""What somebody agrees to who lets another person act for them, and the words for how far that goes."""

from server.access.acting import Basis, Reach, Standing
from server.core.marking import _
from server.patients.wording import Wording

ACTING = {
    Reach.BOOK: Wording(
        "acting_book",
        "1",
        _("This person may book and change my appointments, and join my consultations for me."),
        _("They see when my appointments are and with whom, and nothing else of my record. I can end this at any time, at once."),
    ),
    Reach.SEE: Wording(
        "acting_see",
        "1",
        _("This person may book and join for me, and see everything of my record that I may see."),
        _("That includes summaries, answers, documents and my health background. I can end this at any time, at once."),
    ),
    Reach.RIGHTS: Wording(
        "acting_rights",
        "1",
        _("This person may book, join and see for me, and use my rights over my data."),
        _(
            "They may ask for corrections and make requests about my data, and decide for me who of the practice sees notes. "
            "I can end this at any time, at once."
        ),
    ),
}
BASES = {
    Basis.PARENT: _("Parental responsibility"),
    Basis.ATTORNEY: _("Lasting power of attorney, or deputy of the court"),
    Basis.CONSENT: _("The patient agreed"),
    Basis.SOLICITOR: _("Solicitor of the patient"),
}
REACHES = {
    Reach.BOOK: _("Book and join"),
    Reach.SEE: _("Book and join, and see what the patient may see"),
    Reach.RIGHTS: _("Book, join and see, and use the patient's rights"),
}
STANDINGS = {
    Standing.ASKED: _("Not taken on yet"),
    Standing.HOLDS: _("Holds now"),
    Standing.SLEEPS: _("Rests until the practice has looked at it again"),
    Standing.RAN_OUT: _("Has run out"),
    Standing.ENDED: _("Ended"),
}
