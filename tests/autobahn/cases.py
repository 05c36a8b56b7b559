"""Cases of the Autobahn test-suite 25.10.1, sections 1 to 7 and 10, under its numbers, and some more of our own.

The server echoes messages of up to 64 KiB. What the suite accepts in several forms is pinned here to the one this
server has: the code of a close frame is echoed, a fault is answered with a close frame before TCP ends.
"""

from collections.abc import Iterator
from typing import NamedTuple

from tests.autobahn.utf8 import GREEK, SEQUENCES
from tests.autobahn.wire import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Frame, farewell, frame, masked

HELLO = b"Hello, world!"
OCTETS = bytes.fromhex("00fffefdfcfb00ff")
PROTOCOL_ERROR, NOT_UTF8, TOO_BIG = 1002, 1007, 1009
LIMIT = 65536
"""The largest message, websocket_max_message_size of hypercorn.toml."""

Talk = tuple[tuple[bytes, tuple[Frame, ...]], ...]


class Case(NamedTuple):
    """One connection, from the handshake to its end."""

    id: str
    talk: Talk = ()
    """What the client sends, and what the server sends then, before the client goes on."""

    last: bytes = farewell(1000)
    """What the client sends at the end: its goodbye, or something that breaks the protocol."""

    before: tuple[Frame, ...] = ()
    """What the server sends then, before its close frame."""

    code: int | None = 1000
    """The code of that close frame; None for one without."""

    chop: int | None = None
    """Everything is sent in pieces of so many bytes."""

    @property
    def answers(self) -> list[Frame]:
        """Every frame the server sends; the reason of the close frame is its own business."""
        code = b"" if self.code is None else self.code.to_bytes(2, "big")
        return [*(answer for _, answers in self.talk for answer in answers), *self.before, Frame(CLOSE, code)]


def cases() -> Iterator[Case]:
    """All of them."""
    yield from framing()
    yield from pings()
    yield from reserved()
    yield from fragmentation()
    yield from text()
    yield from closing()
    yield from closing_codes()
    yield echoed("10.1.1", *fragments(TEXT, *chunks(b"*" * LIMIT, 1300)), answer=Frame(TEXT, b"*" * LIMIT))
    yield from our_own()


def echoed(id: str, *sent: bytes, answer: Frame, chop: int | None = None) -> Case:
    """A message comes back; each of `sent` is a write of its own."""
    return Case(id, (*((one, ()) for one in sent[:-1]), (sent[-1], (answer,))), chop=chop)


def refused(id: str, *sent: bytes, code: int = PROTOCOL_ERROR, chop: int | None = None, before: bytes = b"") -> Case:
    """The server ends the connection, at the latest after the last of `sent`; `before` is a text it echoes first."""
    echo = (Frame(TEXT, before),) if before else ()
    return Case(id, tuple((one, ()) for one in sent[:-1]), sent[-1], echo, code, chop)


def fragments(opcode: int, *payloads: bytes) -> list[bytes]:
    """A message in so many frames."""
    final = len(payloads) - 1
    return [frame(CONTINUATION if at else opcode, part, fin=at == final) for at, part in enumerate(payloads)]


def chunks(payload: bytes, size: int) -> list[bytes]:
    """The payload in pieces of so many bytes."""
    return [payload[start : start + size] for start in range(0, len(payload), size)]


def framing() -> Iterator[Case]:
    """Section 1: lengths, in each of the three forms."""
    for section, opcode, byte in (("1.1", TEXT, b"*"), ("1.2", BINARY, b"\xfe")):
        for number, length in enumerate((0, 125, 126, 127, 128, 65535, 65536, 65536), 1):
            payload = byte * length
            chop = 997 if number == 8 else None
            yield echoed(f"{section}.{number}", frame(opcode, payload), answer=Frame(opcode, payload), chop=chop)


