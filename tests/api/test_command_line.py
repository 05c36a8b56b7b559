"""The program as an operator meets it: help, one line per fault, exit codes."""

import json
import os
import subprocess
import sys

import pytest

from api.asyncapi_document import asyncapi_json
from lyo_rt.settings import Settings
from tests.lyo_rt.embedding import ROOT


def lyo_rt(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What `lyo-rt` says, in an environment that configures nothing else."""
    configured = {name.upper() for name in Settings.model_fields}
    rest = {name: value for name, value in os.environ.items() if name.upper() not in configured}
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "api.command_line", *arguments],
        env=rest | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("command", ["serve", "migrate", "seed", "openapi", "asyncapi", "load"])
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


def test_a_database_that_is_away_is_one_line() -> None:
    refused = lyo_rt("migrate", DATABASE_URL="postgresql://127.0.0.1:1/lyo")
    assert refused.returncode == 1
    assert refused.stderr.startswith("lyo-rt: DATABASE_URL: ")
    assert len(refused.stderr.splitlines()) == 1


def test_the_demo_data_is_refused_in_production(database_url: str) -> None:
    refused = lyo_rt("seed", ENVIRONMENT="production", JWT_SECRET_KEY="s" * 32, DATABASE_URL=database_url)
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
