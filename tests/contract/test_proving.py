"""A code goes to the address that is to be proved, once for each request, and to nobody else."""

import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

import pytest
from sqlalchemy import select

from server.consultation.events import Channel
from server.core.house import House
from server.core.outbox import Worker
from server.messaging.composing import Post
from server.messaging.model import Delivery
from server.messaging.optouts import hear
from server.messaging.proving import prove_with
from server.patients.actions import Contact, add_record
from server.patients.addresses import Address
from server.patients.claims import GOOD_FOR, PROVE, Asking, ask, code_of
from server.patients.model import AddressProof
from server.ports import Carried
from server.web.i18n import read_languages
from tests.cast import CLINIC, DANA, seat_cast
from tests.conftest import MORNING, ORIGIN, StillClock
from tests.contract.test_delivery import Postman

pytestmark = [pytest.mark.anyio, pytest.mark.row("B1")]
MAIL, NUMBER = "dana.at.work@example.org", "+447700900077"
Work = Callable[[], Awaitable[None]]


@pytest.fixture
def house(idle_house: House) -> House:
    return idle_house


@pytest.fixture
def postman() -> Postman:
    return Postman()


@pytest.fixture
def work(house: House, postman: Postman) -> Work:
    post = Post(house.secrets, ORIGIN, read_languages(None))
    worker = Worker(house.database, house.bus, house.clock, {PROVE: prove_with(house, post, dict.fromkeys(Channel, postman))})

    async def work() -> None:
        while await worker.run_next():
            pass

    return work


async def begin(house: House, address: str, now: datetime = MORNING) -> UUID:
    """Begin dana's other record, and ask for a code; returns the proof."""
    async with house.database.write() as tx:
        await seat_cast(tx, MORNING)
        await add_record(tx, CLINIC, Contact(DANA.name, NUMBER, MAIL), None, now)
        await ask(tx, Asking(DANA.person_id, Address(address, "GB"), "en-GB", sendable=True), now)
        return (await tx.scalars(select(AddressProof.id))).one()


async def unsent(house: House, proof_id: UUID) -> bool:
    async with house.database.read() as tx:
        return (await tx.get_one(AddressProof, proof_id)).unsent


@pytest.mark.parametrize("address", [MAIL, NUMBER])
async def test_the_code_goes_to_the_address(house: House, postman: Postman, work: Work, address: str) -> None:
    proof_id = await begin(house, address)
    await work()
    [(key, letter)] = postman.letters
    assert (key, letter.to) == (str(proof_id), address)
    assert re.findall(r"\b[0-9]{6}\b", " ".join(letter.sentences)) == [code_of(house.secrets, proof_id)]
    assert not await unsent(house, proof_id)
    async with house.database.read() as tx:
        assert list(await tx.scalars(select(Delivery))) == []


async def test_a_code_that_is_too_old_is_not_sent(house: House, postman: Postman, work: Work, clock: StillClock) -> None:
    await begin(house, MAIL)
    clock.advance(GOOD_FOR.total_seconds())
    await work()
    assert postman.letters == []


@pytest.mark.parametrize("says", [Carried.REFUSED, Carried.NOT_SENT])
async def test_what_becomes_of_it_tells_nothing(house: House, postman: Postman, work: Work, says: Carried) -> None:
    postman.says = says
    proof_id = await begin(house, MAIL)
    await work()
    assert len(postman.letters) == 1
    assert not await unsent(house, proof_id)


async def test_an_address_on_no_record_is_not_written_to(house: House, postman: Postman, work: Work) -> None:
    proof_id = await begin(house, "stranger@example.org")
    await work()
    assert postman.letters == []
    assert not await unsent(house, proof_id)


async def test_a_number_that_wants_no_messages_gets_none(house: House, postman: Postman, work: Work) -> None:
    proof_id = await begin(house, NUMBER)
    async with house.database.write() as tx:
        await hear(tx, house.secrets, NUMBER, "STOP", MORNING)
    await work()
    assert postman.letters == []
    assert not await unsent(house, proof_id)
