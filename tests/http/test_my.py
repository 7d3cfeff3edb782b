"""A patient's own page: what was released and nothing else, the agreement, and who looked at the record."""

from datetime import timedelta
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select

from server.access.policy import Kind
from server.consultation.model import Consultation, ConsultationState, Outcome
from server.core.audit import Act, AuditEntry, Deed, first_broken, record
from server.core.house import House
from server.notes.model import VersionKind
from server.patients.look_words import OTHERWISE, SENTENCES, what_was_done
from server.patients.model import SharingConsent
from server.patients.wording import TEAM_NOTES, fingerprint
from server.web.i18n import ENGLISH
from tests.cast import ALICE, BOB, CHARLIE, CLINIC, DANA, ERIN, MALLORY, OLGA, Meeting, Staff, add_meeting
from tests.conftest import SignIn, StillClock
from tests.http.releasing import Text, release

pytestmark = [pytest.mark.anyio]

SHARING = f"/my/{DANA.patient_id}/sharing"
LOOKS = f"/my/{DANA.patient_id}/looks"
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
async def dana(sign_in: SignIn, meeting: Meeting) -> httpx2.AsyncClient:
    """dana, who has signed in."""
    return await sign_in(DANA)


async def mine(client: httpx2.AsyncClient) -> str:
    answer = await client.get("/my")
    assert answer.status_code == 200
    return answer.text


async def entries(house: House) -> list[AuditEntry]:
    async with house.database.read() as tx:
        return list(await tx.scalars(select(AuditEntry).where(AuditEntry.practice_id == CLINIC).order_by(AuditEntry.number)))


async def consents(house: House) -> list[SharingConsent]:
    async with house.database.read() as tx:
        found = select(SharingConsent).where(SharingConsent.patient_id == DANA.patient_id)
        return list(await tx.scalars(found.order_by(SharingConsent.given_at)))


async def happened(house: House, who: Staff, act: Act, thing: str = "note", reason: str | None = None) -> None:
    async with house.database.write() as tx:
        deed = Deed(CLINIC, who.person_id, act, thing, UUID(int=1), DANA.patient_id, reason)
        await record(tx, deed, house.clock.now())


@pytest.mark.row("N5")
async def test_a_released_summary_is_read_as_text(dana: httpx2.AsyncClient, house: House, meeting: Meeting) -> None:
    assert "There is no summary yet." in await mine(dana)
    await release(house, meeting, Text("Rest, and drink enough."))
    page = await mine(dana)
    for words in ("Rest, and drink enough.", "By Dr Alice Ahmed", "Monday, 2 March 2026", "What happens next", "Harbour Clinic"):
        assert words in page
    assert "What you told us" not in page, "a section in which nothing stands"


@pytest.mark.row("N5")
@pytest.mark.parametrize(
    "hidden",
    [
        Text("Hidden words", kind=Kind.JOTTINGS),
        Text("Hidden words", kind=Kind.SHARED),
        Text("Hidden words", version=VersionKind.SIGNED),
        Text("Hidden words", version=VersionKind.LOCKED),
        Text("Hidden words", withdrawn=True),
    ],
    ids=["jottings", "shared note", "signed only", "locked only", "taken back"],
)
async def test_nothing_else_is(dana: httpx2.AsyncClient, house: House, meeting: Meeting, hidden: Text) -> None:
    await release(house, meeting, hidden)
    page = await mine(dana)
    assert "Hidden words" not in page
    assert "There is no summary yet." in page


@pytest.mark.row("N5")
async def test_the_newest_release_of_a_note_is_the_one(dana: httpx2.AsyncClient, house: House, meeting: Meeting) -> None:
    await release(house, meeting, Text("First words"))
    await release(house, meeting, Text("Signed words", number=2, version=VersionKind.SIGNED))
    assert "First words" in await mine(dana)
    await release(house, meeting, Text("Second words", number=3))
    page = await mine(dana)
    assert "Second words" in page
    assert "First words" not in page


@pytest.mark.row("N5")
async def test_taking_back_the_newest_brings_no_older_one_back(dana: httpx2.AsyncClient, house: House, meeting: Meeting) -> None:
    await release(house, meeting, Text("First words"))
    await release(house, meeting, Text("Second words", number=2, withdrawn=True))
    page = await mine(dana)
    assert "First words" not in page
    assert "Second words" not in page


@pytest.mark.row("N5")
async def test_several_stand_newest_first(dana: httpx2.AsyncClient, house: House, meeting: Meeting, clock: StillClock) -> None:
    await release(house, meeting, Text("Of the morning"))
    clock.advance(3600)
    await release(house, meeting, Text("Of the noon", author_id=BOB.person_id))
    page = await mine(dana)
    assert page.index("Of the noon") < page.index("Of the morning")
    assert "By Nurse Bob Brown" in page


@pytest.mark.row("N10")
async def test_a_text_that_cannot_be_opened_takes_no_other_away(dana: httpx2.AsyncClient, house: House, meeting: Meeting) -> None:
    await release(house, meeting, Text("Broken words", broken=True))
    await release(house, meeting, Text("Whole words", author_id=BOB.person_id))
    page = await mine(dana)
    assert "This summary cannot be shown at the moment." in page
    assert "Whole words" in page


