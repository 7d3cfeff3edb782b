"""The cookies of a sign-in: their names, their flags, and nothing about what they open."""

from starlette.requests import HTTPConnection
from starlette.responses import Response

from server.settings import Settings

LOGIN, HALF, DEVICE = "sid", "half", "device"
COOKIES = (LOGIN, HALF, DEVICE)


def cookie_name(settings: Settings, name: str = LOGIN) -> str:
    """Return `__Host-sid` over https, where the prefix pins the cookie to this very host, and `sid` on a plain loopback."""
    return f"__Host-{name}" if settings.secure else name


def read_cookie(connection: HTTPConnection, settings: Settings, name: str = LOGIN) -> str | None:
    return connection.cookies.get(cookie_name(settings, name))


def set_cookie(response: Response, settings: Settings, token: str) -> None:
    set_named(response, settings, LOGIN, token, settings.login_lifetime_s)


def set_named(response: Response, settings: Settings, name: str, token: str, max_age_s: int) -> None:
    response.set_cookie(
        cookie_name(settings, name), token, max_age=max_age_s, path="/", secure=settings.secure, httponly=True, samesite="lax"
    )


def drop_cookie(response: Response, settings: Settings, name: str = LOGIN) -> None:
    response.delete_cookie(cookie_name(settings, name), path="/", secure=settings.secure, httponly=True, samesite="lax")
