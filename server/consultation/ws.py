"""The edge of `/ws/room`: a ticket becomes a place in the room, frames become commands."""

from typing import cast

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from server.consultation.asks import Act, Answer, Ask, Join, asked
from server.consultation.commands import Caption, Command, MediaWord, Quality, Signal, parse_command, parse_hello
from server.consultation.inbox import Gone
from server.consultation.room import Room
from server.consultation.rooms import Rooms
from server.consultation.subject import RoomSubject
from server.core.house import House
from server.errors import Conflict, ConsiliumError, NotSignedIn, TooFast
from server.web.bucket import Bucket
from server.web.connection import LEFT, RESTART, Connection, SocketLimits
from server.web.pages import language_of
from server.web.socket import JsonSocket
from server.web.wire import Frame

PURPOSE = "room"
STORED_PER_S, STORED_BURST = 2.0, 20.0  # commands that cost a transaction; more are refused with `too_fast`
CAPTIONS_PER_S, CAPTIONS_BURST = 4.0, 12.0  # more are refused with `too_fast`, and the next interim line holds what they held
REPORTS_PER_S, REPORTS_BURST = 0.2, 4.0  # of the call's quality: twice what a page sends
WORDS_PER_S, WORDS_BURST = 10.0, 60.0  # to the engine, which all rooms share; a page that seven join at once says under thirty


def routes(limits: SocketLimits | None = None) -> list[WebSocketRoute]:
    return [WebSocketRoute("/ws/room", JsonSocket(RoomConversation, limits).serve)]


class RoomConversation:
    """One socket's part in a room."""

    def __init__(self, websocket: WebSocket, connection: Connection) -> None:
        self._house = cast(House, websocket.app.state.house)
        self._rooms = cast(Rooms, websocket.app.state.rooms)
        self._connection = connection
        self._language = language_of(websocket)
        self._handle = self._rooms.new_handle()
        now = self._house.clock.monotonic()
        self._stored = Bucket.full(STORED_PER_S, STORED_BURST, now)
        self._captions = Bucket.full(CAPTIONS_PER_S, CAPTIONS_BURST, now)
        self._reports = Bucket.full(REPORTS_PER_S, REPORTS_BURST, now)
        self._words = Bucket.full(WORDS_PER_S, WORDS_BURST, now)
        self._room: Room | None = None
        self._subject: RoomSubject

    async def open(self, hello: Frame) -> None:
        body = parse_hello(hello.b)
        subject = self._house.tickets.redeem(PURPOSE, body.ticket)
        if not isinstance(subject, RoomSubject):
            raise NotSignedIn
        self._subject = subject
        ask, outcome = asked(Join(self._handle, self._connection, subject, hello.id, body.resume, body.media))
        self._room = await self._rooms.post(subject.consultation_id, ask)
        try:
            await outcome
        except Conflict as error:
            self._connection.close(LEFT if error.code == "ended" else error.close_code, error.message)

    async def receive(self, frame: Frame) -> None:
        command = parse_command(frame.t, frame.b)
        bucket = self._bucket_of(command)
        if bucket is not None and not bucket.take(self._house.clock.monotonic()):
            raise TooFast
        assert self._room is not None  # noqa: S101 - frames come only after `open`
        act = Act(self._subject.participant_id, self._handle, command, self._language)
        try:
            await self._room.inbox.put(Ask(act, self._answer_to(frame, command)))
        except Gone:
            self._connection.close(RESTART, "The room was closed. Please come back.")

    def _bucket_of(self, command: Command) -> Bucket | None:
        if isinstance(command, Caption):
            return self._captions
        if isinstance(command, Quality):
            return self._reports
        if isinstance(command, MediaWord):
            return self._words
        return self._stored if command.stored else None

    def _answer_to(self, frame: Frame, command: Command) -> Answer:
        def answer(error: ConsiliumError | None) -> None:
            if error is not None:
                self._connection.refuse(frame.id, error)
            elif not isinstance(command, Signal):
                self._connection.ok(frame.id)

        return answer

    def closed(self) -> None:
        if self._room is not None:
            self._room.lose(self._handle)
