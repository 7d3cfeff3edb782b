"""Teams: made, joined, led, left and ended; nobody outside sees that there is one."""

from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select

from server.access.actions import add_staff
from server.access.model import Membership, StaffRole, Team
from server.core.audit import AuditEntry
from server.core.house import House
from tests.cast import ALICE, BOB, CHARLIE, CLINIC, DANA, MALLORY, NORTH, OLGA, SAM, SOUTH, Cast, Meeting, Staff
from tests.conftest import SignIn

pytestmark = [pytest.mark.anyio, pytest.mark.row("P3")]

LIST = "/practice/teams"
CHANGES = ("rename", "ask", "part", "lead", "answer", "end")


@pytest.fixture
async def olga(sign_in: SignIn) -> httpx2.AsyncClient:
    return await sign_in(OLGA)


def page_of(team_id: UUID) -> str:
    return f"/teams/{team_id}"


def chosen(member: Staff) -> dict[str, str]:
    return {"professional": str(member.professional_id)}


async def test_a_team_is_made_asked_joined_led_and_ended(olga: httpx2.AsyncClient, sign_in: SignIn, house: House) -> None:
    made = await olga.post(LIST, data={"name": "Night"})
    page = made.headers["location"].split("?")[0]
    charlie, bob = await sign_in(CHARLIE), await sign_in(BOB)
    assert (await charlie.get(page)).status_code == 404
    await olga.post(f"{page}/ask", data=chosen(CHARLIE))
    assert "Night asks you to join" in (await charlie.get("/teams")).text
    await charlie.post(f"{page}/answer", data={"answer": "yes"})
    assert "Coming sessions" in (await charlie.get(page)).text
    assert (await charlie.post(f"{page}/rename", data={"name": "Day"})).status_code == 403
    await olga.post(f"{page}/lead", data=chosen(CHARLIE))
    await charlie.post(f"{page}/rename", data={"name": "Late"})
    await charlie.post(f"{page}/ask", data=chosen(BOB))
    assert (await bob.post(f"{page}/answer", data={"answer": "no"})).headers["location"] == "/teams?done=saved"
    assert (await bob.get(page)).status_code == 404
    assert "Late" in (await olga.get(LIST)).text
    assert "Please tick" in (await charlie.post(f"{page}/end", data={"sure": "no"})).text
    assert (await charlie.post(f"{page}/end", data={"sure": "yes"})).status_code == 303
    assert (await charlie.get(page)).status_code == 404
    assert "Late" not in (await olga.get(LIST)).text
    async with house.database.read() as tx:
        said = list(await tx.scalars(select(AuditEntry.reason).order_by(AuditEntry.number)))
    assert said == ["created", "asked somebody in", "joined", "gave the lead", "renamed", "asked somebody in", "declined", "ended"]


async def test_members_see_the_sessions_and_lose_them_at_once(
    olga: httpx2.AsyncClient, sign_in: SignIn, house: House, meeting: Meeting
) -> None:
    bob = await sign_in(BOB)
    assert "Dr Alice Ahmed · 20 minutes" in " ".join(
        (await bob.get(page_of(NORTH))).text.replace("</span>", "").replace('<span dir="auto">', "").split()
    )
    assert "Alice Ahmed" in (await olga.get(page_of(NORTH))).text
    assert "20 minutes" not in (await olga.get(page_of(NORTH))).text
    heard: list[None] = []
    house.bus.subscribe(f"person:{BOB.person_id}", lambda: heard.append(None))
    await olga.post(f"{page_of(NORTH)}/part", data=chosen(BOB))
    assert heard
    assert (await bob.get(page_of(NORTH))).status_code == 404
    assert "Dana" not in (await bob.get("/api/today")).text


async def test_somebody_leaves_by_themself_and_parts_from_nobody_else(sign_in: SignIn, house: House, cast: Cast) -> None:
    alice = await sign_in(ALICE)
    assert (await alice.post(f"{page_of(NORTH)}/part", data=chosen(BOB))).status_code == 403
    assert (await alice.post(f"{page_of(NORTH)}/part", data=chosen(ALICE))).headers["location"] == "/teams?done=saved"
    async with house.database.read() as tx:
        left = select(Membership.professional_id).where(Membership.team_id == NORTH, Membership.ended_at.is_(None))
        assert list(await tx.scalars(left)) == [BOB.professional_id]


async def test_an_owner_who_also_treats_is_led_through_the_teams_of_the_practice(sign_in: SignIn, house: House, cast: Cast) -> None:
    async with house.database.write() as tx:
        add_staff(tx, CLINIC, CHARLIE.person_id, StaffRole.OWNER, house.clock.now())
    charlie, page = await sign_in(CHARLIE), page_of(NORTH)
    assert f'href="{LIST}"' in (await charlie.get(page)).text
    assert (await charlie.post(f"{page}/rename", data={"name": "Shore"})).headers["location"] == f"{page}?done=saved"
    gone = await charlie.post(f"{page}/end", data={"sure": "yes"})
    assert gone.headers["location"] == f"{LIST}?done=saved"
    assert "Saved." in (await charlie.get(gone.headers["location"])).text


@pytest.mark.parametrize(("name", "words"), [("", "give the team a name"), ("south", "of this name already"), ("x" * 201, "too long")])
async def test_a_name_is_short_and_taken_once(olga: httpx2.AsyncClient, name: str, words: str) -> None:
    for path in (LIST, f"{page_of(NORTH)}/rename"):
        answer = await olga.post(path, data={"name": name, "x": "1"})
        assert (answer.status_code, words in answer.text) == (422, True), path
    again = await olga.post(f"{page_of(NORTH)}/ask", data=chosen(BOB))
    assert (again.status_code, "not in the team yet" in again.text) == (422, True)
    assert (await olga.post(f"{page_of(NORTH)}/ask", data={"professional": "?"})).status_code == 422


@pytest.mark.parametrize("outsider", [CHARLIE, MALLORY, SAM, DANA], ids=lambda member: str(member.username))
async def test_a_team_of_others_looks_like_none(sign_in: SignIn, house: House, cast: Cast, outsider: Staff) -> None:
    client = await sign_in(outsider)
    form = {"sure": "yes", "answer": "yes", "name": "Mine", **chosen(CHARLIE)}
    nowhere = page_of(OLGA.person_id)
    assert (await client.get(page_of(NORTH))).text == (await client.get(nowhere)).text
    for change in CHANGES:
        real, none = await client.post(f"{page_of(NORTH)}/{change}", data=form), await client.post(f"{nowhere}/{change}", data=form)
        assert (real.status_code, real.text) == (404, none.text), change
    assert (await client.get(LIST)).status_code == 403
    assert (await client.post(LIST, data={"name": "Mine"})).status_code == 403
    async with house.database.read() as tx:
        assert {team.id for team in await tx.scalars(select(Team))} == {NORTH, SOUTH}
