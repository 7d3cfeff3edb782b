"""The pages of a note: what it says with its amendments, and its history, for whoever may see them."""

import httpx2
import pytest
from sqlalchemy import select

from server.core.audit import AuditEntry
from server.core.house import House
from tests.cast import ALICE, BOB, CHARLIE, Meeting
from tests.conftest import SignIn
from tests.live.notes.client import Tab
from tests.live.notes.house import Open, notes_in
from tests.live.notes.signing import Hand

pytestmark = [pytest.mark.anyio, pytest.mark.row("N6")]


@pytest.fixture
async def alice(sign_in: SignIn) -> httpx2.AsyncClient:
    return await sign_in(ALICE)


@pytest.fixture
async def note_id(alice: httpx2.AsyncClient, meeting: Meeting, open_note: Open) -> str:
    """A note in which alice wrote, then bob."""
    for person, words in ((ALICE, "Rest <b>well</b>"), (BOB, ", twice")):
        tab: Tab = await open_note(person)
        await tab.type(words)
        await tab.until(lambda tab: tab.saved)
    return (await notes_in(alice, meeting.consultation_id))["shared"]


async def test_a_draft_is_read_and_the_look_is_kept(alice: httpx2.AsyncClient, note_id: str, house: House) -> None:
    page = await alice.get(f"/notes/{note_id}")
    assert page.status_code == 200
    assert "Rest &lt;b&gt;well&lt;/b&gt;, twice" in page.text
    assert "A draft that nobody has signed." in page.text
    assert f"/notes/{note_id}/export?form=pdf" in page.text
    async with house.database.read() as tx:
        acts = list(await tx.scalars(select(AuditEntry.act).where(AuditEntry.thing == "note").order_by(AuditEntry.id)))
    assert acts == ["looked"] * 3  # two tabs and this page


async def test_the_history_shows_authors_and_changes(alice: httpx2.AsyncClient, note_id: str) -> None:
    page = (await alice.get(f"/notes/{note_id}/history")).text
    assert 'data-by="AA"' in page
    assert 'data-by="BB"' in page
    compared = (await alice.get(f"/notes/{note_id}/history?from=1&to=2")).text
    assert "<ins" in compared
    for query in ("from=x", "to=-1", "to=99", "from=9999999999"):
        assert (await alice.get(f"/notes/{note_id}/history?{query}")).status_code == 422, query


async def test_an_earlier_text_comes_back_from_the_page(alice: httpx2.AsyncClient, note_id: str, meeting: Meeting) -> None:
    assert (await Hand(alice, ALICE, note_id).sign(lock=True)).status_code == 200
    assert "Bring it back" in (await alice.get(f"/notes/{note_id}/history?to=1")).text
    empty = await alice.post(f"/notes/{note_id}/restore", data={"seq": "1", "reason": " "})
    assert empty.headers["location"].endswith("?error=reason")
    for seq in ("", "x", "99", "10000000001"):
        assert (await alice.post(f"/notes/{note_id}/restore", data={"seq": seq, "reason": "Which?"})).status_code == 422, seq
    made = await alice.post(f"/notes/{note_id}/restore", data={"seq": "1", "reason": "Bob wrote in the wrong note"})
    assert made.headers["location"] == f"/desk/{meeting.consultation_id}"
    page = (await alice.get(f"/notes/{note_id}")).text
    assert "Amendment 1" in page
    assert "Bob wrote in the wrong note" in page
    again = await alice.post(f"/notes/{note_id}/restore", data={"seq": "1", "reason": "Once more"})
    assert again.headers["location"].endswith("?error=open")


async def test_charlie_reads_no_page_of_it(sign_in: SignIn, note_id: str) -> None:
    charlie = await sign_in(CHARLIE)
    for path in ("", "/history"):
        answer = await charlie.get(f"/notes/{note_id}{path}")
        assert answer.status_code == 404
        assert "Rest" not in answer.text
