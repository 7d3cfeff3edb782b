"""The pages of whoever pays for a time that they hold: to the provider and back, until it is known what became of it."""

from typing import cast
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.billing.actions import Counter, note_merchant, open_charge
from server.billing.books import documents_of
from server.billing.document_pages import find_among, pdf_answer
from server.billing.doors import SANDBOX, lead_of, newest_charge, way_of
from server.billing.model import Charge, ChargeState
from server.billing.till import look, open_checkout, try_to
from server.booking.doors import find_appointment
from server.booking.front import front_of
from server.booking.guard import lock_appointment
from server.booking.held import PATH, find_held
from server.booking.held_pages import Arrive, Booked, Gone, load_held, show_held, while_held
from server.booking.model import Appointment, Pays, Service
from server.core.db import Tx
from server.core.house import House
from server.core.money import share_of
from server.core.press import Press
from server.errors import Conflict, NotFound
from server.web.endpoint import base_url_of, house_of
from server.web.pages import render
from server.web.proxies import address_key


def routes(arrive: Arrive, press: Press) -> list[Route]:
    held = PATH + "/held/{appointment_id:uuid}"

    async def document(request: Request) -> Response:
        """Whoever paid too late has no appointment whose page could show it: the browser that paid may take its documents."""
        appointment_id = cast(UUID, request.path_params["appointment_id"])
        if find_held(request) != appointment_id:
            raise NotFound
        async with house_of(request).database.read() as tx:
            found = find_among(await documents_of(tx, appointment_id), cast(UUID, request.path_params["document_id"]))
        return await pdf_answer(request, press, found)

    return [
        Route(held + "/pay", while_held(_pay, arrive)),
        Route(held + "/paid", while_held(_pay, arrive)),
        Route(held + "/documents/{document_id:uuid}", document),
    ]


async def way_now(house: House, tx: Tx, service: Service, lead_id: UUID | None) -> Pays:
    """Say how a service can be paid on this server now."""
    return await way_of(tx, service, lead_id, house.payments.name if house.payments else None)


async def start(request: Request, appointment_id: UUID) -> Response:
    """Ask for the price of a held time, and lead to the page from which it is paid. Raises `Gone`, and `Conflict` as `open_charge` does."""
    house = house_of(request)
    await house.limiter.hit("hold_address", address_key(request))
    try:
        charge = await _open(house, appointment_id, base_url_of(request))
    except Conflict as error:
        if error.code == "hold_over":
            raise Gone from None
        raise
    await try_to(open_checkout(house, charge.id))
    return RedirectResponse(f"{PATH}/held/{appointment_id}/pay", status_code=303)


async def _open(house: House, appointment_id: UUID, origin: str) -> Charge:
    payments = house.payments
    if payments is None:
        raise NotFound
    async with house.database.read() as tx:
        lead_id = await lead_of(tx, appointment_id)
    seen = await payments.open_merchant(lead_id, None) if payments.name == SANDBOX else None
    async with house.database.write() as tx:
        appointment = await find_appointment(tx, appointment_id)
        if appointment is None:
            raise NotFound
        await lock_appointment(tx, appointment)
        now = house.clock.now()
        if seen is not None:
            await note_merchant(tx, lead_id, payments.name, seen, now)
        fee_minor = share_of(appointment.price_minor, house.settings.platform_fee_percent)
        return await open_charge(tx, appointment, now, Counter(payments.name, origin, fee_minor))


async def _pay(request: Request) -> Response:
    """Show where to pay, or what became of it; the provider is asked first, whoever says that it was paid."""
    appointment_id = cast(UUID, request.path_params["appointment_id"])
    if find_held(request) != appointment_id:
        raise Gone
    house = house_of(request)
    charge = await _charge(house, appointment_id)
    if charge is not None and charge.state == ChargeState.OPEN and charge.checkout_id is not None:
        await try_to(look(house, charge.id))
    async with house.database.read() as tx:
        appointment, charge = await find_appointment(tx, appointment_id), await newest_charge(tx, appointment_id)
        if appointment is None:
            raise NotFound
        if appointment.confirmed_at is not None:
            raise Booked
        if charge is not None and charge.paid_at is not None:
            return await _show_late(tx, request, appointment, charge)
        held = await load_held(tx, request)
    if charge is None:
        return RedirectResponse(f"{PATH}/held/{appointment_id}/check", status_code=303)
    return show_held(request, held, "pay", charge=charge, returned=request.url.path.endswith("/paid"), sandbox=charge.provider == SANDBOX)


async def _charge(house: House, appointment_id: UUID) -> Charge | None:
    async with house.database.read() as tx:
        return await newest_charge(tx, appointment_id)


async def _show_late(tx: Tx, request: Request, appointment: Appointment, charge: Charge) -> Response:
    """Say that the money came too late and goes back."""
    service = await tx.get_one(Service, appointment.service_id)
    front = await front_of(tx, service)
    shown = {
        "front": front,
        "practice": front.practice,
        "charge": charge,
        "again": f"{PATH}/{front.id}/{service.id}",
        "documents": await documents_of(tx, appointment.id),
        "base": f"{PATH}/held/{appointment.id}/documents",
    }
    return render(request, "book/late.html", {**shown, "sandbox": charge.provider == SANDBOX})