def pings() -> Iterator[Case]:
    """Section 2: pings are answered with what they carried, pongs are not answered."""
    for number, payload in enumerate((b"", HELLO, OCTETS, b"\xfe" * 125), 1):
        yield echoed(f"2.{number}", frame(PING, payload), answer=Frame(PONG, payload))
    yield refused("2.5", frame(PING, b"\xfe" * 126))
    yield echoed("2.6", frame(PING, b"\xfe" * 125), answer=Frame(PONG, b"\xfe" * 125), chop=1)
    yield Case("2.7", ((frame(PONG), ()),))
    yield Case("2.8", ((frame(PONG, b"unsolicited"), ()),))
    yield echoed("2.9", frame(PONG, b"unsolicited"), frame(PING, HELLO), answer=Frame(PONG, HELLO))
    ten = [b"payload-%d" % number for number in range(10)]
    talk: Talk = ((b"".join(frame(PING, one) for one in ten), tuple(Frame(PONG, one) for one in ten)),)
    yield Case("2.10", talk)
    yield Case("2.11", talk, chop=1)


def reserved() -> Iterator[Case]:
    """Sections 3 and 4: reserved bits without an extension, reserved opcodes. What came before is answered."""
    hello, ping = frame(TEXT, HELLO), frame(PING)
    yield refused("3.1", frame(TEXT, HELLO, rsv=1))
    yield refused("3.2", hello + frame(TEXT, HELLO, rsv=2) + ping, before=HELLO)
    yield refused("3.3", hello, frame(TEXT, HELLO, rsv=3), ping, before=HELLO)
    yield refused("3.4", hello + frame(TEXT, HELLO, rsv=4) + ping, before=HELLO, chop=1)
    yield refused("3.5", frame(BINARY, OCTETS, rsv=5))
    yield refused("3.6", frame(PING, HELLO, rsv=6))
    yield refused("3.7", frame(CLOSE, rsv=7))
    for section, first in (("4.1", 3), ("4.2", 11)):
        yield refused(f"{section}.1", frame(first))
        yield refused(f"{section}.2", frame(first + 1, b"reserved opcode payload"))
        yield refused(f"{section}.3", hello + frame(first + 2) + ping, before=HELLO)
        yield refused(f"{section}.4", hello + frame(first + 3, HELLO) + ping, before=HELLO)
        yield refused(f"{section}.5", hello + frame(first + 4, HELLO) + ping, before=HELLO, chop=1)


def fragmentation() -> Iterator[Case]:
    """Section 5: messages in fragments, pings between them, and fragments of nothing."""
    two = fragments(TEXT, b"fragment1", b"fragment2")
    whole = Frame(TEXT, b"fragment1fragment2")
    yield refused("5.1", b"".join(fragments(PING, b"fragment1", b"fragment2")))
    yield refused("5.2", b"".join(fragments(PONG, b"fragment1", b"fragment2")))
    yield echoed("5.3", b"".join(two), answer=whole)
    yield echoed("5.4", *two, answer=whole)
    yield echoed("5.5", b"".join(two), answer=whole, chop=1)
    between = (two[0], frame(PING, b"ping payload"), two[1])
    answers = (Frame(PONG, b"ping payload"), whole)
    yield Case("5.6", ((b"".join(between), answers),))
    yield Case("5.7", ((between[0], ()), (between[1], answers[:1]), (between[2], answers[1:])))
    yield Case("5.8", ((b"".join(between), answers),), chop=1)
    yield from fragments_of_nothing(frame(TEXT, HELLO), two)
    first, second, third, fourth, fifth = fragments(TEXT, *(b"fragment%d" % number for number in range(1, 6)))
    early, late = frame(PING, b"pongme 1!"), frame(PING, b"pongme 2!")
    pongs = Frame(PONG, b"pongme 1!"), Frame(PONG, b"pongme 2!")
    five = Frame(TEXT, b"fragment1fragment2fragment3fragment4fragment5")
    yield Case("5.19", ((first + second + early, pongs[:1]), (third + fourth + late + fifth, (*pongs[1:], five))))
    yield Case(
        "5.20",
        ((first, ()), (second, ()), (early, pongs[:1]), (third, ()), (fourth, ()), (late, pongs[1:]), (fifth, (five,))),
    )


