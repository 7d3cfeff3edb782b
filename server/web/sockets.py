"""The short way of a websocket to its endpoint, past Starlette's layers for requests."""

from collections.abc import Awaitable, Iterable

from starlette.routing import BaseRoute, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose


class SocketFork:
    """Hands requests to `pages`, and websockets to `sockets`.

    Starlette's layers turn the errors of requests into answers and have nothing to do for a socket, but their frames would stay
    in memory as long as it is open: a twelfth of all that an open note takes.
    """

    def __init__(self, pages: ASGIApp, sockets: ASGIApp) -> None:
        self._pages = pages
        self._sockets = sockets

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        return (self._sockets if scope["type"] == "websocket" else self._pages)(scope, receive, send)


class SocketRouter:
    """Finds the endpoint by the exact path; a path that leads nowhere is closed before it is accepted."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._endpoints = {route.path: route.app for route in routes if isinstance(route, WebSocketRoute)}

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        return self._endpoints.get(scope["path"], WebSocketClose())(scope, receive, send)
