"""Every operation of the OpenAPI document, asked by schemathesis as four people: it never breaks, and answers what the document says."""

import json
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from schemathesis.core.failures import FailureGroup
from starlette.applications import Starlette

from server.booking.model import Service
from server.core.house import House
from server.settings import Settings
from tests.cast import ALICE, DANA, NORTH, OLGA, Cast, Guest, Meeting, Staff
from tests.conftest import ORIGIN, SignIn, StillClock, browser_of
from tests.http.booking import offer
from tests.http.hammering import CHECKS, Ask, asks
from tests.http.recording import lay_out
from tests.http.routes import Endpoint, endpoints
from tests.openapi.document import PARAMETER
from tests.openapi.whole import PLACE

pytestmark = [pytest.mark.anyio, pytest.mark.row("O4")]


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(database_url=database_url, data_dir=tmp_path / "data", base_url=ORIGIN, payments="sandbox")


@pytest.fixture
async def service(house: House, cast: Cast, clock: StillClock) -> Service:
    async with house.database.write() as tx:
        return await offer(tx, clock.now())


def in_order(app: Starlette) -> list[tuple[Endpoint, Ask]]:
    """Return all requests with their endpoints, whoever signs out last."""
    of_operation = defaultdict(list)
    for ask in asks():
        of_operation[ask.method, ask.path].append(ask)
    return [(one, ask) for one in endpoints(app) for ask in of_operation[one.method, PARAMETER.sub(r"{\1}", one.path)]]


def documented() -> set[tuple[str, str]]:
    """Return method and path of every operation of the document."""
    paths = json.loads(PLACE.read_text())["paths"]
    return {(method.upper(), path) for path, operations in paths.items() for method in operations}


async def hammer(client: httpx2.AsyncClient, requests: list[tuple[Endpoint, Ask]], meeting: Meeting, service: Service) -> list[str]:
    """Send the requests and return what schemathesis finds wrong."""
    found = []
    for endpoint, ask in requests:
        answer = await client.request(ask.method, _path(endpoint, meeting, service), **ask.sent)
        try:
            ask.case.validate_response(answer, checks=CHECKS)
        except FailureGroup as faults:
            found += [f"{ask}: {fault}" for fault in faults.exceptions]
    return found


def _path(endpoint: Endpoint, meeting: Meeting, service: Service) -> str:
    """Return the path of things that there are, as far as there are any."""
    known = endpoint.path.replace("{service_id:uuid}", str(service.id)).replace("{team_id:uuid}", str(NORTH))
    return replace(endpoint, path=known).filled(meeting)


@pytest.mark.parametrize("who", [DANA, ALICE, OLGA, None], ids=["patient", "professional", "administrator", "nobody"])
async def test_nothing_that_is_sent_breaks_it(
    app: Starlette, meeting: Meeting, service: Service, sign_in: SignIn, who: Staff | Guest | None
) -> None:
    await lay_out(await sign_in(ALICE), meeting)
    client = await sign_in(who) if who else browser_of(app)
    if who is DANA:
        client.cookies.set("visit", meeting.token)
    requests = in_order(app)
    assert {(ask.method, ask.path) for _, ask in requests} == documented()
    leaving = [one for one in requests if "/sign-out" in one[0].path]
    found = await hammer(client, requests[: -len(leaving)], meeting, service)
    assert (await client.get("/account")).status_code == (200 if who else 303), "whoever signed in was heard as such until now"
    found += await hammer(client, leaving, meeting, service)
    assert not found, "\n".join([f"{len(found)} faults", *found[:20]])
