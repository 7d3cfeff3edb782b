"""Policies are written by whose they are, read by everybody, and never changed."""

import httpx2
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from server.core.audit import AuditEntry
from server.core.house import House
from server.privacy.policy_words import TEMPLATE
from tests.cast import ALICE, CLINIC, DANA, OLGA, SAM, Cast
from tests.conftest import SignIn, StillClock

pytestmark = [pytest.mark.anyio, pytest.mark.row("L4")]

OURS, MINE = "/policies/ours/privacy", "/policies/mine/privacy"
READ = f"/privacy/of/{CLINIC}/privacy"
GOOD = {
    "text": "# Who\n\n<b>We</b> are [here](https://example.org/).", "changes": "First version.", "effective": "2026-03-02", "edits": "0",
    "6_1_b": "yes", "9_2_h": "yes",
}  # fmt: skip


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


@pytest.fixture
async def olga(sign_in: SignIn) -> httpx2.AsyncClient:
    return await sign_in(OLGA)


async def test_an_administrator_publishes_and_everybody_reads(
    olga: httpx2.AsyncClient, client: httpx2.AsyncClient, house: House, clock: StillClock
) -> None:
    assert "This is the text that comes with the software." in (await client.get(READ)).text
    assert '"/policies"' in (await olga.get("/account")).text
    assert TEMPLATE in (await olga.get(OURS)).text
    assert "<b>" not in (await olga.post(OURS, data={**GOOD, "preview": "1"})).text
    assert (await olga.post(OURS, data=GOOD)).headers["location"] == "/policies?done"
    page = (await client.get(READ)).text
    assert "&lt;b&gt;We&lt;/b&gt; are" in page
    assert 'href="https://example.org/"' in page
    assert "Article 9(2)(h)" in page
    later = {**GOOD, "text": "Second", "changes": "Shorter.", "effective": "2026-03-09", "edits": "1"}
    assert (await olga.post(OURS, data=later)).status_code == 303
    assert "Second" not in (await client.get(READ)).text.split("All versions")[0]
    assert "does not hold yet" in (await client.get(f"{READ}/2")).text
    clock.advance(8 * 86400)
    assert "Second" in (await client.get(READ)).text
    assert "This is an earlier version." in (await client.get(f"{READ}/1")).text
    assert (await client.get(f"{READ}/3")).status_code == 404
    async with house.database.read() as tx:
        said = list(await tx.scalars(select(AuditEntry.reason).where(AuditEntry.thing == "policy").order_by(AuditEntry.number)))
    assert said == ["published privacy of the practice, version 1", "published privacy of the practice, version 2"]


async def test_what_was_published_never_changes(olga: httpx2.AsyncClient, house: House) -> None:
    await olga.post(OURS, data=GOOD)
    for statement in ("UPDATE policy_version SET text = 'other'", "DELETE FROM policy_version"):
        with pytest.raises(DBAPIError, match="never changed"):
            async with house.database.write() as tx:
                await tx.execute(text(statement))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"text": " "}, "Please write the text."),
        ({"text": TEMPLATE}, "calls this a template"),
        ({"changes": ""}, "what has changed"),
        ({"6_1_b": "no"}, "Article 6"),
        ({"9_2_h": "no"}, "Article 9"),
        ({"effective": "soon"}, "choose a day"),
        ({"effective": "0001-01-01"}, ""),
        ({"effective": "2036-01-01"}, "within the next year"),
    ],
)
async def test_what_cannot_be_published_is_said_and_kept(olga: httpx2.AsyncClient, change: dict[str, str], sentence: str) -> None:
    answer = await olga.post(OURS, data={**GOOD, **change})
    assert answer.status_code == (422 if sentence else 303)
    assert sentence in answer.text
    assert not sentence or "Nothing was published" in answer.text


async def test_who_comes_second_is_asked_to_read_first(olga: httpx2.AsyncClient) -> None:
    await olga.post(OURS, data=GOOD)
    answer = await olga.post(OURS, data={**GOOD, "text": "Mine"})
    assert answer.status_code == 409
    assert "Somebody else has published" in answer.text
    assert 'name="edits" value="1"' in answer.text


@pytest.mark.row("L3")
async def test_a_professional_publishes_their_own_and_nobody_elses(sign_in: SignIn, client: httpx2.AsyncClient) -> None:
    alice = await sign_in(ALICE)
    assert (await alice.post(MINE, data=GOOD)).status_code == 303
    assert "Article 6(1)(b)" in (await client.get(f"/privacy/of/{ALICE.professional_id}/privacy")).text
    assert (await alice.post(OURS, data=GOOD)).status_code == 403
    for member in (SAM, DANA):
        other = await sign_in(member)
        assert ((await other.get("/policies")).status_code, (await other.post(MINE, data=GOOD)).status_code) == (403, 403)
    assert (await (await sign_in(OLGA)).post(MINE, data=GOOD)).status_code == 403


@pytest.mark.row("L8")
async def test_everybody_reads_cookies_processors_and_the_text_of_the_platform(client: httpx2.AsyncClient, cast: Cast) -> None:
    assert "there is nothing to choose" in (await client.get("/privacy/cookies")).text
    page = (await client.get("/privacy/processors")).text
    assert "There is no automated decision about a person." in page
    assert "Nobody else" in page
    for policy in ("privacy", "terms", "cookies"):
        assert (await client.get(f"/privacy/platform/{policy}")).status_code == 200
    rights = (await client.get("/privacy/platform/privacy")).text
    for name in ("My data", "See, correct or delete your data, without an account", "Privacy and policies"):
        assert f"“{name}”" in rights, "by the names that the pages have"
    assert (await client.get("/privacy/platform/other")).status_code == 404
    assert (await client.get(f"/privacy/of/{DANA.patient_id}")).status_code == 404
    for path in ("/privacy", f"/privacy/of/{CLINIC}"):
        assert "Privacy policy" in (await client.get(path)).text
    assert 'href="/privacy/cookies"' in (await client.get("/sign-in")).text


async def test_new_terms_are_asked_for_once_after_a_sign_in(olga: httpx2.AsyncClient, client: httpx2.AsyncClient, house: House) -> None:
    async def leads(username: str = "dana", password: str = "dana likes long walks") -> str:
        answer = await client.post("/sign-in", data={"username": username, "password": password, "next": "/my?a=b"})
        return str(answer.headers["location"])

    assert await leads() == "/my?a=b"
    await olga.post("/policies/ours/terms", data={**GOOD, "changes": "Terms of our own."})
    assert await leads() == "/terms?next=%2Fmy%3Fa%3Db"
    page = (await client.get("/terms?next=/my")).text
    assert "Terms of our own." in page
    assert f"/privacy/of/{CLINIC}/terms" in page
    versions = page.split('name="versions" value="')[1].split('"')[0]
    assert (await client.post("/terms", data={"versions": "x,", "next": "//evil.example"})).headers["location"] == "/"
    assert await leads() != "/my?a=b"
    for _ in range(2):
        assert (await client.post("/terms", data={"versions": versions, "next": "/my"})).headers["location"] == "/my"
    assert await leads() == "/my?a=b"
    assert (await client.get("/terms?next=/my")).headers["location"] == "/my"
    assert (await leads(ALICE.username, ALICE.password)).startswith("/terms")
    assert await leads("dr_mallory", "dr_mallory likes long walks") == "/my?a=b"
