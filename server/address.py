"""Which address people open, for the one that the server listens on."""

import ipaddress
import socket
from contextlib import suppress

FAR = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}  # of documentation: nobody has them
ADDR_PREFERENCES, PREFER_PUBLIC = 72, 2  # of Linux, for IPv6 (RFC 5014): no address that is changed every day


def is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def engine_address(listen: str) -> str:
    """Return `ADDRESS:PORT` for the media of an engine of our own: what is set, or else where others can reach this machine.

    Also for the demo on loopback: Firefox calls no loopback address, and the engine answers nobody who was not invited.
    """
    if listen:
        return listen
    six = None if (four := own_address(socket.AF_INET)) else own_address(socket.AF_INET6)
    return f"[{six}]:0" if six else f"{four or '127.0.0.1'}:0"


def other_address(address: str) -> str | None:
    """Return this machine's own address of the other family; None where it has none, and beside loopback, which is meant to be alone."""
    given = ipaddress.ip_address(address)
    return None if given.is_loopback else own_address(socket.AF_INET if given.version == 6 else socket.AF_INET6)


def own_address(family: socket.AddressFamily) -> str | None:
    """Return the address from which this machine would speak to the outside, if it has a way there by this family."""
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        if family == socket.AF_INET6:
            with suppress(OSError):
                probe.setsockopt(socket.IPPROTO_IPV6, ADDR_PREFERENCES, PREFER_PUBLIC)
        probe.connect((FAR[family], 9))  # a UDP connect sends nothing; it only picks the outgoing address
        found: str = probe.getsockname()[0]
        return found
    return None


def reachable_host(host: str) -> str:
    """Return the name that others can open: a wildcard address becomes this machine's own address in its network."""
    if host not in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        return host
    return own_address(socket.AF_INET) or socket.gethostname()
