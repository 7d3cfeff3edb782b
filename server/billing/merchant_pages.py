"""The page on which a professional opens and sees the account that patients pay into. Only the provider says whether it is ready."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.policy import Viewer
from server.access.viewer import professional_of
from server.billing.actions import note_merchant
from server.billing.doors import disputes_of
from server.billing.model import MerchantAccount
from server.billing.till import try_to
from server.core.house import House
from server.errors import NotFound
from server.identity.model import Person
from server.ports import MerchantSeen, Payments
from server.web.endpoint import base_url_of, house_of
from server.web.pages import render

PATH = "/money/account"


def routes(payments: Payments) -> list[Route]:
    async def account(request: Request) -> Response:
        viewer = await professional_of(request)
        if request.method == "POST":
            await _open(house_of(request), payments, viewer)
            return RedirectResponse(PATH, status_code=303)
        return await _show(request, payments, viewer)

    async def onboard(request: Request) -> Response:
        """Lead to the provider's own form. Its links are good once and soon, so one is made whenever somebody goes there."""
        house, viewer = house_of(request), await professional_of(request)
        merchant = await _merchant(house, viewer)
        if merchant is None:
            raise NotFound
        here = base_url_of(request) + PATH
        return RedirectResponse(await payments.onboard(merchant.account, here, f"{here}/onboard"), status_code=303)

    return [Route(PATH, account, methods=["GET", "POST"]), Route(f"{PATH}/onboard", onboard)]


async def _open(house: House, payments: Payments, viewer: Viewer) -> None:
    """Open the account that there is not yet; asked twice at once the provider opens one."""
    if await _merchant(house, viewer) is not None:
        return
    async with house.database.read() as tx:
        email = (await tx.get_one(Person, viewer.person_id)).email
    await _note(house, payments, viewer, await payments.open_merchant(_me(viewer), email))


async def _show(request: Request, payments: Payments, viewer: Viewer) -> Response:
    """Ask the provider first: whatever page somebody comes back from proves nothing."""
    house = house_of(request)
    before = await _merchant(house, viewer)
    asked = before is None or await try_to(_look(house, payments, viewer, before.account))
    async with house.database.read() as tx:
        disputes = await disputes_of(tx, _me(viewer))
    shown = {"merchant": await _merchant(house, viewer), "asked": asked, "disputes": disputes, "fee": house.settings.platform_fee_percent}
    return render(request, "staff/merchant.html", shown)


async def _look(house: House, payments: Payments, viewer: Viewer, account: str) -> None:
    await _note(house, payments, viewer, await payments.find_merchant(account))


async def _note(house: House, payments: Payments, viewer: Viewer, seen: MerchantSeen) -> None:
    async with house.database.write() as tx:
        await note_merchant(tx, _me(viewer), payments.name, seen, house.clock.now())


async def _merchant(house: House, viewer: Viewer) -> MerchantAccount | None:
    async with house.database.read() as tx:
        return await tx.get(MerchantAccount, _me(viewer))


def _me(viewer: Viewer) -> UUID:
    if viewer.professional_id is None:
        raise NotFound
    return viewer.professional_id
