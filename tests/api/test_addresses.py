"""Whose request it is: nothing but the connection, unless a proxy is trusted."""

import pytest

from api.addresses import UNKNOWN, Clients

PROXY, PROXIES = "10.0.0.7", ("10.0.0.0/8", "2001:db8:ffff::/48")


def address(peer: str | None, *headers: tuple[str, str], proxies: tuple[str, ...] = PROXIES) -> str:
    return Clients(proxies).address(peer, [(name.encode(), value.encode()) for name, value in headers])


@pytest.mark.parametrize("header", [("x-forwarded-for", "1.2.3.4"), ("forwarded", "for=1.2.3.4")])
@pytest.mark.parametrize(("peer", "proxies"), [("9.9.9.9", PROXIES), (PROXY, ())])
def test_who_is_no_trusted_proxy_is_not_believed(header: tuple[str, str], peer: str, proxies: tuple[str, ...]) -> None:
    assert address(peer, header, proxies=proxies) == peer


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("1.2.3.4", "1.2.3.4"),
        ("6.6.6.6, 1.2.3.4", "1.2.3.4"),
        ("6.6.6.6, 1.2.3.4, 10.1.1.1", "1.2.3.4"),
        ("6.6.6.6,1.2.3.4 ,10.1.1.1, 10.2.2.2", "1.2.3.4"),
        ("10.1.1.1, 10.2.2.2", "10.1.1.1"),
        ("1.2.3.4:5678", "1.2.3.4"),
        ("[2001:db8:1:2:3::4]:5678", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("6.6.6.6, nonsense", PROXY),
        ("6.6.6.6, ", PROXY),
        ("6.6.6.6, nonsense, 10.1.1.1", "10.1.1.1"),
        ("", PROXY),
    ],
)
def test_of_x_forwarded_for_the_rightmost_untrusted_counts(forwarded: str, client: str) -> None:
    assert address(PROXY, ("X-Forwarded-For", forwarded)) == client


def test_several_fields_are_one_list() -> None:
    assert address(PROXY, ("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-For", "1.2.3.4")) == "1.2.3.4"


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("for=1.2.3.4", "1.2.3.4"),
        ('proto=https;For="1.2.3.4:80";by=10.0.0.7', "1.2.3.4"),
        ('for="[2001:db8:1:2:3::4]:99"', "2001:db8:1:2::/64"),
        ("for=6.6.6.6, for=1.2.3.4;proto=http, for=10.1.1.1", "1.2.3.4"),
        ("for=1.2.3.4, for=unknown", PROXY),
        ("for=1.2.3.4, for=_hidden", PROXY),
        ("for=1.2.3.4, by=10.0.0.7", PROXY),
    ],
)
def test_so_does_it_of_forwarded(forwarded: str, client: str) -> None:
    assert address(PROXY, ("Forwarded", forwarded)) == client


def test_where_both_are_there_they_must_agree() -> None:
    """A proxy keeps one of them and passes on what its client wrote into the other."""
    told = ("X-Forwarded-For", "1.2.3.4")
    assert address(PROXY, told, ("Forwarded", "for=1.2.3.4")) == "1.2.3.4"
    assert address(PROXY, told, ("Forwarded", "for=6.6.6.6")) == PROXY


@pytest.mark.parametrize("peer", [None, "", "/run/lyo.sock"])
def test_over_a_unix_socket_there_is_no_address(peer: str | None) -> None:
    assert address(peer, ("X-Forwarded-For", "1.2.3.4")) == UNKNOWN
