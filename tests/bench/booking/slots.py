"""How long eight weeks of slots take, queries and all, in diaries that are half full."""

import argparse
import time
from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import insert

from server.access.model import Membership, Professional
from server.booking.guard import span_of
from server.booking.model import Appointment, AppointmentMember, AppointmentState, Grain, Needs, Pays, Service
from server.booking.offer import slots_of
from server.core.db import Database, Tx
from server.core.ids import new_id
from server.identity.model import Person
from tests.bench.booking.practice import seat, sqlite, with_database
from tests.bench.figures import Figure, middle
from tests.booking import at, hours, service
from tests.cast import ALICE, BOB, CLINIC, NORTH, Staff
from tests.conftest import MORNING

WEEKS = 8
MORE = tuple(Staff(f"dr_{name}", "Dr", name.title(), CLINIC, NORTH) for name in ("fay", "gus", "hal"))
TEAM = (ALICE, BOB, *MORE)
A_DAY = 10  # appointments of 20 minutes, with ten minutes after each of them


def measure(options: argparse.Namespace) -> Iterator[Figure]:
    own = service(ALICE, grid_min=5, buffer_after_min=10)
    teams = {"all": service(NORTH, grid_min=5), "any": service(NORTH, grid_min=5, needs=Needs.ANY)}
    with sqlite() as url:
        with_database(url, lambda database: _fill(database, [own, *teams.values()]))
        yield middle("slots_8_weeks_ms", with_database(url, lambda database: _times(database, own, options.runs)), "ms")
        found = {needs: with_database(url, lambda database, one=one: _times(database, one, options.runs)) for needs, one in teams.items()}
        yield max((middle("slots_team_ms", times, "ms") for times in found.values()), key=lambda figure: figure.value or 0)


async def _fill(database: Database, services: list[Service]) -> None:
    await seat(database, (ALICE, BOB), services)
    async with database.write() as tx:
        for member in MORE:
            await _seat(tx, member)
        for member in TEAM:
            for day in range(WEEKS * 7):
                for place in range(A_DAY):
                    await _booked(tx, services[0], member, day, place)


async def _seat(tx: Tx, member: Staff) -> None:
    tx.add(Person(id=member.person_id, name=member.name))
    await tx.flush()
    words = {"title": member.title, "name": member.name, "qualifications": "", "field_of_practice": "", "review": "approved"}
    tx.add(Professional(id=member.professional_id, person_id=member.person_id, practice_id=CLINIC, **words))
    await tx.flush()
    tx.add(Membership(id=new_id(), team_id=NORTH, professional_id=member.professional_id, joined_at=MORNING, ended_at=None))
    tx.add_all(hours(member))
    await tx.flush()


async def _booked(tx: Tx, offered: Service, member: Staff, day: int, place: int) -> None:
    begins_at = at("2026-03-03", "09:00") + timedelta(days=day, minutes=45 * place)
    appointment = Appointment(
        id=new_id(), practice_id=CLINIC, service_id=offered.id, state=AppointmentState.CONFIRMED, begins_at=begins_at,
        ends_at=begins_at + timedelta(minutes=20), buffer_before_min=0, buffer_after_min=10, cancel_until_min=0, move_until_min=0,
        time_zone="Europe/London", sequence=0, version=1, price_minor=0, currency="GBP", pays=Pays.PRACTICE, no_show_fee_percent=0,
        created_at=MORNING,
    )  # fmt: skip
    tx.add(appointment)
    await tx.flush()
    tx.add(AppointmentMember(appointment_id=appointment.id, professional_id=member.professional_id, lead=True))
    rows = [{"diary_id": member.professional_id, "g": g, "appointment_id": appointment.id} for g in range(*span_of(appointment))]
    await tx.execute(insert(Grain), rows)


async def _times(database: Database, offered: Service, runs: int) -> list[float]:
    times: list[float] = []
    for _ in range(runs + 1):
        async with database.read() as tx:
            began = time.perf_counter()
            found = await slots_of(tx, offered, MORNING.date(), WEEKS * 7, MORNING)
            times.append((time.perf_counter() - began) * 1000)
        assert found
    return times[1:]