def fragments_of_nothing(hello: bytes, two: list[bytes]) -> Iterator[Case]:
    """Cases 5.9 to 5.18."""
    for number, fin in ((9, True), (12, False)):
        stray = frame(CONTINUATION, b"non-continuation payload", fin=fin)
        yield refused(f"5.{number}", stray + hello)
        yield refused(f"5.{number + 1}", stray, hello)
        yield refused(f"5.{number + 2}", stray + hello, chop=1)
    stray = frame(CONTINUATION, b"fragment3", fin=False)
    yield refused("5.15", b"".join(two) + stray + frame(TEXT, b"fragment4"), before=b"fragment1fragment2")
    for number, fin in ((16, False), (17, True)):
        stray = frame(CONTINUATION, b"fragment1", fin=fin)
        yield refused(f"5.{number}", (stray + b"".join(fragments(TEXT, b"fragment2", b"fragment3"))) * 2)
    yield refused("5.18", frame(TEXT, b"fragment1", fin=False) + frame(TEXT, b"fragment2"))


def text() -> Iterator[Case]:
    """Section 6: text is UTF-8, and what is not is refused at the first byte that cannot be (6.4)."""
    yield echoed("6.1.1", frame(TEXT), answer=Frame(TEXT, b""))
    yield echoed("6.1.2", b"".join(fragments(TEXT, b"", b"", b"")), answer=Frame(TEXT, b""))
    yield echoed("6.1.3", b"".join(fragments(TEXT, b"", b"middle", b"")), answer=Frame(TEXT, b"middle"))
    umlauts = "Hello-µ@ßöäüàá-UTF-8!!".encode()
    yield echoed("6.2.1", frame(TEXT, umlauts), answer=Frame(TEXT, umlauts))
    halves = "Hello-µ@ßöä".encode(), "üàá-UTF-8!!".encode()
    yield echoed("6.2.2", b"".join(fragments(TEXT, *halves)), answer=Frame(TEXT, umlauts))
    yield echoed("6.2.3", b"".join(fragments(TEXT, *chunks(umlauts, 1))), answer=Frame(TEXT, umlauts))
    yield echoed("6.2.4", b"".join(fragments(TEXT, *chunks(GREEK, 1))), answer=Frame(TEXT, GREEK))
    surrogate = GREEK + bytes.fromhex("eda080") + b"edited"
    yield refused("6.3.1", frame(TEXT, surrogate), code=NOT_UTF8)
    yield refused("6.3.2", b"".join(fragments(TEXT, *chunks(surrogate, 1))), code=NOT_UTF8)
    yield from refused_early(GREEK + bytes.fromhex("f4908080") + b"edited")
    for id, valid, payload in SEQUENCES:
        sent = frame(TEXT, payload)
        yield echoed(id, sent, answer=Frame(TEXT, payload)) if valid else refused(id, sent, code=NOT_UTF8)


def refused_early(payload: bytes) -> Iterator[Case]:
    """Cases 6.4: the rest of the message is never sent, the server does not wait for it. A pong says it has the start.

    The thirteenth byte of the payload is the one that cannot be.
    """
    ping = (frame(PING), (Frame(PONG, b""),))
    for number, start, end in ((1, len(GREEK), len(GREEK) + 4), (2, 12, 13)):
        first = frame(TEXT, payload[:start], fin=False)
        second = frame(CONTINUATION, payload[start:end], fin=False)
        yield Case(f"6.4.{number}", ((first, ()), ping), second, code=NOT_UTF8)
        one = frame(TEXT, payload)
        head = len(one) - len(payload)
        yield refused(f"6.4.{number + 2}", one[: head + start], one[head + start : head + end], code=NOT_UTF8)


