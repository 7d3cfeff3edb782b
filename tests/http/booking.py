"""Somebody who books over plain forms, and what there is to book."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import httpx2
from sqlalchemy import select

from server.booking.model import Appointment, Needs, Service, ServiceState, WeeklyHours
from server.consultation.model import Consultation
from server.core.db import Tx
from server.core.house import House
from server.core.ids import new_id
from tests.cast import ALICE, BOB, CLINIC, NORTH, Staff

RADIO = re.compile(r'<input type="radio" name="time" value="([^"]+)"')
VERSION = re.compile(r'name="version" value="([0-9]+)"')
ERIN = {"name": "Erin Evans", "mobile": "+447700900002", "email": "erin@example.org"}
A_DAY_MIN = 24 * 60


async def offer(tx: Tx, now: datetime, owner: Staff = ALICE, **more: object) -> Service:
    """Offer a service of `owner`, from nine to twelve on working days in London, twenty minutes each and a day's notice of changes."""
    facts: dict[str, object] = {
        "id": new_id(), "practice_id": CLINIC, "professional_id": owner.professional_id, "team_id": None, "name": "Video consultation",
        "about": "", "length_min": 20, "buffer_before_min": 0, "buffer_after_min": 0, "price_minor": 0, "currency": "GBP",
        "needs": Needs.ONE, "lead_id": None, "grid_min": 20, "notice_min": 30, "horizon_days": 28, "cancel_until_min": A_DAY_MIN,
        "move_until_min": A_DAY_MIN, "state": ServiceState.OFFERED, "version": 1, "created_at": now, **more,
    }  # fmt: skip
    service = Service(**facts)
    tx.add(service)
    await add_hours(tx, owner)
    await tx.flush()
    return service


async def add_hours(tx: Tx, owner: Staff) -> None:
    tx.add_all(
        WeeklyHours(
            id=new_id(), professional_id=owner.professional_id, weekday=weekday, begins_min=9 * 60, ends_min=12 * 60,
            valid_from=date(2026, 1, 1), valid_to=None, time_zone="Europe/London",
        )
        for weekday in range(5)
    )  # fmt: skip


async def offer_team(tx: Tx, now: datetime) -> Service:
    """Offer what needs both of team North."""
    await add_hours(tx, BOB)
    return await offer(tx, now, professional_id=None, team_id=NORTH, needs=Needs.ALL, name="Diabetes review")


@dataclass
class Booker:
    """A browser on its way to an appointment."""

    client: httpx2.AsyncClient
    service: Service
    owner_id: UUID

    @property
    def path(self) -> str:
        return f"/book/{self.owner_id}/{self.service.id}"

    async def times(self, query: str = "") -> list[str]:
        """Return what the radio buttons of the page would send."""
        page = await self.client.get(self.path + query)
        assert page.status_code == 200, page.text
        return RADIO.findall(page.text)

    async def choose(self, time: str, **more: str) -> str:
        """Hold a time and return where the details are asked."""
        answer = await self.client.post(self.path, data={"time": time, **more})
        assert answer.status_code == 303, answer.text
        location: str = answer.headers["location"]
        return location

    async def book(self, time: str, details: dict[str, str] = ERIN) -> str:
        """Book a time and return the address of the appointment."""
        held = await self.choose(time)
        assert (await self.client.post(held, data=details)).headers["location"] == f"{held}/check"
        answer = await self.client.post(f"{held}/check")
        assert answer.status_code == 303, answer.text
        location: str = answer.headers["location"]
        return location


async def appointments(house: House) -> list[Appointment]:
    async with house.database.read() as tx:
        return list(await tx.scalars(select(Appointment).order_by(Appointment.created_at, Appointment.id)))


async def consultation_at(house: House, appointment_id: UUID) -> Consultation:
    async with house.database.read() as tx:
        return (await tx.scalars(select(Consultation).where(Consultation.appointment_id == appointment_id))).one()
