"""The forms of a Redis URL: one server, Sentinels that know where the master is, a cluster.

The spellings with several hosts are conventions, no standard: `redis+sentinel://` as Redis-Sentinel-Url, RedisVL and
Prefect write it, `redis-sentinel://` and the service as the fragment as Lettuce does.
"""

import re
from typing import Literal
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import msgspec

FORMS = (
    "redis://host:6379/0, rediss:// for TLS, unix:///path, redis+sentinel://host:26379,host:26379/service/0"
    " or redis+cluster://host:6379,host:6379"
)

Address = tuple[str, int]

SEVERAL = re.compile(
    r"(?P<scheme>rediss?)[+-](?P<form>sentinel|cluster)://"
    r"(?:(?P<user>[^@/?#]*)@)?(?P<members>[^@/?#]+)(?P<path>/[^?#]*)?(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?"
)
MEMBER = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^:\[\]\s]+)(?::(?P<port>\d{1,5}))?")
DEFAULT_PORT = {"sentinel": 26379, "cluster": 6379}


class RedisUrl(msgspec.Struct, frozen=True):
    """What a URL says. `members` are the Sentinels, or nodes of the cluster, to ask first; a server has none."""

    form: Literal["server", "sentinel", "cluster"]
    url: str
    members: tuple[Address, ...] = ()
    service: str = ""
    """Of Sentinel: the name under which the master is monitored."""
    scheme: str = ""
    user: str = ""
    database: str = ""
    query: tuple[tuple[str, str], ...] = ()

    def server(self, address: Address) -> str:
        """The URL of the data server at `address`, with the credentials and arguments of this one."""
        query = [(name, value) for name, value in self.query if not name.startswith("sentinel_")]
        return self._at(address, self.user, self.database, query)

    def sentinel(self, address: Address) -> str:
        """The URL of the Sentinel at `address`: `?sentinel_username=` and `?sentinel_password=` are for it alone."""
        own = dict(self.query)
        name, password = (quote(own.get(f"sentinel_{part}", ""), safe="") for part in ("username", "password"))
        query = [(name, value) for name, value in self.query if name.startswith("ssl_")]
        return self._at(address, f"{name}:{password}" if password else "", "", query)

    def _at(self, address: Address, user: str, database: str, query: list[tuple[str, str]]) -> str:
        host, port = address
        at = f"{user}@" if user else ""
        host = f"[{host}]" if ":" in host else host
        return f"{self.scheme}://{at}{host}:{port}/{database}" + (f"?{urlencode(query)}" if query else "")


def parse_redis_url(url: str) -> RedisUrl:
    """What `url` says. Raises ValueError, one line without the URL's secrets, when it is none of the forms."""
    if url.startswith(("redis://", "rediss://", "unix://")):
        try:
            urlsplit(url).port  # noqa: B018  it is read here to be refused here
        except ValueError as fault:
            raise ValueError(f"has a fault: {fault}; the forms are {FORMS}") from None
        return RedisUrl("server", url)
    parts = SEVERAL.fullmatch(url)
    if parts is None:
        raise ValueError(f"must be one of {FORMS}")
    form: Literal["sentinel", "cluster"] = "sentinel" if parts["form"] == "sentinel" else "cluster"
    members = tuple(_member(member, DEFAULT_PORT[form]) for member in parts["members"].split(","))
    service, database = _service(form, (parts["path"] or "").strip("/"), parts["fragment"])
    query = tuple(parse_qsl(parts["query"] or ""))
    return RedisUrl(form, url, members, service, parts["scheme"], parts["user"] or "", database, query)


def _member(text: str, port: int) -> Address:
    parts = MEMBER.fullmatch(text)
    if parts is None or not 0 < int(parts["port"] or port) < 65536:
        raise ValueError(f"has a fault in its list of hosts, host:port,host:port; the forms are {FORMS}")
    return parts["host"].strip("[]"), int(parts["port"] or port)


def _service(form: str, path: str, fragment: str | None) -> tuple[str, str]:
    """The service and the database that a path, or a fragment and a path, name."""
    if form == "cluster":
        if path not in ("", "0"):
            raise ValueError("names a database of a cluster, which has only 0: redis+cluster://host:6379,host:6379")
        return "", path
    service, _, database = (fragment, "/", path) if fragment else path.partition("/")
    if not service or (database and not database.isdecimal()):
        raise ValueError("must name the Sentinels' service: redis+sentinel://host:26379,host:26379/service/0")
    return service, database
