"""What messages say. No clinical word and no patient's name: an SMS is read on locked screens by others."""

from datetime import datetime

from server.access.model import Practice
from server.ports import Letter
from server.web.i18n import Language
from server.web.moments import date_words, zoned_time


def invitation(to: str, practice: Practice, when: datetime, link: str, language: Language) -> Letter:
    """Return the invitation to join; `when` in UTC is told in the practice's own zone, which it names."""
    _ = language.text
    day, time = date_words(language, when, practice.time_zone), zoned_time(language, when, practice.time_zone)
    sentences = [
        _("{practice}: your video appointment is on {day} at {time}.", practice=practice.name, day=day, time=time),
        _("To join, open {link} - no app is needed.", link=link),
    ]
    if practice.phone:
        sentences.append(_("Questions? Call {phone}.", phone=practice.phone))
    return Letter(to=to, subject=_("Your video appointment with {practice}", practice=practice.name), body=" ".join(sentences))
