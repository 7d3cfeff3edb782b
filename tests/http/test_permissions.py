"""The page of an author's permissions: somebody sees what they wrote about every patient, until it ends or is taken back."""

from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import select

from server.access.model import Grant
from server.core.audit import Act
from server.core.house import House
from server.patients.model import Patient
from tests.cast import ALICE, BOB, CHARLIE, DANA, ERIN, MALLORY, OLGA, SAM, Meeting, Staff, add_meeting
from tests.conftest import SignIn, StillClock
from tests.http.recording import NAME, RECORD, entries, lay_out
from tests.http.test_records import agreeing, only_grant

pytestmark = [pytest.mark.anyio, pytest.mark.row("N4")]

PLACE = "/account/permissions"


async def permit_all(sign_in: SignIn, clock: StillClock, **changed: str) -> httpx2.Response:
    """Let sam see what alice wrote about everybody, for thirty days."""
    last_day = (clock.now() + timedelta(days=30)).date().isoformat()
    form = {"person": str(SAM.person_id), "until": last_day, "reason": "My secretary", **changed}
    return await (await sign_in(ALICE)).post(PLACE, data=form)


async def erins_record(house: House, clock: StillClock, owner: Staff) -> tuple[str, Meeting]:
    """Give erin a consultation with the owner, alone."""
    async with house.database.write() as tx:
        meeting = await add_meeting(tx, house.secrets, clock.now(), owner=owner, guest=ERIN, team_id=None)
        patient = (await tx.scalars(select(Patient).where(Patient.name == ERIN.name))).one()
        return f"/patients/{patient.id}", meeting


async def test_a_permission_for_all_counts_for_every_patient_also_later(
    sign_in: SignIn, house: House, clock: StillClock, notes: dict[str, str]
) -> None:
    sam, alice = await sign_in(SAM), await sign_in(ALICE)
    assert (await sam.get(RECORD)).status_code == 404
    assert (await permit_all(sign_in, clock)).headers["location"] == f"{PLACE}?done=permitted"
    page = (await sam.get(RECORD)).text
    assert (f"/notes/{notes['shared']}" in page, notes["jottings"] in page) == (True, False)
    erin, meeting = await erins_record(house, clock, ALICE)
    assert (await sam.get(erin)).status_code == 404, "nothing is written yet"
    later = await lay_out(alice, meeting)
    assert later["shared"] in (await sam.get(erin)).text
    assert ERIN.name in (await sam.get("/patients")).text
    await agreeing(house, clock)
    (entry,) = await entries(house, Act.PERMITTED)
    assert (entry.thing, entry.patient_id, entry.reason) == ("permission_for_all", None, "My secretary")


@pytest.mark.usefixtures("notes")
async def test_bad_28_outside_its_scope_nothing_is_there(sign_in: SignIn, house: House, clock: StillClock) -> None:
    """What another author wrote, and anybody else who asks."""
    erin, meeting = await erins_record(house, clock, CHARLIE)
    await lay_out(await sign_in(CHARLIE), meeting)
    await permit_all(sign_in, clock)
    assert (await (await sign_in(SAM)).get(erin)).status_code == 404
    for outsider in (CHARLIE, MALLORY, OLGA):
        assert (await (await sign_in(outsider)).get(RECORD)).status_code == 404, outsider.username
    await agreeing(house, clock)


@pytest.mark.usefixtures("notes")
async def test_bad_28_a_permission_for_all_ends_after_its_last_day(sign_in: SignIn, house: House, clock: StillClock) -> None:
    await permit_all(sign_in, clock, until=clock.now().date().isoformat())
    for hours, status in ((13, 200), (1, 404)):  # from ten in the morning to midnight in London
        clock.advance(hours * 3600)
        assert (await (await sign_in(SAM)).get(RECORD)).status_code == status
    assert "You have permitted nobody." in (await (await sign_in(ALICE)).get(PLACE)).text


