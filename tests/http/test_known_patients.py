"""Known patients are offered while a name is written: those of consultations that one may see, and nobody else."""

import httpx2
import pytest

from server.consultation.known import MOST_FOUND
from server.core.house import House
from tests.cast import ALICE, BOB, CHARLIE, ERIN, MALLORY, OLGA, Cast, Guest, Meeting, add_meeting
from tests.conftest import SignIn, StillClock

pytestmark = [pytest.mark.anyio, pytest.mark.row("N7")]


async def names(client: httpx2.AsyncClient, letters: str) -> list[str]:
    answer = await client.post("/api/patients/search", json={"letters": letters})
    return [patient["name"] for patient in answer.raise_for_status().json()["patients"]]


async def book(house: House, clock: StillClock, *called: str) -> None:
    async with house.database.write() as tx:
        for name in called:
            await add_meeting(tx, house.secrets, clock.now(), guest=Guest(name, "+447700900003", "x@example.org"))


async def test_a_patient_of_the_teams_is_found_by_part_of_the_name(meeting: Meeting, sign_in: SignIn, cast: Cast) -> None:
    for member in (ALICE, BOB):
        client = await sign_in(member)
        for letters in ("Da", "dana d", "DIAZ", " ia "):
            assert await names(client, letters) == ["Dana Diaz"], letters
        assert await names(client, "Dan Diaz") == []
    found = (await (await sign_in(ALICE)).post("/api/patients/search", json={"letters": "dana"})).json()["patients"]
    assert found[0]["id"] == str(cast.dana.patient_id)
    assert found[0]["newest_at"] == "2026-03-02T10:05:00Z"


@pytest.mark.parametrize("outsider", [CHARLIE, MALLORY], ids=lambda member: member.username)
async def test_bad_28_others_find_nobody(meeting: Meeting, sign_in: SignIn, outsider: object) -> None:
    assert await names(await sign_in(outsider), "dana") == []  # type: ignore[arg-type]


async def test_whoever_gives_no_consultations_may_not_search(meeting: Meeting, sign_in: SignIn) -> None:
    assert (await (await sign_in(OLGA)).post("/api/patients/search", json={"letters": "dana"})).status_code == 403


async def test_somebody_with_several_consultations_is_offered_once(
    house: House, meeting: Meeting, clock: StillClock, sign_in: SignIn
) -> None:
    async with house.database.write() as tx:
        await add_meeting(tx, house.secrets, clock.now())
    assert await names(await sign_in(ALICE), "dana") == ["Dana Diaz"]


async def test_signs_of_a_pattern_are_letters_like_others(house: House, cast: Cast, clock: StillClock, sign_in: SignIn) -> None:
    await book(house, clock, "Ann 100%_\\ Lee", "Ann Lee", "Élodie Été")
    alice = await sign_in(ALICE)
    assert await names(alice, "%_") == ["Ann 100%_\\ Lee"]
    assert await names(alice, "__") == []
    assert await names(alice, "' OR 1=1 --") == []
    assert await names(alice, "élo") == await names(alice, "ÉTÉ") == ["Élodie Été"]


async def test_one_letter_finds_nobody_and_many_are_cut(house: House, cast: Cast, clock: StillClock, sign_in: SignIn) -> None:
    await book(house, clock, *(f"Erin {number}" for number in range(MOST_FOUND + 1)))
    alice = await sign_in(ALICE)
    assert await names(alice, "E") == []
    assert await names(alice, "Er") == [f"Erin {number}" for number in range(MOST_FOUND)]


async def test_bad_23_letters_that_make_no_sense_are_refused(sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    for body in ({}, {"letters": 7}, {"letters": None}, {"letters": "x" * 201}, {"letters": "Da", "practice": "all"}):
        assert (await alice.post("/api/patients/search", json=body)).status_code == 422, body
    raw = await alice.post("/api/patients/search", content=b'{"letters": "Da\\u0000"}', headers={"content-type": "application/json"})
    assert raw.status_code == 400


async def test_booking_for_a_known_patient_keeps_their_record(meeting: Meeting, sign_in: SignIn, cast: Cast) -> None:
    alice = await sign_in(ALICE)
    plan = {"patient_name": "Dana", "patient_id": str(cast.dana.patient_id), "team_id": str(cast.north)}
    assert (await alice.post("/api/consultations", json=plan)).status_code == 201
    assert (await alice.post("/api/consultations", json={"patient_name": ERIN.name, "team_id": str(cast.north)})).status_code == 201
    assert await names(alice, "Dana") == ["Dana Diaz"]
