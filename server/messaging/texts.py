"""What messages say. No clinical word and no patient's name: an SMS is read on locked screens by others."""

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from server.access.model import Practice
from server.messaging.wording import BUILT_IN, LATE, QUESTIONS, Kind, sentences_in
from server.ports import Letter
from server.web.amounts import amount_words
from server.web.i18n import Language, fill
from server.web.moments import date_words, zoned_time


class Call(NamedTuple):
    """What somebody is invited to; `when` in UTC, `inviter` only where it is a guest or a colleague who is invited.

    `zone` is the reader's own, where it is known; "" is the practice's. Who runs late and by how much, and until when a time is kept,
    only where that is told.
    """

    when: datetime
    link: str
    inviter: str | None = None
    zone: str = ""
    professional: str = ""
    minutes: int = 0
    until: datetime | None = None


class Manner(NamedTuple):
    """How a patient is written to: about what, and in the practice's own text, where it has one."""

    kind: Kind
    own: str | None = None


def to_patient(manner: Manner, to: str, practice: Practice, call: Call, language: Language) -> Letter:
    """Return the message, with the time in a zone that it names."""
    wording, values = BUILT_IN[manner.kind], _values(practice, call, language)
    subject = language.text(wording.subject, **values)
    if manner.own is not None:
        return Letter(to, subject, [fill(sentence, values) for sentence in sentences_in(manner.own)])
    asked = _questions(practice, language) if wording.questions else []
    return Letter(to, subject, [*(language.text(sentence, **values) for sentence in wording.sentences), *asked])


def invitation(to: str, practice: Practice, call: Call, language: Language, *, moved: bool = False) -> Letter:
    """Return a guest's invitation to join, which says who asks, not about whom; one that has `moved` says so."""
    _ = language.text
    first = _moved_sentence(practice, call, language) if moved else _first_sentence(practice, call, language)
    sentences = [first, _("To join, open {link} - no app is needed.", link=call.link), *_questions(practice, language)]
    return Letter(to, _("A video call with {practice}", practice=practice.name), sentences)


def cancellation(to: str, practice: Practice, call: Call, language: Language) -> Letter:
    """Tell a guest that it does not take place; without the link, which is dead."""
    _ = language.text
    sentence = _("{practice}: the video call on {day} at {time} is cancelled.", **_values(practice, call, language))
    subject = _("Cancelled: a video call with {practice}", practice=practice.name)
    return Letter(to, subject, [sentence, *_questions(practice, language)])


def summons(to: str, practice: Practice, call: Call, language: Language) -> Letter:
    """Return what tells a colleague that they are asked in; the link leads to their own desk, where they sign in."""
    _ = language.text
    sentences = [_first_sentence(practice, call, language), _("Sign in to open it: {link}", link=call.link)]
    return Letter(to, _("A colleague asks you to join a video call"), sentences)


def calendar_note(practice: Practice, language: Language) -> str:
    """Return what stands beside the appointment in a calendar, which others may see."""
    _ = language.text
    return _("Open the link in the message from {practice} a few minutes before.", practice=practice.name)


def late_sentence(language: Language, minutes: int, professional: str) -> str:
    """Return what the waiting page says of a professional who runs late."""
    return language.text(LATE, professional=professional, minutes=minutes)


def apology(to: str, practice: Practice, call: Call, language: Language) -> Letter:
    """Say sorry to a patient who waited while nobody came; the link leads to new times, where there are any."""
    _ = language.text
    told = _values(practice, call, language)
    sentences = [
        _("{practice}: we are sorry. You waited for your video appointment on {day} at {time}, and nobody came.", **told),
        _("You do not have to pay for it. What you have paid is given back to you."),
    ]
    if call.link:
        sentences.append(_("To choose a new time, open {link}", link=call.link))
    subject = _("We are sorry: your video appointment with {practice}", practice=practice.name)
    return Letter(to, subject, [*sentences, *_questions(practice, language)])


class Money(NamedTuple):
    """What was paid, given back or is to be paid, in the smallest unit, and the document that says so."""

    minor: int
    currency: str
    number: str
    sandbox: bool


def paid_note(money: Money, to: str, practice: Practice, call: Call, language: Language) -> Letter:
    """Tell whoever paid where their receipt is."""
    _ = language.text
    told = {**_values(practice, call, language), **_of_money(money, language)}
    sentences = [
        _("{practice}: you paid {amount} for your video appointment on {day} at {time}.", **told),
        _("Your receipt {number} is on the page of your appointment: {link}", **told),
    ]
    return _about_money(money, Letter(to, _("Your receipt from {practice}", **told), sentences), practice, language)


def refund_note(money: Money, to: str, practice: Practice, call: Call, language: Language) -> Letter:
    """Tell whoever paid what goes back to them, and where it is confirmed."""
    _ = language.text
    told = {**_values(practice, call, language), **_of_money(money, language)}
    sentences = [
        _("{practice}: {amount} goes back to the card with which you paid for your video appointment on {day} at {time}.", **told),
        _("It may take your bank some days."),
        _("The credit note {number} is on the page of your appointment: {link}", **told),
    ]
    return _about_money(money, Letter(to, _("{practice} gives you money back", **told), sentences), practice, language)


def invoice_note(money: Money, to: str, practice: Practice, call: Call, language: Language) -> Letter:
    """Tell whoever is to pay where the invoice is."""
    _ = language.text
    told = {**_values(practice, call, language), **_of_money(money, language)}
    sentences = [
        _("{practice}: there is an invoice over {amount} for your video appointment on {day} at {time}.", **told),
        _("Invoice {number} is on the page of your appointment, and says how to pay: {link}", **told),
    ]
    return _about_money(money, Letter(to, _("Your invoice from {practice}", **told), sentences), practice, language)


def _of_money(money: Money, language: Language) -> dict[str, object]:
    return {"amount": amount_words(language, money.minor, money.currency), "number": money.number}


def _about_money(money: Money, letter: Letter, practice: Practice, language: Language) -> Letter:
    """Say SANDBOX first where no money moved, in the subject as well, and whom to ask last."""
    _ = language.text
    sentences = [*letter.sentences, *_questions(practice, language)]
    if not money.sandbox:
        return replace(letter, sentences=sentences)
    subject = _("SANDBOX: {subject}", subject=letter.subject)
    return replace(letter, subject=subject, sentences=[_("SANDBOX: this is for trying out. No money moves."), *sentences])


def _questions(practice: Practice, language: Language) -> list[str]:
    return [language.text(QUESTIONS, phone=practice.phone)] if practice.phone else []


def _values(practice: Practice, call: Call, language: Language) -> dict[str, object]:
    zone = call.zone or practice.time_zone
    return {
        "practice": practice.name,
        "day": date_words(language, call.when, zone),
        "time": zoned_time(language, call.when, zone),
        "link": call.link,
        "name": call.inviter,
        "professional": call.professional,
        "minutes": call.minutes,
        "until": _until(call, zone, language),
    }


def _until(call: Call, zone: str, language: Language) -> str:
    """Return the time, with its day where that is not clear by itself: a time that is offered in the night is kept over it."""
    if call.until is None:
        return ""
    return f"{date_words(language, call.until, zone)}, {zoned_time(language, call.until, zone)}"


def _moved_sentence(practice: Practice, call: Call, language: Language) -> str:
    _ = language.text
    return _("{practice}: the video call with {name} is now on {day} at {time}.", **_values(practice, call, language))


def _first_sentence(practice: Practice, call: Call, language: Language) -> str:
    _ = language.text
    return _("{practice}: {name} asks you to join a video call on {day} at {time}.", **_values(practice, call, language))
