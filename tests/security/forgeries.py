"""Access tokens that must open nothing: each is one thing wrong with a token that would be good."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

DAY = 86_400
Payload = dict[str, Any]
ABSENT = object()


class Good(NamedTuple):
    """A good token's parts, the key that signs here, one that does not, and tokens of other kinds that are good."""

    header: dict[str, Any]
    payload: Payload
    key: bytes
    foreign: bytes
    refresh: str
    ticket: str


Forgery = Callable[[Good], str]


def joined(header: bytes, payload: bytes, key: bytes, digest: str = "sha256") -> str:
    """A token of these bytes, signed by HMAC."""
    signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in (header, payload))
    signature = base64.urlsafe_b64encode(hmac.digest(key, signed, digest)).rstrip(b"=")
    return b".".join((signed, signature)).decode()


def made(
    good: Good, *, header: dict[str, Any] | None = None, key: bytes | None = None, digest: str = "sha256", **claims: Any
) -> str:
    """The good token with members of its header and claims changed; ABSENT leaves one out."""
    whole = [
        {name: value for name, value in {**before, **(changed or {})}.items() if value is not ABSENT}
        for before, changed in ((good.header, header), (good.payload, claims))
    ]
    return joined(json.dumps(whole[0]).encode(), json.dumps(whole[1]).encode(), key or good.key, digest)


def raw(good: Good, payload: str) -> str:
    """The good header over a payload written by hand."""
    return joined(json.dumps(good.header).encode(), payload.encode(), good.key)


def written(good: Good, **claims: str) -> str:
    """The claims as JSON, some of them written by hand."""
    members = {name: json.dumps(value) for name, value in good.payload.items()} | claims
    return "{" + ",".join(f'"{name}":{value}' for name, value in members.items()) + "}"


def forgeries() -> Iterator[tuple[str, Forgery]]:
    """Each with a name that says what is wrong."""
    yield from algorithms()
    yield from keys()
    yield from headers()
    yield from claims()
    yield from times()
    yield from shapes()


def algorithms() -> Iterator[tuple[str, Forgery]]:
    """Another algorithm than HS256, or none (RFC 8725 §2.1)."""
    for none in ("none", "None", "NONE", "nOnE", "", None, [], ["HS256"], 0, {"HS256": 1}):
        yield (
            f"alg {none!r}, unsigned",
            lambda good, none=none: made(good, header={"alg": none}).rpartition(".")[0] + ".",
        )
        yield f"alg {none!r}, signed", lambda good, none=none: made(good, header={"alg": none})
    for alg in ("HS384", "HS512"):
        digest = f"sha{alg[2:]}"
        yield f"alg {alg}", lambda good, alg=alg, digest=digest: made(good, header={"alg": alg}, digest=digest)
        yield f"alg HS256, signed by {alg}", lambda good, digest=digest: made(good, digest=digest)
    for alg in ("RS256", "RS512", "ES256", "PS256", "EdDSA", "dir", "HS256\0", "hs256", " HS256", "HS256 "):
        # RS/HS: the key is taken for a public one, with which an HMAC is made
        yield f"alg {alg!r}, signed by HMAC", lambda good, alg=alg: made(good, header={"alg": alg})
    yield "no alg", lambda good: made(good, header={"alg": ABSENT})
    yield (
        "signed by a public key",
        lambda good: made(good, key=b"-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----"),
    )


def keys() -> Iterator[tuple[str, Forgery]]:
    """A key that is not in the ring, however it is named."""
    for kid in (
        "unknown", "", "../../dev/null", "/dev/null", "/proc/sys/kernel/randomize_va_space", "file:///dev/null",
        "' OR '1'='1", "x' UNION SELECT 'secret' --", "1; DROP TABLE users", "$(id)", "| cat /etc/passwd", "{{7*7}}",
        "https://evil.example/key", "\0", "a" * 3000, "ключ", "%00", "*", "0", "jwt.keys",
    ):  # fmt: skip
        yield f"kid {kid[:20]!r}", lambda good, kid=kid: made(good, header={"kid": kid})
        yield f"kid {kid[:20]!r}, empty key", lambda good, kid=kid: made(good, header={"kid": kid}, key=b"\0")
    for strange in (None, 0, 1, True, 1.5, [], {}, ABSENT):
        yield f"kid {strange!r}", lambda good, strange=strange: made(good, header={"kid": strange})
    yield "kid in a list", lambda good: made(good, header={"kid": [good.header["kid"]]})
    yield "kid in capitals", lambda good: made(good, header={"kid": good.header["kid"].upper()})
    yield "kid with a space", lambda good: made(good, header={"kid": good.header["kid"] + " "})
    yield "the right kid, a foreign key", lambda good: made(good, key=good.foreign)
    yield "the right kid, an empty key", lambda good: made(good, key=b"\0")
    yield (
        "a foreign key by its own kid",
        lambda good: made(
            good,
            key=good.foreign,
            header={"kid": hmac.new(good.foreign, b"lyo-rt key id", hashlib.sha256).hexdigest()[:16]},
        ),
    )