@pytest.mark.row("N5")
async def test_bad_35_what_was_written_is_text(dana: httpx2.AsyncClient, house: House, meeting: Meeting) -> None:
    await release(house, meeting, Text(SCRIPT + "{{ 7 * 7 }}"))
    await happened(house, BOB, Act.BROKE_GLASS, reason=SCRIPT)
    for page in (await mine(dana), (await dana.get(LOOKS)).text):
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page


@pytest.mark.row("N3")
@pytest.mark.parametrize("other", [ALICE, BOB, CHARLIE, MALLORY, OLGA], ids=lambda member: member.username)
async def test_bad_28_nobody_else_reads_it_there(
    sign_in: SignIn, house: House, meeting: Meeting, dana: httpx2.AsyncClient, other: Staff
) -> None:
    await release(house, meeting, Text("For dana only"))
    client = await sign_in(other)
    page = await mine(client)
    assert "No record belongs to this account yet." in page
    assert "For dana only" not in page
    assert "Harbour Clinic" not in page
    answers = [
        await client.get(LOOKS), await client.get(f"/my/{UUID(int=7)}/looks"),
        await client.post(SHARING, data={"agree": "no"}), await client.post(f"/my/{UUID(int=7)}/sharing", data={"agree": "no"}),
    ]  # fmt: skip
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert [consent.withdrawn_at for consent in await consents(house)] == [None]


async def test_without_a_login_it_leads_to_the_sign_in(client: httpx2.AsyncClient, meeting: Meeting) -> None:
    client.cookies.set("visit", meeting.token)
    assert (await client.get("/my")).headers["location"] == "/sign-in?next=/my"
    assert (await client.get(LOOKS)).headers["location"].startswith("/sign-in")
    assert (await client.post(SHARING, data={"agree": "no"})).status_code == 401


@pytest.mark.row("N3")
async def test_the_agreement_is_shown_taken_back_and_given_again(dana: httpx2.AsyncClient, house: House, clock: StillClock) -> None:
    page = await mine(dana)
    assert TEAM_NOTES.sentence in page
    assert "You have agreed" in page
    clock.advance(3600)
    answer = await dana.post(SHARING, data={"agree": "no"})
    assert answer.headers["location"] == "/my?withdrawn"
    assert "nobody else of the team" in (await dana.get("/my?withdrawn")).text
    assert "You have taken back your agreement" in await mine(dana)
    clock.advance(3600)
    assert (await dana.post(SHARING, data={"agree": "yes"})).headers["location"] == "/my?agreed"
    assert "You have agreed" in await mine(dana)
    first, second = await consents(house)
    assert first.withdrawn_at == clock.now() - timedelta(hours=1)
    assert (second.given_at, second.withdrawn_at) == (clock.now(), None)
    assert (second.language, second.wording_sha256) == ("en-GB", fingerprint(TEAM_NOTES, ENGLISH))


@pytest.mark.row("L6")
async def test_each_decision_is_in_the_audit_once(dana: httpx2.AsyncClient, house: House) -> None:
    for agree in ("yes", "no", "no", "yes", "yes"):
        assert (await dana.post(SHARING, data={"agree": agree})).status_code == 303
    found = await entries(house)
    assert [(entry.act, entry.thing) for entry in found] == [(Act.WITHDREW, "sharing"), (Act.AGREED, "sharing")]
    assert {(entry.person_id, entry.patient_id) for entry in found} == {(DANA.person_id, DANA.patient_id)}
    async with house.database.read() as tx:
        assert await first_broken(tx, CLINIC) is None
    assert len(await consents(house)) == 2


async def test_bad_23_a_decision_that_is_none_changes_nothing(dana: httpx2.AsyncClient, house: House) -> None:
    for form in ({"other": "no"}, {"agree": ""}, {"agree": "perhaps"}, {"agree": "YES"}):
        assert (await dana.post(SHARING, data=form)).status_code == 422, form
    assert (await dana.post(SHARING, json={"agree": "no"})).status_code == 415
    many = "&".join(["agree=no", *(f"f{number}=1" for number in range(1000))])
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert (await dana.post(SHARING, content=many, headers=headers)).status_code == 413, "bad 24"
    assert [consent.withdrawn_at for consent in await consents(house)] == [None]


@pytest.mark.row("L6")
async def test_who_looked_is_listed_with_names_and_plain_words(dana: httpx2.AsyncClient, house: House, clock: StillClock) -> None:
    assert "Nobody has looked at your record yet." in (await dana.get(LOOKS)).text
    await happened(house, BOB, Act.LOOKED)
    clock.advance(60)
    await happened(house, CHARLIE, Act.BROKE_GLASS, reason="She fainted.")
    await happened(house, ALICE, Act.AMENDED, reason="A wrong dose")
    await dana.post(SHARING, data={"agree": "no"})
    page = (await dana.get(LOOKS)).text
    order = ["Took back the agreement", "Added a correction", "Opened the record in an emergency", "Looked at a note"]
    places = [page.index(words) for words in order]
    assert places == sorted(places)
    for words in ("You<", "Nurse Bob Brown", "Dr Charlie Cole", "They said why: She fainted.", "Monday, 2 March 2026", "10:01"):
        assert words in page
    assert "A wrong dose" not in page
    assert DANA.name not in page, "she is 'you'"


