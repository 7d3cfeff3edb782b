"""Somebody with an account finds what was booked without it, by a code to the address that was given; on both databases."""

from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select, update

from server.core.audit import Act, AuditEntry
from server.core.house import House
from server.core.outbox import Errand
from server.patients.actions import Contact, add_record
from server.patients.claims import GOOD_FOR, MOST_TRIES, PROVE, code_of
from server.patients.model import AddressProof, Patient
from server.patients.representing import claim_child
from server.web.ratelimit import RULES
from tests.acting import hand_of
from tests.cast import ALICE, BOB, CLINIC, DANA, ERIN, Cast
from tests.conftest import SignIn, StillClock

pytestmark = [pytest.mark.anyio, pytest.mark.row("B1")]
FIND, CODE = "/my/find", "/my/find/code"
OLD_MAIL = "dana.at.work@example.org"


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


@pytest.fixture
async def dana(sign_in: SignIn) -> httpx2.AsyncClient:
    return await sign_in(DANA)


async def booked(house: House, name: str = DANA.name, mobile: str | None = None, email: str | None = OLD_MAIL) -> UUID:
    """Begin a record as a booking without an account does; returns its id."""
    async with house.database.write() as tx:
        return (await add_record(tx, CLINIC, Contact(name, mobile, email), None, house.clock.now())).id


@pytest.mark.row("P5")
async def test_bad_39_a_right_to_act_becomes_no_record_of_ones_own(dana: httpx2.AsyncClient, house: House) -> None:
    """dana's account goes by the name and reads the address; she has acted for this patient, so it is not her."""
    record_id = await booked(house)
    async with house.database.write() as tx:
        hand = await hand_of(tx, house, record_id)
        await claim_child(tx, hand, DANA.name)
    await dana.post(FIND, data={"address": OLD_MAIL})
    assert (await dana.post(CODE, data={"code": await right_code(house)})).headers["location"] == "/my?nothing"
    assert await reader(house, record_id) is None


async def proofs(house: House) -> list[AddressProof]:
    async with house.database.read() as tx:
        return list(await tx.scalars(select(AddressProof)))


async def asked(house: House) -> int:
    """Return how many codes were to be sent."""
    async with house.database.read() as tx:
        return len(list(await tx.scalars(select(Errand).where(Errand.kind == PROVE))))


async def reader(house: House, patient_id: UUID) -> UUID | None:
    async with house.database.read() as tx:
        return (await tx.get_one(Patient, patient_id)).person_id


async def right_code(house: House) -> str:
    [proof] = await proofs(house)
    return code_of(house.secrets, proof.id)


async def say(house: House, *, unsent: bool) -> None:
    async with house.database.write() as tx:
        await tx.execute(update(AddressProof).values(unsent=unsent))


