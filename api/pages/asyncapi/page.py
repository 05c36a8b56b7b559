"""The AsyncAPI document as one page of HTML. It knows AsyncAPI and the document's own extensions, and no frame."""

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any

from api.pages.asyncapi.schemas import example, linked, members, paragraphs, target, text

Part = Mapping[str, Any]

LINKS = (
    '<ul class="links"><li><a href="/asyncapi.json">The document as JSON</a></li>'
    '<li><a href="/docs">The HTTP side</a></li><li><a href="/problems">Problems</a></li></ul>'
)


def page(document: Part) -> str:
    """The whole page."""
    info = document["info"]
    reading = _Reading(document)
    sections = (
        ("addresses", "Addresses", reading.addresses()),
        ("credentials", "Credentials", reading.credentials()),
        ("receive", "From the client", reading.frames("receive")),
        ("send", "From the server", reading.frames("send")),
        ("streams", "Streams", reading.streams()),
        ("close-codes", "Close codes", reading.close_codes()),
        ("shapes", "Shapes", reading.shapes()),
    )
    content = "".join(
        f'<section id="{id}" aria-labelledby="{id}-title"><h2 id="{id}-title">{title}</h2>{content}</section>'
        for id, title, content in sections
    )
    entries = "".join(f'<li><a href="#{id}">{title}</a>{reading.entries(id)}</li>' for id, title, _ in sections)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">'
        f'<title>{escape(info["title"])}</title><link rel="stylesheet" href="/asyncapi/page.css"></head><body>'
        '<a class="skip" href="#content">Skip to the content</a>'
        f'<header><h1>{escape(info["title"])}</h1><p class="soft">AsyncAPI {escape(document["asyncapi"])}</p>{LINKS}'
        f'</header><nav aria-label="On this page"><ul>{entries}</ul></nav>'
        f'<main id="content" tabindex="-1">{paragraphs(info["description"])}{content}</main></body></html>'
    )


