"""What people ask of their account, and its end: of whoever has no record, and of staff, who stay named in records; on both databases."""

import re
from datetime import timedelta
from uuid import UUID

import httpx2
import pytest
from anyio import to_thread
from sqlalchemy import delete, select, update

from server.access.model import Membership, Practice, Professional, Staff
from server.chores import answer_account_request, open_account_requests
from server.core.audit import Act, AuditEntry
from server.core.holdings import BLANK_NAME, Fate, export_of
from server.core.holdings import Subject as Whose
from server.core.house import House
from server.core.keyring import add_key
from server.core.outbox import Errand
from server.directory.model import Profile
from server.identity.letters import WRITE, Wanted, want_letter
from server.identity.mail_model import CLOSING_DAYS, AccountEmail, AccountLetter, Subject
from server.identity.model import Credential, LoginSession, Person
from server.patients.model import Patient
from server.privacy.account_closing import CLOSE, closing_plan
from server.privacy.account_jobs import account_handlers
from server.privacy.account_requests import restricts_account
from server.privacy.account_rows import AccountClosing, AccountRequest
from server.privacy.erasure_list import read
from server.privacy.erasure_plan import going
from server.privacy.erasures import replay
from server.privacy.keys import keys_in_use, rotate
from server.privacy.registry import HOLDINGS
from server.settings import BadSettings
from tests.acting import DORA, let_act, representation, seat_dora
from tests.cast import ALICE, CLINIC, DANA, ELSEWHERE, MALLORY, OLGA, SAM, Cast
from tests.conftest import SignIn, StillClock

pytestmark = [pytest.mark.anyio, pytest.mark.row("L1"), pytest.mark.row("L5")]

MINE, QUEUE = "/my/data/account", "/practice/requests/accounts"
CLOSING = f"{MINE}/closing"
PLAN = re.compile(r'name="plan" value="([0-9a-f]+)"')
WORDS = {"kind": "restriction", "words": "Please keep it, and do nothing with it."}
WAITS = timedelta(days=CLOSING_DAYS)
Exported = dict[str, dict[str, list[dict[str, object]]]]


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


@pytest.fixture
async def dora(house: House, cast: Cast, sign_in: SignIn) -> httpx2.AsyncClient:
    """Somebody who registered and has no record."""
    async with house.database.write() as tx:
        await seat_dora(tx, house)
        await tx.flush()
        tx.add(AccountEmail(person_id=DORA.person_id, address=DORA.email, confirmed_at=house.clock.now()))
    return await sign_in(DORA)


@pytest.fixture
async def only_practice(house: House, cast: Cast) -> None:
    """One practice keeps this server."""
    async with house.database.write() as tx:
        await tx.execute(delete(Professional).where(Professional.person_id == MALLORY.person_id))
        await tx.execute(delete(Practice).where(Practice.id == ELSEWHERE))


async def asked_to_close(client: httpx2.AsyncClient) -> httpx2.Response:
    seen = PLAN.findall((await client.get(CLOSING)).text)
    return await client.post(CLOSING, data={"plan": seen[0] if seen else "", "sure": "yes"})


async def run(house: House, person_id: UUID) -> None:
    """Do what the errand does, as often as one likes."""
    await account_handlers(house)[CLOSE](person_id)


async def closing(house: House, person_id: UUID) -> AccountClosing | None:
    async with house.database.read() as tx:
        return await tx.get(AccountClosing, person_id)


async def letters(house: House) -> int:
    """Return how many letters about accounts were asked for; what they say is in tests/contract/test_account_letters.py."""
    async with house.database.read() as tx:
        return len(list(await tx.scalars(select(Errand.id).where(Errand.kind == WRITE))))


async def exported(house: House, person_id: UUID) -> Exported:
    async with house.database.read() as tx:
        return {holding.name: await export_of(tx, holding, Whose(person_id)) for holding in HOLDINGS}


def held_against(before: Exported, after: Exported, goes: frozenset[str], *, named: bool) -> None:
    """Compare what is left of an account with what its plan said of each holding."""
    for holding in HOLDINGS:
        for part in holding.parts:
            was, rows = before[holding.name].get(part.table.name, []), after[holding.name].get(part.table.name, [])
            if part.table.name == "account_closing":
                continue  # which the end itself writes
            if holding.name not in goes or part.fate is Fate.KEEP:
                assert rows == was, part.table.name
            elif part.fate is Fate.DELETE:
                assert rows == [], part.table.name
            elif part.table.name == "person":
                assert [row["name"] for row in rows] == [was[0]["name"] if named else BLANK_NAME]
                assert all(row["mobile"] is None and row["email"] is None for row in rows)


