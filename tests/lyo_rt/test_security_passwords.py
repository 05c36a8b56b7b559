import anyio
import bcrypt
import pytest

from lyo_rt.problems import Unavailable
from lyo_rt.security.passwords import COST, WAITING_PER_THREAD, Passwords, broken_rules

GOOD = "Correct-Horse7battery"


@pytest.fixture
def passwords() -> Passwords:
    return Passwords(cost=4, threads=2)


@pytest.mark.parametrize("password", [GOOD, "SecurePassword123!", "Zażółć gęślą jaźń 1", "Aa1!" + "x" * 68])
def test_a_good_password_breaks_no_rule(password: str) -> None:
    assert broken_rules(password) == []


def test_every_broken_rule_is_told_at_once() -> None:
    assert broken_rules("\0") == [
        "needs at least 12 characters",
        "needs an upper-case letter",
        "needs a lower-case letter",
        "needs a digit",
        "must not contain control characters",
        "is too common; choose another",
    ]


@pytest.mark.parametrize(
    ("password", "rule"),
    [
        ("Horse7-batt", "needs at least 12 characters"),
        (GOOD.lower(), "needs an upper-case letter"),
        (GOOD.upper(), "needs a lower-case letter"),
        (GOOD.replace("7", "-"), "needs a digit"),
        (GOOD.replace("-", "x"), "needs a special character such as ! or -"),
        (GOOD + "\n", "must not contain control characters"),
        ("Aa1!" + "x" * 69, "must not be longer than 72 bytes in UTF-8"),
        ("Aa1!" + "ж" * 35, "must not be longer than 72 bytes in UTF-8"),
        ("Password123!", "is too common; choose another"),
        ("P@ssw0rd1234", "is too common; choose another"),
        ("Welcome2026!!", "is too common; choose another"),
        ("Qwertyuiop1!", "is too common; choose another"),
        ("1qaz@WSX3edc", "is too common; choose another"),
        ("123456789Aa!", "is too common; choose another"),
        ("PasswordPassword1!", "is too common; choose another"),
        ("Aa1!Aa1!Aa1!Aa1!", "is too common; choose another"),
    ],
)
def test_each_rule_is_told_by_itself(password: str, rule: str) -> None:
    assert broken_rules(password) == [rule]


def test_the_product_hashes_at_cost_12() -> None:
    assert COST == 12


@pytest.mark.anyio
async def test_only_the_right_password_verifies(passwords: Passwords) -> None:
    hashed = await passwords.hash(GOOD)
    assert hashed.startswith("$2b$04$")
    assert await passwords.verify(GOOD, hashed)
    assert not await passwords.verify(GOOD + "x", hashed)
    assert not await passwords.verify("", hashed)


@pytest.mark.anyio
async def test_a_password_is_the_same_however_its_letters_are_composed(passwords: Passwords) -> None:
    hashed = await passwords.hash("Za\u017c\u00f3\u0142\u0107-7")
    assert await passwords.verify("Zaz\u0307o\u0301\u0142c\u0301-7", hashed)


@pytest.mark.anyio
@pytest.mark.parametrize("longer", ["x", "\0", "\0" + "a" * 72])
async def test_nothing_is_cut_off_silently(passwords: Passwords, longer: str) -> None:
    hashed = await passwords.hash("a" * 72)
    assert not await passwords.verify("a" * 72 + longer, hashed)
    short = await passwords.hash("a")
    assert not await passwords.verify("a\0a", short)


@pytest.mark.anyio
async def test_an_unknown_account_costs_one_verification_of_the_same_cost(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify, seen = bcrypt.checkpw, []

    def checkpw(password: bytes, hashed: bytes) -> bool:
        seen.append(hashed[:7])
        return verify(password, hashed)

    monkeypatch.setattr(bcrypt, "checkpw", checkpw)
    hashed = await passwords.hash(GOOD)
    assert not await passwords.verify("x" * 2000, None)
    assert not await passwords.verify(GOOD, None)
    assert not await passwords.verify("wrong", hashed)
    assert seen == [b"$2b$04$"] * 3


@pytest.mark.anyio
async def test_a_full_queue_is_refused_and_empties() -> None:
    passwords = Passwords(cost=4, threads=1)
    refused: list[float | None] = []

    async def verify() -> None:
        try:
            await passwords.verify("x", None)
        except Unavailable as fault:
            refused.append(fault.retry_after)

    async with anyio.create_task_group() as tasks:
        for _ in range(WAITING_PER_THREAD + 3):
            tasks.start_soon(verify)
    assert refused == [5, 5]
    assert passwords.statistics() == {"running": 0, "waiting": 0}
