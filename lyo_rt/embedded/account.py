"""Whom PostgreSQL runs as, since it refuses root: a containers' root must be able to start it all the same."""

import os
import pwd
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from lyo_rt.embedded import guardian
from lyo_rt.embedded.guarded import EmbeddedFault, guard


@dataclass(frozen=True)
class Account:
    """What the guardian is told to run the server as, and the owner its files must have (None: as they are)."""

    run_as: str
    owner: tuple[int, int] | None = None

    def give(self, path: Path) -> None:
        """Makes `path`, and all in it, the server's own."""
        if self.owner is None or path.stat().st_uid == self.owner[0]:
            return
        for folder, _, files in os.walk(path):
            os.chown(folder, *self.owner)
            for name in files:
                os.chown(Path(folder, name), *self.owner, follow_symlinks=False)


def server_account(program: Path) -> Account:
    """The first that works with `program`: this user; for root a user namespace of its own; the account nobody.

    Some container runtimes forbid namespaces; nobody cannot reach a program or data below a folder of mode 0700.
    Raises EmbeddedFault when none works.
    """
    if os.geteuid() != 0:
        return Account(guardian.ITSELF)
    nobody = pwd.getpwnam("nobody")
    for account in (Account(guardian.NAMESPACE, (0, 0)), Account("nobody", (nobody.pw_uid, nobody.pw_gid))):
        if _works(account, program):
            return account
    raise EmbeddedFault(
        "PostgreSQL refuses to run as root, and neither a user namespace nor the account nobody works here: "
        "run lyo-rt as an ordinary user, or set DATABASE_URL"
    )


def _works(account: Account, program: Path) -> bool:
    log_dir = Path(tempfile.mkdtemp(prefix="lyo-"))
    try:
        attempt = guard("PostgreSQL", [program, "--version"], log_dir / "log", run_as=account.run_as)
        try:
            return attempt.result() == 0
        finally:
            attempt.stop()
    finally:
        shutil.rmtree(log_dir, ignore_errors=True)
