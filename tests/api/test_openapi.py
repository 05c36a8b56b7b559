"""The OpenAPI document is valid, complete, and true; the pages that show it need nobody else's server."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from api.app import openapi_json
from lyo_rt.problems import every_problem

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def document() -> Any:
    """The document, made without a server or a database."""
    return msgspec.json.decode(openapi_json())


def operations(document: Any) -> Iterator[tuple[str, str, Any]]:
    """(path, method, operation) of all operations."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def resolved(document: Any, found: Any) -> Any:
    """What a reference within the document leads to."""
    while "$ref" in found:
        place = document
        for part in found["$ref"].removeprefix("#/").split("/"):
            place = place[part]
        found = place
    return found


def test_it_is_valid_openapi_3_1(document: Any) -> None:
    assert document["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_every_operation_is_described(document: Any) -> None:
    for path, method, operation in operations(document):
        assert operation["summary"], (path, method)
        assert operation["description"], (path, method)
        assert operation["tags"], (path, method)
        assert operation["operationId"]
        assert "security" in operation
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))


def test_every_tag_is_explained(document: Any) -> None:
    explained = {tag["name"] for tag in document["tags"] if tag["description"]}
    assert {tag for _, _, operation in operations(document) for tag in operation["tags"]} <= explained


def test_every_operation_states_its_answers(document: Any) -> None:
    for path, method, operation in operations(document):
        statuses = set(operation["responses"])
        assert any(status.startswith("2") for status in statuses), (path, method)
        assert {"429", "500", "503"} <= statuses, (path, method)
        assert ("401" in statuses) >= bool(operation["security"]), (path, method)
        if "requestBody" in operation:
            assert {"400", "413", "415", "422"} <= statuses, (path, method)


def test_every_problem_is_an_rfc_9457_body_with_an_example(document: Any) -> None:
    for path, method, operation in operations(document):
        for status, response in operation["responses"].items():
            if status.startswith(("4", "5")):
                (content,) = resolved(document, response)["content"].items()
                assert content[0] == "application/problem+json", (path, method, status)
                assert content[1]["schema"] == {"$ref": "#/components/schemas/ProblemBody"}
                for example in content[1]["examples"].values():
                    assert resolved(document, example)["value"]["status"] == int(status)


def test_every_success_with_a_body_has_a_schema(document: Any) -> None:
    for path, method, operation in operations(document):
        for status, response in operation["responses"].items():
            if status.startswith("2") and status != "204":
                for kind, content in resolved(document, response).get("content", {}).items():
                    assert content["schema"], (path, method, status, kind)


def test_every_request_body_has_an_example(document: Any) -> None:
    for path, method, operation in operations(document):
        if "requestBody" in operation:
            ((kind, content),) = operation["requestBody"]["content"].items()
            assert kind in {"application/json", "multipart/form-data"}, (path, method)
            assert "example" in content, (path, method)


def test_every_path_parameter_is_described(document: Any) -> None:
    for path, method, operation in operations(document):
        named = {one["name"] for one in operation["parameters"] if one.get("in") == "path"}
        assert named == set(re.findall(r"{([^}]+)}", path)), (path, method)


def test_no_component_is_left_over(document: Any) -> None:
    text = msgspec.json.encode(document).decode()
    for kind in ("schemas", "parameters", "headers", "examples"):
        for name in document["components"][kind]:
            if (kind, name) not in {("parameters", "Limit"), ("parameters", "Cursor"), ("headers", "Allow")}:
                assert f'"#/components/{kind}/{name}"' in text, (kind, name)


async def test_signed_in_operations_refuse_strangers_and_open_ones_do_not(
    client: httpx.AsyncClient, document: Any
) -> None:
    for path, method, operation in operations(document):
        target = re.sub(r"{[^}]+}", str(uuid4()), path)
        answer = await client.request(method, target, json={} if "requestBody" in operation else None)
        code = answer.json().get("code") if answer.headers["content-type"] == "application/problem+json" else None
        assert (code == "NOT_AUTHENTICATED") == bool(operation["security"]), (path, method, answer.text)
        if code == "NOT_AUTHENTICATED":
            assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_answers_keep_to_their_statuses(client: httpx.AsyncClient, document: Any) -> None:
    for path, method, operation in operations(document):
        target = re.sub(r"{[^}]+}", str(uuid4()), path)
        answer = await client.request(method, target)
        assert str(answer.status_code) in operation["responses"], (path, method, answer.text)


@pytest.mark.parametrize("path", ["/openapi.json", "/v1/openapi.json", "/api/v1/openapi.json"])
async def test_it_is_served(client: httpx.AsyncClient, document: Any, path: str) -> None:
    response = await client.get(path)
    assert response.headers["content-type"] == "application/json"
    assert response.json() == document


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/problems", "/problems/not-found"])
async def test_pages_take_only_files_of_our_own(client: httpx.AsyncClient, path: str) -> None:
    page = await client.get(path)
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", page.text)
    for link in re.findall(r'<(?:script|link)[^>]*(?:src|href)="([^"]+)"', page.text):
        if link != "data:,":
            assert link.startswith("/")
            assert (await client.get(link)).status_code == 200, link


async def test_the_pages_files_are_packed_and_kept(client: httpx.AsyncClient) -> None:
    response = await client.get("/docs/files/swagger-ui/swagger-ui-bundle.js")
    assert response.headers["content-type"].startswith(("text/javascript", "application/javascript"))
    assert response.headers["content-encoding"] == "gzip"
    assert "max-age=" in response.headers["cache-control"]
    again = await client.get(
        "/docs/files/swagger-ui/swagger-ui-bundle.js", headers={"If-None-Match": response.headers["etag"]}
    )
    assert again.status_code == 304


@pytest.mark.parametrize("name", ["nothing.js", "../policy.py", "swagger-ui/../../policy.py", "%2e%2e/policy.py"])
async def test_no_other_file_is_served(client: httpx.AsyncClient, name: str) -> None:
    response = await client.get(f"/docs/files/{name}")
    assert response.status_code == (400 if "%2e" in name else 404)


async def test_every_problem_has_its_page(client: httpx.AsyncClient) -> None:
    index = (await client.get("/problems")).text
    for kind in every_problem():
        page = await client.get(f"/problems/{kind.name()}")
        assert page.status_code == 200
        assert kind.code in page.text
        assert f"/problems/{kind.name()}" in index
    assert (await client.get("/problems/none-such")).status_code == 404
