"""The sockets of the engine's port, one of each family."""

import errno
import ipaddress
import socket

from server.media.limits import SOCKET_BUFFER

TRIES = 16  # of any port, whose number somebody else may have in the other family


def bind_all(address: str, second: str | None, port: int) -> list[socket.socket]:
    """Return one socket, or two at the same port; when the second cannot be had, none is kept. With 0 any port that both have free."""
    for tries_left in reversed(range(1 if port else TRIES)):
        first = bind(address, port)
        try:
            return [first] if second is None else [first, bind(second, first.getsockname()[1])]
        except OSError as error:
            first.close()
            if error.errno != errno.EADDRINUSE or not tries_left:
                raise
    raise AssertionError


def bind(address: str, port: int) -> socket.socket:
    """Return a UDP socket that never blocks; a socket of IPv6 leaves IPv4 alone."""
    six = ipaddress.ip_address(address).version == 6
    bound = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        bound.setblocking(False)  # noqa: FBT003 - that is its signature
        if six:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            bound.setsockopt(socket.SOL_SOCKET, option, SOCKET_BUFFER)
        bound.bind((address, port))
    except OSError:
        bound.close()
        raise
    return bound
