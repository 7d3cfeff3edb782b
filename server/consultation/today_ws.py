"""The socket of the Today page: the list at once, and again whenever it has changed."""

import asyncio
from collections.abc import Callable
from typing import cast

from pydantic import BaseModel, Field, ValidationError
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket

from server.access.viewer import viewer_of_login
from server.consultation.notices import Notice
from server.consultation.today import TodayList, TodayRow, today_list
from server.consultation.topics import today_topic
from server.core.house import House
from server.errors import ConsiliumError, Elsewhere, Forbidden, Malformed
from server.identity.gate import SignedIn, login_of
from server.web.connection import OUR_FAULT, Connection
from server.web.socket import JsonSocket
from server.web.wire import Frame

GATHER_S = 0.1  # hints within it lead to one list: a patient's arrival is several changes
RECHECK_S = 60.0  # a link's window opens and closes, and a lost hint is made good


class Hello(BaseModel):
    ticket: str = Field(max_length=128)


def routes() -> list[BaseRoute]:
    return [WebSocketRoute("/ws/today", JsonSocket(TodayConversation).serve)]


class TodayConversation:
    """Owns one task that waits for hints; it ends with the connection."""

    def __init__(self, websocket: WebSocket, connection: Connection) -> None:
        self._house = cast(House, websocket.app.state.house)
        self._connection = connection
        self._changed = asyncio.Event()
        self._unsubscribe: list[Callable[[], None]] = []
        self._task: asyncio.Task[None] | None = None
        self._told: tuple[list[TodayRow], list[Notice]] = ([], [])

    async def open(self, hello: Frame) -> None:
        try:
            ticket = Hello.model_validate(hello.b).ticket
        except ValidationError:
            raise Malformed from None
        who = cast(SignedIn, self._house.tickets.redeem("today", ticket))
        self._subscribe(who)
        listed = await self._read(who)
        self._connection.ok(hello.id)
        self._tell(listed)
        self._task = self._house.supervisor.spawn(self._follow(who), name="today list", on_crash=self._crashed)

    async def receive(self, frame: Frame) -> None:
        del frame
        raise Malformed("The Today page only listens.", code="unknown_command")

    def closed(self) -> None:
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        if self._task is not None:
            self._task.cancel()

    async def _read(self, who: SignedIn) -> TodayList:
        """Look, in a transaction that begins after the subscription; raises `NotSignedIn`, `Elsewhere`, `Forbidden`."""
        async with self._house.database.read() as tx:
            viewer = await viewer_of_login(tx, await login_of(tx, self._house, who.session_id), self._house.clock.now())
            if viewer.practice_id != who.practice_id:
                raise Elsewhere
            if viewer.professional_id is None:
                raise Forbidden
            return await today_list(tx, viewer, self._house.clock.now(), self._connection.say)

    def _subscribe(self, who: SignedIn) -> None:
        """Hear of every change that the first look may not show: that one sees the database as it was when its transaction began."""
        topics = [f"person:{who.person_id}", *([today_topic(who.practice_id)] if who.practice_id else [])]
        self._unsubscribe += [self._house.bus.subscribe(topic, self._changed.set) for topic in topics]

    async def _follow(self, who: SignedIn) -> None:
        while not self._connection.closing:
            try:
                await asyncio.wait_for(self._changed.wait(), RECHECK_S)
                await asyncio.sleep(GATHER_S)
            except TimeoutError:
                pass
            self._changed.clear()
            try:
                listed = await self._read(who)
            except ConsiliumError as error:
                self._connection.close(error.close_code, error.message)
                return
            if (listed.rows, listed.notices) != self._told:
                self._tell(listed)

    def _tell(self, listed: TodayList) -> None:
        """The hint is the whole practice's: a list that did not change is not sent, or its timing would tell of other teams' patients."""
        self._told = (listed.rows, listed.notices)
        self._connection.send("today", listed.model_dump(mode="json"))

    def _crashed(self, error: BaseException) -> None:
        del error
        self._connection.close(OUR_FAULT, "Something went wrong on our side. Please try again.")
