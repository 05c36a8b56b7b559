"""What a provider's HTTP status and headers mean, whoever it is."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from lyo_rt.language_models.port import FaultKind


def kind_of_status(status: int) -> FaultKind:
    """The kind of fault an HTTP status stands for."""
    if status in (401, 403):
        return "authentication"
    if status in (408, 504):
        return "timeout"
    if status == 429:
        return "rate_limited"
    return "server" if status >= 500 else "invalid_request"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds the provider asks to wait, from `Retry-After-Ms` or `Retry-After` (RFC 9110 §10.2.3).

    A date is counted from the answer's own `Date`, so that the two clocks need not agree.
    """
    try:
        if "retry-after-ms" in headers:
            return max(0.0, float(headers["retry-after-ms"]) / 1000)
        value = headers.get("retry-after", "")
        if value.replace(".", "", 1).isdigit():
            return float(value)
        if value and "date" in headers:
            asked = parsedate_to_datetime(value) - parsedate_to_datetime(headers["date"])
            return max(0.0, asked.total_seconds())
    except (ValueError, TypeError):
        return None
    return None
