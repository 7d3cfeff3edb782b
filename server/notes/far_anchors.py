"""The files of anchors once more where whoever has this computer does not reach: a folder of another machine, mounted here.

A file that is there is never written again, so that the folder may be one that only takes what is new.
"""

import asyncio
import re
from datetime import date
from pathlib import Path

import structlog

from server.core.files import replace_private
from server.core.house import House
from server.notes.anchors import FOLDER, anchor_today

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 600.0
ANCHOR = re.compile(r"\d{4}-\d{2}-\d{2}\.txt")  # others may keep things of theirs there


async def anchor_daily(house: House) -> None:
    """Make each day's anchor soon after it has begun in UTC, and take it there, for ever."""
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        await anchor_today(house)
        await carry_anchors(house)


async def carry_anchors(house: House) -> None:
    """Take there what is not there yet; where the folder cannot be reached it is tried again with the next look."""
    far = house.settings.anchors_dir
    if far is None:
        return
    try:
        carried = await asyncio.to_thread(_carry, house.settings.data_dir / FOLDER, far)
    except OSError as error:
        log.warning("anchors not carried", error=type(error).__name__)
        return
    if carried:
        log.info("anchors carried", rows=carried)


def newest_day(far: Path) -> date | None:
    """Return of which day the newest anchor in a folder is; raises `OSError` where it cannot be read. Blocking."""
    days = (_day_of(path.stem) for path in far.iterdir() if ANCHOR.fullmatch(path.name))
    return max((day for day in days if day is not None), default=None)


def _day_of(name: str) -> date | None:
    """Return the day that a file is called after; None where there is no such day."""
    try:
        return date.fromisoformat(name)
    except ValueError:
        return None


def _carry(own: Path, far: Path) -> int:
    there = {path.name for path in far.iterdir()}
    missing = sorted(path for path in own.glob("*.txt") if path.name not in there)
    for path in missing:
        replace_private(far / path.name, path.read_bytes())
    return len(missing)
