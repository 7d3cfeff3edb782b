"""The pages of what a professional offers: services, hours, days that differ, and what patients would see."""

from datetime import date

import httpx2
import pytest
from sqlalchemy import select

from server.access.actions import add_staff
from server.access.model import Professional, StaffRole
from server.booking.model import Closure, DayException, Service, ServiceState, WeeklyHours
from server.core.audit import AuditEntry
from server.core.house import House
from tests.booking import service
from tests.cast import ALICE, CHARLIE, CLINIC, MALLORY, NORTH, OLGA, SAM, SOUTH
from tests.conftest import MORNING, SignIn

pytestmark = [pytest.mark.anyio, pytest.mark.row("B2")]

TERMS = {
    "name": "First <talk>", "about": "For new patients", "length_min": "20", "buffer_before_min": "0", "buffer_after_min": "10",
    "price": "45.50", "currency": "GBP",
    "pays": "online", "late_fee_percent": "50", "no_show_fee_percent": "100",
    "grid_min": "20", "notice_min": "120", "horizon_days": "56", "cancel_until_min": "1440", "move_until_min": "1440",
}  # fmt: skip
MONDAY_HOURS = {"from_0": "09:00", "to_0": "10:00", "from_1": "14:00", "to_1": "24:00", "since": "2026-03-02"}


async def only_service(house: House) -> Service:
    async with house.database.read() as tx:
        return (await tx.scalars(select(Service))).one()


async def kept_hours(house: House) -> list[tuple[int, int, int, date, date | None]]:
    rules = WeeklyHours
    async with house.database.read() as tx:
        rows = await tx.execute(
            select(rules.weekday, rules.begins_min, rules.ends_min, rules.valid_from, rules.valid_to).order_by(
                rules.valid_from, rules.weekday, rules.begins_min
            )
        )
        return [tuple(row) for row in rows]


async def add(client: httpx2.AsyncClient, **changes: str) -> httpx2.Response:
    return await client.post("/offer/services/new", data={**TERMS, **changes})


