"""Measures the live note: letters lost after 'saved' when the server is killed, and how soon a letter is seen and stored."""

import argparse
import asyncio
from collections.abc import Iterator, Sequence

from tests.bench.browsers import running_site
from tests.bench.figures import Figure, middle
from tests.live.notes.typists import Typist, lost_after_kill, seated
from tests.site import Booked, Site

KILLS, RUNS = 20, 5
KEYS_PER_S = 5.0
RUN_S = 8.0
KILL_PAUSE_S = 0.04  # between the letters of one of five: 125 letters per second
MS = 1000.0


def measure(kills: int = KILLS, runs: int = RUNS) -> Iterator[Figure]:
    """Kill the server `kills` times with five people typing; then type quietly `runs` times and take the medians."""
    with running_site() as site:
        booked = site.consultation()
        outcomes = [asyncio.run(lost_after_kill(site, booked, 60 + 6 * (number % 10), KILL_PAUSE_S)) for number in range(kills)]
        yield Figure("saved_before_kill", sum(promised for promised, _ in outcomes), "letters")
        yield Figure("lost_after_saved", sum(lost for _, lost in outcomes), "letters")
        quiet = [asyncio.run(type_quietly(site, site.consultation())) for _ in range(runs)]
    seen, acked = zip(*quiet, strict=True)
    yield middle("seen_p50_ms", [percentile(times, 0.50) for times in seen], "ms")
    yield middle("seen_p99_ms", [percentile(times, 0.99) for times in seen], "ms")
    yield middle("ack_p50_ms", [percentile(times, 0.50) for times in acked], "ms")
    yield middle("ack_p99_ms", [percentile(times, 0.99) for times in acked], "ms")


async def type_quietly(site: Site, booked: Booked) -> tuple[list[float], list[float]]:
    """Five people, five keys a second each; returns the times in ms until the others had a letter, and until it was stored."""
    async with seated(site, booked) as typists:
        typing = []
        for typist in typists:
            typing.append(asyncio.ensure_future(typist.type(1 / KEYS_PER_S)))  # noqa: TID251 - typing goes on while we wait
            await asyncio.sleep(1 / KEYS_PER_S / len(typists))
        await asyncio.sleep(RUN_S)
        for typist in typists:
            typist.stopped = True
        await asyncio.gather(*typing)
        everything = {place for typist in typists for place in typist.placed_at}
        for typist in typists:
            await typist.tab.until(lambda tab: tab.saved)
            await typist.tab.until(lambda _, typist=typist: everything <= typist.seen_at.keys() | typist.placed_at.keys())
        return seen_ms(typists), acked_ms(typists)


def seen_ms(typists: Sequence[Typist]) -> list[float]:
    return [
        MS * (reader.seen_at[place] - sent_at)
        for writer in typists
        for place, sent_at in writer.placed_at.items()
        for reader in typists
        if reader is not writer
    ]


def acked_ms(typists: Sequence[Typist]) -> list[float]:
    return [MS * (typist.acked_at[number] - sent_at) for typist in typists for number, sent_at in typist.sent_at.items()]


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.notes_bench", description=__doc__)
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--runs", type=int, default=RUNS)
    options = parser.parse_args()
    for figure in measure(options.kills, options.runs):
        print(figure, flush=True)


if __name__ == "__main__":
    main()