def headers() -> Iterator[tuple[str, Forgery]]:
    """A header that brings a key along or asks for more than we do, though it is rightly signed or by that key."""
    for name, value in {
        "jku": "https://evil.example/jwks.json", "x5u": "https://evil.example/cert.pem", "x5c": ["MIIB"],
        "x5t": "abc", "x5t#S256": "abc", "jwk": {"kty": "oct", "k": "Zm9yZWlnbg"}, "crit": ["exp"], "b64": False,
        "zip": "DEF", "cty": "JWT", "enc": "A256GCM", "epk": {}, "url": "https://evil.example", "nonce": "1",
    }.items():  # fmt: skip
        yield f"{name} beside our key", lambda good, name=name, value=value: made(good, header={name: value})
        yield (
            f"{name} and its key",
            lambda good, name=name, value=value: made(good, key=good.foreign, header={name: value}),
        )
    for crit in ([], "exp", ["b64"], None, {}):
        yield f"crit {crit!r}", lambda good, crit=crit: made(good, header={"crit": crit, "b64": True})
    for typ in ("at+jwt", "jwt", "JWE", "", None, 1):
        yield f"header's typ {typ!r}", lambda good, typ=typ: made(good, header={"typ": typ})
    yield (
        "alg twice",
        lambda good: joined(
            f'{{"alg":"none","alg":"HS256","kid":"{good.header["kid"]}"}}'.encode(),
            json.dumps(good.payload).encode(),
            good.key,
        ),
    )
    yield (
        "kid twice",
        lambda good: joined(
            f'{{"alg":"HS256","kid":"x","kid":"{good.header["kid"]}"}}'.encode(),
            json.dumps(good.payload).encode(),
            good.key,
        ),
    )


def claims() -> Iterator[tuple[str, Forgery]]:
    """A claim that is missing, twice, or another's."""
    for name in ("iss", "aud", "sub", "sid", "email", "user_type", "jti", "iat", "exp", "typ"):
        yield f"no {name}", lambda good, name=name: made(good, **{name: ABSENT})
        yield f"{name} is null", lambda good, name=name: made(good, **{name: None})
        yield f"{name} is a list", lambda good, name=name: made(good, **{name: [good.payload[name]]})
        yield f"{name} is an object", lambda good, name=name: made(good, **{name: {}})
        yield (
            f"{name} twice",
            lambda good, name=name: raw(good, written(good)[:-1] + f',"{name}":{json.dumps(good.payload[name])}}}'),
        )
    for name, wrong in (
        ("iss", "another-backend"), ("iss", "LYOAPP-BACKEND"), ("iss", "lyoapp-backend "), ("iss", ""),
        ("aud", "another-app"), ("aud", ["lyoapp-users", "another"]), ("aud", "lyoapp-user"), ("aud", ""),
        ("typ", "refresh"), ("typ", "ticket"), ("typ", "id"), ("typ", "ACCESS"), ("typ", ""),
        ("user_type", "root"), ("user_type", "Admin"), ("user_type", ""),
        ("sub", "nobody"), ("sub", "' OR 1=1 --"), ("sub", 1), ("sub", ""), ("sid", "none"), ("sid", 0),
        ("email", 7), ("jti", 7),
    ):  # fmt: skip
        yield f"{name} {wrong!r}", lambda good, name=name, wrong=wrong: made(good, **{name: wrong})


