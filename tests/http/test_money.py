"""The books over HTTP: who sees which money, giving back by hand, receipts for everybody who has a right to them, and tables."""

import csv
import io
import re
from datetime import timedelta
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.billing.disputes import apply_dispute
from server.billing.jobs import handlers
from server.billing.model import Charge
from server.booking.model import Appointment, Service
from server.core.audit import AuditEntry
from server.core.house import House
from server.patients.model import Patient
from server.ports import DisputeSeen, DisputeStatus
from server.settings import Settings
from tests.cast import ALICE, BOB, CHARLIE, DANA, MALLORY, OLGA, SAM, Guest, Staff
from tests.conftest import SignIn, StillClock, browser_of
from tests.http.paying import PDF, Payer, refunds, text_of

pytestmark = [pytest.mark.anyio, pytest.mark.row("M2")]

TIME, LATER = "2026-03-03T09:20Z", "2026-03-04T09:20Z"
PRICE = 4500
HIDDEN = re.compile(r'name="(id|left)" value="([^"]+)"')


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"payments": "sandbox", "platform_fee_percent": 10})


def path_of(charge: Charge) -> str:
    return f"/money/charges/{charge.id}"


async def form_of(client: httpx2.AsyncClient, charge: Charge) -> dict[str, str]:
    """Return what the refund page would send besides what somebody fills in."""
    page = await client.get(f"{path_of(charge)}/refund")
    assert page.status_code == 200, page.text
    return {**dict(HIDDEN.findall(page.text)), "how": "part", "amount": "10", "why": "The line was bad"}


@pytest.mark.parametrize(
    ("member", "sees", "names"),
    [(ALICE, True, True), (OLGA, True, False), (BOB, False, False), (CHARLIE, False, False), (MALLORY, False, False)],
    ids=lambda value: getattr(value, "username", None),
)
async def test_bad_28_who_sees_which_money(charge: Charge, sign_in: SignIn, member: Staff, sees: bool, names: bool) -> None:
    client = await sign_in(member)
    page = await client.get("/money?month=2026-03")
    assert page.status_code == 200
    assert (path_of(charge) in page.text, "Erin" in page.text) == (sees, names)
    assert ("Nobody paid online in this month." in page.text) == (not sees)
    table = await client.get("/money/month.csv?month=2026-03")
    assert ("45.00" in table.text, "Erin" in table.text) == (sees, names)
    assert ("4.50" in (await client.get("/money/fees?month=2026-03")).text) == sees
    assert ("4.50" in (await client.get("/money/fees.csv?month=2026-03")).text) == sees
    one, none = await client.get(path_of(charge)), await client.get(f"/money/charges/{uuid4()}")
    assert one.status_code == (200 if sees else 404)
    assert sees or one.text == none.text
    assert ("Erin" in one.text) == names


@pytest.mark.parametrize("member", [SAM, DANA], ids=lambda member: str(member.username))
async def test_bad_28_who_is_paid_nothing_and_keeps_no_books_sees_none(charge: Charge, sign_in: SignIn, member: Staff | Guest) -> None:
    client = await sign_in(member)
    for path in ("/money", "/money/month.csv", "/money/fees", "/money/fees.csv", "/money/invoices", "/money/seller", path_of(charge)):
        assert (await client.get(path)).status_code == 403, path
    assert (await client.post(f"{path_of(charge)}/refund", data={})).status_code == 403


@pytest.mark.parametrize(("member", "status"), [(OLGA, 403), (BOB, 404), (CHARLIE, 404), (MALLORY, 404)], ids=str)
async def test_bad_28_only_who_was_paid_gives_back_and_the_door_comes_before_the_form(
    house: House, charge: Charge, sign_in: SignIn, member: Staff, status: int
) -> None:
    client = await sign_in(member)
    assert (await client.get(f"{path_of(charge)}/refund")).status_code == status
    whole = {"id": str(uuid4()), "left": str(PRICE), "how": "whole", "why": "The line was bad"}
    assert (await client.post(f"{path_of(charge)}/refund", data=whole)).status_code == status
    assert (await client.post(f"{path_of(charge)}/refund", content=b"\xff", headers={"content-type": "text/plain"})).status_code == status
    assert await refunds(house) == []


