"""What somebody holds, in this browser only: a cookie that names the appointment and proves that it was given for it."""

import hmac
from base64 import urlsafe_b64encode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from server.core.crypto import Secrets
from server.web.endpoint import house_of

COOKIE, PATH = "hold", "/book"
KEPT_S = 86400  # the hold itself ends much earlier; afterwards the cookie leads to the appointment


def held_key(secrets: Secrets, appointment_id: UUID) -> str:
    """Return what the cookie holds: derived from the server's key, so that nothing of it is stored."""
    proof = urlsafe_b64encode(secrets.mac("hold", str(appointment_id))).rstrip(b"=").decode()
    return f"{appointment_id.hex}.{proof}"


def find_held(request: Request) -> UUID | None:
    """Return the appointment that this browser holds, or held last; None for none, and for a cookie that was not ours."""
    given = request.cookies.get(COOKIE, "")
    try:
        appointment_id = UUID(hex=given.partition(".")[0])
    except ValueError:
        return None
    ours = held_key(house_of(request).secrets, appointment_id)
    return appointment_id if hmac.compare_digest(given.encode(), ours.encode()) else None


def keep_held(response: Response, request: Request, appointment_id: UUID) -> None:
    house = house_of(request)
    response.set_cookie(
        COOKIE,
        held_key(house.secrets, appointment_id),
        max_age=KEPT_S,
        path=PATH,
        secure=house.settings.secure,
        httponly=True,
        samesite="lax",
    )
