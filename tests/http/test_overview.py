"""The page on which an administrator's work begins."""

from datetime import timedelta
from uuid import UUID

import httpx2
import pytest
from starlette.applications import Starlette

from server.access.model import Practice, Professional, Review
from server.core.house import House
from server.oversight.board import Light, State, Thing
from server.oversight.opening import Step, still_to_do
from server.privacy.policy_rows import PolicyVersion
from server.privacy.policy_words import Policy
from tests.cast import ALICE, BOB, CLINIC, DANA, MALLORY, OLGA, SAM, Cast, Staff
from tests.conftest import SignIn, StillClock
from tests.http.booking import offer
from tests.http.test_letters import CONTACT, send
from tests.http.test_oversight import given_up

pytestmark = [pytest.mark.anyio, pytest.mark.row("P8")]

PAGE = "/practice"


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


@pytest.fixture
async def olga(sign_in: SignIn) -> httpx2.AsyncClient:
    return await sign_in(OLGA)


async def test_nothing_waits_and_then_everything_does(olga: httpx2.AsyncClient, house: House, clock: StillClock, sign_in: SignIn) -> None:
    assert (await olga.get("/")).headers["location"] == PAGE
    first = (await olga.get(PAGE)).text
    assert "Before you open" in first
    assert "What waits for you" not in first
    dana = await sign_in(DANA)
    await dana.post(f"/my/{DANA.patient_id}/requests", data={"kind": "erasure", "words": "Please delete my old number."})
    await olga.post("/practice/people/invite", data={"role": "assistant", "email": "new@example.org"})
    await given_up(house)
    async with house.database.write() as tx:
        (await tx.get_one(Professional, BOB.professional_id)).review = Review.PENDING
    page = (await olga.get(PAGE)).text
    for words in (
        "1 request about data", "The first is due by", "1 professional to be reviewed", "1 piece of work that the server gave up",
        "1 invitation that nobody has taken", "The first ends on",
    ):  # fmt: skip
        assert words in page
    assert not any(word in page for word in ("Dana", "Diaz", "old number", "Nothing waits"))
    clock.advance(timedelta(days=40).total_seconds())
    late = (await (await sign_in(OLGA)).get(PAGE)).text
    assert "Overdue since" in late
    assert "1 invitation" not in late


async def test_a_new_practice_is_told_what_to_set_up(olga: httpx2.AsyncClient, house: House, clock: StillClock) -> None:
    page = (await olga.get(PAGE)).text
    for words in (
        "Before you open",
        '<a href="/practice/services">Offer a first service</a>',
        "Publish your privacy notice",
        "Connect a mail server",
    ):
        assert words in page
    assert "approve their registration" not in page, "the clinic has professionals"
    async with house.database.write() as tx:
        await offer(tx, clock.now())
    page = (await olga.get(PAGE)).text
    assert "Offer a first service" not in page
    assert "Publish your privacy notice" in page


async def test_what_the_server_lacks_makes_no_practice_a_new_one(house: House, cast: Cast, clock: StillClock) -> None:
    async with house.database.write() as tx:
        await offer(tx, clock.now())
        practice = await tx.get_one(Practice, CLINIC)
        practice.phone = "020 7946 0000"
        assert set(await still_to_do(tx, practice, house.settings)) == {Step.POLICY, Step.MAIL, Step.BACKUP}
        tx.add(
            PolicyVersion(
                id=UUID(int=1), practice_id=CLINIC, professional_id=None, owner_id=CLINIC, policy=Policy.PRIVACY, number=1, text="Text",
                changes="", bases="", language="en-GB", effective_at=clock.now(), published_by=None, published_at=clock.now(),
            )
        )  # fmt: skip
        await tx.flush()
        assert await still_to_do(tx, practice, house.settings) == []


@pytest.mark.parametrize("member", [ALICE, SAM, DANA, MALLORY], ids=lambda member: str(member.username))
async def test_it_is_for_whoever_looks_after_the_practice(sign_in: SignIn, cast: Cast, member: Staff) -> None:
    assert (await (await sign_in(member)).get(PAGE)).status_code == 403


async def test_complaints_and_what_does_not_work_are_told(
    app: Starlette, olga: httpx2.AsyncClient, client: httpx2.AsyncClient, clock: StillClock
) -> None:
    await send(client, clock)
    await send(client, clock, path=CONTACT)
    app.state.health.look({Thing.DISK: State(Light.BAD, "It is full.")}, clock.now())
    page = (await olga.get(PAGE)).text
    for words in ("1 complaint<", "The first is to be acknowledged by", "1 letter<", "1 part of the server does not work<"):
        assert words in page
    assert "called me back" not in page


AREAS = [f"/practice/{area}" for area in (
    "people", "teams", "settings", "brand", "messages", "newsletters", "statistics", "queues", "health",
    "letters", "requests", "holds", "restrictions", "retention", "audit",
)] + ["/policies"]  # fmt: skip


async def test_every_area_leads_to_every_other(olga: httpx2.AsyncClient) -> None:
    page = (await olga.get(PAGE)).text
    assert [path for path in [*AREAS, "/money"] if f'<a href="{path}">' not in page] == []
    for area in AREAS:
        page = (await olga.get(area)).text
        assert [path for path in [PAGE, *AREAS] if f'href="{path}"' not in page] == [], area
        assert page.count('aria-current="page"') == 2, f"{area}: the bar and the area"
        assert "Back to your account" not in page


async def test_the_rules_say_how_long_a_copy_is_kept(olga: httpx2.AsyncClient) -> None:
    assert "is kept for a day, or until they delete it" in (await olga.get("/practice/retention")).text
