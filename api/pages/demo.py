"""The page at `/`: plain HTML, CSS and JavaScript from this project, in development and staging only."""

from pathlib import Path

import msgspec
from quart import Blueprint, Response, send_from_directory

from api.pages.policy import PAGE_CSP
from api.responses import json_answer
from api.services import services
from lyo_rt.accounts.demo import LEARNERS, PASSWORD
from lyo_rt.problems import NotFound

blueprint = Blueprint("demo", __name__)

FILES = Path(__file__).parent / "demo"
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
"""What is served, with the content type that browsers under `nosniff` want whatever the system's table says."""


class Login(msgspec.Struct, frozen=True):
    """What the demo learner signs in with."""

    email: str
    password: str


class Deployment(msgspec.Struct, frozen=True):
    """What the page must know of the server it came from; `demo` only where the demo data is loaded."""

    environment: str
    demo: Login | None


@blueprint.get("/")
async def page() -> Response:
    """The page itself."""
    _only_outside_production()
    response = await _file("index.html", "text/html")
    response.headers["Content-Security-Policy"] = PAGE_CSP
    return response


@blueprint.get("/page/deployment.json")
async def deployment() -> Response:
    """The facts of this deployment that the page shows."""
    _only_outside_production()
    settings = services().settings
    demo = Login(LEARNERS[0][0], PASSWORD) if settings.seeds_demo else None
    return json_answer(Deployment(settings.environment, demo), headers={"Cache-Control": "no-store"})


@blueprint.get("/page/<path:name>")
async def file(name: str) -> Response:
    """One of the page's own files."""
    _only_outside_production()
    kind = KINDS.get(Path(name).suffix)
    if kind is None:
        raise NotFound
    return await _file(name, kind)


async def _file(name: str, kind: str) -> Response:
    response = await send_from_directory(FILES, name, mimetype=kind, conditional=True, cache_timeout=0)
    # The modules import one another under names that stay: a browser asks each time, and is told 304 by the ETag.
    response.headers["Cache-Control"] = "no-cache"
    return response


def _only_outside_production() -> None:
    if services().settings.environment == "production":
        raise NotFound