async def test_a_part_and_then_the_rest_by_hand(house: House, charge: Charge, sign_in: SignIn, erin: Payer, visit: str) -> None:
    alice = await sign_in(ALICE)
    form = await form_of(alice, charge)
    for _ in range(2):
        answer = await alice.post(f"{path_of(charge)}/refund", data=form)
        assert answer.headers["location"] == f"{path_of(charge)}?asked"
    (refund,) = await refunds(house)
    assert (refund.minor, refund.reason, refund.why, refund.asked_by) == (1000, "goodwill", "The line was bad", ALICE.person_id)
    await handlers(house)["refund"](refund.id)
    page = (await alice.get(f"{path_of(charge)}?asked")).text
    for words in (
        "£45.00 paid", "£10.00 given back", "£4.50 of it is this platform\N{RIGHT SINGLE QUOTATION MARK}s fee", "£1.00 of it",
        "The line was bad", "Dr Alice Ahmed", "£35.00 is left.", "Credit note SANDBOX-000002",
    ):  # fmt: skip
        assert words in page, words
    rest = {**await form_of(alice, charge), "how": "whole", "amount": ""}
    await alice.post(f"{path_of(charge)}/refund", data=rest)
    await handlers(house)["refund"]((await refunds(house))[-1].id)
    page = (await alice.get(path_of(charge))).text
    assert "Give money back" not in page
    assert "Everything that was paid has been given back already." in (await alice.get(f"{path_of(charge)}/refund")).text
    again = await alice.post(f"{path_of(charge)}/refund", data={**rest, "id": str(uuid4()), "left": "0"})
    assert again.status_code == 409
    assert "Everything that was paid has been given back already." in again.text
    links = PDF.findall((await erin.client.get(f"{visit}/appointment")).text)
    said = [text_of(await erin.client.get(link)) for link in links]
    assert ["Total credited £35.00" in said[0], "Total credited £10.00" in said[1], "Total paid £45.00" in said[2]] == [True] * 3
    assert "Corrects Receipt SANDBOX-000001 of Monday, 2 March 2026" in " ".join(said[0].split())


@pytest.mark.parametrize(
    ("amount", "refusal"),
    [
        ("1,000.00", (422, "figures only, as 45.00.")), ("-1", (422, "figures only")), ("1e3", (422, "figures only")),
        ("10.005", (422, "figures only")), ("", (422, "figures only")), ("£10", (422, "figures only")), ("٤٥", (422, "figures only")),
        ("0", (422, "more than nothing")), ("0.00", (422, "more than nothing")), ("45.01", (409, "more than what is left")),
        ("999999999", (409, "more than what is left")), ("9999999999", (422, "figures only")),
    ],
)  # fmt: skip
async def test_bad_14_an_amount_that_cannot_be_is_refused_and_nothing_is_lost(
    house: House, charge: Charge, sign_in: SignIn, amount: str, refusal: tuple[int, str]
) -> None:
    status, said = refusal
    alice = await sign_in(ALICE)
    answer = await alice.post(f"{path_of(charge)}/refund", data={**await form_of(alice, charge), "amount": amount})
    assert answer.status_code == status
    assert said in answer.text
    assert "Nothing was given back" in answer.text
    assert 'value="The line was bad"' in answer.text
    assert await refunds(house) == []


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"why": ""}, 422), ({"why": "x" * 201}, 422), ({"id": "1"}, 409), ({"left": "x"}, 409), ({"left": "4499", "how": "whole"}, 409)],
)
async def test_a_form_that_is_not_as_it_was_shown_gives_nothing_back(
    house: House, charge: Charge, sign_in: SignIn, changes: dict[str, str], status: int
) -> None:
    alice = await sign_in(ALICE)
    answer = await alice.post(f"{path_of(charge)}/refund", data={**await form_of(alice, charge), **changes})
    assert answer.status_code == status
    assert await refunds(house) == []


