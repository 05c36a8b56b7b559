"""`/asyncapi`: the AsyncAPI document, and a page that shows it without a script."""

from pathlib import Path

import msgspec
from quart import Blueprint, Response, current_app, send_file

from api.asyncapi_document import encoded_document
from api.pages.asyncapi.page import page
from api.pages.policy import PAGE_CSP

blueprint = Blueprint("asyncapi", __name__)

EXTENSION = "lyo.asyncapi.page"
STYLE = Path(__file__).with_name("page.css")
STYLE_SECONDS = 3600


@blueprint.get("/asyncapi.json")
@blueprint.get("/v1/asyncapi.json")
async def asyncapi() -> Response:
    """The AsyncAPI 3.0 document."""
    return Response(encoded_document(current_app), content_type="application/json")


@blueprint.get("/asyncapi")
async def reading() -> Response:
    """The page, made of the document once for an app."""
    if EXTENSION not in current_app.extensions:
        current_app.extensions[EXTENSION] = page(msgspec.json.decode(encoded_document(current_app)))
    html = current_app.extensions[EXTENSION]
    return Response(html, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": PAGE_CSP})


@blueprint.get("/asyncapi/page.css")
async def style() -> Response:
    """The page's style sheet."""
    return await send_file(STYLE, mimetype="text/css", conditional=True, cache_timeout=STYLE_SECONDS)
