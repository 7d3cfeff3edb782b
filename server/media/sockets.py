"""The sockets of the engine's port, one of each family."""

import ipaddress
import socket

from server.media.limits import SOCKET_BUFFER


def bind_all(address: str, second: str | None, port: int) -> list[socket.socket]:
    """Return one socket, or two at the same port; when the second cannot be had, none is kept."""
    first = bind(address, port)
    try:
        return [first] if second is None else [first, bind(second, first.getsockname()[1])]
    except OSError:
        first.close()
        raise


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
