"""Cross-origin requests (Fetch standard, CORS): only the origins that CORS_ORIGINS names, exactly as written."""

from api.exchange import Headers, header
from lyo_rt.settings import Settings

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
REQUEST_HEADERS = (
    "Accept, Accept-Language, Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, "
    "Prefer, X-Request-ID"
)
EXPOSED = (
    "Content-Disposition, ETag, Idempotency-Replayed, Location, Preference-Applied, RateLimit, RateLimit-Policy, "
    "Retry-After, X-Request-ID"
)
PREFLIGHT_SECONDS = 600


def allowed_origins(settings: Settings) -> frozenset[str]:
    """Those of CORS_ORIGINS, as browsers send them: without the slash that people like to put behind."""
    return frozenset(origin.rstrip("/") for origin in settings.cors_origins)


class Cors:
    """The allow-list. Credentials are never allowed: the product sets no cookie, tokens go in a header."""

    def __init__(self, settings: Settings) -> None:
        self._origins = allowed_origins(settings)

    def headers(self, request: Headers) -> list[tuple[bytes, bytes]]:
        """What every answer to `request` carries; nothing at all while no origin is allowed."""
        if not self._origins:
            return []
        vary = (b"vary", b"Origin")
        origin = self._allowed(request)
        if origin is None:
            return [vary]
        return [
            vary,
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-expose-headers", EXPOSED.encode()),
        ]

    def preflight(self, method: str, request: Headers) -> list[tuple[bytes, bytes]] | None:
        """The further headers of the answer to a preflight from an allowed origin; None when it is no such thing."""
        asks = method == "OPTIONS" and header(request, b"access-control-request-method") is not None
        if not asks or self._allowed(request) is None:
            return None
        return [
            (b"access-control-allow-methods", METHODS.encode()),
            (b"access-control-allow-headers", REQUEST_HEADERS.encode()),
            (b"access-control-max-age", str(PREFLIGHT_SECONDS).encode()),
        ]

    def _allowed(self, request: Headers) -> str | None:
        origin = header(request, b"origin")
        return origin if origin in self._origins else None
