"""The pages that mailed links lead to, in the languages of the mails: plain HTML, and a script that sends one form.

The token stands behind the # of the address, which no browser sends anywhere: the script puts it into the request when
the person says so. Opening the page uses nothing up: programs that look at every link in a mail spoil none.
"""

import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import anyio.to_thread
from jinja2 import Environment, StrictUndefined, Template
from quart import Blueprint, Response, request, send_from_directory

from api.pages.policy import PAGE_CSP
from lyo_rt.mail.rules import LANGUAGES, preferred

blueprint = Blueprint("mailed_links", __name__)

FILES = Path(__file__).parent
KINDS = {
    "page.css": "text/css",
    "page.js": "text/javascript",
    "decisions.js": "text/javascript",
    "export.js": "text/javascript",
}
TEMPLATES = ("page.html", "decisions.html", "export.html")
CHOICES: dict[str, tuple[tuple[str, str, str, bool], ...]] = {
    "parental_consent": (("agree", "agree", "agreed", True), ("refuse", "erase", "erased", True)),
    "parents": (
        ("show", "review", "", False),
        ("send", "export", "sent", False),
        ("withdraw", "withdraw", "withdrawn", True),
        ("erase", "erase", "erased", True),
    ),
}
"""The buttons of the pages for parents: label, route, what is said then, and whether that is the end."""


@blueprint.get("/verify-email")
async def verify_email() -> Response:
    """Where a new learner says that an e-mail address is theirs."""
    return await _page("verify_email")


@blueprint.get("/reset-password")
async def reset_password() -> Response:
    """Where a new password is chosen."""
    return await _page("reset_password")


@blueprint.get("/forgot-password")
async def forgot_password() -> Response:
    """Where a link to choose a new password is asked for."""
    return await _page("forgot_password")


@blueprint.get("/parental-consent")
async def parental_consent() -> Response:
    """Where a parent reads what is kept of a child, and agrees or refuses."""
    return await _decisions("parental_consent")


@blueprint.get("/parents")
async def parents() -> Response:
    """Where a parent sees what is kept, withdraws consent, or has everything deleted."""
    return await _decisions("parents")


@blueprint.get("/export")
async def export() -> Response:
    """Where an export is downloaded."""
    return await _page("export", "export.html")


@blueprint.get("/account/<any('page.css', 'page.js', 'decisions.js', 'export.js'):name>")
async def file(name: str) -> Response:
    """One of the pages' own files."""
    response = await send_from_directory(FILES, name, mimetype=KINDS[name], conditional=True, cache_timeout=0)
    response.headers["Cache-Control"] = "no-cache"
    return response


async def _decisions(name: str) -> Response:
    return await _page(name, "decisions.html")


async def _page(name: str, layout: str = "page.html") -> Response:
    asked = request.args.get("lang")
    language = preferred([asked] if asked else request.accept_languages.values())
    templates, texts = await anyio.to_thread.run_sync(_read)
    said: dict[str, Any] = {"notice": []} | texts[language] | texts[language][name]
    choices = [
        {"label": said[label], "path": f"v1/parents/{path}", "done": said.get(done, ""), "ends": ends}
        for label, path, done, ends in CHOICES.get(name, ())
    ]
    html = templates[layout].render(said, page=name, language=language, choices=choices)
    headers = {"Content-Security-Policy": PAGE_CSP, "Cache-Control": "no-store", "Vary": "Accept-Language"}
    return Response(html, content_type="text/html; charset=utf-8", headers=headers)


@cache
def _read() -> tuple[dict[str, Template], dict[str, dict[str, Any]]]:
    folder = files("api.pages.mailed_links")
    environment = Environment(undefined=StrictUndefined, autoescape=True, trim_blocks=True)
    templates = {name: environment.from_string((folder / name).read_text(encoding="utf-8")) for name in TEMPLATES}
    return templates, {
        language: tomllib.loads((folder / "texts" / f"{language}.toml").read_text(encoding="utf-8"))
        for language in LANGUAGES
    }
