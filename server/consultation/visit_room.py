"""The patient's or guest's waiting room and call, one page, and the page after it."""

from starlette.requests import Request
from starlette.responses import Response

from server.consultation.acting import note_acted, take_seat
from server.consultation.model import Role, Stage
from server.consultation.subject import RoomSubject
from server.consultation.ticket_http import TicketRequest
from server.consultation.visit_actions import give_feedback, has_answered
from server.consultation.visit_documents import own_documents
from server.consultation.visit_recordings import agreed_recordings, withdraw_page
from server.consultation.visit_testimonial import may_say
from server.consultation.visit_view import GoTo, View, go_to, read_view, show, view_of
from server.core.audit import Act
from server.errors import Conflict, Invalid
from server.web.endpoint import answer, house_of, read_body
from server.web.forms import read_form
from server.web.pages import language_of
from server.web.tickets import TicketAnswer


async def _room(request: Request) -> Response:
    view = await read_view(request)
    if not view.may_enter:
        raise GoTo(_instead(view))
    participant = view.visit.participant
    boot = {
        "tickets": f"{view.base}/tickets",
        "me": str(participant.id),
        "professional": view.host.full_name,
        "practice": view.practice.name,
        "phone": view.practice.phone,
        "after": f"{view.base}/after",
    }
    return show(request, view, "room", boot=boot)


def _instead(view: View) -> str:
    if view.closed or view.early:
        return view.base
    if view.visit.consultation.over:
        return f"{view.base}/after"
    return f"{view.base}/declined" if view.visit.participant.stage == Stage.DECLINED else f"{view.base}/consent"


async def issue_ticket(request: Request) -> Response:
    """Hand out a ticket for the room's socket; raises `NotFound`, or `Conflict` where the page would lead elsewhere, too."""
    view = await _seated(request)
    body = await read_body(request, TicketRequest)
    if body.purpose != "room":
        raise Invalid("There is no such socket.", code="purpose")
    if not view.may_enter:
        raise Conflict("The waiting room is not open to you now. Please load the page again.", code="not_open")
    house = house_of(request)
    participant = view.visit.participant
    await house.limiter.hit("ticket", str(participant.id))
    subject = RoomSubject(view.visit.consultation.id, participant.id, Role(participant.role), participant.name, None, view.visit.link.id)
    return answer(TicketAnswer(ticket=house.tickets.issue("room", subject)))


async def _seated(request: Request) -> View:
    """Return the visit, its place in the name of whoever comes now: the patient, or somebody who acts for them, which is kept on record."""
    house = house_of(request)
    view = await read_view(request)
    if not view.may_enter or (view.visit.acting is None and view.visit.participant.representation_id is None):
        return view
    async with house.database.write() as tx:
        again = await view_of(tx, request, lock=True)
        await take_seat(tx, again.visit, language_of(request))
        await note_acted(tx, again.visit, Act.JOINED, "consultation", house.clock.now())
    return again


async def _after(request: Request) -> Response:
    async with house_of(request).database.read() as tx:
        view = _afterwards(await view_of(tx, request))
        recordings = [] if view.closed else await agreed_recordings(tx, view.visit)
        answered = await has_answered(tx, view.visit.participant)
        documents, may = await own_documents(tx, view), await may_say(tx, view)
    taken_back = next((word for word in ("unrecorded", "withheld") if word in request.query_params), "")
    return _show_after(request, view, recordings=recordings, documents=documents, taken_back=taken_back, thanks=answered, may_say=may)


def _afterwards(view: View) -> View:
    """Let through whoever may look back: a patient with a link that is closed, too, once the consultation is over."""
    if view.closed and (view.guest or not view.visit.consultation.over):
        raise GoTo(view.base)
    return view


def _show_after(request: Request, view: View, status: int = 200, **more: object) -> Response:
    shown = {
        "rejoin": view.may_enter,
        "asked": view.asked,
        "thanks": False,
        "error": None,
        "given": {},
        "recordings": [],
        "documents": [],
        "taken_back": "",
        "may_say": False,
        "said": "said" in request.query_params,
        **more,
    }
    return show(request, view, "after", status=status, **shown)


async def _feedback(request: Request) -> Response:
    form = await read_form(request)
    house = house_of(request)
    try:
        async with house.database.write() as tx:
            view = _afterwards(await view_of(tx, request, lock=True))
            if not view.asked:
                raise GoTo(f"{view.base}/after")
            await give_feedback(tx, view.visit, form.get("felt", ""), form.get("comment", ""), house.clock.now())
    except Invalid as error:
        return _show_after(request, await read_view(request), 422, error=error.code, given=form)
    return go_to(f"{view.base}/after?thanks")


PAGES = (
    ("/room", _room, ["GET"]),
    ("/after", _after, ["GET"]),
    ("/feedback", _feedback, ["POST"]),
    ("/recordings/{recording_id:uuid}/withdraw", withdraw_page, ["POST"]),
)
