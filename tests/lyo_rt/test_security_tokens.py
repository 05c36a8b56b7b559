import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest

from lyo_rt.problems import NotAuthenticated, TokenExpired
from lyo_rt.security.key_ring import KeyRing
from lyo_rt.security.tokens import Identity, Tokens, new_refresh_token, refresh_digest

KEY, OLD_KEY, FOREIGN_KEY = b"k" * 32, b"o" * 32, b"f" * 32
START = datetime(2026, 11, 21, 12, tzinfo=UTC)
USER, SESSION = uuid4(), uuid4()


class SetClock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def tokens(clock: SetClock) -> Tokens:
    return Tokens(KeyRing([KEY, OLD_KEY]), clock, access_lifetime=timedelta(minutes=30))


@pytest.fixture
def issued(tokens: Tokens) -> str:
    return tokens.issue(user_id=USER, session_id=SESSION, email="a@example.com", user_type="student")


def claims(issued: str) -> dict[str, Any]:
    options = {"verify_exp": False, "verify_iat": False, "verify_signature": False}
    found: dict[str, Any] = jwt.decode(issued, options=options)  # type: ignore[arg-type]
    return found


def forged(payload: dict[str, Any], *, key: bytes = KEY, algorithm: str = "HS256", **header: Any) -> str:
    return jwt.encode(payload, key, algorithm=algorithm, headers={"kid": KeyRing([KEY]).current(0).id, **header})


def joined(header: bytes, payload: bytes, signature: bytes) -> str:
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (header, payload, signature))


def test_an_issued_token_tells_who_it_was_issued_to(tokens: Tokens, issued: str) -> None:
    assert tokens.read(issued) == Identity(
        user_id=USER,
        session_id=SESSION,
        email="a@example.com",
        user_type="student",
        expires_at=START + timedelta(minutes=30),
    )


def test_a_token_carries_the_claims_of_the_contract(tokens: Tokens, issued: str) -> None:
    found = claims(issued)
    assert (
        found.pop("jti") != claims(tokens.issue(user_id=USER, session_id=SESSION, email="", user_type="admin"))["jti"]
    )
    assert found == {
        "iss": "lyoapp-backend",
        "aud": "lyoapp-users",
        "sub": str(USER),
        "sid": str(SESSION),
        "email": "a@example.com",
        "user_type": "student",
        "iat": int(START.timestamp()),
        "exp": int(START.timestamp()) + 1800,
        "typ": "access",
    }
    assert jwt.get_unverified_header(issued) == {"alg": "HS256", "typ": "JWT", "kid": KeyRing([KEY]).current(0).id}


def test_a_token_expires_by_the_injected_clock_within_the_leeway(tokens: Tokens, issued: str, clock: SetClock) -> None:
    clock.time = START + timedelta(minutes=30, seconds=29)
    tokens.read(issued)
    clock.time = START + timedelta(minutes=30, seconds=30)
    with pytest.raises(TokenExpired):
        tokens.read(issued)


def test_a_token_from_the_future_is_refused(tokens: Tokens, issued: str, clock: SetClock) -> None:
    clock.time = START - timedelta(seconds=30)
    tokens.read(issued)
    clock.time = START - timedelta(seconds=31)
    with pytest.raises(NotAuthenticated):
        tokens.read(issued)


def test_a_rotated_key_still_reads_and_a_removed_one_does_not(clock: SetClock, issued: str) -> None:
    rotated = Tokens(KeyRing([FOREIGN_KEY, KEY]), clock, access_lifetime=timedelta(minutes=30))
    assert rotated.read(issued).user_id == USER
    removed = Tokens(KeyRing([FOREIGN_KEY]), clock, access_lifetime=timedelta(minutes=30))
    with pytest.raises(NotAuthenticated):
        removed.read(issued)


def refused(tokens: Tokens, token: str) -> None:
    with pytest.raises(NotAuthenticated) as caught:
        tokens.read(token)
    assert type(caught.value) is NotAuthenticated


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "sid", "email", "user_type", "jti", "iat", "exp", "typ"])
def test_every_claim_is_required(tokens: Tokens, issued: str, claim: str) -> None:
    payload = claims(issued)
    del payload[claim]
    refused(tokens, forged(payload))


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "another-backend"},
        {"aud": "another-audience"},
        {"typ": "refresh"},
        {"sub": "nobody"},
        {"sub": 1},
        {"sid": "none"},
        {"user_type": "emperor"},
        {"exp": "tomorrow"},
        {"exp": 1e300},
        {"iat": None},
    ],
)
def test_a_well_signed_token_with_a_wrong_claim_is_refused(tokens: Tokens, issued: str, change: dict[str, Any]) -> None:
    refused(tokens, forged({**claims(issued), **change}))


def test_the_forger_of_these_tests_can_make_a_good_token(tokens: Tokens, issued: str) -> None:
    assert tokens.read(forged(claims(issued))).user_id == USER


@pytest.mark.parametrize("algorithm", ["none", "HS384", "HS512", "RS256"])
@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_another_algorithm_is_refused(tokens: Tokens, issued: str, algorithm: str) -> None:
    if algorithm == "RS256":
        header = {"alg": "RS256", "typ": "JWT", "kid": KeyRing([KEY]).current(0).id}
        refused(tokens, joined(json.dumps(header).encode(), json.dumps(claims(issued)).encode(), b"s" * 256))
    elif algorithm == "none":
        header = {"alg": "none", "typ": "JWT", "kid": KeyRing([KEY]).current(0).id}
        for signature in (b"", b"s" * 32):
            refused(tokens, joined(json.dumps(header).encode(), json.dumps(claims(issued)).encode(), signature))
    else:
        refused(tokens, forged(claims(issued), algorithm=algorithm))


