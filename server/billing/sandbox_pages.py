"""The page of the sandbox, on which no money moves: pay, be declined, or go back. A real provider has its own, with its own address."""

from collections.abc import Awaitable, Callable
from typing import cast

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.errors import NotFound
from server.ports import PlayCheckout, PlayDesk
from server.web.forms import read_form
from server.web.pages import render


def routes(desk: PlayDesk) -> list[Route]:
    return [Route("/sandbox/pay/{checkout_id:str}", _paying(desk), methods=["GET", "POST"])]


def _paying(desk: PlayDesk) -> Callable[[Request], Awaitable[Response]]:
    async def page(request: Request) -> Response:
        checkout_id = cast(str, request.path_params["checkout_id"])
        found = desk.find(checkout_id)
        if found is None:
            raise NotFound
        card = (await read_form(request)).get("card") if request.method == "POST" else None
        if card == "good" and desk.pay(checkout_id):
            return RedirectResponse(found.ask.success_url, status_code=303)
        return _show(request, desk.find(checkout_id) or found, declined=card == "bad")

    return page


def _show(request: Request, checkout: PlayCheckout, *, declined: bool) -> Response:
    return render(
        request,
        "book/sandbox.html",
        {"ask": checkout.ask, "status": checkout.status, "declined": declined},
        402 if declined else 200,
    )
