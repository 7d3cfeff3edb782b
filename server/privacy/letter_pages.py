"""The public forms by which anybody writes to a practice, or complains."""

import hmac
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.access.model import Practice
from server.access.regulators import Regulator
from server.access.settings import above
from server.core.marking import _
from server.errors import Invalid, TooFast
from server.privacy.letter_words import LONGEST, Kind, Written, fault_of
from server.privacy.letters import take_in
from server.privacy.policies import Owner, see_owner
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render
from server.web.proxies import address_key

PURPOSE = "letter-form"
SOONEST_S, LATEST_S = 3, 24 * 3600  # nobody has read and filled in the form sooner; a page of yesterday is shown anew
AGAIN = _(
    "It was sent within a few seconds, or a day after the page was opened, as programs do. Please look through it, and send it once more."
)
FAULTS = {
    "words:empty": _("Please write what it is about."),
    "words:long": _("This text is too long. Please shorten it."),
    "name:long": _("This name is too long. Please shorten it."),
    "reply_to:long": _("This does not look like an e-mail address. Please check it."),
    "reply_to:address": _("This does not look like an e-mail address. Please check it."),
    "form:again": AGAIN,
    "form:fast": _("There were too many letters from here within an hour. Please wait a quarter of an hour, then send it again."),
}


def routes() -> list[Route]:
    return [
        Route("/contact/{owner_id:uuid}", _contact, methods=["GET", "POST"]),
        Route("/complaint/{owner_id:uuid}", _complaint, methods=["GET", "POST"]),
    ]


class _Desk(NamedTuple):
    """Whom it is written to, as what, and who is above them."""

    owner: Owner
    kind: Kind
    above: Sequence[Regulator]


async def _contact(request: Request) -> Response:
    return await _form(request, Kind.CONTACT)


async def _complaint(request: Request) -> Response:
    return await _form(request, Kind.COMPLAINT)


async def _form(request: Request, kind: Kind) -> Response:
    house = house_of(request)
    async with house.database.read() as tx:
        owner = await see_owner(tx, request.path_params["owner_id"])
        desk = _Desk(owner, kind, await above(tx, owner.practice) if kind is Kind.COMPLAINT else ())
    if request.method != "POST":
        return _show(request, desk, {})
    form = await read_form(request, 64 * 1024)
    try:
        reference = await _take_in(request, owner.practice, kind, form)
    except TooFast:
        return _show(request, desk, form, "form:fast", 429)
    except Invalid as error:
        return _show(request, desk, form, error.code, error.http_status)
    return _thank(request, owner, kind, reference, answered=bool(form.get("reply_to")))


async def _take_in(request: Request, practice: Practice, kind: Kind, form: Mapping[str, str]) -> str:
    """Store it and return its reference; raises `TooFast` and `Invalid`."""
    house = house_of(request)
    await house.limiter.hit("letter_tries", address_key(request))
    if not ripe(request, form.get("began", "")):
        raise Invalid(code="form:again")
    words = form.get("words", "").replace("\r\n", "\n")
    written = Written(" ".join(form.get("name", "").split()), form.get("reply_to", ""), words)
    field, fault = fault_of(written)
    if fault:
        raise Invalid(code=f"{field}:{fault}")
    await house.limiter.hit(f"{kind}_address", address_key(request))
    async with house.database.write() as tx:
        letter = await take_in(tx, house.keyring, practice, kind, written, house.settings.complaint_days, house.clock.now())
    return letter.reference


def _thank(request: Request, owner: Owner, kind: Kind, reference: str, *, answered: bool) -> Response:
    """Say the reference at once: it stands in no address, so that it stays with whoever wrote."""
    shown = {"owner": owner, "kind": kind, "reference": reference, "answered": answered, "days": house_of(request).settings.complaint_days}
    return render(request, "privacy/letter_sent.html", shown)


def _show(request: Request, desk: _Desk, form: Mapping[str, str], fault: str | None = None, status: int = 200) -> Response:
    said = language_of(request).text
    shown = {
        "owner": desk.owner,
        "kind": desk.kind,
        "form": {"name": "", "reply_to": "", "words": "", **form, "began": stamp(request)},
        "longest": LONGEST,
        "regulators": [(one.name, said(one.about) if one.about else "", one.url) for one in desk.above],
        "days": house_of(request).settings.complaint_days,
        "error": {"field": fault.partition(":")[0], "sentence": said(FAULTS[fault])} if fault else None,
    }
    return render(request, "privacy/letter.html", shown, status)


def stamp(request: Request) -> str:
    """Return when the form was shown, signed: a program that sends it at once, or an old one again, is asked to look once more."""
    began = str(int(house_of(request).clock.now().timestamp()))
    return f"{began}.{house_of(request).secrets.mac(PURPOSE, began).hex()}"


def ripe(request: Request, stamp: str) -> bool:
    began, _dot, mac = stamp.partition(".")
    if not (began.isascii() and began.isdecimal() and len(began) < 12):
        return False
    if not hmac.compare_digest(mac.encode(), house_of(request).secrets.mac(PURPOSE, began).hex().encode()):
        return False
    return SOONEST_S <= house_of(request).clock.now().timestamp() - int(began) <= LATEST_S
