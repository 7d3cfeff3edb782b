"""The rooms that one application has on an engine, and what each command does to them."""

from collections.abc import Callable
from itertools import islice

from server.errors import Conflict, NotFound, Overloaded
from server.media.recording import Recordings
from server.media.rooms import Ground, MediaRoom
from server.media_control import (
    AnswerOffer,
    CloseRoom,
    Command,
    Event,
    Join,
    Leave,
    OpenRoom,
    PauseRecording,
    Record,
    Recording,
    RestartIce,
    ResumeRecording,
    StopRecording,
    Watch,
)

TURNS = 10  # ticks after which every room has had one
MOST_ROOMS = 1_000  # of one application; further ones are refused, and belong on another node


class Engine:
    """The rooms of one application. Does commands at once, or raises an error of the tree; tells what follows from them by `tell`.

    Without `recordings` it records nothing.
    """

    def __init__(self, ground: Ground, tell: Callable[[Event], None], recordings: Recordings | None = None) -> None:
        self._ground, self._tell, self._recordings = ground, tell, recordings
        self._rooms: dict[str, MediaRoom] = {}
        self._turn = 0

    def do(self, command: Command) -> None:
        """Raises `NotFound`, `Conflict`, `Overloaded` or `Invalid`."""
        match command:
            case OpenRoom():
                self._open(command)
            case CloseRoom():
                self._see(command.room).close()
                del self._rooms[command.room]
            case Record() | PauseRecording() | ResumeRecording() | StopRecording():
                self._record(self._see(command.room), command)
            case _:
                self._in_room(self._see(command.room), command)
        self._ground.mux.flush()

    @property
    def rooms(self) -> int:
        return len(self._rooms)

    @property
    def peers(self) -> int:
        return sum(room.size for room in self._rooms.values())

    @property
    def losses(self) -> list[float]:
        """What each browser says it was sent and never had, as a fraction."""
        return [lost for room in self._rooms.values() for lost in room.losses]

    def tick(self, now: float) -> None:
        """Let every tenth room do what is due, others each time; to be called about every 10 ms. All of them at once would hold packets
        up for some milliseconds.
        """
        for room in list(islice(self._rooms.values(), self._turn, None, TURNS)):
            try:
                room.tick(now)
            except Exception as error:  # noqa: BLE001 - a bug met in one room must not stop the others
                self._drop(room, error)
        self._turn = (self._turn + 1) % TURNS
        self._ground.mux.flush()

    def close(self) -> None:
        """Close every room: nobody is left to let people in and out."""
        for room in self._rooms.values():
            room.close()
        self._rooms.clear()

    def _drop(self, room: MediaRoom, error: Exception) -> None:
        """Forget a room in which a bug was met: the application is told of everybody in it, and then that there is no such room."""
        self._ground.mux.contain(None, error)
        del self._rooms[room.name]
        try:
            room.crash()
        except Exception as another:  # noqa: BLE001 - as above; nothing of it is called any more
            self._ground.mux.contain(None, another)

    def _open(self, command: OpenRoom) -> None:
        if command.room in self._rooms:
            raise Conflict(code="room")
        if len(self._rooms) == MOST_ROOMS:
            raise Overloaded(code="rooms")
        self._rooms[command.room] = MediaRoom(command.room, self._ground, tuple(command.codecs), self._tell)

    def _see(self, name: str) -> MediaRoom:
        room = self._rooms.get(name)
        if room is None:
            raise NotFound(code="room")
        return room

    def _record(self, room: MediaRoom, command: Recording) -> None:
        match command:
            case Record():
                room.record(command, self._able())
            case PauseRecording():
                room.recording.pause()
            case ResumeRecording():
                room.recording.resume()
            case StopRecording():
                room.recording.stop()

    def _able(self) -> Recordings:
        if self._recordings is None:
            raise Conflict(code="no_recordings")
        return self._recordings

    def _in_room(self, room: MediaRoom, command: Join | AnswerOffer | Leave | RestartIce | Watch) -> None:
        match command:
            case Join():
                room.join(command)
            case AnswerOffer():
                room.answer(command)
            case Leave():
                room.leave(command.peer)
            case RestartIce():
                room.restart(command.peer, command.side)
            case Watch():
                room.watch(command.peer, command.wishes)
