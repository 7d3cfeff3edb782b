"""Somebody who books over plain forms, and what there is to book."""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx2
from sqlalchemy import select

from server.booking.model import Appointment, Needs, Service
from server.consultation.model import Consultation
from server.core.db import Tx
from server.core.house import House
from tests.booking import hours, service
from tests.cast import ALICE, BOB, NORTH, Staff

RADIO = re.compile(r'<input type="radio" name="time" value="([^"]+)"')
VERSION = re.compile(r'name="version" value="([0-9]+)"')
ERIN = {"name": "Erin Evans", "mobile": "+447700900002", "email": "erin@example.org"}
A_DAY_MIN = 24 * 60


def until_night(now: datetime, days: int = 3) -> int:
    """Return a notice in minutes that ends at night: no free time passes out of it between the page that shows it and the choice."""
    local = now.astimezone(ZoneInfo("Europe/London"))
    return days * A_DAY_MIN - local.hour * 60 - local.minute


async def offer(tx: Tx, now: datetime, owner: Staff = ALICE, **more: object) -> Service:
    """Offer a service of `owner`, from nine to twelve on working days in London, with a day's notice of changes."""
    changes = {"notice_min": 30, "horizon_days": 28, "cancel_until_min": A_DAY_MIN, "move_until_min": A_DAY_MIN, "created_at": now, **more}
    made = service(owner, **{"name": "Video consultation", **changes})
    tx.add(made)
    tx.add_all(hours(owner, ends_min=12 * 60))
    await tx.flush()
    return made


async def offer_team(tx: Tx, now: datetime) -> Service:
    """Offer what needs both of team North."""
    tx.add_all(hours(BOB, ends_min=12 * 60))
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
