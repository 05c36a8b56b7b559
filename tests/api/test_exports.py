"""One's own data as a ZIP: all of it, nothing of others, no secrets, and not for ever."""

import io
import json
import zipfile
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from api.services import Services
from lyo_rt.privacy.plan import LINES
from lyo_rt.settings import Settings
from tests.api.learners import PASSWORD, Client, signed_in, user_of
from tests.api.lives import SECRET, MovedClock, close, erased, exported, lived
from tests.api.mailbox import Mailbox, link_in, token_in
from tests.loopback.openai import OpenAI

pytestmark = pytest.mark.anyio

EXPORTS = "/v1/users/me/exports/"
FILE = "/v1/exports/file"


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def provider() -> AsyncIterator[OpenAI]:
    async with OpenAI.running() as running:
        yield running


@pytest.fixture
def settings(settings: Settings, provider: OpenAI) -> Settings:
    return Settings(
        lyo_data_dir=settings.lyo_data_dir,
        ai_providers=("openai",),
        openai_api_key="loopback-key",  # type: ignore[arg-type]
        openai_base_url=f"{provider.address}/v1",
    )


@pytest.fixture
def mailbox(settings: Settings) -> Mailbox:
    return Mailbox(settings.lyo_data_dir)


@pytest.fixture
async def ada(services: Services, address: tuple[str, int]) -> AsyncIterator[Client]:
    async with await signed_in(services, address, "Adalovelace") as client:
        yield client


@pytest.fixture
async def bob(services: Services, address: tuple[str, int]) -> AsyncIterator[Client]:
    async with await signed_in(services, address, "Bobstranger") as client:
        yield client


async def unpacked(client: httpx.AsyncClient, url: str) -> dict[str, bytes]:
    """The files of an export."""
    answer = await client.get(url)
    assert answer.status_code == 200, answer.text
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == ("application/zip", "private, no-store")
    assert int(answer.headers["content-length"]) == len(answer.content)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as opened:
        assert opened.testzip() is None
        return {name: opened.read(name) for name in opened.namelist()}


async def test_it_has_all_that_is_theirs_and_nothing_that_is_not(
    services: Services, address: tuple[str, int], ada: Client, bob: Client
) -> None:
    ids = await lived(services, address, ada, bob)
    files = await unpacked(ada, EXPORTS + await exported(ada))
    planned = {f"{line.file}.json" for line in LINES if line.file}
    assert {name for name in files if not name.startswith("media/")} == planned | {"README.txt"}
    content = {name.removesuffix(".json"): json.loads(data) for name, data in files.items() if name.endswith(".json")}

    account = content["account"]
    assert account["users"][0]["email"] == ada.email
    assert account["auth_sessions"]
    said = [row["text"] for row in content["conversations"]["messages"] if row["role"] == "user"]
    assert said == [f"Tell me about {SECRET}"], "sealed columns are opened"
    assert content["conversations"]["conversations"][0]["title"] == SECRET
    assert content["courses"]["courses"][0]["title"]
    assert content["quizzes"]["answers"]
    assert content["language_models"]["ai_usage"]
    (upload,) = content["media"]["media"]
    (picture,) = [name for name in files if name.startswith("media/")]
    assert picture.startswith(f"media/{upload['id']}.")
    whole = "".join(data.decode("utf-8", "replace") for name, data in files.items() if name.endswith(".json"))
    for id in ids:
        assert id in whole
    row = await services.database.fetchrow("SELECT password_hash, email_key FROM users WHERE id = $1", user_of(ada))
    assert row is not None
    assert row["password_hash"] not in whole
    for other in (bob.email, "Bobstranger", "$lyo1$", '"password_hash"', '"digest"'):
        assert other not in whole
    readme = files["README.txt"].decode()
    assert all(name in readme for name in planned)


async def test_it_is_nobody_else_s(ada: Client, bob: Client, client: httpx.AsyncClient) -> None:
    url = EXPORTS + await exported(ada)
    assert (await bob.get(url)).status_code == 404
    assert (await client.get(url)).status_code == 401


async def test_its_time_ends(services: Services, ada: Client, clock: MovedClock, tmp_path: Path) -> None:
    url = EXPORTS + await exported(ada)
    id = url.rpartition("/")[2].replace("-", "")
    assert [file.name for file in (tmp_path / "media").rglob("*") if file.is_file()] == [id]
    assert await services.exports.sweep() == 0
    clock.ahead += timedelta(days=7, seconds=1)
    again = await services.accounts.login(email=ada.email, password=PASSWORD)
    ada.headers["Authorization"] = f"Bearer {again.access_token}"
    assert (await ada.get(url)).status_code == 404
    assert await services.exports.sweep() == 1
    assert [file for file in (tmp_path / "media").rglob("*") if file.is_file()] == []
    assert await services.database.fetchval("SELECT count(*) FROM exports") == 0


async def test_a_mailed_link_opens_it_without_a_token_until_its_time_ends(
    services: Services, ada: Client, client: httpx.AsyncClient, clock: MovedClock, mailbox: Mailbox
) -> None:
    direct = await ada.get(EXPORTS + await exported(ada))
    mail = await mailbox.next(ada.email, "Your data is ready")
    page = await client.get(link_in(mail).removeprefix("http://localhost:8000"))
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
    for _ in range(2):
        assert (await client.get(FILE, params={"token": token_in(mail)})).content == direct.content
    for forged in ("", "x" * 43, token_in(mail)[:-1] + "_", str(user_of(ada))):
        assert (await client.get(FILE, params={"token": forged})).status_code == 404
    assert (await client.get(FILE)).status_code == 404
    clock.ahead += timedelta(days=7, seconds=1)
    assert (await client.get(FILE, params={"token": token_in(mail)})).status_code == 404
    await services.exports.sweep()
    assert (await client.get(FILE, params={"token": token_in(mail)})).status_code == 404


async def test_a_download_that_broke_off_goes_on(ada: Client, client: httpx.AsyncClient, mailbox: Mailbox) -> None:
    url = EXPORTS + await exported(ada)
    linked = f"{FILE}?token={token_in(await mailbox.next(ada.email, 'Your data is ready'))}"
    for one, address in ((ada, url), (client, linked)):
        whole = await one.get(address)
        head = await one.head(address)
        assert (head.content, head.headers["content-length"]) == (b"", str(len(whole.content)))
        etag = whole.headers["etag"]
        rest = await one.get(address, headers={"Range": "bytes=100-", "If-Range": etag})
        assert (rest.status_code, rest.content) == (206, whole.content[100:])
        assert rest.headers["content-range"] == f"bytes 100-{len(whole.content) - 1}/{len(whole.content)}"
        assert (await one.get(address, headers={"Range": "bytes=100-", "If-Range": '"other"'})).status_code == 200
        assert (await one.get(address, headers={"Range": f"bytes={len(whole.content)}-"})).status_code == 416
        assert (await one.get(address, headers={"If-None-Match": etag})).status_code == 304


async def test_it_goes_with_the_account(services: Services, ada: Client, clock: MovedClock, tmp_path: Path) -> None:
    await exported(ada)
    assert [file for file in (tmp_path / "media").rglob("*") if file.is_file()]
    await close(ada)
    clock.ahead += timedelta(days=5)
    await erased(services, clock)
    assert [file for file in (tmp_path / "media").rglob("*") if file.is_file()] == []


async def test_the_same_request_begins_one(ada: Client, services: Services) -> None:
    answers = [await ada.post("/v1/users/me/export", headers={"Idempotency-Key": "mine"}) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert await services.database.fetchval("SELECT count(*) FROM tasks") == 1
