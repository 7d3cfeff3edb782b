"""After a call: whether others may read what a patient with an account writes about their professional."""

from starlette.requests import Request
from starlette.responses import Response

from server.consultation.consents import SHOWING
from server.consultation.testimonials import LONGEST, said_by, say
from server.consultation.visit_actions import has_answered
from server.consultation.visit_view import GoTo, View, go_to, read_view, show, view_of
from server.core.db import Tx
from server.errors import Conflict, Invalid
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of

PATH = "/testimonial"


async def may_say(tx: Tx, view: View) -> bool:
    """Whether to ask: only who has an account can take it back there, and only after they have said how it was.

    Nobody says it in the name of a patient for whom they act.
    """
    participant = view.visit.participant
    asked = view.asked and view.registered and view.visit.acting is None and not view.closed
    return asked and await has_answered(tx, participant) and await said_by(tx, participant.id) is None


async def _page(request: Request) -> Response:
    if request.method != "POST":
        async with house_of(request).database.read() as tx:
            view = await _insist(tx, await view_of(tx, request))
        return _show(request, view)
    form = await read_form(request)
    house = house_of(request)
    words = " ".join(form.get("words", "").split())
    try:
        async with house.database.write() as tx:
            view = await _insist(tx, await view_of(tx, request, lock=True))
            agreed = form.get("agree") == "yes"
            await say(tx, view.visit, words, agreed=agreed, language=language_of(request), now=house.clock.now())
    except Conflict:
        raise GoTo(f"{view.base}/after") from None
    except Invalid as error:
        return _show(request, await read_view(request), 422, error=error.code, words=words, agreed=form.get("agree") == "yes")
    return go_to(f"{view.base}/after?said")


async def _insist(tx: Tx, view: View) -> View:
    if not await may_say(tx, view):
        raise GoTo(f"{view.base}/after")
    return view


def _show(request: Request, view: View, status: int = 200, **more: object) -> Response:
    shown = {"wording": SHOWING, "longest": LONGEST, "error": None, "words": "", "agreed": False, **more}
    return show(request, view, "testimonial", status=status, **shown)


PAGES = ((PATH, _page, ["GET", "POST"]),)
