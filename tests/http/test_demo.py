"""The demo's people and their sign-ins, over restarts that ended anywhere."""

import re
from dataclasses import replace
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import func, select
from starlette.applications import Starlette

from server.access.actions import add_practice
from server.access.model import Professional, Review
from server.booking.model import Service
from server.core.house import House
from server.core.ids import new_id
from server.demo import DemoFacts, kept_path, read_kept, seed_demo
from server.identity.model import Credential, Person
from server.patients.model import Patient
from server.patients.questionnaire import AnswerSet
from server.settings import BadSettings
from tests.cast import Cast
from tests.conftest import ORIGIN, browser_of

pytestmark = pytest.mark.anyio


async def signs_in(client: httpx2.AsyncClient, facts: DemoFacts, username: str) -> bool:
    form = {"username": username, "password": facts.passwords[username]}
    return (await client.post("/sign-in", data=form)).status_code == 303


async def people(house: House) -> int:
    async with house.database.read() as tx:
        return await tx.scalar(select(func.count(Person.id))) or 0


async def test_a_second_start_finds_the_same_people(house: House, client: httpx2.AsyncClient) -> None:
    first, second = await seed_demo(house, ORIGIN), await seed_demo(house, ORIGIN)
    assert first == second
    assert await people(house) == 6
    assert (await client.get(second.patient_link)).status_code == 303


@pytest.mark.row("B1")
async def test_the_booking_link_leads_to_what_is_offered(house: House, client: httpx2.AsyncClient) -> None:
    page = await client.get((await seed_demo(house, ORIGIN)).booking_link)
    assert page.status_code == 200
    assert "Dr Alice Ahmed" in page.text
    assert "Video consultation" in page.text


async def test_people_without_their_file_get_new_passwords(house: House, client: httpx2.AsyncClient) -> None:
    """The first start was killed between the two, or somebody deleted the file."""
    before = await seed_demo(house, ORIGIN)
    assert await signs_in(client, before, "dr_alice")
    kept_path(house.settings.data_dir).unlink()
    after = await seed_demo(house, ORIGIN)
    assert (await client.get("/api/today")).status_code == 401
    assert await people(house) == 6
    assert not await signs_in(client, before, "dr_alice")
    for username in after.passwords:
        assert await signs_in(client, after, username)


async def test_it_starts_again_after_it_was_killed_before_its_page_was_written_down(house: House) -> None:
    first, path = await seed_demo(house, ORIGIN), kept_path(house.settings.data_dir)
    path.write_bytes(replace(read_kept(house.settings.data_dir), front_id=None).as_json())
    assert await seed_demo(house, ORIGIN) == first


async def test_it_starts_again_after_its_people_came_to_another_practice(house: House, client: httpx2.AsyncClient) -> None:
    """With the file of the first start and without it: the demo stays in its own practice."""
    before = await seed_demo(house, ORIGIN)
    now = house.clock.now()
    async with house.database.write() as tx:
        people = {one.username: one.person_id for one in await tx.scalars(select(Credential))}
        own = (await tx.scalars(select(Patient))).one()
        other = add_practice(tx, "Somebody else's", None, "Europe/London")
        await tx.flush()
        place = {"title": "Dr", "name": "Alice Ahmed", "qualifications": "", "field_of_practice": "", "review": Review.APPROVED}
        tx.add(Professional(id=new_id(), person_id=people["dr_alice"], practice_id=other.id, **place))
        tx.add(Patient(id=new_id(), person_id=people["dana"], practice_id=other.id, name="Dana Demo", created_at=now + timedelta(days=1)))
    assert await seed_demo(house, ORIGIN) == before
    kept_path(house.settings.data_dir).unlink()
    after = await seed_demo(house, ORIGIN)
    assert (after.booking_link, read_kept(house.settings.data_dir).patient_id) == (before.booking_link, own.id)
    assert (await client.get(after.patient_link)).status_code == 303


async def test_templates_and_snippets_are_there_and_come_back_only_by_hand(house: House, app: Starlette) -> None:
    facts = await seed_demo(house, ORIGIN)
    async with browser_of(app) as alice, browser_of(app) as bob:
        assert await signs_in(alice, facts, "dr_alice")
        assert await signs_in(bob, facts, "nurse_bob")
        texts = (await alice.get("/api/templates")).json()
        assert [(one["owner"], one["name"]) for one in texts["templates"]] == [("own", "Sore throat"), ("practice", "Video follow-up")]
        assert [(one["owner"], one["shortcut"]) for one in texts["snippets"]] == [("practice", "net"), ("own", "vid")]
        theirs = (await bob.get("/api/templates")).json()
        assert [one["owner"] for one in (*theirs["templates"], *theirs["snippets"])] == ["practice", "practice"]
        assert (await alice.delete(f"/api/templates/{texts['templates'][0]['id']}")).status_code == 204
        await seed_demo(house, ORIGIN)
        assert len((await alice.get("/api/templates")).json()["templates"]) == 1


async def test_the_texts_fill_every_placeholder_that_they_use(house: House, app: Starlette) -> None:
    facts = await seed_demo(house, ORIGIN)
    async with browser_of(app) as alice:
        await signs_in(alice, facts, "dr_alice")
        consultation_id = (await alice.get("/api/today")).json()["rows"][0]["id"]
        notes = (await alice.post(f"/api/consultations/{consultation_id}/notes", json={})).json()["notes"]
        shared = next(note["id"] for note in notes if note["kind"] == "shared")
        inserted = await alice.get(f"/api/notes/{shared}/texts")
    for words in ("Dana Demo knows the warning signs, and calls Riverside Clinic", "Next appointment with Dr Alice Ahmed:"):
        assert words in inserted.text
    assert not re.search(r"\{[a-z]+(\.[a-z]+)?\}", inserted.text)


async def test_another_practice_is_left_alone(house: House, cast: Cast) -> None:
    async with house.database.write() as tx:
        alice = (await tx.scalars(select(Credential).where(Credential.username == "dr_alice"))).one()
        alice.username = "a.ahmed"
    with pytest.raises(BadSettings, match="another practice"):
        await seed_demo(house, ORIGIN)
    assert not kept_path(house.settings.data_dir).exists()


@pytest.mark.row("B5")
async def test_the_demos_patient_has_answered_what_its_services_ask(house: House) -> None:
    for _start in range(2):
        await seed_demo(house, ORIGIN)
    async with house.database.read() as tx:
        services = list(await tx.scalars(select(Service)))
        answered = list(await tx.scalars(select(AnswerSet)))
    assert {service.questionnaire_id for service in services} != {None}
    assert [one.sent_at is not None for one in answered] == [True]
