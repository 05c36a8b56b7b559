"""What is installed is what the locks name, byte by byte, and fits together; `make check` runs this.

Whether a version has been yanked, or has a known vulnerability, no file here can say: `make audit` asks for that.
"""

from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.attacks import Cases

pytestmark = pytest.mark.attack("dependencies")

ROOT = Path(__file__).parents[2]
LOCKS = sorted(ROOT.glob("requirements*.lock"))
BESIDE = {"lyo-rt", "pip", "setuptools"}
"""Of this project, and what a virtual environment may bring along."""


def locked(lock: Path) -> Iterator[tuple[Requirement, list[str]]]:
    """Each requirement of a lock with its hashes."""
    lines = (line for line in lock.read_text().splitlines() if line.strip() and not line.lstrip().startswith("#"))
    for entry in "\n".join(lines).replace("\\\n", " ").splitlines():
        requirement, *options = entry.split(" --")
        yield Requirement(requirement.strip()), [option.strip() for option in options]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_names_each_package_s_one_version_and_its_bytes(cases_tried: Cases, lock: Path) -> None:
    found = list(locked(lock))
    assert found
    for requirement, options in found:
        (pin,) = requirement.specifier
        assert (pin.operator, "*" in pin.version, requirement.url) == ("==", False, None), requirement
        assert options, requirement
        assert all(option.startswith("hash=sha256:") and len(option) == 76 for option in options), requirement
    cases_tried(len(found))


def test_what_is_installed_is_what_is_locked(cases_tried: Cases) -> None:
    allowed = {
        canonicalize_name(requirement.name): str(requirement.specifier).removeprefix("==")
        for lock in LOCKS
        if lock.name != "requirements-bench.lock"  # the opponent's, in an environment of its own
        for requirement, _ in locked(lock)
        if requirement.marker is None or requirement.marker.evaluate()
    }
    present = {canonicalize_name(one.name): one.version for one in distributions()}
    strange = {name: version for name, version in present.items() if allowed.get(name) != version}
    assert strange.keys() <= BESIDE, strange
    cases_tried(len(present))


def test_what_is_installed_fits_together(cases_tried: Cases) -> None:
    """As `pip check`, which a virtual environment made by uv does not have."""
    present = {canonicalize_name(one.name): one for one in distributions()}
    unmet = []
    for one in present.values():
        for requirement in map(Requirement, one.requires or ()):
            if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
                continue
            cases_tried(1)
            found = present.get(canonicalize_name(requirement.name))
            if found is None or not requirement.specifier.contains(found.version, prereleases=True):
                unmet.append(f"{one.name} needs {requirement}, and there is {found and found.version}")
    assert unmet == []
