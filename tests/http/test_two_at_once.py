"""Two connections at one consultation on PostgreSQL: the second waits for the first, and neither undoes the other."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import anyio
import httpx2
import pytest
from sqlalchemy import select, text
from starlette.applications import Starlette

from server.booking.actions import Details, confirm, hold
from server.booking.guard import lock_appointment, lock_diaries
from server.booking.model import Appointment, AppointmentState
from server.consultation.actions import reissue_link
from server.consultation.changes import Arrive
from server.consultation.live_actions import perform
from server.consultation.model import Consultation, ConsultationState, JoinLink, Stage
from server.core.db import locked
from server.core.house import House
from server.core.ids import new_id
from server.identity.model import Person
from server.patients.doors import own_records
from tests.booking import at, hours, service
from tests.cast import ALICE, Meeting
from tests.conftest import SignIn, StillClock, browser_of
from tests.http.booking import Booker, offer
from tests.http.visiting import YES, place
from tests.live.room_client import until

pytestmark = [pytest.mark.anyio, pytest.mark.row("V1")]


@pytest.fixture
def app_database_url(postgres_url: str) -> str:
    return postgres_url


async def somebody_waits(house: House) -> object:
    async with house.database.read() as tx:
        query = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        return await tx.scalar(text(query))


async def test_two_who_reissue_leave_one_good_link(house: House, meeting: Meeting, clock: StillClock, sign_in: SignIn) -> None:
    async def reissue() -> None:
        async with house.database.write() as tx:
            await reissue_link(tx, house.secrets, ALICE.viewer, meeting.consultation_id, clock.now())

    async with anyio.create_task_group() as tasks, house.database.write() as tx:
        await reissue_link(tx, house.secrets, ALICE.viewer, meeting.consultation_id, clock.now())
        tasks.start_soon(reissue)
        await until(lambda: somebody_waits(house))
    async with house.database.read() as tx:
        links = list(await tx.scalars(select(JoinLink).where(JoinLink.consultation_id == meeting.consultation_id)))
    assert len(links) == 3
    assert len([link for link in links if link.revoked_at is None]) == 1
    row = await (await sign_in(ALICE)).get(f"/api/consultations/{meeting.consultation_id}")
    assert row.json()["link"] == {"state": "ready"}


@pytest.mark.parametrize("form", [("", {}), ("/consent", YES), ("/check", {"step": "camera", "result": "works"})])
async def test_a_form_does_not_take_a_knocking_patient_back(
    agreed: httpx2.AsyncClient, base: str, house: House, meeting: Meeting, form: tuple[str, dict[str, str]]
) -> None:
    async with anyio.create_task_group() as tasks, house.database.write() as tx:
        await perform(tx, meeting.consultation_id, Arrive(meeting.participant_id, fresh=True), house.clock.now())
        tasks.start_soon(lambda: agreed.post(base + form[0], data=form[1]))
        await until(lambda: somebody_waits(house))
    assert (await place(house, meeting)).stage == Stage.WAITING


@pytest.mark.row("B1")
async def test_one_who_books_twice_at_once_has_one_record(house: House, meeting: Meeting, clock: StillClock) -> None:
    person, offered = Person(id=new_id(), name="Erin Moss"), service(ALICE)
    async with house.database.write() as tx:
        tx.add_all([person, offered, *hours(ALICE)])
        await tx.flush()
        times = [await hold(tx, offered, at("2026-03-03", clock_time), "Europe/London", clock.now()) for clock_time in ("10:00", "11:00")]
    who = Details("Erin Moss", None, "erin@example.org", person.id)

    async def book(appointment: Appointment) -> None:
        async with house.database.write() as tx:
            await confirm(tx, await tx.get_one(Appointment, appointment.id), who, clock.now())

    async with anyio.create_task_group() as tasks, house.database.write() as tx:
        await confirm(tx, await tx.get_one(Appointment, times[0].id), who, clock.now())
        tasks.start_soon(book, times[1])
        await until(lambda: somebody_waits(house))
    async with house.database.read() as tx:
        assert len(await own_records(tx, person.id)) == 1


@dataclass(frozen=True)
class Both:
    """The pages of one appointment: of the patient, and of the practice."""

    browsers: dict[str, httpx2.AsyncClient]
    pages: dict[str, str]
    appointment: Appointment
    consultation: Consultation

    async def post(self, whose: str, act: str) -> int:
        """Move or cancel; returns the status."""
        form = {"version": str(self.appointment.version), "time": "2026-03-05T09:40Z"}
        return (await self.browsers[whose].post(f"{self.pages[whose]}/{act}", data=form)).status_code


@pytest.fixture
async def both(app: Starlette, house: House, sign_in: SignIn) -> AsyncIterator[Both]:
    alice = await sign_in(ALICE)
    async with house.database.write() as tx:
        offered = await offer(tx, house.clock.now())
    async with browser_of(app) as erin:
        visit = (await Booker(erin, offered, ALICE.professional_id).book("2026-03-04T09:20Z")).partition("/appointment")[0]
        async with house.database.read() as tx:
            consultation = (await tx.scalars(select(Consultation))).one()
            appointment = (await tx.scalars(select(Appointment))).one()
        pages = {"patient": visit, "practice": f"/consultations/{consultation.id}/appointment"}
        yield Both({"patient": erin, "practice": alice}, pages, appointment, consultation)


@pytest.mark.row("B4")
@pytest.mark.parametrize("act", ["move", "cancel"])
@pytest.mark.parametrize("whose", ["patient", "practice"])
async def test_who_waits_for_a_diary_holds_nothing_that_its_owner_may_need(both: Both, house: House, whose: str, act: str) -> None:
    """A payment or a sweep locks diaries, then the appointment, then the consultation: so must the pages, or each waits for the other."""
    found: list[int] = []

    async def post() -> None:
        found.append(await both.post(whose, act))

    async with anyio.create_task_group() as tasks, house.database.write() as tx:
        await lock_diaries(tx, [ALICE.professional_id])
        tasks.start_soon(post)
        await until(lambda: somebody_waits(house))
        await tx.refresh(await tx.get_one(Appointment, both.appointment.id), with_for_update={"nowait": True})
        await tx.refresh(await tx.get_one(Consultation, both.consultation.id), with_for_update={"nowait": True})
    assert found == [303]


@pytest.mark.row("B4")
@pytest.mark.parametrize("act", ["move", "cancel"])
@pytest.mark.parametrize("whose", ["patient", "practice"])
async def test_a_call_that_begins_meanwhile_is_neither_moved_nor_cancelled(both: Both, house: House, whose: str, act: str) -> None:
    found: list[int] = []

    async def post() -> None:
        found.append(await both.post(whose, act))

    async with anyio.create_task_group() as tasks, house.database.write() as tx:
        mine = await tx.get_one(Consultation, both.consultation.id, with_for_update=True)
        mine.state, mine.started_at = ConsultationState.ACTIVE, house.clock.now()
        await tx.flush()
        tasks.start_soon(post)
        await until(lambda: somebody_waits(house))
    assert found == [409]
    async with house.database.read() as tx:
        assert (await tx.get_one(Consultation, both.consultation.id)).state == ConsultationState.ACTIVE
        assert (await tx.get_one(Appointment, both.appointment.id)).state == AppointmentState.CONFIRMED


@pytest.mark.row("B5")
async def test_what_only_refers_to_an_appointment_does_not_wait_for_who_changes_it(both: Both, house: House) -> None:
    """Answers, receipts and messages are rows with foreign keys: they lock the consultation or the charge first, out of the order."""
    async with house.database.write() as tx, house.database.write() as other:
        await lock_appointment(tx, await tx.get_one(Appointment, both.appointment.id))
        await tx.get_one(Consultation, both.consultation.id, with_for_update=locked())
        for model, row_id in ((Appointment, both.appointment.id), (Consultation, both.consultation.id)):
            await other.execute(select(model.id).where(model.id == row_id).with_for_update(read=True, key_share=True, nowait=True))
