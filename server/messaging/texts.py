"""What messages say. No clinical word and no patient's name: an SMS is read on locked screens by others."""

from datetime import datetime
from typing import NamedTuple

from server.access.model import Practice
from server.ports import Letter
from server.web.i18n import Language
from server.web.moments import date_words, zoned_time


class Call(NamedTuple):
    """What somebody is invited to; `when` in UTC, `inviter` only where it is a guest or a colleague who is invited.

    `zone` is the reader's own, where it is known; "" is the practice's.
    """

    when: datetime
    link: str
    inviter: str | None = None
    zone: str = ""


def invitation(to: str, practice: Practice, call: Call, language: Language, *, moved: bool = False) -> Letter:
    """Return the invitation to join, with the time in the practice's own zone, which it names. A guest's says who asks, not about whom.

    One that has `moved` says so; its link is the one of before.
    """
    _ = language.text
    first = _moved_sentence(practice, call, language) if moved else _first_sentence(practice, call, language)
    sentences = [first, _joining(call, language), *_questions(practice, language)]
    subject = _("A video call with {practice}", practice=practice.name)
    if call.inviter is None:
        subject = _("Your video appointment with {practice}", practice=practice.name)
    return Letter(to, subject, sentences)


def day_before(to: str, practice: Practice, call: Call, language: Language) -> Letter:
    """Remind a patient of the appointment on the day before, in their own zone."""
    _ = language.text
    sentence = _("Reminder from {practice}: your video appointment is on {day} at {time}.", **moment_words(practice, call, language))
    subject = _("Reminder: your video appointment with {practice}", practice=practice.name)
    return Letter(to, subject, [sentence, _joining(call, language), *_questions(practice, language)])


def shortly_before(to: str, practice: Practice, call: Call, language: Language) -> Letter:
    """Tell a patient that it begins soon; when exactly, a message that was long on its way would say wrongly."""
    _ = language.text
    sentence = _("{practice}: your video appointment begins soon, at {time}.", **moment_words(practice, call, language))
    subject = _("Soon: your video appointment with {practice}", practice=practice.name)
    return Letter(to, subject, [sentence, _joining(call, language)])


def delayed(to: str, practice: Practice, call: Call, language: Language, *, late: str) -> Letter:
    """Say that the professional runs late, in a `late_sentence`, and that nobody loses their place."""
    _ = language.text
    about = _(
        "This is about your video appointment with {practice} at {time}. You keep your place.", **moment_words(practice, call, language)
    )
    subject = _("Running late: your video appointment with {practice}", practice=practice.name)
    return Letter(to, subject, [late, about, _joining(call, language)])


def late_sentence(language: Language, minutes: int, professional: str) -> str:
    """Return what the waiting page says as well."""
    _ = language.text
    return _("{professional} is running about {minutes} minutes late.", professional=professional, minutes=minutes)


def _joining(call: Call, language: Language) -> str:
    _ = language.text
    return _("To join, open {link} - no app is needed.", link=call.link)


def calendar_note(practice: Practice, language: Language) -> str:
    """Return what stands beside the appointment in a calendar, which others may see."""
    _ = language.text
    return _("Open the link in the message from {practice} a few minutes before.", practice=practice.name)


def summons(to: str, practice: Practice, call: Call, language: Language) -> Letter:
    """Return what tells a colleague that they are asked in; the link leads to their own desk, where they sign in."""
    _ = language.text
    sentences = [_first_sentence(practice, call, language), _("Sign in to open it: {link}", link=call.link)]
    return Letter(to, _("A colleague asks you to join a video call"), sentences)


def cancellation(to: str, practice: Practice, call: Call, language: Language) -> Letter:
    """Say that it does not take place; without the link, which is dead."""
    _ = language.text
    told = moment_words(practice, call, language)
    sentence = _("{practice}: the video call on {day} at {time} is cancelled.", **told)
    subject = _("Cancelled: a video call with {practice}", practice=practice.name)
    if call.inviter is None:
        sentence = _("{practice}: your video appointment on {day} at {time} is cancelled.", **told)
        subject = _("Cancelled: your video appointment with {practice}", practice=practice.name)
    return Letter(to, subject, [sentence, *_questions(practice, language)])


def _questions(practice: Practice, language: Language) -> list[str]:
    _ = language.text
    return [_("Questions? Call {phone}.", phone=practice.phone)] if practice.phone else []


def moment_words(practice: Practice, call: Call, language: Language) -> dict[str, str]:
    """Return what the sentences about an appointment name: the practice, the day, and the time with its zone."""
    zone = call.zone or practice.time_zone
    return {"practice": practice.name, "day": date_words(language, call.when, zone), "time": zoned_time(language, call.when, zone)}


def _moved_sentence(practice: Practice, call: Call, language: Language) -> str:
    _ = language.text
    told = moment_words(practice, call, language)
    if call.inviter is None:
        return _("{practice}: your video appointment is now on {day} at {time}.", **told)
    return _("{practice}: the video call with {name} is now on {day} at {time}.", name=call.inviter, **told)


def _first_sentence(practice: Practice, call: Call, language: Language) -> str:
    _ = language.text
    told = moment_words(practice, call, language)
    if call.inviter is None:
        return _("{practice}: your video appointment is on {day} at {time}.", **told)
    return _("{practice}: {name} asks you to join a video call on {day} at {time}.", name=call.inviter, **told)