async def test_who_registered_and_booked_nothing_closes_their_account(
    dora: httpx2.AsyncClient, house: House, clock: StillClock, only_practice: None
) -> None:
    assert MINE in (await dora.get("/my/data")).text
    assert "so there is nobody to ask" not in (await dora.get("/my/data")).text
    await dora.post(MINE, data=WORDS)
    page = (await dora.get(CLOSING)).text
    assert "Your account: name, username" in page
    assert (await dora.post(CLOSING, data={"plan": PLAN.findall(page)[0]})).status_code == 422
    stale = await dora.post(CLOSING, data={"plan": "0" * 32, "sure": "yes"})
    assert stale.status_code == 409
    assert "has changed since you opened this page" in stale.text
    assert (await asked_to_close(dora)).status_code == 303
    assert (await asked_to_close(dora)).status_code == 303  # asked for twice it is asked for once
    assert "Keep my account" in (await dora.get("/my/data")).text
    assert await letters(house) == 1
    before = await exported(house, DORA.person_id)
    assert before["privacy.closing"]["account_closing"]
    assert before["privacy.account"]["account_request"][0]["kind"] == "restriction"
    await run(house, DORA.person_id)
    assert (await dora.get("/my/data")).status_code == 200  # not before its day
    async with house.database.read() as tx:
        goes = going(await closing_plan(tx, DORA.person_id, clock.now()))
    clock.advance(WAITS.total_seconds())
    await run(house, DORA.person_id)
    held_against(before, await exported(house, DORA.person_id), goes, named=False)
    assert await letters(house) == 2
    assert (await dora.get("/my/data")).headers["location"].startswith("/sign-in")
    async with house.database.read() as tx:
        noted = await tx.scalars(select(AuditEntry.thing).where(AuditEntry.act == Act.DELETED, AuditEntry.practice_id == CLINIC))
        assert list(noted) == ["account"]
    once = await exported(house, DORA.person_id)
    await run(house, DORA.person_id)
    assert await exported(house, DORA.person_id) == once
    assert len(read(house.settings.data_dir)) == 1


async def test_it_is_taken_back_until_the_last_day(dora: httpx2.AsyncClient, house: House, clock: StillClock, sign_in: SignIn) -> None:
    await asked_to_close(dora)
    assert (await dora.post(f"{CLOSING}/undo")).headers["location"].endswith("?kept")
    assert await closing(house, DORA.person_id) is None
    clock.advance(WAITS.total_seconds())
    await run(house, DORA.person_id)
    again = await sign_in(DORA)
    assert (await again.get(f"{MINE}?kept")).status_code == 200
    assert (await asked_to_close(again)).status_code == 303  # and may be asked for once more
    async with house.database.read() as tx:
        assert len(list(await tx.scalars(select(Errand.id).where(Errand.kind == CLOSE)))) == 2


async def test_staff_wait_for_the_end_of_their_place_and_stay_named(house: House, clock: StillClock, sign_in: SignIn) -> None:
    """What they wrote and did stays; how they signed in, their page for everybody and their addresses go."""
    alice = await sign_in(ALICE)
    async with house.database.write() as tx:
        (await tx.get_one(Person, ALICE.person_id)).mobile = "+447700900777"
        tx.add(Profile(professional_id=ALICE.professional_id, listed=True, about="Hello", languages=",en,", changed_at=clock.now()))
    page = (await alice.get(CLOSING)).text
    assert "Your name stays" in page
    assert "your account is not deleted before your place has ended" in page
    await asked_to_close(alice)
    olga = await sign_in(OLGA)
    assert f"/practice/people/{ALICE.person_id}" in (await olga.get(QUEUE)).text
    assert "1 request about an account" in (await olga.get("/practice")).text
    assert str(ALICE.person_id) not in (await (await sign_in(MALLORY)).get(QUEUE)).text
    clock.advance(WAITS.total_seconds())
    await run(house, ALICE.person_id)
    again = await sign_in(ALICE)
    assert "You still work here" in (await again.get(CLOSING)).text
    before = await exported(house, ALICE.person_id)
    async with house.database.write() as tx:
        await tx.execute(update(Professional).where(Professional.person_id == ALICE.person_id).values(ended_at=clock.now()))
        await tx.execute(update(Membership).where(Membership.professional_id == ALICE.professional_id).values(ended_at=clock.now()))
    before = await exported(house, ALICE.person_id)
    async with house.database.read() as tx:
        goes = going(await closing_plan(tx, ALICE.person_id, clock.now()))
    await run(house, ALICE.person_id)
    held_against(before, await exported(house, ALICE.person_id), goes, named=True)
    async with house.database.read() as tx:
        assert (await tx.get_one(Professional, ALICE.professional_id)).full_name == ALICE.full_name
        assert await tx.get(Profile, ALICE.professional_id) is None
        assert await tx.get(Credential, ALICE.person_id) is None
    assert (await again.get("/my/data")).status_code == 303
    assert str(ALICE.person_id) not in (await (await sign_in(OLGA)).get(QUEUE)).text


