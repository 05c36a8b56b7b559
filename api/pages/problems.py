"""Every problem's `type` is an address; this serves the page that explains it, from the problem's own definition."""

from html import escape

from quart import Blueprint, Response

from api.pages.policy import PAGE_CSP
from lyo_rt.problems import TYPE_ROOT, NotFound, Problem, every_problem

blueprint = Blueprint("problems", __name__, url_prefix="/problems")

STYLE = """
body { font: 1rem/1.6 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1rem;
       color: #1c1c1e; background: #fff }
table { border-collapse: collapse } th, td { text-align: left; padding: .25rem 1.5rem .25rem 0; vertical-align: top }
code { font-family: ui-monospace, monospace } a { color: #0a58ca }
@media (prefers-color-scheme: dark) { body { color: #eee; background: #111 } a { color: #8ab4f8 } }
"""


@blueprint.get("/page.css")
async def style() -> Response:
    """The pages' style sheet."""
    return Response(STYLE, content_type="text/css", headers={"Cache-Control": "max-age=3600"})


@blueprint.get("")
async def index() -> Response:
    """All problems by name."""
    rows = "".join(
        f'<tr><td><a href="/problems/{kind.name()}"><code>{kind.name()}</code></a></td>'
        f"<td>{kind.status}</td><td>{escape(kind.title())}</td></tr>"
        for kind in every_problem()
    )
    return _page("Problems", f"<table><tr><th>Problem</th><th>Status</th><th>Meaning</th></tr>{rows}</table>")


@blueprint.get("/<name>")
async def explain(name: str) -> Response:
    """One problem."""
    found = {kind.name(): kind for kind in every_problem()}
    if name not in found:
        raise NotFound("There is no problem of this name.")
    kind = found[name]
    facts = (
        ("Type", f"<code>{TYPE_ROOT}{kind.name()}</code>"),
        ("HTTP status", str(kind.status)),
        ("<code>code</code>", f"<code>{kind.code}</code>"),
        ("WebSocket close code", f"{kind.close_code}: {close_instruction(kind.close_code)}"),
        ("What to do", status_instruction(kind)),
    )
    rows = "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in facts)
    return _page(kind.title(), f'<table>{rows}</table><p><a href="/problems">All problems</a></p>')


def status_instruction(kind: type[Problem]) -> str:
    """What a client does about it, from its status."""
    match kind.status:
        case 401:
            return "Get a new access token, by refreshing or signing in, then send the request again."
        case 408 | 429 | 503:
            return "Send the same request again later; Retry-After says how many seconds to wait."
        case 409 | 412:
            return "Read the resource again, and decide anew."
        case status if status >= 500:
            return "It is our fault. Send the same request again later; report its request_id if it stays."
        case _:
            return "Change the request: detail, and errors where there are any, say what is wrong with it."


def close_instruction(code: int) -> str:
    """What a WebSocket's close code tells the client (REALTIME §2)."""
    match code:
        case 1012:
            return "the server is going away; come back after the announced delay and resume."
        case _ if 4100 <= code < 4200:
            return "back off, then resume."
        case _ if 4200 <= code < 4300:
            return "resume now."
        case _ if 4300 <= code < 4400:
            return "get a new token, then resume."
        case _:
            return "do not come back without a change."


def _page(title: str, content: str) -> Response:
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="/problems/page.css"></head>'
        f"<body><h1>{escape(title)}</h1>{content}</body></html>"
    )
    return Response(html, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": PAGE_CSP})
