"""The public directory: who is in it, how it is searched, and that nobody is in it who did not say so."""

import json

import httpx2
import pytest

from server.access.model import Professional, Review
from server.core.house import House
from server.directory.model import Profile
from tests.booking import hours, service
from tests.cast import ALICE, BOB, CHARLIE, OLGA, Cast, Staff
from tests.completing import complete
from tests.conftest import SignIn, StillClock

pytestmark = [pytest.mark.anyio, pytest.mark.row("P7")]

PAGE = f"/directory/{ALICE.professional_id}"
OWN = "/account/profile"
SCRIPT = "</script><script>alert(1)</script>"
GOOD = {"listed": "yes", "about": "I listen first.", "speaks-en": "yes", "speaks-pl": "yes"}


async def lay_out(house: House, *members: Staff, languages: str = ",en,pl,") -> None:
    """Let them offer something and be listed."""
    async with house.database.write() as tx:
        for member in members:
            tx.add_all([*hours(member), service(member)])
            tx.add(
                Profile(
                    professional_id=member.professional_id, listed=True, about=f"About {member.name}", languages=languages,
                    changed_at=house.clock.now(),
                )
            )  # fmt: skip


async def names(client: httpx2.AsyncClient, **query: str) -> list[str]:
    page = (await client.get("/directory", params=query)).text
    found = {name: page.find(f">{name}</a>") for name in (ALICE.full_name, BOB.full_name, CHARLIE.full_name)}
    return [name for name, place in sorted(found.items(), key=lambda pair: pair[1]) if place >= 0]


async def test_whoever_said_so_is_in_it_and_free_first_stands_first(
    client: httpx2.AsyncClient, cast: Cast, house: House, clock: StillClock
) -> None:
    await lay_out(house, ALICE)
    async with house.database.write() as tx:
        tx.add_all([*hours(CHARLIE, weekdays=[4]), service(CHARLIE)])
        tx.add(Profile(professional_id=CHARLIE.professional_id, listed=True, about="Hearts", languages=",fr,", changed_at=clock.now()))
        tx.add_all([*hours(BOB), service(BOB)])
    assert await names(client) == [ALICE.full_name, CHARLIE.full_name]
    assert await names(client, language="fr") == [CHARLIE.full_name]
    page = (await client.get("/directory")).text
    assert '<option value="fr">' in page
    assert '<option value="so">' not in page, "a language that nobody speaks"
    assert await names(client, language="fr", field="Cardiology") == []
    assert await names(client, field="General practice", soon="yes") == [ALICE.full_name, CHARLIE.full_name]
    assert "Nobody fits this." in (await client.get("/directory?field=Cardiology")).text
    clock.advance(86_400 * 5)
    assert await names(client, soon="yes") == [ALICE.full_name, CHARLIE.full_name]


async def test_a_list_with_an_end_says_so(client: httpx2.AsyncClient, cast: Cast, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await lay_out(house, ALICE, BOB)
    assert "There may be more" not in (await client.get("/directory")).text
    for module in ("listing", "pages"):
        monkeypatch.setattr(f"server.directory.{module}.MOST", 1)
    page = (await client.get("/directory")).text
    assert "at most 1 are shown here. Please choose a field" in " ".join(page.split())


async def test_the_next_free_time_is_told(client: httpx2.AsyncClient, cast: Cast, house: House) -> None:
    await lay_out(house, ALICE)
    assert "Free next: " in (await client.get(PAGE)).text
    async with house.database.write() as tx:
        tx.add(Profile(professional_id=BOB.professional_id, listed=True, about="x", languages=",en,", changed_at=house.clock.now()))
        tx.add(service(BOB))
    assert "No free time in the next four weeks" in (await client.get(f"/directory/{BOB.professional_id}")).text
    assert await names(client, soon="yes") == [ALICE.full_name]


@pytest.mark.parametrize("change", ["unlisted", "pending", "offers nothing"])
async def test_bad_28_whoever_is_not_in_it_is_not_there(client: httpx2.AsyncClient, cast: Cast, house: House, change: str) -> None:
    if change != "offers nothing":
        await lay_out(house, ALICE)
    async with house.database.write() as tx:
        if change == "unlisted":
            (await tx.get_one(Profile, ALICE.professional_id)).listed = False
        elif change == "pending":
            (await tx.get_one(Professional, ALICE.professional_id)).review = Review.PENDING
        else:
            tx.add(Profile(professional_id=ALICE.professional_id, listed=True, about="x", languages=",en,", changed_at=house.clock.now()))
    assert await names(client) == []
    assert (await client.get(PAGE)).status_code == 404
    assert (await client.get(PAGE)).text == (await client.get(f"/directory/{OLGA.person_id}")).text


async def test_bad_35_what_somebody_wrote_is_text_for_people_and_machines(
    client: httpx2.AsyncClient, sign_in: SignIn, cast: Cast, house: House
) -> None:
    await lay_out(house, ALICE)
    async with house.database.write() as tx:
        complete(tx, ALICE, house.clock.now())
    assert (await (await sign_in(ALICE)).post(OWN, data={**GOOD, "about": SCRIPT})).status_code == 303
    page = (await client.get(PAGE)).text
    assert "<script>alert" not in page
    told = page.partition('<script type="application/ld+json" id="told">')[2].partition("</script>")[0]
    assert json.loads(told)["description"] == SCRIPT
    assert json.loads(told)["knowsLanguage"] == ["en", "pl"]
    assert "Polish" in page


async def test_one_writes_takes_back_and_sees_where_one_stands(sign_in: SignIn, cast: Cast, house: House) -> None:
    alice = await sign_in(ALICE)
    async with house.database.write() as tx:
        complete(tx, ALICE, house.clock.now())
    assert "Nobody sees it now." in (await alice.get(OWN)).text
    assert (await alice.post(OWN, data=GOOD)).headers["location"] == f"{OWN}?done"
    assert "Nobody sees it now." in (await alice.get(OWN)).text, "she offers nothing yet"
    async with house.database.write() as tx:
        tx.add(service(ALICE))
    page = (await alice.get(OWN)).text
    assert f'href="{PAGE}"' in page
    assert "I listen first." in page
    assert (await alice.post(OWN, data={**GOOD, "listed": ""})).status_code == 303
    assert (await alice.get(PAGE)).status_code == 404
    assert "I listen first." in (await alice.get(OWN)).text, "what was written stays"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"about": " "}, "Please write a few words about yourself."),
        ({"about": "x" * 2001}, "Your text is too long."),
        ({"speaks-en": "", "speaks-pl": ""}, "Please choose between one and 12 languages."),
    ],
)
async def test_bad_23_what_cannot_stay_is_said_and_nothing_is_lost(
    sign_in: SignIn, cast: Cast, house: House, change: dict[str, str], sentence: str
) -> None:
    async with house.database.write() as tx:
        complete(tx, ALICE, house.clock.now())
    answer = await (await sign_in(ALICE)).post(OWN, data={**GOOD, **change})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'name="listed" value="yes" checked' in answer.text
    async with house.database.read() as tx:
        assert await tx.get(Profile, ALICE.professional_id) is None


async def test_only_professionals_have_a_page(sign_in: SignIn, cast: Cast) -> None:
    assert (await (await sign_in(OLGA)).get(OWN)).status_code in {403, 404}
