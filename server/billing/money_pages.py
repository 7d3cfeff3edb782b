"""The books for whoever works here: the charges of a month, one charge with its history, and giving money back by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.home import part_of
from server.access.policy import may_give_back
from server.access.viewer import names_of, viewer_of
from server.billing.books import Account, Entry, Reader, entries_of, fee_lines, reader_of, see_account, see_charge
from server.billing.doors import SANDBOX, left_of
from server.billing.model import ChargeState
from server.billing.month_rows import fee_rows, month_rows
from server.billing.months import Month, month_of
from server.billing.refunds import MAX_WHY, Wish, refund_by_hand
from server.billing.story import tell
from server.core.audit import Act, Deed, record
from server.core.csv_rows import csv_of
from server.core.db import Tx
from server.core.ids import new_id
from server.core.marking import _
from server.errors import Conflict, ConsiliumError, Forbidden, Invalid
from server.web.amounts import minor_of, plain_amount
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render

PATH = "/money"
STATES = ("paid", "refunded", "disputed", "unpaid")
BAD_AMOUNT = _("Please write the amount in figures only, as {example}.")


@dataclass(frozen=True)
class Sums:
    """What a list of charges comes to in one currency, money and sandbox apart."""

    currency: str
    sandbox: bool
    paid_minor: int
    refunded_minor: int
    disputed_minor: int

    @property
    def kept_minor(self) -> int:
        return self.paid_minor - self.refunded_minor - self.disputed_minor


def routes() -> list[Route]:
    one = PATH + "/charges/{charge_id:uuid}"
    return [
        Route(PATH, _month),
        Route(PATH + "/month.csv", _month_csv),
        Route(PATH + "/fees", _fees),
        Route(PATH + "/fees.csv", _fees_csv),
        Route(one, _charge),
        Route(one + "/refund", _refund, methods=["GET", "POST"]),
    ]


async def _month(request: Request) -> Response:
    async with house_of(request).database.read() as tx:
        reader, month, shared = await _open(tx, request)
        entries = await entries_of(tx, reader, month)
    state = request.query_params.get("state", "")
    listed = [entry for entry in entries if state not in STATES or state in states_of(entry)]
    shown = {
        "items": listed,
        "any": bool(entries),
        "sums": sums_of(listed),
        "state": state if state in STATES else "",
        "states_of": states_of,
    }
    return render(request, "staff/money.html", {**shared, **shown})


async def _month_csv(request: Request) -> Response:
    """Write down first who takes it out: it holds names."""
    house = house_of(request)
    async with house.database.read() as tx:
        reader, month, _shared = await _open(tx, request)
        entries = await entries_of(tx, reader, month)
    async with house.database.write() as tx:
        deed = Deed(reader.practice.id, reader.viewer.person_id, Act.EXPORTED, "books", reader.practice.id, None, str(month))
        await record(tx, deed, house.clock.now())
    return _csv(f"money-{month}.csv", month_rows(entries, reader.practice.time_zone, language_of(request)))


async def _fees(request: Request) -> Response:
    async with house_of(request).database.read() as tx:
        reader, month, shared = await _open(tx, request)
        lines = await fee_lines(tx, reader, month)
    whose: dict[tuple[str, str, bool], int] = {}
    for line, charge, name in lines:
        key = name, charge.currency, charge.provider == SANDBOX
        whose[key] = whose.get(key, 0) + line.minor
    return render(request, "staff/money_fees.html", {**shared, "lines": lines, "whose": sorted(whose.items())})


async def _fees_csv(request: Request) -> Response:
    async with house_of(request).database.read() as tx:
        reader, month, _shared = await _open(tx, request)
        lines = await fee_lines(tx, reader, month)
    return _csv(f"fees-{month}.csv", fee_rows(lines, reader.practice.time_zone, language_of(request)))


async def _charge(request: Request) -> Response:
    async with house_of(request).database.read() as tx:
        reader = await reader_of(tx, await viewer_of(request))
        account = await see_account(tx, reader, _id(request))
        return await _show(tx, request, reader, account)


async def _show(tx: Tx, request: Request, reader: Reader, account: Account) -> Response:
    charge = account.entry.charge
    left = await left_of(tx, charge)
    shown = {
        "item": account.entry,
        "account": account,
        "story": tell(account.lines),
        "names": await names_of(tx, {refund.asked_by for refund in account.refunds if refund.asked_by}, charge.practice_id),
        "open_disputes": [dispute for dispute in account.disputes if dispute.state == "open"],
        "may_give_back": may_give_back(reader.viewer, charge) and charge.paid_at is not None and not charge.disputed_at and left > 0,
        "left": left,
        "asked": "asked" in request.query_params,
        "part": await part_of(tx, reader.viewer),
        "zone": reader.practice.time_zone,
    }
    return render(request, "staff/money_charge.html", shown)


async def _refund(request: Request) -> Response:
    """Show what can be given back, and ask for it. Who may is decided before the form is read; the same form twice gives back once."""
    house, viewer = house_of(request), await viewer_of(request)
    async with house.database.read() as tx:
        await _to_give_back(tx, request)
        if request.method != "POST":
            return await _show_refund(tx, request, {"id": str(new_id())})
    form = await read_form(request)
    try:
        async with house.database.write() as tx:
            charge = await see_charge(tx, await reader_of(tx, viewer), _id(request), to_give_back=True)
            wish = _wish(form, charge.currency, viewer.person_id)
            await refund_by_hand(tx, charge, wish, house.clock.now())
    except (Invalid, Conflict) as error:
        async with house.database.read() as tx:
            return await _show_refund(tx, request, {**form, "id": str(new_id())}, error)
    return RedirectResponse(f"{PATH}/charges/{_id(request)}?asked", status_code=303)


async def _to_give_back(tx: Tx, request: Request) -> Reader:
    """Raises `NotFound`, and `Forbidden` for whoever may only look."""
    reader = await reader_of(tx, await viewer_of(request))
    if not may_give_back(reader.viewer, await see_charge(tx, reader, _id(request))):
        raise Forbidden
    return reader


async def _show_refund(tx: Tx, request: Request, form: Mapping[str, str], error: ConsiliumError | None = None) -> Response:
    reader = await reader_of(tx, await viewer_of(request))
    (entry, left) = (await see_account(tx, reader, _id(request))).entry, await left_of(tx, await see_charge(tx, reader, _id(request)))
    shown = {
        "item": entry,
        "left": left,
        "left_text": plain_amount(left, entry.charge.currency),
        "form": {"how": "whole", "amount": "", "why": "", **form},
        "longest": MAX_WHY,
        "error": {"field": error.code, "sentence": _said(request, error, entry)} if error else None,
        "zone": reader.practice.time_zone,
    }
    return render(request, "staff/money_refund.html", shown, error.http_status if error else 200)


def _said(request: Request, error: ConsiliumError, entry: Entry) -> str:
    return language_of(request).text(error.message, example=plain_amount(entry.charge.minor, entry.charge.currency))


def _wish(form: Mapping[str, str], currency: str, person_id: UUID) -> Wish:
    """Read the form; raises `Invalid` with the field as its code, and `Conflict` for one that is not ours."""
    try:
        wish_id, left = UUID(form.get("id", "")), int(form.get("left", ""))
    except ValueError:
        raise Conflict(code="stale") from None
    minor = left if form.get("how") == "whole" else minor_of(form.get("amount", ""), currency)
    if minor is None:
        raise Invalid(BAD_AMOUNT, code="amount")
    return Wish(wish_id, minor, left, form.get("why", ""), person_id)


def states_of(entry: Entry) -> Sequence[str]:
    """Return under which filters a charge is found."""
    charge = entry.charge
    found = {
        "paid": charge.paid_at is not None,
        "refunded": entry.refunded_minor + entry.returning_minor > 0,
        "disputed": charge.disputed_at is not None,
        "unpaid": charge.paid_at is None and charge.state != ChargeState.PAID,
    }
    return [state for state, true in found.items() if true]


def sums_of(entries: Sequence[Entry]) -> list[Sums]:
    """Return what was paid, what of it has gone back and what the bank holds or has taken, for each currency."""
    sums: dict[tuple[bool, str], list[int]] = {}
    for entry in entries:
        if entry.charge.paid_at is not None:
            found = sums.setdefault((entry.sandbox, entry.charge.currency), [0, 0, 0])
            for place, minor in enumerate((entry.paid_minor, entry.refunded_minor, entry.disputed_minor)):
                found[place] += minor
    return [Sums(currency, sandbox, *three) for (sandbox, currency), three in sorted(sums.items())]


async def _open(tx: Tx, request: Request) -> tuple[Reader, Month, dict[str, object]]:
    """Return who reads which month, and what every page about a month shows; raises `Forbidden`, and `Invalid` for no month."""
    viewer = await viewer_of(request)
    reader = await reader_of(tx, viewer)
    month = month_of(request.query_params.get("month"), house_of(request).clock.now(), reader.practice.time_zone)
    shared: dict[str, object] = {"reader": reader, "month": month, "zone": reader.practice.time_zone, "part": await part_of(tx, viewer)}
    return reader, month, shared


def _csv(name: str, rows: Sequence[Sequence[str]]) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(csv_of(rows), media_type="text/csv; charset=utf-8; header=present", headers=headers)


def _id(request: Request) -> UUID:
    return cast(UUID, request.path_params["charge_id"])
