"""A small server that behaves as Twilio's Messages resource does in what we rely on; the real SDK talks to it over HTTP."""

import base64
import contextlib
import hashlib
import hmac
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

ACCOUNT = "AC00000000000000000000000000000001"
TOKEN = "a-token-of-the-tests"
SENDER = "+447700900000"


@dataclass
class FakeTwilio:
    """`taken` holds what was accepted; `faults` are answers (status, code) that come first; a number in `stopped` said STOP."""

    url: str = ""
    taken: list[Mapping[str, str]] = field(default_factory=list)
    faults: list[tuple[int, int]] = field(default_factory=list)
    stopped: set[str] = field(default_factory=set)

    async def account(self, request: Request) -> Response:
        return JSONResponse({"sid": ACCOUNT, "status": "active"}) if _knows(request) else _error(401, 20003)

    async def create(self, request: Request) -> Response:
        if not _knows(request):
            return _error(401, 20003)
        if self.faults:
            return _error(*self.faults.pop(0))
        async with request.form() as form:
            fields = {name: str(value) for name, value in form.items()}
        if not (fields["To"].startswith("+") and fields["To"][1:].isdecimal()):
            return _error(400, 21211)
        if fields["To"] in self.stopped:
            return _error(400, 21610)
        self.taken.append(fields)
        return JSONResponse({"sid": f"SM{len(self.taken):032x}", "status": "queued", "to": fields["To"], "body": fields["Body"]}, 201)


def _knows(request: Request) -> bool:
    expected = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    return request.headers.get("authorization") == expected


def _error(status: int, code: int) -> Response:
    return JSONResponse({"status": status, "code": code, "message": "as asked for", "more_info": ""}, status)


def signature(url: str, fields: Mapping[str, str], token: str = TOKEN) -> str:
    """Sign as Twilio's security page says: HMAC-SHA1 over the URL and the fields in alphabetical order, name and value without a break."""
    text = url + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals of the test run alone."""
        yield


@asynccontextmanager
async def fake_twilio() -> AsyncIterator[FakeTwilio]:
    twilio = FakeTwilio()
    one = "/2010-04-01/Accounts/{sid}"
    app = Starlette(routes=[Route(one + "/Messages.json", twilio.create, methods=["POST"]), Route(one + ".json", twilio.account)])
    listener = socket.create_server(("127.0.0.1", 0))
    twilio.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = _Server(uvicorn.Config(app, lifespan="off", ws="none", log_level="error"))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.serve, [listener])
        yield twilio
        server.should_exit = True