async def test_whoever_reads_a_record_asks_its_practice(house: House, clock: StillClock, sign_in: SignIn, dora: httpx2.AsyncClient) -> None:
    """Also when a record came to the account in the days that it waited."""
    dana = await sign_in(DANA)
    page = (await dana.get(CLOSING)).text
    assert f"/my/{DANA.patient_id}/erasure" in page
    assert PLAN.search(page) is None
    assert (await dana.post(CLOSING, data={"plan": "x", "sure": "yes"})).status_code == 409
    await asked_to_close(dora)
    async with house.database.write() as tx:
        await tx.execute(update(Patient).where(Patient.id == DANA.patient_id).values(person_id=DORA.person_id))
    clock.advance(WAITS.total_seconds())
    await run(house, DORA.person_id)
    found = await closing(house, DORA.person_id)
    assert found is not None
    assert found.closed_at is None
    assert "You read a record with it by now" in (await (await sign_in(DORA)).get(CLOSING)).text


async def test_with_the_account_it_ends_that_somebody_acts_and_the_record_still_names_them(
    house: House, clock: StillClock, dora: httpx2.AsyncClient
) -> None:
    await let_act(house)
    assert DANA.name in (await dora.get(CLOSING)).text
    await asked_to_close(dora)
    clock.advance(WAITS.total_seconds())
    await run(house, DORA.person_id)
    ended = await representation(house)
    assert ended.ended_at == clock.now()
    assert ended.name == DORA.name
    async with house.database.read() as tx:
        assert (await tx.get_one(Person, DORA.person_id)).name == DORA.name
        assert await tx.get(Credential, DORA.person_id) is None


async def test_letters_that_are_on_their_way_go_with_the_account(house: House, clock: StillClock, dora: httpx2.AsyncClient) -> None:
    """The one that tells of the end is still written, and those of others stay."""
    await asked_to_close(dora)
    clock.advance(WAITS.total_seconds())
    async with house.database.write() as tx:
        for username, subject in ((DORA.username, Subject.CONFIRM), (DORA.username, Subject.EMAIL_AGREE), (DANA.username, Subject.RESET)):
            await want_letter(tx, house.secrets, Wanted(str(username), subject, "en-GB", f"{username}@example.net"), clock.now())
    await run(house, DORA.person_id)
    async with house.database.read() as tx:
        left = {(row.username, row.subject, row.address) for row in await tx.scalars(select(AccountLetter))}
    assert left == {(DORA.username, Subject.CLOSED, DORA.email), (DANA.username, Subject.RESET, "dana@example.net")}


async def test_it_is_done_again_after_a_backup_was_put_back(house: House, clock: StillClock, dora: httpx2.AsyncClient) -> None:
    await asked_to_close(dora)
    clock.advance(WAITS.total_seconds())
    await run(house, DORA.person_id)
    async with house.database.write() as tx:  # as it was before
        (await tx.get_one(Person, DORA.person_id)).name = DORA.name
        tx.add(AccountEmail(person_id=DORA.person_id, address=DORA.email, confirmed_at=clock.now()))
    assert await replay(house.database, house.secrets, read(house.settings.data_dir), clock.now()) == 1
    async with house.database.read() as tx:
        assert (await tx.get_one(Person, DORA.person_id)).name == BLANK_NAME
        assert await tx.get(AccountEmail, DORA.person_id) is None


