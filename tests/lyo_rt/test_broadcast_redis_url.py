"""Which Redis URLs are understood, and what is said of the others."""

import pytest

from lyo_rt.broadcast.redis_url import parse_redis_url


@pytest.mark.parametrize(
    ("url", "sentinels", "server"),
    [
        ("redis+sentinel://a:1,b:2,c/lyo", ["redis://a:1/", "redis://b:2/", "redis://c:26379/"], "redis://m:9/"),
        ("redis-sentinel://a/lyo/3", ["redis://a:26379/"], "redis://m:9/3"),
        ("redis-sentinel://a:1,b:2/3#lyo", ["redis://a:1/", "redis://b:2/"], "redis://m:9/3"),
        ("redis-sentinel://a:1#lyo", ["redis://a:1/"], "redis://m:9/"),
        ("redis+sentinel://[::1]:1/lyo/0", ["redis://[::1]:1/"], "redis://m:9/0"),
        ("redis+sentinel://u:p%40@a/lyo", ["redis://a:26379/"], "redis://u:p%40@m:9/"),
        (
            "rediss+sentinel://:p@a/lyo/1?sentinel_username=s&sentinel_password=q%2F&ssl_ca_certs=/ca&max_connections=2",
            ["rediss://s:q%2F@a:26379/?ssl_ca_certs=%2Fca"],
            "rediss://:p@m:9/1?ssl_ca_certs=%2Fca&max_connections=2",
        ),
    ],
)
def test_sentinels(url: str, sentinels: list[str], server: str) -> None:
    parsed = parse_redis_url(url)
    assert (parsed.form, parsed.service) == ("sentinel", "lyo")
    assert [parsed.sentinel(address) for address in parsed.members] == sentinels
    assert parsed.server(("m", 9)) == server


@pytest.mark.parametrize(
    ("url", "servers"),
    [
        ("redis+cluster://a", ["redis://a:6379/"]),
        ("redis-cluster://u:p@a:1,b:2/", ["redis://u:p@a:1/", "redis://u:p@b:2/"]),
        ("rediss+cluster://a:1/0?ssl_cert_reqs=none", ["rediss://a:1/0?ssl_cert_reqs=none"]),
    ],
)
def test_a_cluster(url: str, servers: list[str]) -> None:
    parsed = parse_redis_url(url)
    assert parsed.form == "cluster"
    assert [parsed.server(address) for address in parsed.members] == servers


@pytest.mark.parametrize("url", ["redis://a:1/0", "rediss://:p@a", "unix:///run/valkey.sock?db=1"])
def test_one_server_is_redis_py_s_to_understand(url: str) -> None:
    assert (parse_redis_url(url).form, parse_redis_url(url).url) == ("server", url)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://secret@a", "redis://host:6379/0"),
        ("sentinel://:secret@a/lyo", "redis+sentinel://host:26379,host:26379/service/0"),
        ("redis+cluster://:secret@", "redis+cluster://host:6379,host:6379"),
        ("redis+cluster://:secret@a,,b", "list of hosts"),
        ("redis+cluster://:secret@a:99999", "list of hosts"),
        ("redis+cluster://:secret@a b", "list of hosts"),
        ("redis+cluster://:secret@a/1", "only 0"),
        ("redis+sentinel://:secret@a", "service"),
        ("redis+sentinel://:secret@a/lyo/one", "service"),
        ("redis://:secret@a:port/", "redis+sentinel://host:26379"),
    ],
)
def test_another_is_refused_in_one_line_that_keeps_its_secrets(url: str, says: str) -> None:
    with pytest.raises(ValueError) as refusal:
        parse_redis_url(url)
    line = str(refusal.value)
    assert says in line
    assert "secret" not in line
    assert "\n" not in line
