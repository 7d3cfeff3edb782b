"""Looks at every part of the server again and again, so that the page of health can say since when something is so."""

import asyncio

from server.core.house import House
from server.oversight.board import Board
from server.oversight.states import states_of

EVERY_S = 60.0


async def look(house: House, board: Board) -> None:
    board.look(await states_of(house), house.clock.now())


async def watch(house: House, board: Board) -> None:
    """Look until cancelled."""
    while True:
        await look(house, board)
        await asyncio.sleep(EVERY_S)
