"""The program as an operator meets it: help, one line per fault, exit codes."""

import base64
import hashlib
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from api.asyncapi_document import asyncapi_json
from lyo_rt.embedded.postgresql import live_url, postgresql_server
from lyo_rt.settings import Settings
from tests.conftest import statement
from tests.lyo_rt.embedding import ROOT


def plain_environment() -> dict[str, str]:
    """The environment without what configures the server."""
    configured = {name.upper() for name in Settings.model_fields}
    return {name: value for name, value in os.environ.items() if name.upper() not in configured}


def lyo_rt(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What `lyo-rt` says, in an environment that configures nothing else."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "api.command_line", *arguments],
        env=plain_environment() | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


COMMANDS = ["serve", "migrate", "seed", "openapi", "asyncapi", "load", "model", "evaluate", "keys", "users"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    assert command in lyo_rt("--help").stdout
    helped = lyo_rt(command, "--help")
    assert helped.returncode == 0
    assert helped.stdout.startswith("Usage:")
    assert len(helped.stdout.splitlines()) > 5


@pytest.mark.parametrize("command", ["serve", "migrate", "seed"])
def test_bad_settings_are_one_line_each_and_exit_code_2(command: str) -> None:
    refused = lyo_rt(command, PORT="abc", WORKERS="0")
    assert refused.returncode == 2
    assert refused.stdout == ""
    assert [line.split(":")[:2] for line in refused.stderr.splitlines()] == [
        ["lyo-rt", " PORT"],
        ["lyo-rt", " WORKERS"],
    ]


def test_migrates_up_and_down(empty_database_url: str) -> None:
    assert "is now at" in lyo_rt("migrate", DATABASE_URL=empty_database_url).stdout
    assert "is already at" in lyo_rt("migrate", DATABASE_URL=empty_database_url).stdout
    assert "is back at base" in lyo_rt("migrate", "--down", "base", DATABASE_URL=empty_database_url).stdout


def test_keys_rotate_in_the_data_folder(tmp_path: Path) -> None:
    (tmp_path / "jwt.keys").write_bytes(base64.urlsafe_b64encode(b"k" * 32) + b"\n")
    told = lyo_rt("keys", "rotate", LYO_DATA_DIR=str(tmp_path))
    assert (told.returncode, told.stderr) == (0, "")
    assert [line.split(":")[0] for line in told.stdout.splitlines()] == ["jwt.keys", "data.keys"]
    keys = (tmp_path / "jwt.keys").read_text().splitlines()
    assert len(keys) == 2
    assert all(key.split()[0] not in told.stdout for key in keys)
    (tmp_path / "jwt.keys").write_text("damaged")
    refused = lyo_rt("keys", "rotate", "--only", "jwt", LYO_DATA_DIR=str(tmp_path))
    assert (refused.returncode, refused.stdout, len(refused.stderr.splitlines())) == (2, "", 1)


def test_keys_of_the_environment_are_rotated_there(tmp_path: Path) -> None:
    told = lyo_rt("keys", "rotate", "--only", "jwt", LYO_DATA_DIR=str(tmp_path), JWT_SECRET_KEY="s" * 40)
    assert told.returncode == 0
    assert "s" * 40 not in told.stdout
    first, second = told.stdout.splitlines()[1:]
    new = first.partition("<present value>,")[2]
    assert len(new) >= 32
    assert f"JWT_SECRET_KEY={new},<present value>" in second
    assert not (tmp_path / "jwt.keys").exists()


def test_keys_reencrypt_says_what_it_did(tmp_path: Path, database_url: str) -> None:
    environment = {"LYO_DATA_DIR": str(tmp_path), "DATABASE_URL": database_url}
    told = lyo_rt("keys", "reencrypt", **environment)
    assert (told.returncode, told.stdout[:22]) == (0, "0 rows carried over; e")
    (tmp_path / "data.keys").unlink()
    refused = lyo_rt("keys", "reencrypt", **environment)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.splitlines()[0].endswith("cannot be read again")


def test_a_database_that_is_away_is_one_line() -> None:
    refused = lyo_rt("migrate", DATABASE_URL="postgresql://127.0.0.1:1/lyo")
    assert refused.returncode == 1
    assert refused.stderr.startswith("lyo-rt: DATABASE_URL: ")
    assert len(refused.stderr.splitlines()) == 1


def test_the_demo_data_is_refused_in_production(database_url: str) -> None:
    needed = {"JWT_SECRET_KEY": "s" * 32, "DATA_ENCRYPTION_KEYS": "s" * 32, "PUBLIC_URL": "https://lyo.example"}
    refused = lyo_rt("seed", ENVIRONMENT="production", DATABASE_URL=database_url, **needed)
    assert refused.returncode == 1
    assert refused.stderr == "lyo-rt: the demo data is not for production\n"


def test_an_unknown_version_is_one_line(database_url: str) -> None:
    refused = lyo_rt("migrate", "--down", "1999", DATABASE_URL=database_url)
    assert refused.returncode == 1
    assert refused.stderr.startswith("lyo-rt: there is no version 1999")


def test_an_unknown_command_is_a_usage_error() -> None:
    assert lyo_rt("sreve").returncode == 2


def test_prints_the_openapi_document() -> None:
    printed = lyo_rt("openapi")
    assert printed.stderr == ""
    assert json.loads(printed.stdout)["openapi"].startswith("3.1")


def test_prints_the_asyncapi_document() -> None:
    printed = lyo_rt("asyncapi")
    assert printed.stderr == ""
    assert json.loads(printed.stdout) == json.loads(asyncapi_json())


def test_model_explains_pull_and_verify() -> None:
    for command in ("pull", "verify"):
        assert command in lyo_rt("model", "--help").stdout
        assert lyo_rt("model", command, "--help").stdout.startswith("Usage:")


def test_a_model_is_pulled_once_and_verified(tmp_path: Path) -> None:
    original = tmp_path / "gemma.gguf"
    original.write_bytes(b"a model")
    environment = {
        "LYO_DATA_DIR": str(tmp_path),
        "MODEL_SOURCE": f"file:{original}",
        "MODEL_CHECKSUM": hashlib.sha256(b"a model").hexdigest(),
    }
    absent = lyo_rt("model", "verify", **environment)
    assert (absent.returncode, absent.stderr.startswith("lyo-rt: there is no model at ")) == (1, True)
    assert "is ready (7 B, SHA-256 is right)" in lyo_rt("model", "pull", **environment).stdout
    assert "was there already" in lyo_rt("model", "pull", **environment).stdout
    assert "is right" in lyo_rt("model", "verify", **environment).stdout
    [placed] = (tmp_path / "models").glob("*.gguf")
    placed.write_bytes(b"another")
    wrong = lyo_rt("model", "verify", **environment)
    assert wrong.returncode == 1
    assert (
        wrong.stderr == f"lyo-rt: {placed} is not the model: its SHA-256 is {hashlib.sha256(b'another').hexdigest()}\n"
    )


def test_on_a_terminal_a_bar_shows_how_far_a_pull_is(tmp_path: Path) -> None:
    original = tmp_path / "gemma.gguf"
    original.write_bytes(bytes(8 * 1024 * 1024))
    environment = {
        "LYO_DATA_DIR": str(tmp_path),
        "MODEL_SOURCE": f"file:{original}",
        "MODEL_CHECKSUM": hashlib.sha256(original.read_bytes()).hexdigest(),
        "TERM": "xterm",
    }
    shown, terminal = pty.openpty()
    pulled = subprocess.run(
        [sys.executable, "-m", "api.command_line", "model", "pull"],
        env=plain_environment() | environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=terminal,
        timeout=60,
        check=True,
    )
    os.close(terminal)
    drawn = os.read(shown, 100_000).decode()
    os.close(shown)
    assert b"is ready" in pulled.stdout
    assert "\x1b[" in drawn
    assert re.search(r"━+", drawn)


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        ({"MODEL_SOURCE": "ftp://a/b"}, "MODEL_SOURCE: must begin with hf://, s3://, gs://, https:// or file:"),
        ({"MODEL_PATH": "/a.gguf"}, "MODEL_PATH needs MODEL_CHECKSUM"),
        ({"MODEL_CHECKSUM": "abc"}, "MODEL_CHECKSUM: is no SHA-256"),
    ],
)
def test_bad_settings_of_the_model_are_one_line(variables: dict[str, str], line: str) -> None:
    refused = lyo_rt("model", "pull", **variables)
    assert refused.returncode == 2
    assert refused.stderr.startswith(f"lyo-rt: {line}")