@pytest.mark.row("L6")
async def test_times_are_those_of_the_practice(sign_in: SignIn, house: House, meeting: Meeting, clock: StillClock) -> None:
    clock.advance(timedelta(days=150).total_seconds())
    await happened(house, BOB, Act.LOOKED)
    assert "11:00 (London time)" in (await (await sign_in(DANA)).get(LOOKS)).text, "10:00 in Greenwich"


@pytest.mark.row("L6")
async def test_the_list_goes_on_page_by_page(dana: httpx2.AsyncClient, house: House) -> None:
    for number in range(101):
        await happened(house, BOB, Act.BROKE_GLASS, reason=f"reason {number}.")
    seen: list[str] = []
    path = LOOKS
    for expected in (50, 50, 1):
        page = (await dana.get(path)).text
        seen += [str(number) for number in range(101) if f"reason {number}." in page]
        assert page.count("They said why") == expected
        older = page.partition('href="?before=')[2].partition('"')[0]
        path = f"{LOOKS}?before={older}"
    assert older == ""
    assert sorted(seen, key=int) == [str(number) for number in range(101)]
    assert "There is nothing older." in (await dana.get(f"{LOOKS}?before=1")).text


@pytest.mark.parametrize("before", ["", "x", "-1", "1e3", "9" * 19, "9" * 5000, "\u0661", "1 OR 1=1"])
async def test_bad_23_a_page_that_is_none_is_refused(dana: httpx2.AsyncClient, before: str) -> None:
    assert (await dana.get(LOOKS, params={"before": before})).status_code == 422


@pytest.mark.row("L6")
async def test_looks_at_other_records_are_not_listed(dana: httpx2.AsyncClient, house: House, clock: StillClock) -> None:
    async with house.database.write() as tx:
        erins = await add_meeting(tx, house.secrets, clock.now(), guest=ERIN)
        other = (await tx.get_one(Consultation, erins.consultation_id)).patient_id
        await record(tx, Deed(CLINIC, ALICE.person_id, Act.LOOKED, "note", UUID(int=1), other), clock.now())
        await record(tx, Deed(CLINIC, ALICE.person_id, Act.LOOKED, "template", UUID(int=1), None), clock.now())
    assert "Nobody has looked at your record yet." in (await dana.get(LOOKS)).text


@pytest.mark.row("L6")
def test_there_are_words_for_every_act() -> None:
    assert SENTENCES.keys() == set(Act)
    assert what_was_done("teleported", "note") == OTHERWISE
    assert "emergency" in what_was_done(Act.WITHDREW, "emergency")
    assert what_was_done(Act.WITHDREW, "grant") != what_was_done(Act.WITHDREW, "sharing")


async def test_what_lies_ahead_is_listed_without_its_link(
    dana: httpx2.AsyncClient, house: House, meeting: Meeting, clock: StillClock
) -> None:
    page = await mine(dana)
    assert "Your next consultation" in page
    assert "With Dr Alice Ahmed" in page
    assert meeting.token not in page
    assert str(meeting.visit_id) not in page
    async with house.database.write() as tx:
        (await tx.get_one(Consultation, meeting.consultation_id)).end(clock.now(), Outcome.COMPLETED, None)
    assert "Your next consultation" not in await mine(dana)


async def test_a_missed_consultation_is_not_the_next_one(
    dana: httpx2.AsyncClient, house: House, meeting: Meeting, clock: StillClock
) -> None:
    async with house.database.write() as tx:
        await add_meeting(tx, house.secrets, clock.now(), scheduled_at=clock.now() + timedelta(days=1))
    assert "Today" in await next_card(dana)
    clock.advance(45 * 60)
    assert "Tomorrow" in await next_card(dana)
    async with house.database.write() as tx:
        (await tx.get_one(Consultation, meeting.consultation_id)).state = ConsultationState.ACTIVE
    assert "Today" in await next_card(dana), "it goes on"


async def next_card(client: httpx2.AsyncClient) -> str:
    return (await mine(client)).split('id="soonest"')[1].split("</section>")[0]


async def test_the_account_page_is_for_patients_too(dana: httpx2.AsyncClient, sign_in: SignIn) -> None:
    page = (await dana.get("/account")).text
    assert 'href="/my"' in page
    assert 'href="/today"' not in page
    assert "Sign out everywhere" in page
    assert 'href="/today"' in (await (await sign_in(ALICE)).get("/account")).text
    assert (await dana.post("/sign-out-everywhere")).status_code == 303
    assert (await dana.get("/my")).headers["location"] == "/sign-in?next=/my"
