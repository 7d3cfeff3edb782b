"""The page on which somebody sees what is held about them, and takes a copy of it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.access.restrictions import find_restriction
from server.billing.printing import make_pdf, pdf_name
from server.core.press import Press
from server.errors import TooFast
from server.identity.gate import signed_in
from server.identity.lately import proved_lately
from server.patients.doors import own_records
from server.privacy.own_data import Paper, gather, held_about, note_copy, papers_of, subject_of
from server.privacy.parcel import as_json, pack
from server.privacy.request_labels import labels
from server.privacy.requests import requests_about
from server.web.endpoint import house_of
from server.web.i18n import Languages, read_languages
from server.web.pages import language_of, render

PATH = "/my/data"
LIMIT = "copies"


class Line(NamedTuple):
    """One holding in the reader's language; `why` is empty where nothing keeps it."""

    words: str
    why: str
    rows: int
    clinical: bool


def routes(press: Press) -> list[Route]:
    async def download(request: Request) -> Response:
        """Return everything as one archive. Raises `Overloaded`."""
        who, house = await proved_lately(request, PATH), house_of(request)
        try:
            await house.limiter.hit(LIMIT, str(who.person_id))
        except TooFast:
            return await _show(request, fault="too_fast")
        async with house.database.write() as tx:
            await note_copy(tx, house, who.person_id)
        async with house.database.read() as tx:
            subject = await subject_of(tx, who.person_id)
            files, papers = await gather(tx, subject), await papers_of(tx, subject)
        now, languages = house.clock.now(), read_languages(house.settings.locales_dir)
        content = await press.make(lambda: pack({**_written(files), **_printed(papers, languages)}, now))
        headers = {"Content-Disposition": 'attachment; filename="my-data.zip"', "Cache-Control": "no-store"}
        return Response(content, media_type="application/zip", headers=headers)

    return [Route(PATH, _show, methods=["GET"]), Route(f"{PATH}/download", download, methods=["POST"])]


async def _show(request: Request, fault: str = "") -> Response:
    who = await signed_in(request)
    async with house_of(request).database.read() as tx:
        held, own = await held_about(tx, await subject_of(tx, who.person_id)), await own_records(tx, who.person_id)
        asked = [(one, await requests_about(tx, one)) for one in own]
        now = house_of(request).clock.now()
        restricted = {one.patient.id: await find_restriction(tx, one.patient.id, now) for one in own}
    say = language_of(request).text
    lines = [Line(say(one.holding.words), say(one.holding.why) if one.holding.why else "", one.rows, one.holding.clinical) for one in held]
    shown = {"held": lines, "fault": fault, "asked": asked, "restricted": restricted, **labels(language_of(request))}
    return render(request, "my/data.html", shown, 429 if fault else 200)


def _written(files: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the files as JSON; a long record takes its time, so it is done in the press."""
    return {name: as_json(value) for name, value in files.items()}


def _printed(papers: list[Paper], languages: Languages) -> dict[str, bytes]:
    """Return the documents as PDF; numbers are each practice's own, so a folder's name keeps two practices apart."""
    return {
        f"documents/{document.practice_id}/{pdf_name(document)}": make_pdf(document, corrected, languages) for document, corrected in papers
    }
