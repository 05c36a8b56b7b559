import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import PIPE, Popen

import pytest
from pydantic import SecretStr

from lyo_rt.database.pool import Database
from lyo_rt.security.secrets import KeyRing, open_signing_keys, read_or_make_keys, recognise
from lyo_rt.settings import InvalidSettings, Settings

PROCESSES = 4
MAKER = """
import sys
from pathlib import Path
from lyo_rt.security.secrets import read_or_make_keys
print("ready", flush=True)
sys.stdin.readline()
print(read_or_make_keys(Path(sys.argv[1]))[0].hex())
"""


def settings(data_dir: Path, secret: str | None = None) -> Settings:
    return Settings(lyo_data_dir=data_dir, jwt_secret_key=SecretStr(secret) if secret else None)


def test_a_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "jwt.keys"
    (key,) = read_or_make_keys(path)
    assert len(key) == 32
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


@pytest.mark.anyio
async def test_instances_of_one_data_folder_share_the_key(tmp_path: Path, database: Database) -> None:
    one = await open_signing_keys(settings(tmp_path), database)
    other = await open_signing_keys(settings(tmp_path), database)
    assert (one.current_id, one.current) == (other.current_id, other.current)


@pytest.mark.anyio
async def test_another_key_on_the_same_database_stops_the_start(tmp_path: Path, database: Database) -> None:
    await open_signing_keys(settings(tmp_path, "s" * 40), database)
    for wrong, source in ((settings(tmp_path), "LYO_DATA_DIR"), (settings(tmp_path, "t" * 40), "JWT_SECRET_KEY")):
        with pytest.raises(InvalidSettings) as caught:
            await open_signing_keys(wrong, database)
        assert len(caught.value.lines) == 1
        assert source in caught.value.lines[0]
        assert "t" * 40 not in caught.value.lines[0]
    await open_signing_keys(settings(tmp_path, "s" * 40), database)


@pytest.mark.anyio
async def test_a_ring_that_holds_the_recorded_key_takes_its_place(database: Database) -> None:
    old, new = b"o" * 32, b"n" * 32
    await recognise(database, "jwt", KeyRing([old]), "here")
    await recognise(database, "jwt", KeyRing([new, old]), "here")
    await recognise(database, "jwt", KeyRing([new]), "here")
    with pytest.raises(InvalidSettings):
        await recognise(database, "jwt", KeyRing([old]), "here")


@pytest.mark.anyio
async def test_the_database_learns_nothing_of_the_key(database: Database) -> None:
    ring = KeyRing([b"k" * 32])
    await recognise(database, "jwt", ring, "here")
    row = await database.fetchrow("SELECT * FROM secret_fingerprints")
    assert row is not None
    assert row["fingerprint"] not in {"k" * 32, (b"k" * 32).hex(), ring.current_id}


@pytest.mark.parametrize("keys", [[], [b"short"], [b"k" * 32, b"short"]])
def test_a_ring_takes_no_weak_keys(keys: list[bytes]) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        KeyRing(keys)