class _Reading:
    """The parts of the page, each as HTML."""

    def __init__(self, document: Part) -> None:
        self._document = document
        self._components: Part = document["components"]
        self._schemas: Part = self._components["schemas"]
        self._messages: Part = self._components["messages"]
        self._channels: Part = document["channels"]

    def entries(self, section: str) -> str:
        """The names within a section, for the list of contents."""
        if section == "streams":
            named = [(f"stream.{channel['x-stream']}", channel["x-stream"]) for channel in self._streams()]
        else:
            named = [(key, self._messages[key]["name"]) for key, _ in self._frames(section)]
        items = "".join(f'<li><a href="#{id}"><code>{escape(name)}</code></a></li>' for id, name in named)
        return f"<ul>{items}</ul>" if items else ""

    def addresses(self) -> str:
        """The channels that are sockets; those of one title are one door with several addresses."""
        doors: dict[str, list[Part]] = {}
        for channel in self._channels.values():
            if "bindings" in channel:
                doors.setdefault(channel["title"], []).append(channel)
        return "".join(self._door(title, channels) for title, channels in doors.items())

    def credentials(self) -> str:
        """The ways to say who one is."""
        schemes = self._components["securitySchemes"].items()
        return f"<p>Any one of these.</p>{_terms((name, text(scheme['description'])) for name, scheme in schemes)}"

    def frames(self, action: str) -> str:
        """The frames of one direction."""
        return "".join(self._frame(key, operation) for key, operation in self._frames(action))

    def streams(self) -> str:
        """What can be subscribed to, and what comes of it."""
        return "".join(map(self._stream, self._streams()))

    def close_codes(self) -> str:
        """What a socket is closed with."""
        rows = "".join(
            f'<tr><th scope="row"><code>{entry["code"]}</code></th><td>{escape(entry["meaning"])}</td>'
            f"<td>{escape(entry['instruction'].capitalize())}</td></tr>"
            for entry in self._document["x-close-codes"]
        )
        head = '<tr><th scope="col">Code</th><th scope="col">Meaning</th><th scope="col">What to do</th></tr>'
        return f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>"

    def shapes(self) -> str:
        """The named schemas that are no frames."""
        frames = {
            target(self._messages[key]["payload"]) for key, _ in (*self._frames("receive"), *self._frames("send"))
        }
        return "".join(
            _article(f"schema.{name}", name, schema.get("description", ""), members(schema, self._schemas))
            for name, schema in self._schemas.items()
            if name not in frames
        )

    def _frames(self, action: str) -> Iterator[tuple[str, Part]]:
        """The (message, operation) of each frame that goes over the session in this direction."""
        for operation in self._document["operations"].values():
            if operation["action"] == action and "x-subprotocols" in self._channels[_name(operation["channel"])]:
                yield _name(operation["messages"][0]), operation

    def _streams(self) -> Iterator[Part]:
        return (channel for channel in self._channels.values() if "x-stream" in channel)

    def _door(self, title: str, channels: list[Part]) -> str:
        addresses = "".join(f"<li><code>{escape(channel['address'])}</code></li>" for channel in channels)
        subprotocols = _terms(
            (f"<code>{one['name']}</code>", f"{one['contentType']}, in {one['opcode']} messages")
            for one in channels[0].get("x-subprotocols", ())
        )
        spoken = f"<h4>Subprotocols</h4>{subprotocols}" if subprotocols else ""
        message = "" if spoken else self._body(_name(next(iter(channels[0]["messages"].values()))))
        return (
            f'<article><h3>{escape(title)}</h3><ul class="addresses">{addresses}</ul>'
            f"{paragraphs(channels[0]['description'])}{spoken}{message}</article>"
        )

    def _frame(self, key: str, operation: Part) -> str:
        message = self._messages[key]
        answers = "".join(map(self._answer, operation.get("reply", {}).get("messages", ())[:1]))
        return _article(key, message["name"], message["summary"], f"{self._body(key)}{answers}")

    def _answer(self, reference: Part) -> str:
        key = _name(reference)
        result = _added(self._messages[key]["payload"]).get("ok")
        if result is None:
            return f"<p>Answered with {self._link(key)}.</p>"
        shape = linked(str(target(result)))
        return f'<p>Answered with <a href="#server.reply"><code>reply</code></a>; its <code>ok</code> is {shape}.</p>'

    def _stream(self, channel: Part) -> str:
        keys = [_name(message) for message in channel["messages"].values()]
        events = [key for key in keys if "data" in _added(self._messages[key]["payload"])]
        content = ""
        if events:
            content = f"<h4>Events</h4>{_terms(map(self._event, events))}"
        if others := ", ".join(self._link(key) for key in keys if key not in events):
            content += f"<p>{'Beside them' if events else 'It carries'}: {others}.</p>"
        return _article(
            f"stream.{channel['x-stream']}", channel["address"], f"{channel['summary']} {channel['x-readers']}", content
        )

    def _event(self, key: str) -> tuple[str, str]:
        message = self._messages[key]
        added = _added(message["payload"])
        shape = linked(str(target(added["data"])))
        return (
            f"<code>{escape(added['event']['const'])}</code>",
            f"{text(message['summary'])} Its <code>data</code> is {shape}.",
        )

    def _link(self, key: str) -> str:
        return f'<a href="#{key}"><code>{escape(self._messages[key]["name"])}</code></a>'

    def _body(self, key: str) -> str:
        message = self._messages[key]
        shown = "".join(example(one["payload"]) for one in message["examples"])
        return f'<div class="body">{members(message["payload"], self._schemas, without="type")}<div>{shown}</div></div>'


def _article(id: str, name: str, summary: str, content: str) -> str:
    return (
        f'<article id="{id}"><h3><a href="#{id}"><code>{escape(name)}</code></a></h3>'
        f"<p>{text(summary)}</p>{content}</article>"
    )


def _terms(rows: Iterable[tuple[str, str]]) -> str:
    """Names and what they mean, as HTML already; nothing without any."""
    found = "".join(f"<div><dt>{name}</dt><dd>{meaning}</dd></div>" for name, meaning in rows)
    return f'<dl class="terms">{found}</dl>' if found else ""


def _name(reference: Part) -> str:
    return str(reference["$ref"]).rpartition("/")[2]


def _added(payload: Part) -> Part:
    """What a message's payload says of members beyond its frame's schema."""
    properties: Part = payload["allOf"][1]["properties"] if "allOf" in payload else {}
    return properties
