"""The OpenAPI document, and the two pages that show it, all from the project's own files."""

from pathlib import Path

from quart import Blueprint, Response, current_app, send_file

from api.openapi_document import encoded_document
from api.pages.policy import PAGE_CSP, page_csp
from lyo_rt.problems import NotFound

blueprint = Blueprint("documentation", __name__)

PAGES = Path(__file__).parent.parent / "pages"
FILES = {
    "swagger.js": PAGES / "documentation" / "swagger.js",
    "redoc.js": PAGES / "documentation" / "redoc.js",
    "swagger-ui/swagger-ui.css": PAGES / "vendor" / "swagger-ui" / "swagger-ui.css",
    "swagger-ui/swagger-ui-bundle.js": PAGES / "vendor" / "swagger-ui" / "swagger-ui-bundle.js",
    "redoc/redoc.standalone.js": PAGES / "vendor" / "redoc" / "redoc.standalone.js",
}
FILE_SECONDS = 3600
REDOC_CSP = page_csp(style="'self' 'unsafe-inline'", worker="blob:")
"""Redoc's styled-components write style elements as the page runs, and it searches in a worker made from a blob."""


@blueprint.get("/openapi.json")
@blueprint.get("/v1/openapi.json")
async def openapi() -> Response:
    """The OpenAPI 3.1 document."""
    return Response(encoded_document(current_app), content_type="application/json")


@blueprint.get("/docs")
async def swagger() -> Response:
    """Swagger UI."""
    return await _page("swagger.html", PAGE_CSP)


@blueprint.get("/redoc")
async def redoc() -> Response:
    """Redoc."""
    return await _page("redoc.html", REDOC_CSP)


@blueprint.get("/docs/files/<path:name>")
async def file(name: str) -> Response:
    """One of the pages' own files."""
    if name not in FILES:
        raise NotFound
    return await send_file(FILES[name], conditional=True, cache_timeout=FILE_SECONDS)


async def _page(name: str, policy: str) -> Response:
    response = await send_file(PAGES / "documentation" / name, conditional=True, cache_timeout=0)
    response.headers["Content-Security-Policy"] = policy
    return response
