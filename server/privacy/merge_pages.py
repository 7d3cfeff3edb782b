"""The pages on which a professional looks for double records, lays two beside each other, merges them and undoes it."""

from collections.abc import Mapping
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.acting import Reach
from server.access.model import Practice
from server.access.viewer import names_of, viewer_of
from server.core.audit import Act, Deed, record
from server.core.marking import _
from server.errors import Conflict, Forbidden, Invalid, NotFound, NotSignedIn
from server.identity.gate import signed_in
from server.notes.records import see_record
from server.patients.acting_doors import Reader, see_record_for
from server.patients.acting_words import BASES
from server.patients.doors import see_own_record
from server.patients.forwards import forwarded
from server.patients.likeness import Sign
from server.patients.model import Patient
from server.privacy.merge_wishes import answer_wish, newest_wish, wish_merge
from server.privacy.merges import Obstacle, likely_doubles, merge, merges_of, obstacles_of, seal_of, see_pair, side_of, undo
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render

DOUBLES = "/patients/doubles"
SIGNS = {
    Sign.BIRTH: _("The same date of birth and nearly the same name"),
    Sign.MOBILE: _("The same mobile number"),
    Sign.EMAIL: _("The same e-mail address"),
}
OBSTACLES = {
    Obstacle.ACCOUNTS: _("Two different accounts read these records. The patient must say in both that they are theirs."),
    Obstacle.HELD: _("One of the records, or a recording in it, is held back from deletion."),
    Obstacle.RESTRICTED: _("The patient asked that one of the records be erased, or that less is done with it."),
    Obstacle.TEAM: _("The patient lets the team see the notes of one record, and took that back in the other. Please ask them first."),
    Obstacle.RUNNING: _("A consultation is going on. Please wait until it has ended."),
    Obstacle.UNACCEPTED: _("Somebody says that this is their child, and nobody has accepted it. Please do so in the record, or end it."),
}
FAULTS: dict[str, str] = {
    **{str(obstacle): sentence for obstacle, sentence in OBSTACLES.items()},
    "keep": _("Please choose which record stays."),
    "stale": _("Somebody changed one of the records in the meantime. Please look at both again."),
    "late": _("This cannot be undone any more."),
}


def routes() -> list[Route]:
    pair = "/patients/{patient_id:uuid}/double/{other_id:uuid}"
    return [
        Route(DOUBLES, _list, methods=["GET"]),
        Route(pair, _compare, methods=["GET"]),
        Route(pair, _merge, methods=["POST"]),
        Route(pair + "/ask", _ask, methods=["POST"]),
        Route("/my/{patient_id:uuid}/merges/{wish_id:uuid}", _answer, methods=["POST"]),
        Route("/patients/{patient_id:uuid}/merges/{merge_id:uuid}/undo", _undo, methods=["POST"]),
    ]


async def _list(request: Request) -> Response:
    return await _show_list(request)


async def _show_list(request: Request, fault: str = "", status: int = 200) -> Response:
    house, viewer = house_of(request), await viewer_of(request)
    async with house.database.read() as tx:
        doubles = await likely_doubles(tx, house.keyring, viewer)
        merged = await merges_of(tx, viewer, house.clock.now())
        names = await names_of(tx, {row.merged_by for row, _kept in merged}, viewer.practice_id)
        zone = (await tx.get_one(Practice, viewer.practice_id)).time_zone
    text = language_of(request).text
    shown = {
        "doubles": doubles,
        "signs": {sign: text(words) for sign, words in SIGNS.items()},
        "merged": merged,
        "names": names,
        "zone": zone,
        "told": text(FAULTS[fault]) if fault else "",
        "said": next((word for word in ("merged", "undone") if word in request.query_params), ""),
    }
    return render(request, "staff/doubles.html", shown, status)


async def _compare(request: Request) -> Response:
    """Lay both beside each other, which is a look at both."""
    house, viewer = house_of(request), await viewer_of(request)
    async with house.database.write() as tx:
        for patient in await see_pair(tx, viewer, _ids(request)):
            await record(tx, Deed(patient.practice_id, viewer.person_id, Act.LOOKED, "record", patient.id, patient.id), house.clock.now())
    return await _show_pair(request)


