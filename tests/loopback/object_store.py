"""S3 and Google Cloud Storage on loopback, as far as files that are written whole, read by range and deleted go.

As whom a request comes is checked: by AWS's signature of it and of its body under `/s3/`, else by the token that a
Google service account signs.
"""

import email.utils
import hashlib
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self
from urllib.parse import unquote, urlsplit

import anyio
import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.loopback.model_store import ACCESS_KEY, REGION, SECRET_KEY, s3_error, signed
from tests.loopback.server import Request, Response, serve

BUCKET = "uploads"
ACCOUNT = "lyo@loopback.example.com"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class ObjectStore:
    """One bucket, which both speak of. `objects` by key; each request is answered with `status` instead, if set."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.status: dict[str, int] = {}
        """What is wrong with each method's requests."""
        self.held: anyio.Event | None = None
        """Every PUT waits for it, once its object is there, and says so by `arrived`."""
        self.arrived = anyio.Event()
        self.address = ""

    @classmethod
    @asynccontextmanager
    async def running(cls) -> AsyncIterator[Self]:
        """The store, listening on 127.0.0.1 while the block runs."""
        store = cls()
        async with serve(store.answer) as store.address:
            yield store

    def environment(self) -> dict[str, str]:
        """The variables that lead obstore here, and let it in."""
        return {
            "AWS_ENDPOINT_URL": f"{self.address}/s3",
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": REGION,
            "GOOGLE_BASE_URL": self.address,
            "GOOGLE_SERVICE_ACCOUNT_KEY": service_account(self.address),
        }

    async def answer(self, request: Request, response: Response) -> None:
        """One request."""
        path = unquote(urlsplit(request.target).path)
        s3 = path.startswith("/s3/")
        method = "DELETE" if urlsplit(request.target).query == "delete" else request.method
        bucket, _, key = path.removeprefix("/s3").strip("/").partition("/")
        if not (_signed_by_aws(request) if s3 else _signed_by_google(request)):
            await _refused(response, 403, "SignatureDoesNotMatch")
        elif method in self.status:
            await _refused(response, self.status[method], "AsTheTestWants")
        elif bucket != BUCKET:
            await _refused(response, 404, "NoSuchBucket")
        elif method == "PUT":
            self.objects[key] = request.body
            if self.held is not None:
                self.arrived.set()
                await self.held.wait()
            await response.whole(200, b"", {"etag": _etag(request.body)})
        elif method == "DELETE" and s3:
            await self._deleted(request, response)
        elif method == "DELETE":
            await response.whole(404 if self.objects.pop(key, None) is None else 204, b"", {})
        elif key not in self.objects:
            await _refused(response, 404, "NoSuchKey")
        else:
            await _given(request, response, self.objects[key])

    async def _deleted(self, request: Request, response: Response) -> None:
        """S3's DeleteObjects: what is not there is deleted too."""
        keys = re.findall(r"<Key>([^<]+)</Key>", request.body.decode())
        for key in keys:
            self.objects.pop(key, None)
        deleted = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
        await response.whole(200, f"<DeleteResult>{deleted}</DeleteResult>".encode(), {"content-type": "text/xml"})


def service_account(address: str) -> str:
    """The key of ACCOUNT, as Google writes it."""
    key = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    account = {"private_key": key, "private_key_id": "1", "client_email": ACCOUNT, "gcs_base_url": address}
    return msgspec.json.encode({"type": "service_account", **account}).decode()


async def _given(request: Request, response: Response, content: bytes) -> None:
    headers = {"etag": _etag(content), "last-modified": email.utils.formatdate(time.time(), usegmt=True)}
    found = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("range", ""))
    if found is None:
        await response.whole(200, content, headers)
    elif (first := int(found[1])) >= len(content):
        await response.whole(416, b"", {"content-range": f"bytes */{len(content)}"})
    else:
        part = content[first : int(found[2]) + 1]
        headers["content-range"] = f"bytes {first}-{first + len(part) - 1}/{len(content)}"
        await response.whole(206, part, headers)


def _signed_by_aws(request: Request) -> bool:
    if not signed(request):
        return False
    named = request.headers["x-amz-content-sha256"]
    return named in ("UNSIGNED-PAYLOAD", hashlib.sha256(request.body).hexdigest())


def _signed_by_google(request: Request) -> bool:
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    try:
        claims = jwt.decode(token, KEY.public_key(), ["RS256"], issuer=ACCOUNT)
    except jwt.InvalidTokenError:
        return False
    return bool(claims["scope"] == "https://www.googleapis.com/auth/cloud-platform")


def _etag(content: bytes) -> str:
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


async def _refused(response: Response, status: int, code: str) -> None:
    await response.whole(status, s3_error(code), {"content-type": "application/xml"})
