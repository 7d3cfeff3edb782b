"""The receipts and invoices of an appointment, by the patient's personal link: also once it is over, while the link lives."""

from collections.abc import Awaitable, Callable
from typing import cast
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from server.billing.books import documents_of
from server.billing.document_pages import find_among, pdf_answer
from server.billing.papers import BillingDocument
from server.consultation.model import Standing
from server.consultation.visit_view import View, view_of
from server.core.db import Tx
from server.core.press import Press
from server.web.endpoint import house_of

PATH = "/documents/{document_id:uuid}"
DEAD = {Standing.REVOKED, Standing.EXPIRED}


def document_page(press: Press) -> Callable[[Request], Awaitable[Response]]:
    async def page(request: Request) -> Response:
        async with house_of(request).database.read() as tx:
            documents = await own_documents(tx, await view_of(tx, request))
        return await pdf_answer(request, press, find_among(documents, cast(UUID, request.path_params["document_id"])))

    return page


async def own_documents(tx: Tx, view: View) -> list[BillingDocument]:
    """Return what the patient of a visit may read; a guest, and whoever only books for the patient, has nothing to do with it."""
    appointment_id = view.visit.consultation.appointment_id
    if view.guest or not view.sees or appointment_id is None or view.visit.standing in DEAD:
        return []
    return await documents_of(tx, appointment_id)
