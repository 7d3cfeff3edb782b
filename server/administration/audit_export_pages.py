"""An extract of the audit to take away: for auditors, and for a regulator who asks about one professional and a time."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import anyio
from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from server.access.model import Practice
from server.access.people import audits
from server.access.viewer import names_of, viewer_of, working_here
from server.administration.audit_bundle import Chain, Extract, Wanted, bundle_of
from server.administration.audit_list import MOST_TAKEN, entries_between
from server.administration.audit_pages import PAGE, day_of, show_audit
from server.administration.audit_paper import MOST_PRINTED, make_pdf
from server.core.audit import START, Act, AuditEntry, Deed, first_broken, record
from server.core.db import Tx
from server.core.house import House
from server.core.press import Press
from server.core.signer import Signer, load_signer
from server.errors import Invalid
from server.notes.plain_audit import plain_ends
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.i18n import Language
from server.web.pages import language_of

KEY = PAGE + "/key.pem"
Bundle = Callable[[Extract, bytes | None], bytes]


def routes(press: Press) -> list[Route]:
    async def take(request: Request) -> Response:
        viewer, house = await viewer_of(request), house_of(request)
        async with house.database.read() as tx:
            practice_id = await audits(tx, viewer)
        form = await read_form(request)
        try:
            wanted = wanted_of(form)
            async with house.database.read() as tx:
                extract = await _gather(tx, practice_id, wanted, viewer.name, house)
        except Invalid as fault:
            return await show_audit(request, taken=(form, fault.code))
        signer = await _signer(house)
        content = await _made(press, extract, language_of(request), partial(bundle_of, signer=signer, address=_address(request)))
        async with house.database.write() as tx:
            said = f"{wanted.first} to {wanted.last}, {len(extract.entries)} entries"
            await record(tx, Deed(practice_id, viewer.person_id, Act.EXPORTED, "audit", practice_id, None, said), house.clock.now())
        name = f"audit-{wanted.first}-{wanted.last}.zip"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return Response(content, media_type="application/zip", headers=headers)

    return [Route(f"{PAGE}/extract", take, methods=["POST"]), Route(KEY, _key)]


def wanted_of(form: dict[str, str]) -> Wanted:
    """Return what a form asks for; raises `Invalid` with the field as its code."""
    read: dict[str, Any] = {}
    for field, reader in (("first", day_of), ("last", day_of), ("whose", _person)):
        try:
            read[field] = reader(form.get(field, ""))
        except ValueError:
            raise Invalid(code=field) from None
    if read["first"] > read["last"]:
        raise Invalid(code="last")
    return Wanted(read["first"], read["last"], read["whose"])


def _person(text: str) -> UUID | None:
    return UUID(text) if text else None


async def _gather(tx: Tx, practice_id: UUID, wanted: Wanted, made_by: str, house: House) -> Extract:
    practice = await tx.get_one(Practice, practice_id)
    if wanted.person_id and not await working_here(tx, practice_id, {wanted.person_id}):
        raise Invalid(code="whose")
    entries = await entries_between(tx, practice, wanted.first, wanted.last, wanted.person_id)
    if len(entries) > MOST_TAKEN:
        raise Invalid(code="many")
    people = await working_here(tx, practice_id, {one for one in (wanted.person_id, *(entry.person_id for entry in entries)) if one})
    return Extract(
        practice=practice.name, practice_id=practice_id, zone=practice.time_zone, wanted=wanted, entries=entries,
        names=await names_of(tx, people, practice_id),
        chain=await _chain(tx, practice_id, house), made_at=house.clock.now(), made_by=made_by,
    )  # fmt: skip


async def _chain(tx: Tx, practice_id: UUID, house: House) -> Chain:
    plain = {head.id: head.number for head in await plain_ends(house.settings.data_dir) or ()}
    newest = select(AuditEntry.number, AuditEntry.hash).where(AuditEntry.practice_id == practice_id)
    number, end = (await tx.execute(newest.order_by(AuditEntry.number.desc()).limit(1))).one_or_none() or (0, START)
    return Chain(number, end, await first_broken(tx, practice_id, plain.get(practice_id, 0)))


async def _made(press: Press, extract: Extract, language: Language, bundle: Bundle) -> bytes:
    def make() -> bytes:
        pdf = make_pdf(extract, language) if len(extract.entries) <= MOST_PRINTED else None
        return bundle(extract, pdf)

    return await press.make(make)


async def _key(request: Request) -> Response:
    """Anybody may compare the public key with the one that came along with an extract."""
    return PlainTextResponse((await _signer(house_of(request))).public_pem, media_type="application/x-pem-file")


async def _signer(house: House) -> Signer:
    return await anyio.to_thread.run_sync(load_signer, house.settings.data_dir)


def _address(request: Request) -> str:
    return f"{house_of(request).settings.base_url or str(request.base_url).rstrip('/')}{KEY}"