async def test_from_nothing_to_what_patients_will_see(house: House, sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    assert "You offer nothing yet." in (await alice.get("/offer")).text
    assert (await add(alice)).headers["location"] == "/offer"
    made = await only_service(house)
    assert (made.professional_id, made.price_minor, made.state) == (ALICE.professional_id, 4550, ServiceState.DRAFT)
    assert (await alice.post("/offer/hours/0", data=MONDAY_HOURS)).status_code == 303
    preview = (await alice.get(f"/offer/services/{made.id}/preview")).text
    assert "First &lt;talk&gt;" in preview
    assert "14:00 (London time)" in preview
    assert "14:20" in preview
    assert (await alice.post(f"/offer/services/{made.id}/state", data={"do": "offer"})).status_code == 303
    assert (await only_service(house)).state == ServiceState.OFFERED
    await alice.post(f"/offer/services/{made.id}/state", data={"do": "withdraw"})
    assert "Withdrawn" in (await alice.get("/offer")).text


REFUSED = {
    "name": "", "about": "x" * 1001, "length_min": "7", "buffer_after_min": "65", "price": "4.5", "currency": "ABC", "grid_min": "7",
    "pays": "later", "late_fee_percent": "33", "no_show_fee_percent": "",
    "notice_min": "-1", "horizon_days": "9999999", "cancel_until_min": "1", "move_until_min": "",
}  # fmt: skip


@pytest.mark.parametrize(("field", "value"), REFUSED.items())
async def test_what_makes_no_sense_is_refused_and_stays_in_the_form(house: House, sign_in: SignIn, field: str, value: str) -> None:
    answer = await add(await sign_in(ALICE), **{field: value})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert field == "about" or "For new patients" in answer.text
    async with house.database.read() as tx:
        assert await tx.scalar(select(Service)) is None


async def test_a_change_on_a_stale_page_is_told(house: House, sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    await add(alice)
    path = f"/offer/services/{(await only_service(house)).id}"
    assert 'value="45.50"' in (await alice.get(path)).text
    assert (await alice.post(path, data={**TERMS, "name": "Second", "version": "1"})).status_code == 303
    assert (await alice.post(path, data={**TERMS, "name": "Third", "version": "1"})).status_code == 409
    assert (await only_service(house)).name == "Second"


async def test_a_team_offers_what_its_members_see(house: House, sign_in: SignIn) -> None:
    alice, charlie, mallory = await sign_in(ALICE), await sign_in(CHARLIE), await sign_in(MALLORY)
    assert (await add(alice, team_id=str(SOUTH), needs="all")).status_code == 404
    assert (await add(alice, team_id=str(NORTH), needs="one")).status_code == 422
    assert (await add(alice, team_id=str(NORTH), needs="any")).status_code == 303
    path = f"/offer/services/{(await only_service(house)).id}"
    assert (await alice.get(path)).status_code == 200
    for stranger in (charlie, mallory):
        assert "First" not in (await stranger.get("/offer")).text
        for ending in ("", "/preview"):
            assert (await stranger.get(path + ending)).status_code == 404
        assert (await stranger.post(path, data={**TERMS, "version": "1"})).status_code == 404
        assert (await stranger.post(f"{path}/state", data={"do": "offer"})).status_code == 404


async def test_hours_are_copied_and_count_from_their_day(house: House, sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    await alice.post("/offer/hours/0", data={**MONDAY_HOURS, "also_2": "yes"})
    old, new = date(2026, 3, 2), date(2026, 4, 6)
    assert await kept_hours(house) == [(day, *span, old, None) for day in (0, 2) for span in ((540, 600), (840, 1440))]
    await alice.post("/offer/hours/0", data={"from_0": "11:00", "to_0": "12:00", "since": "2026-04-06"})
    ended = date(2026, 4, 5)
    assert await kept_hours(house) == [
        (0, 540, 600, old, ended), (0, 840, 1440, old, ended), (2, 540, 600, old, None), (2, 840, 1440, old, None),
        (0, 660, 720, new, None),
    ]  # fmt: skip
    page = (await alice.get("/offer")).text
    assert "from 2026-04-06" in page
    await alice.post("/offer/hours/0", data={"since": "2026-03-02"})
    assert [row[0] for row in await kept_hours(house)] == [2, 2]


WRONG = [
    {"from_0": "09:00"}, {"from_0": "9", "to_0": "10:00"}, {"from_0": "09:03", "to_0": "10:00"}, {"from_0": "10:00", "to_0": "09:00"},
    {"from_0": "09:00", "to_0": "11:00", "from_1": "10:00", "to_1": "12:00"}, {"from_0": "24:30", "to_0": "25:00"}, {"since": "soon"},
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
async def test_hours_that_make_no_sense_are_refused(house: House, sign_in: SignIn, wrong: dict[str, str]) -> None:
    answer = await (await sign_in(ALICE)).post("/offer/hours/3", data={"since": "2026-03-02", **wrong})
    assert answer.status_code == 422
    assert await kept_hours(house) == []


async def test_days_that_differ(house: House, sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    await alice.post("/offer/days", data={"day": "2026-03-09", "kind": "closed", "from": "", "to": ""})
    await alice.post("/offer/days", data={"day": "2026-03-07", "kind": "open", "from": "10:00", "to": "12:00"})
    page = (await alice.get("/offer")).text
    assert "closed all day" in page
    assert "10:00\N{EN DASH}12:00" in page
    assert (await alice.post("/offer/days", data={"day": "2026-03-10", "kind": "open"})).status_code == 422
    async with house.database.read() as tx:
        first = (await tx.scalars(select(DayException).order_by(DayException.day))).all()[0]
    assert (await (await sign_in(CHARLIE)).post(f"/offer/days/{first.id}/remove")).status_code == 303
    assert "10:00\N{EN DASH}12:00" in (await alice.get("/offer")).text
    await alice.post(f"/offer/days/{first.id}/remove")
    assert "10:00\N{EN DASH}12:00" not in (await alice.get("/offer")).text


async def test_holidays_are_an_administrators(house: House, sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    closing = {"day": "2026-12-25", "name": "Christmas Day"}
    assert (await alice.post("/offer/closures", data=closing)).status_code == 403
    async with house.database.write() as tx:
        add_staff(tx, CLINIC, ALICE.person_id, StaffRole.ADMINISTRATOR, MORNING)
    assert (await alice.post("/offer/closures", data=closing)).status_code == 303
    assert (await alice.post("/offer/closures", data=closing)).status_code == 409
    assert "Christmas Day" in (await (await sign_in(CHARLIE)).get("/offer")).text
    async with house.database.read() as tx:
        closure = (await tx.scalars(select(Closure))).one()
    assert (await (await sign_in(MALLORY)).post(f"/offer/closures/{closure.id}/remove")).status_code == 403
    await alice.post(f"/offer/closures/{closure.id}/remove")
    assert "No holidays are entered." in (await alice.get("/offer")).text


async def test_whoever_gives_no_consultations_offers_nothing(house: House, sign_in: SignIn) -> None:
    async with house.database.write() as tx:
        tx.add(service(ALICE))
    olga, sam = await sign_in(OLGA), await sign_in(SAM)
    assert (await sam.get("/offer")).status_code == 403
    for stranger in (olga, sam):
        assert (await stranger.get("/offer/services/new")).status_code == 403
        assert (await stranger.get("/offer/hours/0")).status_code == 403


@pytest.mark.parametrize("weekday", ["7", "1" * 5000, "-1", "x"])
async def test_what_is_no_day_of_the_week_is_not_there(sign_in: SignIn, weekday: str) -> None:
    assert (await (await sign_in(ALICE)).get(f"/offer/hours/{weekday}")).status_code == 404


def chosen(**whom: object) -> dict[str, str]:
    return {**TERMS, "giver": "".join(f"{kind}:{which}" for kind, which in whom.items())}


async def test_an_office_changes_what_others_offer_and_both_are_named(house: House, sign_in: SignIn) -> None:
    olga, alice = await sign_in(OLGA), await sign_in(ALICE)
    assert (await olga.get("/offer")).headers["location"] == "/practice/services"
    assert "Nothing is offered yet." in (await olga.get("/practice/services")).text
    for form in (chosen(professional=ALICE.professional_id), chosen(team=SOUTH) | {"needs": "any", "name": "Pain review"}):
        assert (await olga.post("/practice/services/new", data=form)).headers["location"] == "/practice/services"
    async with house.database.read() as tx:
        hers, theirs = (await tx.scalars(select(Service).order_by(Service.name))).all()
    assert (hers.professional_id, hers.team_id, theirs.professional_id, theirs.team_id) == (ALICE.professional_id, None, None, SOUTH)
    page = (await olga.get("/practice/services")).text
    assert all(words in page for words in ("First &lt;talk&gt;", "Pain review", "Dr Alice Ahmed", "Team South"))
    path = f"/offer/services/{hers.id}"
    assert "Given by Dr Alice Ahmed" in (await olga.get(path)).text
    assert "Back to services" in (await olga.get(f"{path}/preview")).text
    assert (await olga.post(path, data={**TERMS, "price": "50", "version": "1"})).headers["location"] == "/practice/services"
    assert (await olga.post(f"{path}/state", data={"do": "offer", "from": "office"})).headers["location"] == "/practice/services"
    assert "£50.00" in (await alice.get("/offer")).text
    assert (await alice.post(f"{path}/state", data={"do": "withdraw"})).headers["location"] == "/offer"
    async with house.database.read() as tx:
        deeds = [(one.person_id, one.thing_id, one.reason) for one in await tx.scalars(select(AuditEntry).order_by(AuditEntry.number))]
    told = [*(f"{said}: First <talk>" for said in ("adds", "changes price minor", "offers"))]
    assert [deed for deed in deeds if deed[1] == ALICE.person_id] == [(OLGA.person_id, ALICE.person_id, said) for said in told]
    assert (OLGA.person_id, SOUTH, "adds: Pain review") in deeds
    audit = (await olga.get("/practice/audit")).text
    assert "for Dr Alice Ahmed" in audit
    assert "for South" in audit


async def test_an_office_reaches_its_own_practice_only(house: House, sign_in: SignIn) -> None:
    """Mallory looks after another practice; sam assists in this one."""
    async with house.database.write() as tx:
        made = service(ALICE)
        tx.add(made)
        add_staff(tx, (await tx.get_one(Professional, MALLORY.professional_id)).practice_id, MALLORY.person_id, StaffRole.OWNER, MORNING)
    mallory, sam, charlie = await sign_in(MALLORY), await sign_in(SAM), await sign_in(CHARLIE)
    assert "Consultation" not in (await mallory.get("/practice/services")).text
    for kind, whose in (("professional", ALICE.professional_id), ("team", NORTH)):
        refused = await mallory.post("/practice/services/new", data=chosen(**{kind: whose}) | {"needs": "any"})
        assert refused.status_code == 404
    for stranger, status in ((mallory, 404), (sam, 404), (charlie, 404)):
        path = f"/offer/services/{made.id}"
        for ending in ("", "/preview"):
            assert (await stranger.get(path + ending)).status_code == status
        assert (await stranger.post(path, data={**TERMS, "version": "1"})).status_code == status
        assert (await stranger.post(f"{path}/state", data={"do": "withdraw"})).status_code == status
    for stranger in (sam, charlie):
        assert (await stranger.get("/practice/services")).status_code == 403
        assert (await stranger.get("/practice/services/new")).status_code == 403
    assert (await only_service(house)).version == 1


async def test_an_office_says_whose_service_it_adds_and_closes_the_practice(house: House, sign_in: SignIn) -> None:
    olga = await sign_in(OLGA)
    refused = await olga.post("/practice/services/new", data=TERMS)
    assert refused.status_code == 422
    assert 'role="alert"' in refused.text
    closed = {"day": "2026-12-25", "name": "Christmas"}
    assert (await olga.post("/offer/closures", data=closed)).headers["location"] == "/practice/services#closures"
    assert (await olga.post("/offer/closures", data=closed)).status_code == 409
    async with house.database.read() as tx:
        closure_id = await tx.scalar(select(Closure.id))
    assert (await olga.post(f"/offer/closures/{closure_id}/remove")).headers["location"] == "/practice/services#closures"
