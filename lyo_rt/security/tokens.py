"""Access tokens (JWT, HS256, RFC 7519 and the best practice of RFC 8725) and one-time refresh tokens."""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal
from uuid import UUID, uuid4

import jwt
import msgspec
from jwt.algorithms import HMACAlgorithm

from lyo_rt.clock import Clock
from lyo_rt.problems import NotAuthenticated, TokenExpired
from lyo_rt.security.secrets import KeyRing

ALGORITHM = "HS256"
LEEWAY = timedelta(seconds=10)
"""How far the clocks of two instances may differ."""
LONGEST = 4096
REMEMBERED = 4096
"""Verified tokens, about 1 KB each."""
REFRESH_BYTES = 32
REFUSED = "The access token is not valid."

UserType = Literal["student", "teacher", "admin", "super_admin"]


class Identity(msgspec.Struct, frozen=True):
    """Who is asking, as a verified access token says."""

    user_id: UUID
    session_id: UUID
    email: str
    user_type: UserType
    expires_at: datetime
    premium: bool = False
    """As it was when the token was issued: it counts from the next refresh."""


class Claims(msgspec.Struct, frozen=True):
    """What an access token carries, all of it required but `premium`; times are seconds since 1970."""

    sub: UUID
    sid: UUID
    email: str
    user_type: UserType
    jti: str
    iat: int
    exp: int
    iss: Literal["lyoapp-backend"]
    aud: Literal["lyoapp-users"]
    typ: Literal["access"]
    premium: bool = False


_claims = msgspec.json.Decoder(Claims)


class Hmac(HMACAlgorithm):
    """PyJWT's HMAC, whose look at a key (is it a PEM, a DER, a JWK?) takes 40 us and is the same each time."""

    def __init__(self) -> None:
        super().__init__(HMACAlgorithm.SHA256)
        self.prepare_key = lru_cache(16)(super().prepare_key)  # type: ignore[method-assign]


class Tokens:
    """Issues and reads access tokens."""

    def __init__(self, keys: KeyRing, clock: Clock, *, access_lifetime: timedelta) -> None:
        self._keys = keys
        self._clock = clock
        self.access_lifetime = access_lifetime
        self._signatures = jwt.PyJWS(algorithms=[])
        self._signatures.register_algorithm(ALGORITHM, Hmac())
        # Whether a signature is right never changes; times are judged anew at every reading. 180 us become 3.
        self._verified = lru_cache(REMEMBERED)(self._verify)

    def issue(self, *, user_id: UUID, session_id: UUID, email: str, user_type: UserType, premium: bool = False) -> str:
        """A signed access token that lasts `access_lifetime` from now."""
        now = int(self._clock.now().timestamp())
        claims = Claims(
            sub=user_id,
            sid=session_id,
            email=email,
            user_type=user_type,
            jti=uuid4().hex,
            iat=now,
            exp=now + int(self.access_lifetime.total_seconds()),
            iss="lyoapp-backend",
            aud="lyoapp-users",
            typ="access",
            premium=premium,
        )
        headers = {"kid": self._keys.current_id}
        return jwt.encode(msgspec.to_builtins(claims), self._keys.current, algorithm=ALGORITHM, headers=headers)

    def read(self, token: str) -> Identity:
        """Who the token says is asking.

        Raises TokenExpired when it was good until its time ran out, NotAuthenticated for everything else: another
        algorithm, key, issuer, audience or kind, a claim missing or of the wrong type, or no token at all.
        """
        claims = self._verified(token)
        now, leeway = self._clock.now().timestamp(), LEEWAY.total_seconds()
        if claims.iat > now + leeway:
            raise NotAuthenticated(REFUSED)
        if claims.exp <= now - leeway:
            raise TokenExpired()
        return Identity(
            user_id=claims.sub,
            session_id=claims.sid,
            email=claims.email,
            user_type=claims.user_type,
            expires_at=datetime.fromtimestamp(claims.exp, UTC),
            premium=claims.premium,
        )

    def _verify(self, token: str) -> Claims:
        if len(token) > LONGEST or not token.isascii():
            raise NotAuthenticated(REFUSED)
        try:
            key = self._keys.find(_key_id(token.partition(".")[0]))
            if key is None:
                raise NotAuthenticated(REFUSED)
            # The claims are this file's to judge: their times by the injected clock, PyJWT knows only the machine's.
            return _claims.decode(self._signatures.decode_complete(token, key, algorithms=[ALGORITHM])["payload"])
        # RecursionError: the JSON of a header may be nested a thousand deep in far less than LONGEST.
        except (jwt.PyJWTError, msgspec.ValidationError, RecursionError):
            raise NotAuthenticated(REFUSED) from None


@lru_cache(64)
def _key_id(header: str) -> str:
    """The `kid` of a token's first segment, the same in all tokens of one key; "" for none. Raises PyJWTError."""
    key_id = jwt.get_unverified_header(f"{header}..").get("kid")
    return key_id if isinstance(key_id, str) else ""


class RefreshToken(msgspec.Struct, frozen=True):
    """A one-time refresh token: the text for the client, the digest for the database."""

    text: str
    digest: bytes


def new_refresh_token() -> RefreshToken:
    """A refresh token of 256 random bits."""
    text = secrets.token_urlsafe(REFRESH_BYTES)
    return RefreshToken(text, refresh_digest(text))


def refresh_digest(text: str) -> bytes:
    """What the database knows a refresh token by: SHA-256 is enough for 256 random bits."""
    return hashlib.sha256(text.encode(errors="replace")).digest()
