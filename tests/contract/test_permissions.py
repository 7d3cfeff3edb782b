"""A permission for all patients on both databases: the list, the policy and the doors agree while it begins and ends."""

from datetime import timedelta

import pytest

from server.access.permissions import Wish, own_permissions, permissions_by, permit, withdraw_own, withdraw_permission
from server.access.viewer import viewer_in
from server.core.house import House
from server.errors import NotFound
from server.notes.records import visible_records
from tests.cast import ALICE, BOB, DANA, MALLORY, SAM, Meeting, Staff
from tests.conftest import SignIn
from tests.http.recording import lay_out

pytestmark = [pytest.mark.anyio, pytest.mark.row("N4")]


@pytest.fixture
def app_database_url(database_url: str) -> str:
    """On both databases."""
    return database_url


async def listed(house: House, member: Staff, later: timedelta = timedelta()) -> list[str]:
    async with house.database.read() as tx:
        viewer = await viewer_in(tx, member.person_id, member.practice_id, house.clock.now() + later)
        return [patient.name for patient in await tx.scalars(visible_records(viewer))]


async def test_bad_28_a_permission_for_all_begins_ends_and_is_nobody_elses(house: House, meeting: Meeting, sign_in: SignIn) -> None:
    await lay_out(await sign_in(ALICE), meeting)
    now = house.clock.now()
    assert await listed(house, SAM) == []
    async with house.database.write() as tx:
        grant = await permit(tx, ALICE.viewer, Wish(None, SAM.person_id, "My secretary", now + timedelta(days=2)), now)
    assert await listed(house, SAM) == [DANA.name]
    assert await listed(house, SAM, timedelta(days=2)) == []
    async with house.database.read() as tx:
        assert [one.id for one in await permissions_by(tx, ALICE.viewer, DANA.patient_id, now)] == [grant.id]
        assert await own_permissions(tx, BOB.viewer, now) == []
    for member in (BOB, MALLORY):
        with pytest.raises(NotFound):
            async with house.database.write() as tx:
                await withdraw_own(tx, member.viewer, grant.id, now)
    with pytest.raises(NotFound):
        async with house.database.write() as tx:
            await withdraw_permission(tx, ALICE.viewer, DANA.patient_id, grant.id, now)
    async with house.database.write() as tx:
        await withdraw_own(tx, ALICE.viewer, grant.id, now)
    assert await listed(house, SAM) == []
