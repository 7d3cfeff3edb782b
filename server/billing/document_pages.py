"""Documents as PDF: for whoever keeps or reads the books, and for patients in their account. What staff take out is on record first."""

from typing import cast
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.access.acting import Reach
from server.access.brand import look_of
from server.access.viewer import viewer_of
from server.billing.books import corrected_by, documents_of_patient, patient_behind, reader_of, see_document
from server.billing.papers import BillingDocument
from server.billing.printing import make_pdf, pdf_name
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.core.press import Press
from server.errors import NotFound
from server.identity.gate import signed_in
from server.patients.acting_doors import Reader, see_record_for
from server.patients.acting_looks import note_look
from server.patients.doors import OwnRecord
from server.web.endpoint import house_of
from server.web.i18n import read_languages
from server.web.pages import render

THING = "money"  # in the audit


def routes(press: Press) -> list[Route]:
    mine = "/my/{patient_id:uuid}/documents"

    async def for_staff(request: Request) -> Response:
        house, viewer = house_of(request), await viewer_of(request)
        async with house.database.read() as tx:
            await see_document(tx, await reader_of(tx, viewer), _id(request))
        async with house.database.write() as tx:
            document = await see_document(tx, await reader_of(tx, viewer), _id(request))
            patient_id = await patient_behind(tx, document)
            deed = Deed(document.practice_id, viewer.person_id, Act.EXPORTED, THING, document.id, patient_id)
            await record(tx, deed, house.clock.now())
        return await pdf_answer(request, press, document)

    async def for_patient(request: Request) -> Response:
        who = await signed_in(request)
        async with house_of(request).database.read() as tx:
            own = await _theirs(request, tx, who.person_id)
            document = find_among(await documents_of_patient(tx, own.patient.id), _id(request))
        await note_look(house_of(request), own, Reach.SEE, THING, document.id)
        return await pdf_answer(request, press, document)

    return [
        Route("/money/documents/{document_id:uuid}", for_staff),
        Route(mine, _list),
        Route(mine + "/{document_id:uuid}", for_patient),
    ]


async def _list(request: Request) -> Response:
    who = await signed_in(request)
    async with house_of(request).database.read() as tx:
        own = await _theirs(request, tx, who.person_id)
        documents = await documents_of_patient(tx, own.patient.id)
    return render(request, "my/documents.html", {"acting": own, "record": own, "documents": documents})


async def _theirs(request: Request, tx: Tx, person_id: UUID) -> OwnRecord:
    """Pass the door of one's own record, or of somebody for whom one sees theirs; raises `NotFound`."""
    reader = Reader(person_id, house_of(request).clock.now())
    return await see_record_for(tx, reader, cast(UUID, request.path_params["patient_id"]), Reach.SEE)


def find_among(documents: list[BillingDocument], document_id: UUID) -> BillingDocument:
    """Return one of the documents that somebody may read; raises `NotFound`."""
    found = next((document for document in documents if document.id == document_id), None)
    if found is None:
        raise NotFound
    return found


async def pdf_answer(request: Request, press: Press, document: BillingDocument) -> Response:
    """Return the PDF of a document whose reader came in by a door. Raises `Overloaded`."""
    house = house_of(request)
    async with house.database.read() as tx:
        corrected, look = await corrected_by(tx, document), await look_of(tx, document.brand)
    languages = read_languages(house.settings.locales_dir)
    content = await press.make(lambda: make_pdf(document, corrected, languages, look))
    headers = {"Content-Disposition": f'attachment; filename="{pdf_name(document)}"', "Cache-Control": "no-store"}
    return Response(content, media_type="application/pdf", headers=headers)


def _id(request: Request) -> UUID:
    return cast(UUID, request.path_params["document_id"])
