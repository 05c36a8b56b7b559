"""The search of the logs finds what it is there to find; tests/clean_logs.py is the search."""

import json
import subprocess
import sys

import httpx
import pytest

from tests.clean_logs import LOGS, CleanLogs

pytestmark = pytest.mark.attack("secrets in the logs")

PASSWORD, TEXT = "Correct-horse-9-battery", 'Why do "leaves" look grün?'


@pytest.mark.parametrize(
    "line",
    [
        f"login failed password={PASSWORD}",
        json.dumps({"message": "asked", "text": TEXT}),
        json.dumps({"message": "asked", "text": TEXT}, ensure_ascii=False),
        f"asked text={TEXT!r}",
        "refreshed R3fr3sh-t0ken",
        "authorization: Bearer a-key-of-a-provider",
        "registered ada@example.com",
        "someone-else@example.com",
        "token eyJhbGciOiJIUzI1NiJ9xx.eyJzdWIiOiIxIn0xxxx.c2ln",
        "opened wst_cgTnSTIUjCJ1Yx0Kr0eJbL6d8WZ4rBE5mXxlOqJv6zY",
        "hash $2b$12$LyoLyoLyoLyoLyoLyoLyOuabcdefghijk",
        "row $lyo1$4a2f99f20b2310fc$iogjqj3GshKbi8PhOitGG3ISqfg",
        "connecting to postgresql://lyo:hunter22@db:5432/lyo",
    ],
)
def test_a_line_that_tells_something_is_found(line: str) -> None:
    logs = CleanLogs()
    headers = {"Authorization": "Bearer a-key-of-a-provider"}
    logs.note_request(httpx.Request("POST", "http://x", json={"email": "ada@example.com"}, headers=headers))
    logs.note_json(json.dumps({"user": [{"password": PASSWORD}], "refresh_token": "R3fr3sh-t0ken", "text": TEXT}))
    logs.read("something harmless\n" + line, "a test")
    assert len(list(logs.hits())) == 1


def test_what_may_be_said_is_no_hit() -> None:
    logs = CleanLogs()
    logs.note({"password": PASSWORD, "text": "yes", "title": "Conversation"})
    logs.read("yes\nConversation begun\nrequest method=POST path=/v1/auth/login status=200 user_id=7", "a test")
    assert list(logs.hits()) == []


@pytest.mark.parametrize("format", ["json", "pretty"])
def test_a_crash_is_logged_without_what_its_code_held(format: str) -> None:
    program = f"""
import structlog
from api.logs import configure_logs
from lyo_rt.settings import Settings
configure_logs(Settings.model_construct(log_level="INFO", log_format="{format}"))
def crash(password):
    raise RuntimeError("crashed")
try:
    crash("{PASSWORD}"[:])
except RuntimeError as fault:
    structlog.get_logger().critical("the server has crashed", exc_info=fault)
"""
    ran = subprocess.run([sys.executable, "-"], input=program, capture_output=True, text=True, check=True)
    logs = CleanLogs()
    logs.note({"password": PASSWORD})
    # the line of the source that is shown is this program's own, which has no file
    logs.read(ran.stderr, "a program")
    assert "RuntimeError: crashed" in ran.stderr
    assert list(logs.hits()) == []


@pytest.mark.anyio
async def test_this_run_is_watched(pytestconfig: pytest.Config, client: httpx.AsyncClient) -> None:
    await client.post("/v1/auth/login", json={"email": "watched@example.com", "password": "Watched-horse-9"})
    assert {"watched@example.com", "Watched-horse-9"} <= pytestconfig.stash[LOGS].secrets