async def _show_pair(request: Request, fault: str = "", keep: str = "", status: int = 200) -> Response:
    house, viewer = house_of(request), await viewer_of(request)
    async with house.database.read() as tx:
        one, other = await see_pair(tx, viewer, _ids(request))
        now = house.clock.now()
        sides = [await side_of(tx, house.keyring, patient, now) for patient in (one, other)]
        obstacles, wish = await obstacles_of(tx, one, other, now), await newest_wish(tx, one, other)
        zone = (await tx.get_one(Practice, one.practice_id)).time_zone
    text = language_of(request).text
    shown = {
        "sides": sides,
        "bases": {basis: text(words) for basis, words in BASES.items()},
        "obstacles": [text(OBSTACLES[obstacle]) for obstacle in obstacles],
        "asks": Obstacle.ACCOUNTS in obstacles,
        "wish": wish,
        "seen": seal_of(*sides),
        "told": text(FAULTS[fault]) if fault else "",
        "keep": keep,
        "zone": zone,
        "path": f"/patients/{one.id}/double/{other.id}",
    }
    return render(request, "staff/double.html", shown, status)


async def _merge(request: Request) -> Response:
    house, viewer = house_of(request), await viewer_of(request)
    async with house.database.read() as tx:
        await see_pair(tx, viewer, _ids(request))
    form = await read_form(request)
    try:
        async with house.database.write() as tx:
            pair = await see_pair(tx, viewer, _ids(request), lock=True)
            now = house.clock.now()
            sides = [await side_of(tx, house.keyring, patient, now) for patient in pair]
            kept, other = _chosen(form, pair, seal_of(*sides))
            await merge(tx, house.keyring, viewer, kept, other, now)
    except (Invalid, Conflict) as error:
        return await _show_pair(request, error.code, form.get("keep", ""), error.http_status)
    return RedirectResponse(f"{DOUBLES}?merged", status_code=303)


def _chosen(form: Mapping[str, str], pair: tuple[Patient, Patient], seen: str) -> tuple[Patient, Patient]:
    """Return which one stays, and the other; raises `Invalid`, and `Conflict` for a page that shows what is no longer so."""
    kept = next((patient for patient in pair if str(patient.id) == form.get("keep")), None)
    if kept is None:
        raise Invalid(code="keep")
    if form.get("seen") != seen:
        raise Conflict(code="stale")
    return kept, pair[1] if kept is pair[0] else pair[0]


async def _ask(request: Request) -> Response:
    """Ask the patient in both accounts."""
    house, viewer = house_of(request), await viewer_of(request)
    async with house.database.write() as tx:
        one, other = await see_pair(tx, viewer, _ids(request), lock=True)
        await wish_merge(tx, viewer, one, other, house.clock.now())
    return RedirectResponse(request.url.path.removesuffix("/ask"), status_code=303)


async def _answer(request: Request) -> Response:
    """The patient says in one of their accounts whether both records are theirs."""
    who, house = await signed_in(request), house_of(request)
    async with house.database.read() as tx:
        await see_own_record(tx, who.person_id, request.path_params["patient_id"])
    agrees = {"yes": True, "no": False}.get((await read_form(request)).get("mine", ""))
    if agrees is None:
        raise Invalid(code="mine")
    async with house.database.write() as tx:
        own = await see_own_record(tx, who.person_id, request.path_params["patient_id"], lock=True)
        await answer_wish(tx, own, request.path_params["wish_id"], house.clock.now(), agrees=agrees)
    return RedirectResponse("/my/data?answered", status_code=303)


async def _undo(request: Request) -> Response:
    house, viewer = house_of(request), await viewer_of(request)
    ids = request.path_params["patient_id"], request.path_params["merge_id"]
    try:
        async with house.database.write() as tx:
            await undo(tx, house.keyring, viewer, ids, house.clock.now())
    except Conflict as error:
        return await _show_list(request, error.code, error.http_status)
    return RedirectResponse(f"{DOUBLES}?undone", status_code=303)


def _ids(request: Request) -> tuple[UUID, UUID]:
    return request.path_params["patient_id"], request.path_params["other_id"]


async def forward(request: Request) -> Response | None:
    """Lead an old link to a merged record on to the kept one, whoever may open that; None for everybody and everything else."""
    patient_id = request.path_params.get("patient_id")
    if request.method != "GET" or not isinstance(patient_id, UUID):
        return None
    async with house_of(request).database.read() as tx:
        kept_id = await forwarded(tx, patient_id)
    if kept_id is None or not await _may_open(request, kept_id):
        return None
    return RedirectResponse(request.url.path.replace(str(patient_id), str(kept_id), 1), status_code=303)


async def _may_open(request: Request, kept_id: UUID) -> bool:
    try:
        viewer = await viewer_of(request)
        async with house_of(request).database.read() as tx:
            if request.url.path.startswith("/my/"):
                await see_record_for(tx, Reader(viewer.person_id, house_of(request).clock.now()), kept_id, Reach.BOOK)
            else:
                await see_record(tx, viewer, kept_id)
    except (Forbidden, NotFound, NotSignedIn):
        return False
    return True