async def test_a_restriction_counts_at_once_and_is_answered_by_whoever_runs_the_server(
    house: House, clock: StillClock, sign_in: SignIn, only_practice: None
) -> None:
    alice = await sign_in(ALICE)
    async with house.database.write() as tx:
        tx.add(Profile(professional_id=ALICE.professional_id, listed=True, about="Hello", languages=",en,", changed_at=clock.now()))
    for data in ({"kind": "", "words": "x"}, {"kind": "erasure", "words": "x"}, {**WORDS, "words": " "}, {**WORDS, "words": "x" * 5001}):
        refused = await alice.post(MINE, data=data)
        assert refused.status_code == 422
        assert "error-summary" in refused.text
    assert (await alice.post(MINE, data=WORDS)).headers["location"].endswith("?asked")
    async with house.database.read() as tx:
        asked = (await tx.scalars(select(AccountRequest))).one()
        assert b"do nothing" not in asked.sealed
        assert not (await tx.get_one(Profile, ALICE.professional_id)).listed
        assert await restricts_account(tx, ALICE.person_id)
    olga, one = await sign_in(OLGA), f"{QUEUE}/{asked.id}"
    assert "Due by" in (await olga.get(QUEUE)).text
    page = (await olga.get(one)).text
    assert WORDS["words"] in page
    assert ALICE.username in page
    assert (await olga.post(f"{one}/answer", data={"state": "done", "words": ""})).status_code == 422
    clock.advance(32 * 86400)
    olga = await sign_in(OLGA)
    assert "Overdue since" in (await olga.get(one)).text
    assert (await olga.post(f"{one}/answer", data={"state": "done", "words": "It is restricted."})).status_code == 303
    late = await olga.post(f"{one}/answer", data={"state": "refused", "words": "No."})
    assert "No." in late.text
    assert late.status_code == 409
    assert await letters(house) == 1
    assert str(asked.id) in (await olga.get(f"{QUEUE}?settled")).text
    alice = await sign_in(ALICE)
    assert "It is restricted." in (await alice.get(MINE)).text
    assert (await alice.post(f"{MINE}/{asked.id}/withdraw")).status_code == 303  # they may end it themselves
    assert (await alice.post(f"{MINE}/{asked.id}/withdraw")).status_code == 409
    async with house.database.read() as tx:
        assert not await restricts_account(tx, ALICE.person_id)


async def test_bad_28_others_neither_read_nor_answer_nor_take_back(
    house: House, cast: Cast, sign_in: SignIn, dora: httpx2.AsyncClient
) -> None:
    """With two practices not even those who look after one of them: the account belongs to neither."""
    await dora.post(MINE, data=WORDS)
    async with house.database.read() as tx:
        asked = (await tx.scalars(select(AccountRequest.id))).one()
    for member in (ALICE, MALLORY, SAM, DANA, OLGA):
        other = await sign_in(member)
        assert (await other.get(f"{QUEUE}/{asked}")).status_code == 403, member
        assert (await other.post(f"{QUEUE}/{asked}/answer", data={"state": "done", "words": "x"})).status_code == 403, member
        assert (await other.post(f"{MINE}/{asked}/withdraw")).status_code == 404, member
        assert WORDS["words"] not in (await other.get(MINE)).text
    assert "Several practices share this server" in (await (await sign_in(OLGA)).get(QUEUE)).text


async def test_where_several_practices_share_a_server_its_operator_answers(house: House, dora: httpx2.AsyncClient) -> None:
    """By the command line, which owns the files."""
    await dora.post(MINE, data=WORDS)
    listed = await to_thread.run_sync(open_account_requests, house.settings)
    assert WORDS["words"] in listed
    assert f"restriction of {DORA.username}" in listed
    request_id = listed.split()[0]
    for wrong in ((request_id, "done", " "), ("nothing", "done", "Yes."), (str(DORA.person_id), "done", "Yes.")):
        with pytest.raises(BadSettings):
            await to_thread.run_sync(answer_account_request, house.settings, *wrong)
    told = await to_thread.run_sync(answer_account_request, house.settings, request_id, "refused", "We have no reason to.")
    assert told.startswith("Answered.")
    assert "We have no reason to." in (await dora.get(MINE)).text
    assert await to_thread.run_sync(open_account_requests, house.settings) == "no requests are open\n"
    with pytest.raises(BadSettings, match="settled already"):
        await to_thread.run_sync(answer_account_request, house.settings, request_id, "done", "Yes.")


async def test_its_words_follow_a_new_key_and_hide_when_it_is_gone(house: House, dora: httpx2.AsyncClient) -> None:
    await dora.post(MINE, data=WORDS)
    add_key(house.settings.data_dir)
    async for _done in rotate(house.database, house.keyring):
        pass
    assert set(await keys_in_use(house.database)) == {house.keyring.current}
    assert WORDS["words"] in (await dora.get(MINE)).text
    async with house.database.write() as tx:
        await tx.execute(update(AccountRequest).values(key_id="lost"))
    assert "its key is missing" in (await dora.get(MINE)).text


async def test_an_account_that_closes_leaves_no_open_login(house: House, clock: StillClock, dora: httpx2.AsyncClient) -> None:
    await asked_to_close(dora)
    clock.advance(WAITS.total_seconds())
    await run(house, DORA.person_id)
    async with house.database.read() as tx:
        assert list(await tx.scalars(select(LoginSession).where(LoginSession.person_id == DORA.person_id))) == []
        assert list(await tx.scalars(select(Staff).where(Staff.person_id == DORA.person_id))) == []
