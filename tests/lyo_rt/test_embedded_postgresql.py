"""The embedded PostgreSQL lives as long as the process that serves it, and its data longer."""

import os
import signal
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import anyio
import asyncpg
import pytest

from lyo_rt.embedded.guarded import EmbeddedFault
from lyo_rt.embedded.postgresql import embedded_postgresql, postgresql_server
from tests.lyo_rt.embedding import address, alive, ask, eventually, interpreter_for, parent, postmaster, serving

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
NAMESPACES = pytest.mark.skipif(not Path("/proc/self/uid_map").exists(), reason="only Linux has user namespaces")
NOBODY = 65534

CONTAINER = """
import ctypes, os, sys
child_ready, may_go = os.pipe(), os.pipe()
child = os.fork()
if child:
    os.read(child_ready[0], 1)
    for kind in ("uid", "gid"):
        open(f"/proc/{child}/{kind}_map", "w").write(f"0 0 {sys.argv[1]}")
    os.write(may_go[1], b"!")
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
assert ctypes.CDLL(None).unshare(0x10000000) == 0
os.write(child_ready[1], b"!")
os.read(may_go[0], 1)
open("/proc/sys/user/max_user_namespaces", "w").write("0")
os.execv(sys.argv[2], sys.argv[2:])
"""
"""Runs its arguments as the root of a container with so many accounts, in which no user namespace may be made."""

STOP_SECONDS = 5.0  # it takes 0.1 s; the rest is for a machine that is busy


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="lyo-") as name:
        yield Path(name)


@pytest.mark.anyio
async def test_serves_a_database_whose_data_survives_a_restart(folder: Path) -> None:
    async with embedded_postgresql(folder) as server:
        connection = await asyncpg.connect(server.url())
        assert await connection.fetchval("SHOW fsync") == "on"
        assert await connection.fetchval("SHOW listen_addresses") == ""
        assert await connection.fetchval("SELECT lower('ÄÖ')") == "äö"
        assert stat.S_IMODE(server.socket_dir.stat().st_mode) == 0o700
        await connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        await connection.close()
    assert not server.socket_dir.exists()
    async with embedded_postgresql(folder) as server:
        connection = await asyncpg.connect(server.url())
        assert await connection.fetchval("SELECT answer FROM kept") == 42
        await connection.close()


def test_kill_9_of_the_serving_process_stops_it_and_loses_nothing(folder: Path) -> None:
    with serving(folder) as process:
        ask(address(process), "CREATE TABLE kept AS SELECT 42 AS answer")
        pid = postmaster(folder)
        process.kill()
        eventually(lambda: not alive(pid), STOP_SECONDS, "PostgreSQL stops")
    with postgresql_server(folder, fsync=False) as server:
        assert ask(server.url("postgres"), "SELECT answer FROM kept") == 42


def test_a_restart_right_after_kill_9_waits_for_the_old_server_to_stop(folder: Path) -> None:
    with serving(folder) as process:
        address(process)
        old = postmaster(folder)
        process.kill()
        process.wait()
        with postgresql_server(folder, fsync=False):
            assert not alive(old)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="only Linux ties a program to its parent")
def test_kill_9_of_the_guardian_stops_it_too(folder: Path) -> None:
    with postgresql_server(folder, fsync=False):
        pid = postmaster(folder)
        os.kill(parent(pid), signal.SIGKILL)
        eventually(lambda: not alive(pid), STOP_SECONDS, "PostgreSQL stops")


@pytest.mark.anyio
async def test_its_own_death_is_told_in_one_line(folder: Path) -> None:
    async with embedded_postgresql(folder, fsync=False) as server:
        os.kill(postmaster(folder), signal.SIGQUIT)
        with anyio.fail_after(STOP_SECONDS):
            line = await server.ended()
    assert line.startswith("PostgreSQL ended with exit code ")
    assert "\n" not in line


def test_a_folder_in_use_by_a_live_server_is_refused(folder: Path) -> None:
    with serving(folder) as process:
        url = address(process)
        with pytest.raises(EmbeddedFault) as refusal, postgresql_server(folder, fsync=False):
            pass
        assert str(folder) in str(refusal.value)
        assert str(process.pid) in str(refusal.value)
        assert "LYO_DATA_DIR" in str(refusal.value)
        assert ask(url, "SELECT 1") == 1


def test_the_lock_of_a_dead_server_is_no_obstacle_even_when_its_process_id_lives_again(folder: Path) -> None:
    with postgresql_server(folder, fsync=False):
        lock = (folder / "postgresql" / "data" / "postmaster.pid").read_text()
    stale = lock.replace(lock.split()[0], str(os.getpid()), 1)
    (folder / "postgresql" / "data" / "postmaster.pid").write_text(stale)
    with postgresql_server(folder, fsync=False) as server:
        assert ask(server.url("postgres"), "SELECT 1") == 1


def test_a_start_killed_while_the_folder_was_being_made_is_repaired(folder: Path) -> None:
    with serving(folder) as process:
        begun = folder / "postgresql" / "data.unfinished" / "base"
        eventually(begun.exists, 20, "initdb begins")
        process.kill()
    with postgresql_server(folder, fsync=False) as server:
        assert ask(server.url("postgres"), "SELECT 1") == 1
    assert not begun.parent.exists()


@pytest.mark.parametrize("name", ["with some spaces", "x" * 120, "a,b:c"], ids=["spaces", "long", "separators"])
def test_any_path_will_do(folder: Path, name: str) -> None:
    with postgresql_server(folder / name, fsync=False) as server:
        assert ask(server.url("postgres"), "SELECT 1") == 1
        assert stat.S_IMODE(server.socket_dir.stat().st_mode) == 0o700
    assert not server.socket_dir.exists()


def test_data_of_another_version_is_refused(folder: Path) -> None:
    with postgresql_server(folder, fsync=False):
        pass
    (folder / "postgresql" / "data" / "PG_VERSION").write_text("12\n")
    with pytest.raises(EmbeddedFault, match="was written by PostgreSQL 12"), postgresql_server(folder, fsync=False):
        pass


def test_a_folder_that_cannot_be_made_is_named(folder: Path) -> None:
    (folder / "file").write_text("in the way")
    with pytest.raises(EmbeddedFault, match="LYO_DATA_DIR"), postgresql_server(folder / "file", fsync=False):
        pass


@AS_ROOT
def test_an_ordinary_user_can_serve(folder: Path) -> None:
    python = interpreter_for("nobody")
    if python is None:
        pytest.skip("the account nobody can run no Python here that loads the product's packages")
    os.chown(folder, NOBODY, NOBODY)
    with serving(folder, user="nobody", python=python) as process:
        url = address(process)
        assert url.startswith("postgresql://"), url
        assert ask(url, "SELECT 1") == 1
        assert Path(f"/proc/{postmaster(folder)}").stat().st_uid == NOBODY


@AS_ROOT
@NAMESPACES
def test_root_that_may_make_no_namespace_serves_as_nobody(folder: Path) -> None:
    folder.chmod(0o755)
    with serving(folder, before=(sys.executable, "-c", CONTAINER, "65536")) as process:
        url = address(process)
        assert url.startswith("postgresql://"), url
        assert ask(url, "SELECT 1") == 1
        assert Path(f"/proc/{postmaster(folder)}").stat().st_uid == NOBODY


@AS_ROOT
@NAMESPACES
def test_root_that_can_become_nobody_else_is_told_what_to_do(folder: Path) -> None:
    with serving(folder, before=(sys.executable, "-c", CONTAINER, "1")) as process:
        assert "run lyo-rt as an ordinary user, or set DATABASE_URL" in address(process)
