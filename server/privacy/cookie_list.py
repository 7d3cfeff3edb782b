"""Every cookie that this server sets, each with why it is needed; pure. All are strictly necessary, so there is nothing to choose."""

from typing import NamedTuple

from server.core.marking import _


class Cookie(NamedTuple):
    """`name` as the code has it; over https those of a sign-in have `__Host-` in front."""

    name: str
    purpose: str
    lasts: str


COOKIES = (
    Cookie("sid", _("Keeps you signed in to your account."), _("Until you sign out, at most a week as a rule")),
    Cookie("half", _("Knows your browser between your password and your second factor."), _("Five minutes")),
    Cookie(
        "device",
        _("Knows that you have signed in with this browser before, so that nobody else can lock you out of it."),
        _("Thirteen months"),
    ),
    Cookie("visit", _("Knows your browser again once you have opened the link of your appointment."), _("Until the link ends")),
    Cookie("hold", _("Keeps the time that you are about to book."), _("Until it is booked or given up")),
    Cookie("waiting", _("Knows your browser again once you have opened the link of a waiting list."), _("A week")),
    Cookie("lang", _("The language of the pages, where you have chosen one."), _("As long as your browser keeps it")),
)
