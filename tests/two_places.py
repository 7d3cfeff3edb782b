"""dr_alice with a second place: a professional and an owner of the practice on the hill, for tests of who works in two practices."""

from uuid import UUID

import httpx2
from sqlalchemy import update

from server.access.actions import add_staff
from server.access.model import Professional, Review, StaffRole
from server.core.db import Tx
from server.core.house import House
from server.identity.model import LoginSession
from tests.cast import ALICE, ELSEWHERE, Staff, fixed_id

THERE = fixed_id("professional", "dr_alice", "elsewhere")
ALICE_THERE = Staff("dr_alice", "Prof", "Alice Ahmed-Hill", ELSEWHERE, None)


async def seat_twice(tx: Tx, house: House) -> None:
    """Give dr_alice, who works in the clinic, a place on the hill as well; her browsers stay where they are."""
    tx.add(
        Professional(
            id=THERE, diary_id=ALICE.professional_id, person_id=ALICE.person_id, practice_id=ELSEWHERE, title=ALICE_THERE.title,
            name=ALICE_THERE.name, qualifications="MB BS", field_of_practice="Dermatology", body="GMC", registration="1234567",
            review=Review.APPROVED,
        )
    )  # fmt: skip
    add_staff(tx, ELSEWHERE, ALICE.person_id, StaffRole.OWNER, house.clock.now())
    await tx.flush()


async def work_in(house: House, practice_id: UUID) -> None:
    """Have every browser of dr_alice at work in a practice."""
    async with house.database.write() as tx:
        await tx.execute(update(LoginSession).where(LoginSession.person_id == ALICE.person_id).values(practice_id=practice_id))


async def switch_to(client: httpx2.AsyncClient, practice_id: UUID, back: str = "") -> httpx2.Response:
    """Use the menu of the bar."""
    return await client.post("/account/place", data={"practice": str(practice_id), "next": back})