async def test_a_code_makes_the_records_readable(dana: httpx2.AsyncClient, house: House) -> None:
    mine = [await booked(house), await booked(house, name="dana DÍAZ", email=OLD_MAIL.upper())]
    assert 'href="/my/find"' in (await dana.get("/my")).text
    answer = await dana.post(FIND, data={"address": f" {OLD_MAIL} "})
    assert (answer.status_code, answer.headers["location"]) == (303, FIND)
    code = await right_code(house)
    answer = await dana.post(CODE, data={"code": f"{code[:3]} {code[3:]}"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/my?found")
    assert "now belongs to your account" in (await dana.get("/my?found")).text
    assert [await reader(house, each) for each in mine] == [DANA.person_id] * 2
    async with house.database.read() as tx:
        entries = list(await tx.scalars(select(AuditEntry).where(AuditEntry.act == Act.REGISTERED)))
    assert {(entry.person_id, entry.patient_id) for entry in entries} == {(DANA.person_id, each) for each in mine}
    assert await proofs(house) == []


@pytest.mark.parametrize("written", ["07700 900077", "+44 7700 900077", "+44(0)7700-900077"])
async def test_a_number_is_found_however_it_is_written(dana: httpx2.AsyncClient, house: House, written: str) -> None:
    mine = await booked(house, mobile="07700 900 077", email=None)
    await dana.post(FIND, data={"address": written})
    await dana.post(CODE, data={"code": await right_code(house)})
    assert await reader(house, mine) == DANA.person_id


async def test_others_stay_with_their_owners(dana: httpx2.AsyncClient, house: House) -> None:
    """Somebody else of the family, somebody who has an account, and the same name at another address."""
    others = [await booked(house, name="Dan Diaz"), await booked(house, email="else@example.org")]
    await dana.post(FIND, data={"address": OLD_MAIL})
    answer = await dana.post(CODE, data={"code": await right_code(house)})
    assert answer.headers["location"] == "/my?nothing"
    assert "nothing more to find" in (await dana.get("/my?nothing")).text
    assert [await reader(house, each) for each in others] == [None, None]


async def test_the_page_says_the_same_whether_there_is_something_or_not(dana: httpx2.AsyncClient, house: House) -> None:
    pages = []
    for _ in range(2):
        await dana.post(FIND, data={"address": OLD_MAIL})
        pages.append((await dana.get(FIND)).text)
        await say(house, unsent=False)
        pages.append((await dana.get(FIND)).text)
        await booked(house)
    assert pages[0] == pages[2]
    assert pages[1] == pages[3]
    assert "could not send you a code" in pages[0]
    assert 'name="code"' in pages[1]


async def test_without_a_provider_another_address_is_asked_for(dana: httpx2.AsyncClient, house: House) -> None:
    await dana.post(FIND, data={"address": OLD_MAIL})
    assert "could not send you a code" in (await dana.get(FIND)).text
    assert await asked(house) == 0
    assert 'name="address"' in (await dana.get(f"{FIND}?anew")).text


async def test_bad_32_a_code_cannot_be_guessed(dana: httpx2.AsyncClient, house: House) -> None:
    mine = await booked(house)
    await dana.post(FIND, data={"address": OLD_MAIL})
    code = await right_code(house)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for left in range(MOST_TRIES - 1, 0, -1):
        answer = await dana.post(CODE, data={"code": wrong})
        assert answer.status_code == 422
        assert ("once more" if left == 1 else f"{left} more times") in answer.text
    for tried in (wrong, code):
        answer = await dana.post(CODE, data={"code": tried})
        assert (answer.status_code, "counts no more" in answer.text) == (422, True)
    assert await reader(house, mine) is None


async def test_a_code_is_good_for_ten_minutes_and_for_who_asked(
    dana: httpx2.AsyncClient, sign_in: SignIn, house: House, clock: StillClock
) -> None:
    mine = await booked(house)
    await dana.post(FIND, data={"address": OLD_MAIL})
    code = await right_code(house)
    assert (await (await sign_in(ALICE)).post(CODE, data={"code": code})).status_code == 422
    clock.advance(GOOD_FOR.total_seconds())
    answer = await dana.post(CODE, data={"code": code})
    assert "counts no more" in answer.text
    assert await reader(house, mine) is None
    await (await sign_in(ALICE)).post(FIND, data={"address": ERIN.email})
    assert [proof.person_id for proof in await proofs(house)] == [ALICE.person_id]


async def test_a_second_request_ends_the_first(dana: httpx2.AsyncClient, house: House) -> None:
    await booked(house)
    await dana.post(FIND, data={"address": OLD_MAIL})
    first = await right_code(house)
    await dana.post(FIND, data={"address": OLD_MAIL})
    assert first != await right_code(house)
    assert (await dana.post(CODE, data={"code": first})).status_code == 422


@pytest.mark.parametrize(
    "written", ["", "dana", "12", "a@b", "a b@example.org", "x" * 300 + "@example.org", "İ" * 200 + "@a.bc", "<b>@example.org"]
)
async def test_what_is_no_address_is_said_and_kept(dana: httpx2.AsyncClient, house: House, written: str) -> None:
    answer = await dana.post(FIND, data={"address": written})
    assert answer.status_code == 422
    assert "Please write a mobile number or an e-mail address." in answer.text
    assert "<b>@" not in answer.text
    assert await proofs(house) == []


async def test_few_codes_are_sent(dana: httpx2.AsyncClient, cast: Cast) -> None:
    for _ in range(RULES["prove"].times):
        assert (await dana.post(FIND, data={"address": OLD_MAIL})).status_code == 303
    answer = await dana.post(FIND, data={"address": OLD_MAIL})
    assert answer.status_code == 429
    assert OLD_MAIL in answer.text


async def test_many_accounts_send_few_codes_to_one_address(sign_in: SignIn, house: House) -> None:
    found = [
        (await (await sign_in(who)).post(FIND, data={"address": OLD_MAIL})).status_code for who in (DANA, ALICE, BOB) for _ in range(4)
    ]
    assert found == [303] * RULES["prove_address"].times + [429] * (12 - RULES["prove_address"].times)