@pytest.mark.usefixtures("notes")
async def test_it_is_withdrawn_at_once_and_by_its_author_alone(sign_in: SignIn, house: House, clock: StillClock) -> None:
    await permit_all(sign_in, clock)
    alice, sam = await sign_in(ALICE), await sign_in(SAM)
    grant_id = (await only_grant(house)).id
    path = f"{PLACE}/{grant_id}/withdraw"
    heard: list[str] = []
    house.bus.subscribe(f"person:{SAM.person_id}", lambda: heard.append("sam"))
    for other, status in ((BOB, 404), (MALLORY, 404), (SAM, 403), (OLGA, 403)):
        assert (await (await sign_in(other)).post(path)).status_code == status, other.username
    assert (await alice.post(f"{RECORD}/permissions/{grant_id}/withdraw")).status_code == 404, "it is not of this record"
    assert ((await sam.get(RECORD)).status_code, heard) == (200, [])
    assert (await alice.post(path)).headers["location"] == f"{PLACE}?done=withdrawn"
    assert ((await sam.get(RECORD)).status_code, heard) == (404, ["sam"])
    assert (await alice.post(path)).status_code == 404
    assert [entry.thing for entry in await entries(house, Act.WITHDREW)] == ["permission_for_all"]


@pytest.mark.usefixtures("notes")
async def test_the_page_lists_by_person_what_is_for_one_and_what_is_for_all(sign_in: SignIn, house: House, clock: StillClock) -> None:
    alice = await sign_in(ALICE)
    assert f'href="{PLACE}"' in (await alice.get("/account")).text
    assert "You have permitted nobody." in (await alice.get(PLACE)).text
    await permit_all(sign_in, clock)
    last_day = (clock.now() + timedelta(days=3)).date().isoformat()
    one = {"person": str(SAM.person_id), "until": last_day, "reason": "One letter"}
    await alice.post(f"{RECORD}/permissions", data=one)
    page = (await alice.get(PLACE)).text
    assert (page.count(f">{SAM.name}</h2>"), page.count("/withdraw")) == (1, 2)
    assert page.index("My secretary") < page.index("One letter")
    assert f'href="{RECORD}#permitted">{NAME}' in page
    record = (await alice.get(RECORD)).text
    assert ("For all your patients." in record, f'href="{PLACE}"' in record, record.count("/withdraw")) == (True, True, 1)
    async with house.database.read() as tx:
        grants = list(await tx.scalars(select(Grant).where(Grant.patient_id == DANA.patient_id)))
    assert (await alice.post(f"{PLACE}/{grants[0].id}/withdraw")).status_code == 303
    assert "One letter" not in (await alice.get(PLACE)).text


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"person": str(MALLORY.person_id)}, "Please choose who may see it."),
        ({"person": str(OLGA.person_id)}, "Please choose who may see it."),
        ({"until": "2026-02-30"}, "Please choose the last day."),
        ({"until": "9999-12-31"}, "Please choose a day within one year."),
        ({"reason": " "}, "Please write why."),
    ],
    ids=["another practice", "administrator", "no day", "too far", "no reason"],
)
@pytest.mark.usefixtures("notes")
async def test_what_is_missing_is_said_beside_the_field(
    sign_in: SignIn, house: House, clock: StillClock, changed: dict[str, str], sentence: str
) -> None:
    answer = await permit_all(sign_in, clock, **changed)
    assert (answer.status_code, answer.text.count(sentence)) == (422, 2)
    async with house.database.read() as tx:
        assert list(await tx.scalars(select(Grant))) == []


@pytest.mark.usefixtures("notes")
async def test_only_whoever_gives_consultations_has_the_page(sign_in: SignIn) -> None:
    for other in (SAM, OLGA):
        client = await sign_in(other)
        assert (await client.get(PLACE)).status_code == 403
        assert (await client.post(PLACE, data={})).status_code == 403
        assert PLACE not in (await client.get("/account")).text