def closing() -> Iterator[Case]:
    """Sections 7.1 to 7.5: the closing handshake. Nothing is answered after a close frame."""
    bye = farewell(1000)
    yield echoed("7.1.1", frame(TEXT, HELLO), answer=Frame(TEXT, HELLO))
    yield Case("7.1.2", last=bye + frame(CLOSE))
    yield Case("7.1.3", last=bye + frame(PING))
    yield Case("7.1.4", last=bye + frame(TEXT, HELLO))
    first, second = fragments(TEXT, b"fragment1", b"fragment2")
    yield Case("7.1.5", last=first + bye + second)
    # The suite leaves open what comes of 256 KiB and a close frame; here they are more than a message may have.
    long = frame(TEXT, b"BAsd7&jh23" * 26215)
    yield refused("7.1.6", long + frame(TEXT, HELLO) + bye + frame(PING), code=TOO_BIG)
    yield Case("7.3.1", last=frame(CLOSE), code=None)
    yield refused("7.3.2", frame(CLOSE, b"a"))
    yield Case("7.3.3")
    yield Case("7.3.4", last=farewell(1000, HELLO))
    yield Case("7.3.5", last=farewell(1000, b"*" * 123))
    yield refused("7.3.6", farewell(1000, b"*" * 124))
    yield refused("7.5.1", farewell(1000, GREEK + bytes.fromhex("eda080") + b"edited"), code=NOT_UTF8)


def closing_codes() -> Iterator[Case]:
    """Sections 7.7 to 7.13: codes that may be on the wire are echoed (RFC 6455 §5.5.1), others are a fault (§7.4)."""
    allowed = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)
    for number, code in enumerate(allowed, 1):
        yield Case(f"7.7.{number}", last=farewell(code), code=code)
    for number, code in enumerate((0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999), 1):
        yield refused(f"7.9.{number}", farewell(code))
    for number, code in enumerate((5000, 65535), 1):
        yield refused(f"7.13.{number}", farewell(code))


def our_own() -> Iterator[Case]:
    """What the suite does not ask. Section 0."""
    yield refused("0.not-masked", bytes([0x81, len(HELLO)]) + HELLO)
    # RFC 6455 §5.2: a length has the shortest of its forms, and the longest form 63 bits.
    yield refused("0.length-16-for-7", b"\x81\xfe" + (125).to_bytes(2, "big"))
    yield refused("0.length-64-for-16", b"\x82\xff" + (65535).to_bytes(8, "big"))
    yield refused("0.length-of-64-bits", b"\x82\xff" + (1 << 63).to_bytes(8, "big"))
    yield refused("0.text-in-binary", frame(BINARY, OCTETS, fin=False) + frame(TEXT, HELLO))
    yield refused("0.binary-in-text", frame(TEXT, HELLO, fin=False) + frame(BINARY, OCTETS))
    yield echoed("0.binary-fragments", *fragments(BINARY, OCTETS, b"", OCTETS), answer=Frame(BINARY, OCTETS * 2))
    yield in_a_row()
    yield Case("0.close-in-octets", last=farewell(4000, HELLO), code=4000, chop=1)
    for code in (1012, 1013):
        yield Case(f"0.code-{code}", last=farewell(code), code=code)
    yield refused("0.code-1015", farewell(1015))
    over = (b"*" * (LIMIT // 2), b"*" * (LIMIT // 2), b"*")
    yield refused("0.fragments-too-big", *fragments(TEXT, *over), code=TOO_BIG)
    yield refused("0.bytes-not-characters", frame(TEXT, "ä".encode() * (LIMIT // 2 + 1)), code=TOO_BIG)
    # A byte too many is enough, whatever length was announced.
    announced = b"\x82\xff" + (1 << 40).to_bytes(8, "big") + bytes.fromhex("37fa213d")
    yield refused("0.announced-too-big", announced + masked(b"*" * (LIMIT + 1)), code=TOO_BIG)


def in_a_row() -> Case:
    """Messages of both kinds, whole and in fragments, more than LIMIT together: none has anything of another."""
    messages = ((TEXT, b"a" * (LIMIT // 2)), (BINARY, OCTETS), (TEXT, HELLO), (BINARY, b"\xfe" * (LIMIT // 2)))
    return Case(
        "0.in-a-row",
        tuple(
            (b"".join(fragments(opcode, payload, b"", HELLO)), (Frame(opcode, payload + HELLO),))
            for opcode, payload in messages
        ),
    )
