"""Invoices for what is not paid online: a professional's appointments of a month, each with its invoice or a way to write it."""

from typing import cast
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.home import part_of
from server.access.viewer import professional_of
from server.billing.books import reader_of, see_to_invoice, unpaid_of
from server.billing.issuing import cancel_invoice, find_document, issue_invoice
from server.billing.months import month_of
from server.billing.papers import DocumentKind
from server.errors import Conflict, NotFound
from server.web.endpoint import house_of
from server.web.pages import language_of, render

PATH = "/money/invoices"


def routes() -> list[Route]:
    one = PATH + "/{appointment_id:uuid}"
    return [Route(PATH, _month), Route(one, _issue, methods=["POST"]), Route(one + "/cancel", _cancel, methods=["POST"])]


async def _month(request: Request, error: Conflict | None = None) -> Response:
    house, viewer = house_of(request), await professional_of(request)
    async with house.database.read() as tx:
        reader = await reader_of(tx, viewer)
        zone = reader.practice.time_zone
        month = month_of(request.query_params.get("month"), house.clock.now(), zone)
        shown = {
            "reader": reader,
            "month": month,
            "zone": zone,
            "part": await part_of(tx, viewer),
            "unpaid": await unpaid_of(tx, reader, month),
            "error": {"sentence": language_of(request).text(error.message)} if error else None,
            "done": request.query_params.get("done", ""),
        }
    return render(request, "staff/money_invoices.html", shown, error.http_status if error else 200)


async def _issue(request: Request) -> Response:
    """Write the invoice; pressed twice there is one."""
    house, viewer = house_of(request), await professional_of(request)
    async with house.database.write() as tx:
        reader = await reader_of(tx, viewer)
        appointment = await see_to_invoice(tx, reader, _id(request))
        await issue_invoice(tx, appointment, house.clock.now())
        month = month_of(None, appointment.begins_at, reader.practice.time_zone)
    return RedirectResponse(f"{PATH}?month={month}&done=issued", status_code=303)


async def _cancel(request: Request) -> Response:
    """Credit an invoice that is wrong, or that nobody has to pay."""
    house, viewer = house_of(request), await professional_of(request)
    try:
        async with house.database.write() as tx:
            reader = await reader_of(tx, viewer)
            appointment = await see_to_invoice(tx, reader, _id(request))
            invoice = await find_document(tx, DocumentKind.INVOICE, appointment.id)
            if invoice is None:
                raise NotFound
            await cancel_invoice(tx, invoice, house.clock.now())
            month = month_of(None, appointment.begins_at, reader.practice.time_zone)
    except Conflict as error:
        return await _month(request, error)
    return RedirectResponse(f"{PATH}?month={month}&done=credited", status_code=303)


def _id(request: Request) -> UUID:
    return cast(UUID, request.path_params["appointment_id"])
