"""Which Host names are answered to: a web page elsewhere that rebinds its DNS name to this server gets nothing."""

import re

from lyo_rt.settings import Settings

LOOPBACK = ("localhost", "*.localhost", "127.0.0.1", "[::1]")
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\[\]:@/?#\s]+)(?::[0-9]{0,5})?")
"""A name or an address, and a port (RFC 9110 §7.2)."""
PROBES = ("/v1/health", "/api/v1/health")
"""Health is answered under any name: orchestrators ask by the pod's address."""


class TrustedHosts:
    """TRUSTED_HOSTS; unset: loopback in development, all elsewhere. `*` is all, `*.example.com` is any name below."""

    def __init__(self, settings: Settings) -> None:
        unset = LOOPBACK if settings.environment == "development" else ("*",)
        self._names = tuple(name.lower() for name in settings.trusted_hosts or unset)

    def trusts(self, host: str | None, path: str) -> bool:
        """Whether `host`, a Host header with or without its port, is one of them."""
        if "*" in self._names or any(path == probe or path.startswith(probe + "/") for probe in PROBES):
            return True
        found = _HOST.fullmatch((host or "").lower())
        if found is None:
            return False
        given, name = found[0], found[1]
        return any(_matches(pattern, given, name) for pattern in self._names)


def _matches(pattern: str, given: str, name: str) -> bool:
    if pattern.startswith("*."):
        return name.endswith(pattern[1:]) and len(name) > len(pattern) - 1
    return pattern in (given, name)