async def test_bad_08_of_two_tabs_the_second_is_told(house: House, charge: Charge, sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    first, second = await form_of(alice, charge), await form_of(alice, charge)
    assert (await alice.post(f"{path_of(charge)}/refund", data=first)).status_code == 303
    answer = await alice.post(f"{path_of(charge)}/refund", data=second)
    assert answer.status_code == 409
    assert "Something has happened to this payment since you opened the page." in answer.text
    assert "Everything that is left: £35.00" in answer.text
    assert [refund.minor for refund in await refunds(house)] == [1000]
    assert (await alice.post(f"{path_of(charge)}/refund", data={**second, **dict(HIDDEN.findall(answer.text))})).status_code == 303


async def test_a_dispute_says_what_to_do_and_nothing_goes_back(house: House, charge: Charge, sign_in: SignIn, clock: StillClock) -> None:
    async with house.database.write() as tx:
        mine = await tx.get_one(Charge, charge.id)
        await apply_dispute(
            tx,
            mine,
            DisputeSeen("dp_1", str(charge.payment), PRICE, "GBP", "fraudulent", DisputeStatus.OPEN, clock.now() + timedelta(days=9)),
            clock.now(),
        )
    alice = await sign_in(ALICE)
    page = (await alice.get(path_of(charge))).text
    for words in (
        "Disputed at the bank: £45.00",
        "What to do: open your account at Stripe",
        "£45.00 held by the bank",
        "You can answer until Wednesday, 11 March 2026, ",
    ):
        assert words in page, words
    assert "Give money back" not in page
    answer = await alice.post(f"{path_of(charge)}/refund", data={"id": str(uuid4()), "left": str(PRICE), "how": "whole", "why": "The line"})
    assert answer.status_code == 409
    assert await refunds(house) == []
    assert path_of(charge) in (await alice.get("/money?month=2026-03&state=disputed")).text
    assert path_of(charge) not in (await alice.get("/money?month=2026-03&state=unpaid")).text


async def test_a_month_is_listed_filtered_and_added_up(
    house: House, charge: Charge, app: Starlette, paid_service: Service, sign_in: SignIn
) -> None:
    async with browser_of(app) as client:
        await Payer(client, paid_service, ALICE.professional_id).to_the_till(LATER)
    alice = await sign_in(ALICE)
    await alice.post(f"{path_of(charge)}/refund", data=await form_of(alice, charge))
    await handlers(house)["refund"]((await refunds(house))[0].id)
    page = (await alice.get("/money?month=2026-03")).text
    for words in ("£45.00", "£10.00", "£35.00", "given back in part", "being paid", "SANDBOX", "Receipt SANDBOX-000001"):
        assert words in page, words
    assert "being paid" not in (await alice.get("/money?month=2026-03&state=paid")).text
    assert path_of(charge) in (await alice.get("/money?month=2026-03&state=refunded")).text
    assert "No payment of this month is of this kind." in (await alice.get("/money?month=2026-03&state=disputed")).text
    assert "Nobody paid online in this month." in (await alice.get("/money?month=2026-02")).text
    assert (await alice.get("/money?month=2026-13")).status_code == 422
    assert (await alice.get("/money")).status_code == 200


async def test_bad_35_the_table_of_a_month_holds_no_formula(house: House, charge: Charge, sign_in: SignIn) -> None:
    async with house.database.write() as tx:
        appointment = await tx.get_one(Appointment, charge.appointment_id)
        (await tx.get_one(Patient, appointment.patient_id)).name = '@SUM(1+1), "Erin"'
    answer = await (await sign_in(ALICE)).get("/money/month.csv?month=2026-03")
    assert answer.headers["content-type"].startswith("text/csv; charset=utf-8")
    assert answer.headers["content-disposition"] == 'attachment; filename="money-2026-03.csv"'
    assert answer.content.endswith(b"\r\n")
    async with house.database.read() as tx:
        (entry,) = await tx.scalars(select(AuditEntry).where(AuditEntry.thing == "books"))
        assert (entry.person_id, entry.act, entry.patient_id, entry.reason) == (ALICE.person_id, "exported", None, "2026-03")
    heads, row = csv.reader(io.StringIO(answer.text, newline=""))
    said = dict(zip(heads, row, strict=True))
    assert (said["service"], said["patient"]) == ("'=Video consultation", '\'@SUM(1+1), "Erin"')
    assert (said["charged"], said["paid"], said["refunded"], said["kept"], said["currency"]) == ("45.00", "45.00", "0.00", "45.00", "GBP")
    assert (said["date"], said["receipt"], said["sandbox"]) == ("2026-03-02", "SANDBOX-000001", "SANDBOX")


@pytest.mark.row("M3")
async def test_the_fees_of_a_month_are_told_from_the_ledger(house: House, charge: Charge, sign_in: SignIn, clock: StillClock) -> None:
    clock.advance(60)
    alice = await sign_in(ALICE)
    await alice.post(f"{path_of(charge)}/refund", data=await form_of(alice, charge))
    await handlers(house)["refund"]((await refunds(house))[0].id)
    page = (await alice.get("/money/fees?month=2026-03")).text
    for words in ("£4.50", "-£1.00", "£3.50", "fee given back"):
        assert words in page, words
    heads, *rows = csv.reader(io.StringIO((await alice.get("/money/fees.csv?month=2026-03")).text, newline=""))
    said = [dict(zip(heads, row, strict=True)) for row in rows]
    assert [(one["fee"], one["fee given back"]) for one in said] == [("4.50", "0.00"), ("0.00", "1.00")]
    assert "There was no fee in this month." in (await alice.get("/money/fees?month=2026-02")).text
