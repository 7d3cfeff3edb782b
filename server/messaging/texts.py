"""What messages say. No clinical word and no patient's name: an SMS is read on locked screens by others."""

from datetime import datetime
from typing import NamedTuple

from server.access.model import Practice
from server.ports import Letter
from server.web.i18n import Language
from server.web.moments import date_words, zoned_time


class Call(NamedTuple):
    """What somebody is invited to; `when` in UTC, `inviter` only where it is a guest or a colleague who is invited."""

    when: datetime
    link: str
    inviter: str | None = None


def invitation(to: str, practice: Practice, call: Call, language: Language, *, moved: bool = False) -> Letter:
    """Return the invitation to join, with the time in the practice's own zone, which it names. A guest's says who asks, not about whom.

    One that has `moved` says so; its link is the one of before.
    """
    _ = language.text
    first = _moved_sentence(practice, call, language) if moved else _first_sentence(practice, call, language)
    sentences = [first, _("To join, open {link} - no app is needed.", link=call.link), *_questions(practice, language)]
    subject = _("A video call with {practice}", practice=practice.name)
    if call.inviter is None:
        subject = _("Your video appointment with {practice}", practice=practice.name)
    return Letter(to, subject, sentences)


def calendar_note(practice: Practice, language: Language) -> str:
    """Return what stands beside the appointment in a calendar, which others may see."""
    return language.text("Open the link in the message from {practice} a few minutes before.", practice=practice.name)


def summons(to: str, practice: Practice, call: Call, language: Language) -> Letter:
    """Return what tells a colleague that they are asked in; the link leads to their own desk, where they sign in."""
    _ = language.text
    sentences = [_first_sentence(practice, call, language), _("Sign in to open it: {link}", link=call.link)]
    return Letter(to, _("A colleague asks you to join a video call"), sentences)


def cancellation(to: str, practice: Practice, call: Call, language: Language) -> Letter:
    """Say that it does not take place; without the link, which is dead."""
    _ = language.text
    told = _told(practice, call, language)
    sentence = _("{practice}: the video call on {day} at {time} is cancelled.", **told)
    subject = _("Cancelled: a video call with {practice}", practice=practice.name)
    if call.inviter is None:
        sentence = _("{practice}: your video appointment on {day} at {time} is cancelled.", **told)
        subject = _("Cancelled: your video appointment with {practice}", practice=practice.name)
    return Letter(to, subject, [sentence, *_questions(practice, language)])


def apology(to: str, practice: Practice, call: Call, language: Language) -> Letter:
    """Say sorry to a patient who waited while nobody came; the link leads to new times, where there are any."""
    _ = language.text
    told = _told(practice, call, language)
    sentences = [
        _("{practice}: we are sorry. You waited for your video appointment on {day} at {time}, and nobody came.", **told),
        _("You do not have to pay for it. What you have paid is given back to you."),
    ]
    if call.link:
        sentences.append(_("To choose a new time, open {link}", link=call.link))
    subject = _("We are sorry: your video appointment with {practice}", practice=practice.name)
    return Letter(to, subject, [*sentences, *_questions(practice, language)])


def _questions(practice: Practice, language: Language) -> list[str]:
    _ = language.text
    return [_("Questions? Call {phone}.", phone=practice.phone)] if practice.phone else []


def _told(practice: Practice, call: Call, language: Language) -> dict[str, str]:
    return {
        "practice": practice.name,
        "day": date_words(language, call.when, practice.time_zone),
        "time": zoned_time(language, call.when, practice.time_zone),
    }


def _moved_sentence(practice: Practice, call: Call, language: Language) -> str:
    _ = language.text
    told = _told(practice, call, language)
    if call.inviter is None:
        return _("{practice}: your video appointment is now on {day} at {time}.", **told)
    return _("{practice}: the video call with {name} is now on {day} at {time}.", name=call.inviter, **told)


def _first_sentence(practice: Practice, call: Call, language: Language) -> str:
    _ = language.text
    told = _told(practice, call, language)
    if call.inviter is None:
        return _("{practice}: your video appointment is on {day} at {time}.", **told)
    return _("{practice}: {name} asks you to join a video call on {day} at {time}.", name=call.inviter, **told)
