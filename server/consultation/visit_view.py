"""Opens a patient's or guest's visit for a page: through the door, with what every page of it shows."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from server.access.acting import Reach
from server.access.model import Practice, Professional
from server.consultation.actions import host_of
from server.consultation.consents import wordings_for
from server.consultation.doors import Visit, see_visit
from server.consultation.guests import inviter_of
from server.consultation.model import OPENS_BEFORE, Role, Standing
from server.consultation.registration import has_account
from server.consultation.visit_actions import has_agreed
from server.core.db import Tx
from server.errors import NotFound
from server.patients.doors import name_on_record
from server.patients.wording import Wording
from server.web.endpoint import house_of
from server.web.pages import render, render_first

COOKIE = "visit"
COOKIE_S = 7 * 86400
SOON_S = 30 * 60
CLOSED = {Standing.REVOKED, Standing.EXPIRED, Standing.CANCELLED}


@dataclass(frozen=True)
class View:
    """One look at a visit.

    `agreed` says whether every consent is given in its present wording, `registered` whether the patient's record has an account, which is
    not said to a guest; `inviter` is who asked a guest in. `acts_for` is the patient's name where somebody else came for them.
    """

    visit: Visit
    practice: Practice
    host: Professional
    agreed: bool
    registered: bool
    inviter: str
    now: datetime
    acts_for: str = ""

    @property
    def sees(self) -> bool:
        """Whether what was answered and sent before may be shown: whoever only books and joins for the patient does not see it."""
        return self.visit.acting is None or Reach(self.visit.acting.reach).includes(Reach.SEE)

    @property
    def decides(self) -> bool:
        """Whether they say what the practice may do with the patient's data."""
        return self.visit.acting is None or Reach(self.visit.acting.reach).includes(Reach.RIGHTS)

    @property
    def wordings(self) -> tuple[Wording, ...]:
        """What they agree to on the way."""
        return wordings_for(Role(self.visit.participant.role))

    @property
    def guest(self) -> bool:
        return self.visit.participant.role == Role.GUEST

    @property
    def base(self) -> str:
        return f"/v/{self.visit.link.id}"

    @property
    def early(self) -> bool:
        return self.visit.standing is Standing.TOO_EARLY

    @property
    def may_register(self) -> bool:
        """Whether this link, at this moment, may make an account for the record.

        A link can be forwarded, so it says who somebody is only once a professional has let them in and seen them.
        """
        own = not self.guest and self.visit.acting is None
        return self.visit.standing is Standing.READY and self.admitted and not self.registered and own

    @property
    def admitted(self) -> bool:
        """Whether a professional ever let them in."""
        return self.visit.participant.admitted_at is not None

    @property
    def asked(self) -> bool:
        """Whether there are questions afterwards: they are about a patient's own consultation."""
        return self.admitted and not self.guest

    @property
    def closed(self) -> bool:
        """Whether the link opens nothing but the page that says so."""
        return self.visit.standing in CLOSED

    @property
    def may_enter(self) -> bool:
        """Whether the waiting room is open to them now; only a patient comes back after the end."""
        return self.visit.standing is Standing.READY and self.agreed and self.may_rejoin

    @property
    def may_rejoin(self) -> bool:
        consultation = self.visit.consultation
        return not consultation.over if self.guest else consultation.may_rejoin(self.now)


class GoTo(Exception):
    """This page is not the right one now; `path` is."""

    def __init__(self, path: str) -> None:
        super().__init__("another page")
        self.path = path


def visit_token(request: Request) -> str:
    """Return the join token of the visit's cookie; raises `NotFound`."""
    token = request.cookies.get(COOKIE)
    if not token:
        raise NotFound
    return token


async def view_of(tx: Tx, request: Request, *, lock: bool = False) -> View:
    """Load the visit of this request; raises `NotFound`. Whoever goes on to change something of it takes the `lock`."""
    visit_id: UUID = request.path_params["visit_id"]
    now = house_of(request).clock.now()
    visit = await see_visit(tx, visit_id, visit_token(request), now, lock=lock)
    practice = await tx.get_one(Practice, visit.consultation.practice_id)
    host = await host_of(tx, visit.consultation)
    guest = visit.participant.role == Role.GUEST
    registered = not guest and await has_account(tx, visit)
    inviter = await inviter_of(tx, visit.participant) if guest else None
    acts_for = "" if visit.acting is None else await name_on_record(tx, visit.consultation.patient_id)
    return View(visit, practice, host, await has_agreed(tx, visit), registered, inviter or host.full_name, now, acts_for)


async def read_view(request: Request) -> View:
    async with house_of(request).database.read() as tx:
        return await view_of(tx, request)


def on_the_way(view: View) -> View:
    """Let through whoever may still prepare for the call; raises `GoTo` where another page has the answer."""
    if view.closed:
        raise GoTo(view.base)
    if view.visit.consultation.over:
        raise GoTo(f"{view.base}/after")
    if view.early:
        raise GoTo(view.base)
    return view


def go_to(path: str) -> Response:
    return RedirectResponse(path, status_code=303)


def show(request: Request, view: View, template: str, status: int = 200, **more: object) -> Response:
    """Render a page of the visit; every one names the practice and its phone."""
    return render(request, f"visit/{template}.html", {**_shared(view), **more}, status)


def show_first(request: Request, view: View, template: str, status: int = 200, **more: object) -> Response:
    """Render the page that a link leads to."""
    return render_first(request, f"visit/{template}.html", {**_shared(view), **more}, status)


def _shared(view: View) -> dict[str, object]:
    scheduled_at = view.visit.consultation.scheduled_at
    return {
        "base": view.base,
        "practice": view.practice,
        "professional": view.host.full_name,
        "consultation": view.visit.consultation,
        "participant": view.visit.participant,
        "opens_at": scheduled_at - OPENS_BEFORE,
        "early": view.early,
        "guest": view.guest,
        "acts_for": view.acts_for,
        "sees": view.sees,
        "decides": view.decides,
        "inviter": view.inviter,
        "registered": view.registered,
        "admitted": view.admitted,
        "may_register": view.may_register,
        "soon": (scheduled_at - view.now).total_seconds() <= SOON_S,
        "now": view.now,
    }