def test_a_role_is_given_to_an_account_that_is_there(database_url: str) -> None:
    lyo_rt("seed", DATABASE_URL=database_url)
    given = lyo_rt("users", "promote", "Demo@example.com", "super_admin", DATABASE_URL=database_url)
    assert (given.returncode, given.stdout) == (0, "demo@example.com is super_admin now.\n")
    for arguments, code, said in (
        (("nobody@example.com", "admin"), 1, "lyo-rt: There is no account with the e-mail nobody@example.com.\n"),
        (("demo@example.com", "student"), 1, "lyo-rt: This is the last super admin: "),
        (("demo@example.com", "king"), 2, "must be one of student, teacher, admin, super_admin"),
    ):
        refused = lyo_rt("users", "promote", *arguments, DATABASE_URL=database_url)
        assert refused.returncode == code
        assert said in refused.stderr


def test_a_role_is_given_while_the_embedded_database_is_served(short_dir: Path) -> None:
    """Its owner has the folder; the program asks the server that runs there, and leaves it running."""
    data = short_dir / "promoting"
    folder = data / "postgresql" / "data"
    with postgresql_server(data, fsync=False) as server:
        statement(server, "CREATE DATABASE lyo")
        lyo_rt("migrate", DATABASE_URL=server.url())
        lyo_rt("seed", DATABASE_URL=server.url())
        given = lyo_rt("users", "promote", "demo@example.com", "teacher", LYO_DATA_DIR=str(data))
        assert (given.returncode, given.stdout) == (0, "demo@example.com is teacher now.\n"), given.stderr
        assert anyio.run(live_url, folder) == server.url()
    assert anyio.run(live_url, folder) is None
    again = lyo_rt("users", "promote", "demo@example.com", "admin", LYO_DATA_DIR=str(data))
    assert (again.returncode, again.stdout) == (0, "demo@example.com is admin now.\n"), again.stderr
