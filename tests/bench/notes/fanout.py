"""The least that a server of notes could do, on our own stack: whatever comes from one connection of a room goes to the others."""

import sys
from collections import defaultdict

import uvicorn
from starlette.types import Receive, Scope, Send

from server.serve import configure

ROOMS: dict[str, set[Send]] = defaultdict(set)


async def fan_out(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "websocket":
        return
    room = ROOMS[scope["path"]]
    await receive()
    await send({"type": "websocket.accept"})
    room.add(send)
    try:
        while (message := await receive())["type"] == "websocket.receive":
            for other in room:
                if other is not send:
                    await other({"type": "websocket.send", "bytes": message["bytes"]})
    finally:
        room.discard(send)


if __name__ == "__main__":
    config = configure(fan_out, None)  # type: ignore[arg-type]
    config.host, config.port, config.lifespan = "127.0.0.1", int(sys.argv[1]), "off"
    uvicorn.Server(config).run()