@pytest.mark.parametrize("kid", ["unknown", "", "../../dev/null", KeyRing([OLD_KEY]).current(0).id, None, 7, ["a"], {}])
def test_a_tampered_key_id_is_refused(tokens: Tokens, issued: str, kid: Any) -> None:
    _, payload, signature = issued.split(".")
    altered = json.dumps({"alg": "HS256", "typ": "JWT", "kid": kid}).encode()
    refused(tokens, f"{base64.urlsafe_b64encode(altered).rstrip(b'=').decode()}.{payload}.{signature}")


@pytest.mark.parametrize(
    "change",
    [
        {"alg": "none"},
        {"alg": "HS512"},
        {"alg": None},
        {"kid": KeyRing([OLD_KEY]).current(0).id},
        {"kid": KeyRing([FOREIGN_KEY]).current(0).id},
        {"kid": None},
        {"crit": ["exp"]},
        {"crit": []},
        {"crit": "b64"},
        {"crit": ["b64"], "b64": False},
        {"b64": False},
    ],
)
def test_another_header_is_refused_although_signed_and_whatever_was_read_before(
    tokens: Tokens, issued: str, change: dict[str, Any]
) -> None:
    """The key's own signature over the changed header; before and after good tokens of the same key have been read."""
    header = {name: value for name, value in (jwt.get_unverified_header(issued) | change).items() if value is not None}
    parts = [json.dumps(header).encode(), json.dumps(claims(issued)).encode()]
    signed = joined(*parts, b"").rstrip(".")
    wrong = f"{signed}.{signature_of(signed)}"
    for _ in range(2):
        refused(tokens, wrong)
        assert tokens.read(issued).user_id == USER
    assert tokens.read(forged(claims(issued))).user_id == USER


def signature_of(signed: str) -> str:
    return base64.urlsafe_b64encode(hmac.digest(KEY, signed.encode(), "sha256")).rstrip(b"=").decode()


def test_the_forger_of_signatures_makes_good_ones(tokens: Tokens, issued: str) -> None:
    signed, _, signature = issued.rpartition(".")
    assert signature_of(signed) == signature
    reordered = json.dumps(dict(reversed(jwt.get_unverified_header(issued).items()))).encode()
    signed = joined(reordered, json.dumps(claims(issued)).encode(), b"").rstrip(".")
    assert tokens.read(f"{signed}.{signature_of(signed)}").user_id == USER


def test_a_removed_keys_tokens_are_refused_however_often_its_header_has_been_read(
    clock: SetClock, tokens: Tokens, issued: str
) -> None:
    assert tokens.read(issued).user_id == USER
    removed = Tokens(KeyRing([OLD_KEY, FOREIGN_KEY]), clock, access_lifetime=timedelta(minutes=30))
    others = removed.issue(user_id=USER, session_id=SESSION, email="a@example.com", user_type="student")
    for _ in range(2):
        refused(removed, issued)
        refused(removed, forged(claims(issued), key=OLD_KEY))
        assert removed.read(others).user_id == tokens.read(others).user_id == USER
        assert tokens.read(issued).user_id == USER


def test_more_keys_than_are_remembered_are_told_apart(clock: SetClock) -> None:
    """64 key ids and 16 prepared keys are remembered."""
    rings = [KeyRing([b"%032d" % number]) for number in range(70)]
    readers = [Tokens(ring, clock, access_lifetime=timedelta(minutes=30)) for ring in rings]
    issued = [one.issue(user_id=uuid4(), session_id=SESSION, email="", user_type="student") for one in readers]
    every = Tokens(KeyRing([b"%032d" % number for number in range(70)]), clock, access_lifetime=timedelta(minutes=30))
    for _ in range(2):
        for place, token in enumerate(issued):
            assert str(every.read(token).user_id) == claims(token)["sub"]
            refused(readers[place - 1], token)


def test_a_key_that_the_header_brings_along_is_not_used(tokens: Tokens, issued: str) -> None:
    secret = base64.urlsafe_b64encode(FOREIGN_KEY).rstrip(b"=").decode()
    refused(tokens, forged(claims(issued), key=FOREIGN_KEY, jwk={"kty": "oct", "k": secret}))


def test_a_changed_payload_is_refused(tokens: Tokens, issued: str) -> None:
    header, _, signature = issued.split(".")
    promoted = json.dumps({**claims(issued), "user_type": "super_admin"}).encode()
    refused(tokens, f"{header}.{base64.urlsafe_b64encode(promoted).rstrip(b'=').decode()}.{signature}")


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "a" * 5000,
        "ключ.ключ.ключ",
        "\ud800",
        joined(b"[" * 2000, b"{}", b""),
        pytest.param(new_refresh_token().text, id="a refresh token"),
    ],
)
def test_what_is_no_token_is_refused(tokens: Tokens, token: str) -> None:
    refused(tokens, token)


def test_refresh_tokens_are_256_random_bits_and_known_by_their_digest() -> None:
    one, other = new_refresh_token(), new_refresh_token()
    assert one.text != other.text
    assert len(base64.urlsafe_b64decode(one.text + "=")) == 32
    assert refresh_digest(one.text) == one.digest != other.digest
    assert len(one.digest) == 32


def test_an_identity_holds_typed_values(tokens: Tokens, issued: str) -> None:
    identity = tokens.read(issued)
    assert isinstance(identity.user_id, UUID)
    assert identity.expires_at.tzinfo is UTC
