"""What the forms of an offer share: how a service is read out of them and put into them, and what a page is told of a fault."""

from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import date
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.requests import Request

from server.access.model import Practice
from server.access.policy import Viewer
from server.booking.model import Needs, Pays, Service
from server.booking.offering import Givers
from server.booking.terms import BAD_CHOICE, Terms, price_of, price_text
from server.core.db import Tx
from server.errors import Conflict, Forbidden, Invalid
from server.patients.building import usual_questionnaire
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of

COUNTED = ("grid_min", "notice_min", "horizon_days", "cancel_until_min", "move_until_min", "no_show_fee_percent")
NUMBERS = ("length_min", "buffer_before_min", "buffer_after_min")
USUAL = "usual"
FIRST: dict[str, str] = {
    "name": "", "about": "", "length_min": "20", "buffer_before_min": "0", "buffer_after_min": "0", "price": "", "currency": "GBP",
    "pays": "practice", "late_fee_percent": "", "no_show_fee_percent": "0",
    "grid_min": "20", "notice_min": "120", "horizon_days": "56", "cancel_until_min": "1440", "move_until_min": "1440", "needs": "one",
    "questionnaire_id": USUAL,
}  # fmt: skip
Form = dict[str, str]


async def asking(tx: Tx, request: Request, viewer: Viewer, form: Form) -> Terms:
    """Read the form with the questionnaire that it chooses; the usual one is made where the practice has none yet."""
    terms, chosen = _terms(form), form.get("questionnaire_id", "")
    if chosen == USUAL:
        usual = await usual_questionnaire(tx, viewer, language_of(request), house_of(request).clock.now())
        return replace(terms, questionnaire_id=usual.id)
    try:
        return replace(terms, questionnaire_id=UUID(chosen) if chosen else None)
    except ValueError:
        raise Invalid(BAD_CHOICE, code="questionnaire_id") from None


def givers_of(form: Form) -> Givers:
    """Read who gives a service: a team, one professional where an administrator names one, or else the viewer."""
    try:
        if not form.get("team_id"):
            return Givers(None, Needs.ONE, None, UUID(form["professional_id"]) if form.get("professional_id") else None)
        lead_id = UUID(form["lead"]) if form.get("needs") == Needs.LEAD_AND_ANY and form.get("lead") else None
        return Givers(UUID(form["team_id"]), Needs(form.get("needs", "")), lead_id)
    except ValueError:
        raise Invalid(BAD_CHOICE, code="needs") from None


def form_of(service: Service) -> Form:
    fields = ("name", "about", "currency", "pays", *NUMBERS, *COUNTED, "version", "needs")
    late = "" if service.late_fee_percent is None else str(service.late_fee_percent)
    asked = {"questionnaire_id": str(service.questionnaire_id or ""), "late_fee_percent": late}
    return {**{field: str(getattr(service, field)) for field in fields}, "price": price_text(service.price_minor), **asked}


def number_in(form: Form, field: str) -> int:
    text = form.get(field, "")
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise Invalid(BAD_CHOICE, code=field)
    return int(text)


async def practice_of(tx: Tx, viewer: Viewer) -> Practice:
    if viewer.practice_id is None:
        raise Forbidden
    return await tx.get_one(Practice, viewer.practice_id)


def today_in(request: Request, practice: Practice) -> date:
    return house_of(request).clock.now().astimezone(ZoneInfo(practice.time_zone)).date()


def told(request: Request, error: Invalid | Conflict | None) -> dict[str, Any] | None:
    return {"field": error.code, "sentence": language_of(request).text(error.message)} if error else None


async def sent(request: Request) -> Form | None:
    return await read_form(request) if request.method == "POST" else None


def transaction(request: Request, form: Form | None) -> AbstractAsyncContextManager[Tx]:
    """Return a transaction that can write only where something was sent."""
    database = house_of(request).database
    return database.read() if form is None else database.write()


def id_in(request: Request, name: str) -> UUID:
    return cast(UUID, request.path_params[name])


def _terms(form: Form) -> Terms:
    values: dict[str, Any] = {field: form.get(field, "") for field in ("name", "about", "currency")}
    values |= {field: number_in(form, field) for field in (*NUMBERS, *COUNTED)}
    late = number_in(form, "late_fee_percent") if form.get("late_fee_percent") else None
    return Terms(**values, price_minor=price_of(form.get("price", "")), pays=_pays(form), late_fee_percent=late)


def _pays(form: Form) -> Pays:
    try:
        return Pays(form.get("pays", ""))
    except ValueError:
        raise Invalid(BAD_CHOICE, code="pays") from None
