import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import PIPE, Popen

import anyio
import pytest
from pydantic import SecretStr

from lyo_rt.database.pool import Database
from lyo_rt.security.key_files import read_or_make_keys
from lyo_rt.security.key_ring import Key, KeyRing
from lyo_rt.security.secrets import ENCRYPTION, SIGNING, Secret, forget, read_ring, recognise
from lyo_rt.settings import InvalidSettings, Settings

PROCESSES = 4
MAKER = """
import sys
from pathlib import Path
from lyo_rt.security.key_files import read_or_make_keys
print("ready", flush=True)
sys.stdin.readline()
print(read_or_make_keys(Path(sys.argv[1]))[0].secret.hex())
"""


def settings(data_dir: Path, secret: str | None = None) -> Settings:
    """Both rings are the same text, or each has its file."""
    keys = SecretStr(secret) if secret else None
    return Settings(lyo_data_dir=data_dir, jwt_secret_key=keys, data_encryption_keys=keys)


def test_a_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "jwt.keys"
    (key,) = read_or_make_keys(path)
    assert len(key.secret) == 32
    assert key.since is None
    assert read_or_make_keys(path) == [key]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["jwt.keys"]


def test_processes_that_make_it_at_once_all_get_the_same_key(tmp_path: Path) -> None:
    makers = [
        Popen([sys.executable, "-c", MAKER, str(tmp_path / "jwt.keys")], stdin=PIPE, stdout=PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    for maker in makers:
        assert maker.stdout is not None
        assert maker.stdout.readline() == "ready\n"
    with ThreadPoolExecutor(PROCESSES) as threads:
        said = list(threads.map(lambda maker: maker.communicate("go\n")[0], makers))
    assert len(set(said)) == 1
    assert len(bytes.fromhex(said[0])) == 32
    assert [file.name for file in tmp_path.iterdir()] == ["jwt.keys"]


@pytest.mark.parametrize("content", [b"", b"!!!", b"c2hvcnQ=", b"\xff\xfe", b"YWJj\n" * 3])
def test_a_damaged_file_stops_the_start_with_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "jwt.keys"
    path.write_bytes(content)
    with pytest.raises(InvalidSettings) as caught:
        read_or_make_keys(path)
    assert len(caught.value.lines) == 1
    assert "LYO_DATA_DIR" in caught.value.lines[0]
    assert path.read_bytes() == content


def test_a_folder_that_cannot_be_made_stops_the_start_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InvalidSettings, match="LYO_DATA_DIR"):
        read_or_make_keys(tmp_path / "file" / "jwt.keys")


async def opened(settings: Settings, secret: Secret, database: Database) -> Key:
    """The present key, as an instance opens the ring."""
    ring = await read_ring(settings, secret)
    await recognise(database, secret, ring, settings)
    return ring.current(0)


@pytest.mark.anyio
@pytest.mark.parametrize("secret", [SIGNING, ENCRYPTION])
async def test_instances_of_one_data_folder_share_the_key(tmp_path: Path, database: Database, secret: Secret) -> None:
    one = await opened(settings(tmp_path), secret, database)
    assert await opened(settings(tmp_path), secret, database) == one


@pytest.mark.anyio
@pytest.mark.parametrize("secret", [SIGNING, ENCRYPTION])
async def test_another_key_on_the_same_database_stops_the_start(
    tmp_path: Path, database: Database, secret: Secret
) -> None:
    await opened(settings(tmp_path, "s" * 40), secret, database)
    for wrong, source in ((settings(tmp_path), "LYO_DATA_DIR"), (settings(tmp_path, "t" * 40), secret.variable)):
        with pytest.raises(InvalidSettings) as caught:
            await opened(wrong, secret, database)
        assert len(caught.value.lines) == 1
        assert source in caught.value.lines[0]
        assert "t" * 40 not in caught.value.lines[0]
    await opened(settings(tmp_path, "s" * 40), secret, database)


@pytest.mark.anyio
async def test_of_two_first_starts_with_different_keys_one_stops(tmp_path: Path, database: Database) -> None:
    stopped: list[InvalidSettings] = []

    async def start(key: str) -> None:
        try:
            await opened(settings(tmp_path, key * 40), ENCRYPTION, database)
        except InvalidSettings as fault:
            stopped.append(fault)

    async with anyio.create_task_group() as starts:
        for key in "stu":
            starts.start_soon(start, key)
    assert len(stopped) == 2
    assert await database.fetchval("SELECT count(*) FROM secret_fingerprints") == 1


@pytest.mark.anyio
async def test_a_signing_ring_that_holds_the_recorded_key_takes_its_place(tmp_path: Path, database: Database) -> None:
    old, new = "o" * 40, "n" * 40
    for ring in (old, f"{old},{new}", f"{new},{old}", new):
        await opened(settings(tmp_path, ring), SIGNING, database)
    with pytest.raises(InvalidSettings):
        await opened(settings(tmp_path, old), SIGNING, database)


@pytest.mark.anyio
async def test_every_key_that_rows_are_sealed_with_is_needed_until_it_is_forgotten(
    tmp_path: Path, database: Database
) -> None:
    old, new = "o" * 40, "n" * 40
    for ring in (old, f"{new},{old}"):
        await opened(settings(tmp_path, ring), ENCRYPTION, database)
    for lacking in (old, new):
        with pytest.raises(InvalidSettings, match="DATA_ENCRYPTION_KEYS"):
            await opened(settings(tmp_path, lacking), ENCRYPTION, database)
    await forget(database, ENCRYPTION, [KeyRing([old.encode()]).current(0).fingerprint])
    await opened(settings(tmp_path, new), ENCRYPTION, database)


@pytest.mark.anyio
async def test_the_database_learns_nothing_of_the_key(tmp_path: Path, database: Database) -> None:
    key = await opened(settings(tmp_path, "k" * 32), SIGNING, database)
    row = await database.fetchrow("SELECT * FROM secret_fingerprints")
    assert row is not None
    assert row["fingerprint"] not in {"k" * 32, (b"k" * 32).hex(), key.id}


@pytest.mark.parametrize("keys", [[], [b"short"], [b"k" * 32, b"short"]])
def test_a_ring_takes_no_weak_keys(keys: list[bytes]) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        KeyRing(keys)
