"""The login cookie: its name, its flags, and nothing about what it opens."""

from starlette.requests import HTTPConnection
from starlette.responses import Response

from server.settings import Settings


def cookie_name(settings: Settings) -> str:
    """Return `__Host-sid` over https, where the prefix pins the cookie to this very host, and `sid` on a plain loopback."""
    return "__Host-sid" if settings.secure else "sid"


def read_cookie(connection: HTTPConnection, settings: Settings) -> str | None:
    return connection.cookies.get(cookie_name(settings))


def set_cookie(response: Response, settings: Settings, token: str) -> None:
    response.set_cookie(
        cookie_name(settings), token, max_age=settings.login_lifetime_s, path="/", secure=settings.secure, httponly=True, samesite="lax"
    )


def drop_cookie(response: Response, settings: Settings) -> None:
    response.delete_cookie(cookie_name(settings), path="/", secure=settings.secure, httponly=True, samesite="lax")
