"""What messages say. No clinical word and no patient's name: an SMS is read on locked screens by others."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from server.access.model import Practice
from server.consultation.calendar_file import Event, calendar_file
from server.ports import Letter
from server.web.i18n import Language
from server.web.moments import date_words, zoned_time


class Call(NamedTuple):
    """What somebody is invited to; `when` in UTC, `inviter` only where it is a guest who is invited."""

    id: UUID
    when: datetime
    duration_min: int
    link: str
    inviter: str | None = None


def invitation(to: str, practice: Practice, call: Call, language: Language, now: datetime) -> Letter:
    """Return the invitation to join, with the time in the practice's own zone, which it names. A guest's says who asks, not about whom.

    The calendar file is stamped `now`: of two that a calendar has of one call, it believes the later one (RFC 5545, 3.8.7.2).
    """
    _ = language.text
    sentences = [_first_sentence(practice, call, language), _("To join, open {link} - no app is needed.", link=call.link)]
    if practice.phone:
        sentences.append(_("Questions? Call {phone}.", phone=practice.phone))
    subject = _("A video call with {practice}", practice=practice.name)
    if call.inviter is None:
        subject = _("Your video appointment with {practice}", practice=practice.name)
    return Letter(to, subject, sentences, calendar_file(_entry(practice, call, subject, language), now))


def _entry(practice: Practice, call: Call, title: str, language: Language) -> Event:
    note = language.text("Open the link in the message from {practice} a few minutes before.", practice=practice.name)
    return Event(call.id, call.when, call.duration_min, title, note)


def _first_sentence(practice: Practice, call: Call, language: Language) -> str:
    _ = language.text
    told = {
        "practice": practice.name,
        "day": date_words(language, call.when, practice.time_zone),
        "time": zoned_time(language, call.when, practice.time_zone),
    }
    if call.inviter is None:
        return _("{practice}: your video appointment is on {day} at {time}.", **told)
    return _("{practice}: {name} asks you to join a video call on {day} at {time}.", name=call.inviter, **told)
