"""Whose request it is: behind a proxy of ours the connection comes from the proxy, and the address stands in a header."""

from collections.abc import Awaitable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

Address = IPv4Address | IPv6Address


class ClientAddress:
    """Sets the client to the nearest hop that is no trusted proxy; nothing else a proxy says is believed.

    Every proxy appends whom it talked to, so only the end of `X-Forwarded-For` is true: a client can write what it likes before that.
    """

    def __init__(self, app: ASGIApp, *, trusted: Sequence[IPv4Network | IPv6Network]) -> None:
        self.app = app
        self._trusted = trusted

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        peer = _address(scope["client"][0]) if scope.get("client") else None
        if peer is not None and self._trusts(peer):
            scope = {**scope, "client": (str(self._nearest(peer, Headers(scope=scope))), 0)}
        return self.app(scope, receive, send)

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)

    def _nearest(self, peer: Address, headers: Headers) -> Address:
        """Walk back from the peer as long as the hop that was reached is trusted; what is no address ends the walk."""
        hops = ",".join(headers.getlist("x-forwarded-for")).split(",")
        while hops and self._trusts(peer):
            hop = _address(hops.pop())
            if hop is None:
                break
            peer = hop
        return peer


def address_key(connection: HTTPConnection) -> str:
    """Return what limits by address count: whoever has one IPv6 address has the whole /64 round it."""
    address = _address(connection.client.host) if connection.client else None
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, 64), strict=False))
    return str(address)


def _address(text: str) -> Address | None:
    """Read `192.0.2.1`, `192.0.2.1:443`, `2001:db8::1` or `[2001:db8::1]:443`; an IPv4 address inside IPv6 is IPv4."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
