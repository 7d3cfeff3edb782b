"""Which address people open, for the one that the server listens on."""

import ipaddress
import socket


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
    own = reachable_host("0.0.0.0")  # noqa: S104 - asked for what others can reach, not bound
    return listen or f"{own if is_ip(own) else '127.0.0.1'}:0"


def reachable_host(host: str) -> str:
    """Return the name that others can open: a wildcard address becomes this machine's own address in its network."""
    if host not in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        return host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # a UDP connect sends nothing; it only picks the outgoing address
        except OSError:
            return socket.gethostname()
        found: str = probe.getsockname()[0]
        return found
