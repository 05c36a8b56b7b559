"""Access tokens (JWT, HS256, RFC 7519 and the best practice of RFC 8725) and one-time refresh tokens.

What a token says is believed only after its header has been found to be exactly one of ours and its signature right:
nothing in a header chooses a key other than by the id of one that is there.
"""

import binascii
import hashlib
import json
import secrets
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID, uuid4

import jwt
import msgspec
from jwt.algorithms import HMACAlgorithm
from jwt.utils import base64url_decode, base64url_encode

from lyo_rt.clock import Clock
from lyo_rt.problems import NotAuthenticated, TokenExpired
from lyo_rt.security.key_ring import KeyRing

ALGORITHM = "HS256"
LEEWAY = timedelta(seconds=30)
"""How far the clocks of two instances may differ."""
LONGEST_LIFETIME = timedelta(days=1)
"""The most that JWT_ACCESS_TOKEN_EXPIRE_MINUTES can be."""
LONGEST = 4096
REMEMBERED = 4096
"""Verified tokens, about 1 KB each."""
REFRESH_BYTES = 32
REFUSED = "The access token is not valid."

UserType = Literal["student", "teacher", "admin", "super_admin"]
Consent = Literal["none_needed", "pending", "given"]
"""Of a parent: not needed, as far as is known; needed and not given; given. It is asked for children under 13."""


class Identity(msgspec.Struct, frozen=True):
    """Who is asking, as a verified access token says."""

    user_id: UUID
    session_id: UUID
    email: str
    user_type: UserType
    expires_at: datetime
    premium: bool = False
    """As it was when the token was issued: it counts from the next refresh."""
    consent: Consent = "none_needed"
    """As it was then, too: given it counts from the next refresh; taken back it signs every device out."""


class Claims(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an access token carries, all of it required but `premium`, `consent`, and `nbf`, which ours have not; times
    are seconds since 1970."""

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
    consent: Consent = "none_needed"
    nbf: int = 0


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The header of an access token, whole: what names a key in another way (jku, jwk, x5u, ...), or asks for more
    (crit, b64, zip), is in none of ours."""

    alg: Literal["HS256"]
    kid: str
    typ: Literal["JWT"] = "JWT"


_claims = msgspec.json.Decoder(Claims)
_header = msgspec.json.Decoder(Header)


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
        keys.follow(self._verified.cache_clear)

    def issue(
        self,
        *,
        user_id: UUID,
        session_id: UUID,
        email: str,
        user_type: UserType,
        premium: bool = False,
        consent: Consent = "none_needed",
    ) -> str:
        """A signed access token that lasts `access_lifetime` from now."""
        now = int(self._clock.now().timestamp())
        key = self._keys.current(now)
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
            consent=consent,
        )
        return jwt.encode(msgspec.to_builtins(claims), key.secret, algorithm=ALGORITHM, headers={"kid": key.id})

    def read(self, token: str) -> Identity:
        """Who the token says is asking.

        Raises TokenExpired when it was good until its time ran out, NotAuthenticated for everything else: another
        algorithm, key, issuer, audience or kind, a claim missing or of the wrong type, or no token at all.
        """
        claims = self._verified(token)
        now, leeway = self._clock.now().timestamp(), LEEWAY.total_seconds()
        if claims.iat > now + leeway or claims.nbf > now + leeway:
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
            consent=claims.consent,
        )

    def _verify(self, token: str) -> Claims:
        if len(token) > LONGEST or not token.isascii() or not all(map(_is_canonical, token.split("."))):
            raise NotAuthenticated(REFUSED)
        try:
            key = self._keys.find(_key_id(token.partition(".")[0]))
            if key is None:
                raise NotAuthenticated(REFUSED)
            # The claims are this file's to judge: their times by the injected clock, PyJWT knows only the machine's.
            signed = self._signatures.decode_complete(token, key.secret, algorithms=[ALGORITHM])["payload"]
            json.loads(signed, object_pairs_hook=_unrepeated)
            claims = _claims.decode(signed)
        # RecursionError: the JSON may be nested a thousand deep in far less than LONGEST.
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise NotAuthenticated(REFUSED) from None
        if not 0 < claims.exp - claims.iat <= LONGEST_LIFETIME.total_seconds():
            raise NotAuthenticated(REFUSED)
        # A key that has been replaced signs nothing new; so with the line above its last token ends a day later.
        if key.replaced_at is not None and claims.iat > key.replaced_at + LEEWAY.total_seconds():
            raise NotAuthenticated(REFUSED)
        return claims


@lru_cache(64)
def _key_id(segment: str) -> str:
    """The `kid` of a token's first segment, the same in all tokens of one key. Raises PyJWTError and ValueError."""
    raw = base64url_decode(segment)
    json.loads(raw, object_pairs_hook=_unrepeated)
    return _header.decode(raw).kid


def _is_canonical(segment: str) -> bool:
    """Whether this is the one spelling of its bytes: decoders overlook padding, strange characters and spare bits."""
    try:
        return base64url_encode(base64url_decode(segment)).decode() == segment
    except binascii.Error:
        return False


def _unrepeated(members: list[tuple[str, Any]]) -> None:
    """What two readers of the same JSON would understand differently (RFC 8725 §2.5) is refused."""
    if len({name for name, _ in members}) < len(members):
        raise ValueError("a member is repeated")


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
