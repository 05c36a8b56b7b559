"""A small process that lets a program live exactly as long as the process that asked for it.

Run by its path, with the standard library only, so that it starts in about 20 ms. Its standard input is a pipe whose
other end the asking process holds and never writes to: when that process is gone, however it went (kill -9 too), the
pipe ends and the program is stopped. Its standard output says one line, why the program ended, and then closes.
"""

import argparse
import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

ITSELF = "itself"
NAMESPACE = "namespace"
"""Values of --run-as besides an account's name."""

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000


def main(arguments: Sequence[str]) -> int:
    """Run the program until it ends or standard input does; the exit code is the program's."""
    options = _parse(arguments)
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    process = _start(options)
    stopping = threading.Event()
    threading.Thread(target=_stop_with_the_pipe, args=(process, options, stopping), daemon=True).start()
    code = process.wait()
    if options.remove:
        shutil.rmtree(options.remove, ignore_errors=True)
    if not stopping.is_set():
        sys.stdout.write(_reason(code))
        sys.stdout.flush()
    return code if code >= 0 else 128 - code


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--stop-signal", type=signal.Signals.__getitem__, default=signal.SIGTERM)
    parser.add_argument("--stop-seconds", type=float, default=10.0, help="until it is stopped less politely")
    parser.add_argument("--log", type=Path, required=True, help="where the program's output goes")
    parser.add_argument("--keep", type=int, action="append", default=[], help="file descriptor the program inherits")
    parser.add_argument("--remove", type=Path, help="folder to remove at the end")
    parser.add_argument("--run-as", default=ITSELF, help="an account's name; or in a namespace that maps it to 1000")
    parser.add_argument("program", nargs="+")
    return parser.parse_args(arguments)


def _start(options: argparse.Namespace) -> subprocess.Popen[bytes]:
    account = None if options.run_as in (ITSELF, NAMESPACE) else pwd.getpwnam(options.run_as)
    with options.log.open("ab") as log:
        return subprocess.Popen(  # noqa: S603  the program is the product's own choice, never a client's
            options.program,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=options.keep,
            user=account and account.pw_uid,
            group=account and account.pw_gid,
            extra_groups=[] if account else None,
            preexec_fn=lambda: _confine(options),
        )


def _confine(options: argparse.Namespace) -> None:
    """In the new process, before the program: signals as usual, and on Linux the kernel ties it to the guardian."""
    for restored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(restored, signal.SIG_DFL)
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if options.run_as == NAMESPACE:
        _map_root_to_somebody(libc)
    # After the change of user, which clears it. A guardian killed by force stops the program too.
    libc.prctl(PR_SET_PDEATHSIG, int(options.stop_signal))


def _map_root_to_somebody(libc: ctypes.CDLL) -> None:
    """PostgreSQL refuses to run as root; in a user namespace of its own root is nobody special, files stay root's."""
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text("1000 0 1")
    Path("/proc/self/gid_map").write_text("1000 0 1")


def _stop_with_the_pipe(
    process: subprocess.Popen[bytes], options: argparse.Namespace, stopping: threading.Event
) -> None:
    while os.read(0, 1024):
        pass
    stopping.set()
    for urgency in (options.stop_signal, signal.SIGQUIT, signal.SIGKILL):
        process.send_signal(urgency)
        try:
            process.wait(options.stop_seconds)
        except subprocess.TimeoutExpired:
            continue
        return


def _reason(code: int) -> str:
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
