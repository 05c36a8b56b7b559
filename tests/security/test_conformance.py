"""schemathesis over the whole OpenAPI document: no fault of the server, and every answer as the document has it."""

import os
import re
import sys
from pathlib import Path

import anyio
import httpx
import pytest

from api.demo import seed_all
from api.services import Services
from tests.api.learners import become, signed_in, token_of
from tests.attacks import Cases
from tests.security.openings import document, filled

pytestmark = [pytest.mark.anyio, pytest.mark.attack("schemathesis over the OpenAPI document")]

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
LEFT_OUT = "allow_header_conformance"
"""It knows no exception of one path: test_allow_names_the_methods_that_there_are looks at that instead."""
SEEDS = os.environ.get("SCHEMATHESIS_SEEDS", "1").split()
SECONDS = os.environ.get("SCHEMATHESIS_SECONDS")
"""Of random requests and of requests that go on from one another, for each seed; unset: what is planned alone."""
LEAST = 2500
"""Cases."""


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.timeout(240 + 2 * int(SECONDS or 0))
async def test_every_answer_is_as_the_document_has_it(
    cases_tried: Cases, services: Services, address: tuple[str, int], tmp_path: Path, seed: str
) -> None:
    await seed_all(services.database, services.clock)
    async with await signed_in(services, address, "Root") as root, await signed_in(services, address, "Spare") as spare:
        await become(services, root, "super_admin")
        base = f"http://{address[0]}:{address[1]}"
        phases = ("--phases", "examples,coverage")
        if SECONDS is not None:
            phases = ("--max-time", SECONDS)
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION), "--no-color"),
            *("run", f"{base}/openapi.json", "--url", base, "--seed", seed, *phases),
            *("--checks", "all", "--exclude-checks", LEFT_OUT),
            *("--header", f"Authorization: Bearer {token_of(root)}"),
        ]
        environment = {**os.environ, "SPARE_TOKEN": token_of(spare), "PYTHONPATH": ""}
        run = await anyio.run_process(command, check=False, cwd=tmp_path, env=environment)
        told = run.stdout.decode()
        assert run.returncode == 0, f"{told}\n{run.stderr.decode()}"
        found = re.search(r"(\d+) generated", told)
        assert found is not None, told
        cases_tried(int(found[1]))
        assert int(found[1]) >= LEAST


async def test_allow_names_the_methods_that_there_are(cases_tried: Cases, client: httpx.AsyncClient) -> None:
    also = {"/v1/courses/generate": {"GET"}}  # to GET /v1/courses/{course_id} `generate` is a course's slug
    for path, item in document()["paths"].items():
        answer = await client.options(filled(path, {}))
        allowed = {method.strip() for method in answer.headers["allow"].split(",")}
        assert allowed - {"HEAD", "OPTIONS"} == {method.upper() for method in item} | also.get(path, set()), path
    cases_tried(len(document()["paths"]))