def times() -> Iterator[tuple[str, Forgery]]:
    """Not yet, no more, or no time at all; 30 s of skew are allowed and 60 are not."""
    yield "expired a minute ago", lambda good: made(good, iat=good.payload["iat"] - 1860, exp=good.payload["iat"] - 60)
    yield "expired long ago", lambda good: made(good, iat=0, exp=1)
    yield "issued in a minute", lambda good: made(good, iat=good.payload["iat"] + 60)
    yield "issued tomorrow", lambda good: made(good, iat=good.payload["iat"] + DAY, exp=good.payload["iat"] + DAY + 60)
    yield "not before a minute from now", lambda good: made(good, nbf=good.payload["iat"] + 60)
    yield "not before 2^70", lambda good: made(good, nbf=2**70)
    for nbf in ("now", "0", None, [], 1.5, True):
        yield f"nbf {nbf!r}", lambda good, nbf=nbf: made(good, nbf=nbf)
    yield "lasts longer than any of ours", lambda good: made(good, exp=good.payload["iat"] + DAY + 1)
    yield "ends before it begins", lambda good: made(good, iat=good.payload["iat"] + 20, exp=good.payload["iat"] + 10)
    yield "lasts no time", lambda good: made(good, exp=good.payload["iat"])
    for name in ("exp", "iat"):
        yield f"{name} as text", lambda good, name=name: made(good, **{name: str(good.payload[name])})
        yield f"{name} as a float", lambda good, name=name: made(good, **{name: good.payload[name] + 0.5})
        yield f"{name} as a whole float", lambda good, name=name: made(good, **{name: float(good.payload[name])})
        for number in (
            "NaN", "Infinity", "-Infinity", "1e400", "-1", "-9e99", "true", "10" * 20, "9" * 1500, str(2**63), "0x7f",
            f"1{'0' * 18}", "1_900_000_000", '"2099-01-01T00:00:00Z"',
        ):  # fmt: skip
            yield (
                f"{name} {number[:24]}",
                lambda good, name=name, number=number: raw(good, written(good, **{name: number})),
            )


def shapes() -> Iterator[tuple[str, Forgery]]:
    """Not a token, or another kind of one."""
    yield "a refresh token", lambda good: good.refresh
    yield "a spent ticket", lambda good: good.ticket
    yield "no signature", lambda good: made(good).rpartition(".")[0] + "."
    yield "two parts", lambda good: made(good).rpartition(".")[0]
    yield "four parts", lambda good: made(good) + ".e30"
    yield "five parts", lambda good: made(good) + ".e30.e30"
    yield "a signature cut", lambda good: made(good)[:-4]
    yield "a signature's other spelling", lambda good: made(good) + "="
    yield "a signature with a strange character", lambda good: made(good)[:-9] + "!" + made(good)[-9:]
    yield "a signature with another spare bit", lambda good: spare_bit(made(good))
    yield "a payload with a strange character", lambda good: made(good).replace(".", ".~", 1)
    yield "another payload", lambda good: other_payload(good)
    yield "longer than any", lambda good: made(good, padding="x" * 8000)
    for payload in ("", "null", "[]", "1", '"text"', "{", "{}", "[" * 900, '{"a":' * 300, "\ufeff{}"):
        yield f"payload {payload[:8]!r}", lambda good, payload=payload: raw(good, payload)
    for header in (b"", b"null", b"[]", b"{", b"[" * 900, b"\xff", b"1"):
        yield (
            f"header {header[:8]!r}",
            lambda good, header=header: joined(header, json.dumps(good.payload).encode(), good.key),
        )
    for text in ("a.b.c", "...", ".", "..", "null", "undefined", "Bearer", "a" * 3000, "wst_short"):
        yield f"text {text[:12]!r}", lambda _, text=text: text


def spare_bit(token: str) -> str:
    """The last of the 43 characters has two bits that are no part of the signature's 256."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) + 1]


def other_payload(good: Good) -> str:
    """Promoted, under the signature of the good one."""
    promoted = base64.urlsafe_b64encode(json.dumps({**good.payload, "user_type": "super_admin"}).encode()).rstrip(b"=")
    header, _, signature = made(good).split(".")
    return f"{header}.{promoted.decode()}.{signature}"
