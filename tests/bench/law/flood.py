"""What a flood of sign-ins costs everybody else: the account page of somebody who is signed in, before and during it."""

import argparse
import asyncio
import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from multiprocessing.synchronize import Event
from pathlib import Path

import httpx2

from server.core.migrate import migrate
from tests.bench.figures import Figure, middle
from tests.cast import ALICE, seat_in
from tests.servers import AppServer
from tests.site import Site

ATTEMPTS = 1_000
AT_ONCE = 50
CALM_PAGES = 100
EVERY_S = 0.1  # the pace of a reader's requests, so that those that wait are not left out of the count


def measure(options: argparse.Namespace) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="consilium-bench-") as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        migrate(url)
        seat_in(url)
        server = AppServer(Path(folder), DATABASE_URL=url, TRUSTED_PROXIES="127.0.0.1")
        server.start()
        try:
            yield middle("flood_added_p99_ms", [_added(server, run) for run in range(options.runs)], "ms")
        finally:
            server.stop()


def _added(server: AppServer, run: int) -> float:
    """Return by how many milliseconds the flood moves the 99th percentile."""
    site = Site(server)
    cookies = {"sid": site.cookie(ALICE)}
    site.close()
    calm = asyncio.run(_pages(server.url, cookies, CALM_PAGES, None))
    over = multiprocessing.get_context("spawn").Event()
    flood = multiprocessing.get_context("spawn").Process(target=_flood, args=(server.url, run, over))
    flood.start()
    flooded = asyncio.run(_pages(server.url, cookies, ATTEMPTS * 10, over))
    flood.join()
    return max(0.0, _p99(flooded) - _p99(calm))


def _p99(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.99)] * 1000


async def _pages(url: str, cookies: dict[str, str], most: int, over: Event | None) -> list[float]:
    """Ask for a page at an even pace, until the flood is over if there is one; return how long each took, in seconds."""
    times: list[float] = []
    async with httpx2.AsyncClient(base_url=url, cookies=cookies, trust_env=False, timeout=30) as client:

        async def ask() -> None:
            begun = time.perf_counter()
            answer = await client.get("/account")
            assert answer.status_code == 200
            times.append(time.perf_counter() - begun)

        async with asyncio.TaskGroup() as asking:
            for _ in range(most):
                if over is not None and over.is_set():
                    break
                asking.create_task(ask())
                await asyncio.sleep(EVERY_S)
    return times


def _flood(url: str, run: int, over: Event) -> None:
    asyncio.run(_attempts(url, run))
    over.set()


async def _attempts(url: str, run: int) -> None:
    """Guess at the passwords of many names from many addresses, as the limits of one name or address would end it at once."""
    line = asyncio.Semaphore(AT_ONCE)
    limits = httpx2.Limits(max_connections=AT_ONCE)
    async with httpx2.AsyncClient(base_url=url, headers={"origin": url}, trust_env=False, timeout=60, limits=limits) as client:

        async def guess(number: int) -> None:
            address = {"x-forwarded-for": f"10.{run}.{number // 250}.{number % 250}"}
            async with line:
                await client.post("/sign-in", data={"username": f"dr_{number}", "password": "guess"}, headers=address)

        async with asyncio.TaskGroup() as guessing:
            for number in range(ATTEMPTS):
                guessing.create_task(guess(number))
