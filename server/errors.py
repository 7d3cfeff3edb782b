"""Every error that a person or a program outside may meet, with its code, HTTP status and websocket close code in one place.

ConsiliumError
├── Malformed      400 4400   the input cannot be read
├── NotSignedIn    401 4401   no login, or a ticket that is used, old or unknown
├── Forbidden      403 4403   a right is missing or was withdrawn
│   ├── Unfinished            signed in, and a second factor is to be set up first
│   ├── Elsewhere             the page was made for a practice in which its reader is not at work now
│   ├── ProofNeeded           signed in, and the last proof of who it is was too long ago for this
│   └── Restricted            the record is kept and not used; who would see it otherwise is told so
├── NotFound       404 4404   not there, or not yours: the two look the same from outside
├── TooSlow        408 4400   the body did not arrive in time
├── Conflict       409 4409   the thing has moved on: replaced, outdated, in another state
├── TooBig         413 4413
├── Unsupported    415 4400   the content type is not the one that the endpoint takes
├── Invalid        422 4400   readable, but a value is not acceptable
├── Locked         423 4423
├── TooFast        429 4429
├── NotStored      503 4500   the database did not take it; nothing was acknowledged
└── Overloaded     503 1013   a bound was reached, or the reader is too slow
"""

from typing import ClassVar


class ConsiliumError(Exception):
    """`code` is for programs, `message` for people; neither ever holds personal data."""

    code: str = "error"
    message: str = "Something went wrong."
    http_status: ClassVar[int] = 500
    close_code: ClassVar[int] = 1011

    def __init__(self, message: str | None = None, *, code: str | None = None) -> None:
        self.code = code or type(self).code
        self.message = message or type(self).message
        super().__init__(f"{self.code}: {self.message}")


class Malformed(ConsiliumError):
    code, message = "malformed", "This could not be read."
    http_status, close_code = 400, 4400


class NotSignedIn(ConsiliumError):
    code, message = "not_signed_in", "Please sign in again."
    http_status, close_code = 401, 4401


class Forbidden(ConsiliumError):
    code, message = "forbidden", "You may not do this."
    http_status, close_code = 403, 4403


class Unfinished(Forbidden):
    code, message = "second_factor", "Please set up a second factor first."


class ProofNeeded(Forbidden):
    """`back` is the path of this site from which the same can be asked for again."""

    code, message = "prove_again", "Please show once more that it is you."

    def __init__(self, back: str) -> None:
        super().__init__()
        self.back = back


class Elsewhere(Forbidden):
    """Nothing was changed; see `server/web/at_work.py`."""

    code, message = "elsewhere", "This page belongs to another practice than the one in which you are at work now. Nothing was changed."
    http_status: ClassVar[int] = 409


class Restricted(Forbidden):
    code, message = "restricted", "This record is restricted: it is kept, and not used."


class NotFound(ConsiliumError):
    code, message = "not_found", "This is not there, or it is not yours to see."
    http_status, close_code = 404, 4404


class TooSlow(ConsiliumError):
    code, message = "too_slow", "This took too long to arrive. Please try again."
    http_status, close_code = 408, 4400


class Conflict(ConsiliumError):
    code, message = "conflict", "This has changed in the meantime. Please look again."
    http_status, close_code = 409, 4409


class TooBig(ConsiliumError):
    code, message = "too_big", "This is too big."
    http_status, close_code = 413, 4413


class Unsupported(ConsiliumError):
    code, message = "unsupported", "Please send application/json."
    http_status, close_code = 415, 4400


class Invalid(ConsiliumError):
    code, message = "invalid", "A value is not acceptable."
    http_status, close_code = 422, 4400


class Locked(ConsiliumError):
    code, message = "locked", "This is locked."
    http_status, close_code = 423, 4423


class TooFast(ConsiliumError):
    code, message = "too_fast", "That was too many in a short time. Please wait a moment."
    http_status, close_code = 429, 4429


class NotStored(ConsiliumError):
    code, message = "not_stored", "This could not be stored. Please try again."
    http_status, close_code = 503, 4500


class Overloaded(ConsiliumError):
    code, message = "overloaded", "The server is busy. Please try again in a moment."
    http_status, close_code = 503, 1013
