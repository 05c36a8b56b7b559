"""`python -m bench.login_storm`: what 200 sign-ins at once cost everybody else, and whether they tell who is here.

A server of its own (embedded PostgreSQL, bcrypt at its real cost). Authenticated reads go out at a steady rate, each
counted from when it was due, first alone and then while everybody signs in; whoever is told to come back later does.
Then sign-ins with a wrong password, of a known and of an unknown e-mail in turn, are timed.
"""

import argparse
import ssl
import statistics
import sys
import tempfile
from dataclasses import dataclass, field

import anyio
import httpx

from bench.machine import description
from bench.processes import program

READS_A_SECOND = 50
QUIET_SECONDS = 6.0
BAR_MS = 50.0
DEMO = {"email": "demo@example.com", "password": "demo"}


@dataclass
class Storm:
    """What was measured, in seconds."""

    quiet: list[float] = field(default_factory=list)
    stormy: list[float] = field(default_factory=list)
    known: list[float] = field(default_factory=list)
    unknown: list[float] = field(default_factory=list)
    lasted: float = 0.0
    put_off: int = 0

    @property
    def delay_ms(self) -> float:
        """How much later the 95th of a hundred reads is answered."""
        return 1000 * (percentile(self.stormy, 95) - percentile(self.quiet, 95))

    @property
    def difference(self) -> tuple[float, float]:
        """How much longer an unknown e-mail takes (ms, of pairs in turn), and the standard error of that."""
        pairs = [1000 * (unknown - known) for known, unknown in zip(self.known, self.unknown, strict=True)]
        return statistics.fmean(pairs), statistics.stdev(pairs) / len(pairs) ** 0.5


def main() -> int:
    """The exit code: 0 when the reads were held up less than 50 ms at p95, and no account can be told by the time."""
    parser = argparse.ArgumentParser(prog="python -m bench.login_storm", description=__doc__)
    parser.add_argument("--logins", type=int, default=200)
    parser.add_argument("--pairs", type=int, default=30)
    parser.add_argument("--only-storm", metavar="ADDRESS", help="what the other process of the measurement does")
    options = parser.parse_args()
    if options.only_storm:
        sys.stdout.write(f"{anyio.run(storm_on, options.only_storm, options.logins)}\n")
        return 0
    with tempfile.TemporaryDirectory(prefix="lyo-bench-") as folder:
        environment = {"PORT": "0", "LYO_DATA_DIR": folder, "AI_PROVIDERS": "outline", "RATE_LIMIT_AUTH": "0"}
        environment |= {"RATE_LIMIT_GENERAL": "0", "LOG_LEVEL": "WARNING"}
        with program([sys.executable, "-m", "api.command_line", "serve"], environment, " on http://") as server:
            address = server.first.partition(" on ")[2].partition(" ")[0]
            storm = anyio.run(measured, address, options.logins, options.pairs)
    sys.stdout.write(f"{description()}\n\n{rendered(storm, options.logins)}\n")
    mean, error = storm.difference
    return 0 if storm.delay_ms < BAR_MS and abs(mean) < 4 * error + 1 else 1


async def measured(address: str, logins: int, pairs: int) -> Storm:
    """The storm over the server at `address`."""
    storm = Storm()
    async with httpx.AsyncClient(base_url=address, timeout=300) as http:
        token = (await http.post("/v1/auth/login", json=DEMO)).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        await read(http, headers, storm.quiet, QUIET_SECONDS)
        storm.quiet.clear()  # the first requests warm everything up
        await read(http, headers, storm.quiet, QUIET_SECONDS)
        began = anyio.current_time()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read, http, headers, storm.stormy, 600.0)
            command = ["-m", "bench.login_storm", "--logins", str(logins), "--only-storm", address]
            done = await anyio.run_process([sys.executable, *command])
            storm.lasted, storm.put_off = anyio.current_time() - began, int(done.stdout)
            tasks.cancel_scope.cancel()
        for number in range(pairs):
            await refused(http, storm.known, DEMO["email"])
            await refused(http, storm.unknown, f"nobody-{number}@example.com")
    return storm


async def read(http: httpx.AsyncClient, headers: dict[str, str], times: list[float], seconds: float) -> None:
    """Authenticated reads of the database at a steady rate; their times from when they were due."""
    began = anyio.current_time()

    async def one(due: float) -> None:
        answer = await http.get("/v1/users/me", headers=headers)
        times.append(anyio.current_time() - due)
        answer.raise_for_status()

    async with anyio.create_task_group() as tasks:
        for number in range(int(seconds * READS_A_SECOND)):
            due = began + number / READS_A_SECOND
            await anyio.sleep_until(due)
            tasks.start_soon(one, due)


async def storm_on(address: str, logins: int) -> int:
    """So many sign-ins at once, in a process of their own: they must not hold up who measures. How often put off."""
    put_off = 0

    async def sign_in() -> None:
        nonlocal put_off
        async with httpx.AsyncClient(base_url=address, timeout=300, verify=context) as http:
            while (answer := await http.post("/v1/auth/login", json=DEMO)).status_code == 503:
                put_off += 1
                await anyio.sleep(float(answer.headers["Retry-After"]))
            answer.raise_for_status()

    context = ssl.create_default_context()
    async with anyio.create_task_group() as signing_in:
        for _ in range(logins):
            signing_in.start_soon(sign_in)
    return put_off


async def refused(http: httpx.AsyncClient, times: list[float], email: str) -> None:
    """One sign-in with a wrong password."""
    began = anyio.current_time()
    answer = await http.post("/v1/auth/login", json={"email": email, "password": "Wrong-horse-9-battery"})
    times.append(anyio.current_time() - began)
    if answer.status_code != 401:
        raise RuntimeError(f"answered {answer.status_code}")


def rendered(storm: Storm, logins: int) -> str:
    """The figures as lines."""
    mean, error = storm.difference
    lines = [
        *(
            f"{name:22} p50 {1000 * percentile(times, 50):6.1f} ms   p95 {1000 * percentile(times, 95):6.1f} ms"
            for name, times in (("reads alone", storm.quiet), ("reads in the storm", storm.stormy))
        ),
        f"held up at p95         {storm.delay_ms:6.1f} ms   (bar: {BAR_MS:.0f})",
        f"{logins} sign-ins           {storm.lasted:6.1f} s, {storm.put_off} put off for a while",
        f"unknown minus known    {mean:6.2f} ms ± {error:.2f}, of {1000 * statistics.fmean(storm.known):.0f}",
    ]
    return "\n".join(lines)


def percentile(times: list[float], of_hundred: int) -> float:
    """Of so many in a hundred the longest."""
    return statistics.quantiles(times, n=100, method="inclusive")[of_hundred - 1]


if __name__ == "__main__":
    sys.exit(main())
