"""Buckets of S3 and Google Cloud Storage; where and as whom comes from AWS_* and GOOGLE_* variables."""

import os
from typing import TYPE_CHECKING, Any, Literal

from lyo_rt.models.address import secure, shown

if TYPE_CHECKING:
    from obstore.store import GCSStore, RetryConfig, S3Store

ENDPOINTS = {"s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"), "gs": ("GOOGLE_BASE_URL",)}
"""The variables that lead to another server than the scheme's own."""


class InsecureEndpoint(Exception):
    """A variable leads to a server whose answers others could read or change; the text is one line that says so."""


def open_bucket(
    scheme: Literal["s3", "gs"],
    name: str,
    *,
    retries: "RetryConfig",
    prefix: str | None = None,
    timeouts: dict[str, str] | None = None,
) -> "S3Store | GCSStore":
    """The bucket, unasked yet. Reads the variables, and perhaps a file of credentials: blocks.

    `timeouts` are obstore's ClientConfig ones, as "10s". Raises InsecureEndpoint, and obstore's errors.
    """
    from obstore.store import GCSStore, S3Store

    endpoint = next((os.environ[name] for name in ENDPOINTS[scheme] if os.environ.get(name)), None)
    if endpoint is not None and not secure(endpoint):
        raise InsecureEndpoint(f"{ENDPOINTS[scheme][-1]} leads to {shown(endpoint)}, which is not https")
    client: Any = {"allow_http": endpoint is not None, **(timeouts or {})}
    kind = S3Store if scheme == "s3" else GCSStore
    return kind(name, prefix=prefix, client_options=client, retry_config=retries)
