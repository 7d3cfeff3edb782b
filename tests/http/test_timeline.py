"""All of a record in one list by date: what the viewer may see, and nothing of others."""

import httpx2
import pytest

from server.billing.model import Charge
from server.booking.model import Appointment
from server.core.house import House
from server.patients.actions import withdraw_sharing
from server.settings import Settings
from tests.cast import ALICE, BOB, CHARLIE, DANA, MALLORY, OLGA, SAM, Meeting
from tests.conftest import SignIn, StillClock
from tests.heard import heard
from tests.http.recording import RECORD

pytestmark = [pytest.mark.anyio, pytest.mark.row("N8")]

PAGE = f"{RECORD}/timeline"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"payments": "sandbox"})


async def test_nothing_is_read_once_the_look_is_kept(
    sign_in: SignIn, house: House, meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Entries of a practice wait for each other until they are committed: what comes after one holds up everybody."""
    alice = await sign_in(ALICE)
    await alice.get(RECORD)
    said = heard(house.database, monkeypatch)
    for page in (RECORD, PAGE, f"{RECORD}/files", f"{RECORD}/background"):
        said.clear()
        assert (await alice.get(page)).status_code == 200
        last = [one for one in said if one != "BEGIN"][-1]  # a sweep may begin something meanwhile
        assert last.startswith("INSERT INTO audit_entry"), page
        assert sum("INSERT INTO audit_entry" in one for one in said) == 1, page


async def test_it_holds_what_there_is_by_date(
    sign_in: SignIn, house: House, notes: dict[str, str], agreed: httpx2.AsyncClient, meeting: Meeting, *, clock: StillClock
) -> None:
    alice = await sign_in(ALICE)
    clock.advance(60)
    await alice.post(f"{RECORD}/files", data={"title": "Letter of the hospital"}, files={"file": ("a.txt", b"Dear colleague", "x/y")})
    async with house.database.write() as tx:
        await withdraw_sharing(tx, DANA.patient_id, clock.now())
    page = (await alice.get(PAGE)).text
    wanted = ("Consultation with Dr Alice Ahmed", "Note begun", "Patient summary begun", "Document: Letter of the hospital",
              "agreed to a consultation by video", "agreed that the team", "took back that the team")  # fmt: skip
    for words in wanted:
        assert words in page
    assert page.index("Document: Letter") < page.index("agreed to a consultation by video"), "the newest first"
    assert f'href="{PAGE}?show=document"' in page
    assert f'href="{PAGE}"' in (await alice.get(RECORD)).text


async def test_a_filter_shows_one_kind_and_an_unknown_one_everything(sign_in: SignIn, notes: dict[str, str]) -> None:
    alice = await sign_in(ALICE)
    only = (await alice.get(f"{PAGE}?show=note")).text
    assert ("Note begun" in only, "Consultation with" in only) == (True, False)
    assert "nothing here that you may see" in (await alice.get(f"{PAGE}?show=payment")).text
    assert "Consultation with" in (await alice.get(f"{PAGE}?show=rubbish")).text


async def test_bad_28_others_see_nothing_and_a_colleague_no_jottings(sign_in: SignIn, notes: dict[str, str]) -> None:
    for outsider in (CHARLIE, MALLORY, OLGA, SAM):
        assert (await (await sign_in(outsider)).get(PAGE)).status_code == 404
    page = (await (await sign_in(BOB)).get(PAGE)).text
    assert ("Note begun" in page, "Jottings begun" in page) == (True, False)


async def test_whoever_was_paid_reads_it_and_a_colleague_does_not(sign_in: SignIn, house: House, charge: Charge) -> None:
    async with house.database.read() as tx:
        appointment = await tx.get_one(Appointment, charge.appointment_id)
    page = (await (await sign_in(ALICE)).get(f"/patients/{appointment.patient_id}/timeline")).text
    assert ("Paid: " in page, f"/money/charges/{charge.id}" in page) == (True, True)
    bob = await (await sign_in(BOB)).get(f"/patients/{appointment.patient_id}/timeline")
    assert "Paid: " not in bob.text
