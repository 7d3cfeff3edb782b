"""The administrators' page of what receipts and invoices say: who sells, at which address, and what about VAT."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.home import part_of
from server.access.policy import Viewer
from server.access.viewer import viewer_of
from server.billing.books import Reader, reader_of
from server.billing.issuing import seller_of
from server.billing.papers import Seller
from server.billing.selling import LONGEST, Says, rated_services, say
from server.billing.vat import VatKind, rate_of, rate_text
from server.booking.model import Service
from server.core.db import Tx
from server.core.marking import _
from server.errors import Forbidden, Invalid
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render

PATH = "/money/seller"
TEXTS = tuple(LONGEST)
BAD_CHOICE = _("Please choose one of the values of the list.")


def routes() -> list[Route]:
    return [Route(PATH, _page, methods=["GET", "POST"])]


async def _page(request: Request) -> Response:
    """Show what is said, or store it; who may is decided before the form is read."""
    house, viewer = house_of(request), await viewer_of(request)
    async with house.database.read() as tx:
        reader = await _admit(tx, viewer)
        services = await rated_services(tx, reader)
        if request.method != "POST":
            seller = await seller_of(tx, reader.practice, house.clock.now())
            return await _show(tx, request, reader, services, _form_of(seller, services))
    form = await read_form(request)
    try:
        async with house.database.write() as tx:
            await say(tx, await _admit(tx, viewer), _says(form), _rates(form, services), house.clock.now())
    except Invalid as error:
        async with house.database.read() as tx:
            return await _show(tx, request, reader, services, form, error)
    return RedirectResponse(f"{PATH}?done", status_code=303)


async def _admit(tx: Tx, viewer: Viewer) -> Reader:
    reader = await reader_of(tx, viewer)
    if not reader.keeps_books:
        raise Forbidden
    return reader


async def _show(  # noqa: PLR0913, PLR0917 - what a page about a form needs
    tx: Tx,
    request: Request,
    reader: Reader,
    services: Sequence[tuple[Service, int | None]],
    form: Mapping[str, str],
    error: Invalid | None = None,
) -> Response:
    shown = {
        "reader": reader,
        "part": await part_of(tx, reader.viewer),
        "services": [service for service, _rate in services],
        "form": {**dict.fromkeys(TEXTS, ""), "vat_kind": VatKind.EXEMPT, **{_field(service): "" for service, _rate in services}, **form},
        "longest": LONGEST,
        "error": {"field": error.code, "sentence": language_of(request).text(error.message)} if error else None,
        "done": "done" in request.query_params,
    }
    return render(request, "staff/money_seller.html", shown, error.http_status if error else 200)


def _form_of(seller: Seller, services: Sequence[tuple[Service, int | None]]) -> dict[str, str]:
    said = {field: getattr(seller, field) for field in TEXTS}
    return {**said, "vat_kind": str(seller.vat_kind), **{_field(service): rate_text(rate) for service, rate in services}}


def _says(form: Mapping[str, str]) -> Says:
    try:
        kind = VatKind(form.get("vat_kind", ""))
    except ValueError:
        raise Invalid(BAD_CHOICE, code="vat_kind") from None
    return Says(**{field: form.get(field, "").replace("\r\n", "\n") for field in TEXTS}, vat_kind=kind)


def _rates(form: Mapping[str, str], services: Sequence[tuple[Service, int | None]]) -> dict[UUID, int | None]:
    """Return the rate of each service; raises `Invalid` with the field as its code."""
    found: dict[UUID, int | None] = {}
    for service, _rate in services:
        try:
            found[service.id] = rate_of(form.get(_field(service), ""))
        except Invalid as error:
            raise Invalid(error.message, code=_field(service)) from None
    return found


def _field(service: Service) -> str:
    return f"rate-{service.id}"
