"""Everything that the server says by JSON and by sockets comes in the language of whoever hears it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.applications import Starlette

from server.consultation.model import Participant
from server.core.house import House
from server.settings import Settings
from tests.cast import ALICE, Meeting
from tests.conftest import SignIn, browser_of
from tests.live.room_client import Client, Refused, as_staff, dial, patient_ticket, staff_ticket
from tests.live.test_today_socket import dial as dial_today
from tests.live.test_today_socket import today_ticket

pytestmark = pytest.mark.anyio
PSEUDO = {"accept-language": "en-XA"}


@pytest.fixture
def settings(settings: Settings, locales: Path) -> Settings:
    return settings.model_copy(update={"locales_dir": locales})


def is_translated(text: object) -> bool:
    """Whether all of it is in the brackets of the pseudo-language."""
    return all(part.startswith("⟦") and part.endswith("⟧") for part in str(text).split(" · "))


@asynccontextmanager
async def alice_in_pseudo(address: str, house: House, meeting: Meeting) -> AsyncIterator[Client]:
    async with dial(address, additional_headers=PSEUDO) as client:
        yield await client.hello(await staff_ticket(house, ALICE, meeting))


async def checked(house: House, meeting: Meeting) -> None:
    async with house.database.write() as tx:
        (await tx.get_one(Participant, meeting.participant_id)).devices = "camera:works network:weak"


async def test_the_room_speaks_to_each_in_their_language(sockets: str, house: House, meeting: Meeting) -> None:
    await checked(house, meeting)
    async with alice_in_pseudo(sockets, house, meeting) as alice, as_staff(sockets, house, ALICE, meeting) as english:
        assert await alice.until_closed() == 4409
        assert alice.bye is not None
        assert is_translated(alice.bye["message"])
        assert is_translated(alice.other(meeting.participant_id)["devices"])
        assert english.other(meeting.participant_id)["devices"] == "Camera works · Connection weak"
        for kind, body in (("admit", {}), ("nonsense", {}), ("signal", {"to": "x", "candidate": None}), ("chat", {"body": " "})):
            with pytest.raises(Refused) as refused:
                await english.command(kind, **body)
            assert "⟦" not in refused.value.message


async def test_refusals_of_the_room_are_translated(sockets: str, house: House, meeting: Meeting) -> None:
    async with alice_in_pseudo(sockets, house, meeting) as alice:
        for kind, body in (("admit", {}), ("nonsense", {}), ("signal", {"to": "x", "candidate": None}), ("chat", {"body": " "})):
            with pytest.raises(Refused) as refused:
                await alice.command(kind, **body)
            assert is_translated(refused.value.message), kind


async def test_a_page_that_is_put_out_is_told_in_its_language(sockets: str, house: House, meeting: Meeting) -> None:
    async with house.database.write() as tx:
        (await tx.get_one(Participant, meeting.participant_id)).decline()
    async with dial(sockets, additional_headers=PSEUDO) as dana:
        await dana.send("hello", ticket=patient_ticket(house, meeting), resume=None)
        assert await dana.until_closed() == 4403
        assert dana.bye is not None
        assert is_translated(dana.bye["message"])


async def test_the_list_of_today_is_translated(sockets: str, house: House, meeting: Meeting) -> None:
    await checked(house, meeting)
    async with dial_today(sockets, additional_headers=PSEUDO) as board:
        await board.send("hello", ticket=await today_ticket(house, ALICE))
        await board.next_list()
        assert is_translated(board.rows[0]["devices"])


async def test_json_is_translated(app: Starlette, house: House, meeting: Meeting, sign_in: SignIn) -> None:
    await checked(house, meeting)
    client = await sign_in(ALICE)
    path = f"/api/consultations/{meeting.consultation_id}"
    assert is_translated((await client.get(path, headers=PSEUDO)).json()["devices"])
    bodies = {"/messages": {"body": "  "}, "/hold": {"body": None}, "/link/send": {"channel": "pigeon"}, "/tickets": {"purpose": "tea"}}
    for where, body in bodies.items():
        answer = await client.post(path + where, json=body, headers=PSEUDO)
        assert answer.status_code in {409, 422}
        assert is_translated(answer.json()["error"]["message"]), where
    async with browser_of(app) as stranger:
        assert is_translated((await stranger.get(path, headers=PSEUDO)).json()["error"]["message"])
