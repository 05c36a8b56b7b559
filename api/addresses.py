"""Whose request it is, by address: the one thing that is known of who has not signed in."""

import re
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from itertools import chain

from api.exchange import Headers

UNKNOWN = "unknown"
"""Who comes over a Unix socket."""
IPV6_PREFIX = 64
"""One customer has a whole /64 (RFC 6177), so it counts as one address."""

_FOR = re.compile(r'(?:^|;)\s*for\s*=\s*("[^"]*"|[^;\s]+)', re.IGNORECASE)
_PORT = re.compile(r"\[([^\]]+)\](?::\d+)?|([^:]+):\d+")

Address = IPv4Address | IPv6Address


class Clients:
    """Who asks, seen through the trusted proxies: without any, nothing but the connection itself is believed."""

    def __init__(self, proxies: Sequence[str]) -> None:
        """`proxies` are addresses or networks."""
        self._proxies = [ip_network(proxy) for proxy in proxies]

    def address(self, peer: str | None, headers: Headers) -> str:
        """The rightmost untrusted address: each proxy writes behind what it was sent, which anyone may have made up.

        Of X-Forwarded-For and Forwarded (RFC 7239) a proxy keeps one and lets the other through, and it is not known
        which: where they differ neither is believed, and the proxy's own address counts.
        """
        seen = _parsed(peer or "")
        if seen is None:
            return UNKNOWN
        if not self._trusts(seen):
            return _named(seen)
        headers = list(headers)
        told = {
            self._client(seen, hops)
            for hops in (_values(headers, b"x-forwarded-for"), _forwarded(_values(headers, b"forwarded")))
            if hops
        }
        return _named(told.pop() if len(told) == 1 else seen)

    def _client(self, peer: Address, hops: Sequence[str]) -> Address:
        for hop in reversed(hops):
            address = _parsed(hop)
            if address is None:
                break
            peer = address
            if not self._trusts(peer):
                break
        return peer

    def _trusts(self, address: Address) -> bool:
        return any(address in proxy for proxy in self._proxies)


def _values(headers: Headers, name: bytes) -> list[str]:
    lines = (value.decode("latin-1") for found, value in headers if found.lower() == name)
    return list(chain.from_iterable(line.split(",") for line in lines))


def _forwarded(elements: Sequence[str]) -> list[str]:
    """The `for` of each element; one that has none is nobody's address."""
    return list(_fors(elements))


def _fors(elements: Sequence[str]) -> Iterator[str]:
    for element in elements:
        found = _FOR.search(element)
        yield found[1].strip('"') if found else ""


def _parsed(text: str) -> Address | None:
    """An address, with or without a port; an IPv4 address in IPv6's clothes is that IPv4 address."""
    text = text.strip()
    if found := _PORT.fullmatch(text):
        text = found[1] or found[2]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def _named(address: Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(ip_network((int(address), IPV6_PREFIX), strict=False))
