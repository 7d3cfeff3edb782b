"""What a practice says of itself, and who decides it."""

import httpx2
import pytest
from sqlalchemy import select

from server.access.model import Practice
from server.core.audit import AuditEntry
from server.core.house import House
from tests.cast import ALICE, CLINIC, DANA, ELSEWHERE, MALLORY, OLGA, PHONE, SAM, Cast, Staff
from tests.conftest import SignIn

pytestmark = [pytest.mark.anyio, pytest.mark.row("P8")]

PAGE = "/practice/settings"
COMPLAINT = f"/complaint/{CLINIC}"
SAID = {"name": "Harbour Clinic", "phone": PHONE, "time_zone": "Europe/London", "language": "en-GB"}


@pytest.fixture
async def olga(sign_in: SignIn) -> httpx2.AsyncClient:
    return await sign_in(OLGA)


async def kept(house: House) -> tuple[str, str | None, str, str]:
    async with house.database.read() as tx:
        practice = await tx.get_one(Practice, CLINIC)
        return practice.name, practice.phone, practice.time_zone, practice.language


async def test_what_is_changed_is_kept_and_on_record(olga: httpx2.AsyncClient, house: House) -> None:
    assert PAGE in (await olga.get("/account")).text
    assert PHONE in (await olga.get(PAGE)).text
    await olga.post(PAGE, data=SAID)
    answer = await olga.post(PAGE, data={**SAID, "name": "Pier Clinic", "phone": "", "time_zone": "Europe/Lisbon"})
    assert answer.headers["location"] == f"{PAGE}?done=saved"
    assert await kept(house) == ("Pier Clinic", None, "Europe/Lisbon", "en-GB")
    async with house.database.read() as tx:
        assert list(await tx.scalars(select(AuditEntry.reason))) == ["changes name, phone, time zone"]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "", "write the name"), ("name", "x" * 201, "too long"), ("phone", "call us", "digits and spaces"),
        ("phone", "1" * 41, "digits and spaces"), ("time_zone", "Europe/Atlantis", "time zone of the list"),
        ("time_zone", "../etc", "time zone of the list"), ("language", "xx", "language of the list"),
        ("regulators", "Healthcare Inspectorate Wales", "its name, a space"), ("regulators", "W https://hiw.org.uk\n" * 11, "too long"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_said_and_nothing_kept(olga: httpx2.AsyncClient, house: House, field: str, value: str, words: str) -> None:
    answer = await olga.post(PAGE, data={**SAID, field: value})
    assert (answer.status_code, words in answer.text, answer.text.count('aria-invalid="true"')) == (422, True, 1)
    assert await kept(house) == tuple(SAID.values())


@pytest.mark.row("S3")
async def test_who_else_is_above_the_practice_is_told_to_whoever_complains(
    olga: httpx2.AsyncClient, client: httpx2.AsyncClient, house: House
) -> None:
    before = (await client.get(COMPLAINT)).text
    assert [name in before for name in ("(ICO)", "(GMC)", "(CQC)", "(GDC)", "Wales")] == [True, True, True, False, False]
    answer = await olga.post(PAGE, data={**SAID, "regulators": " Healthcare  Inspectorate <Wales> https://hiw.org.uk/feedback?a=1&b=2\n\n"})
    assert answer.status_code == 303
    assert "Inspectorate &lt;Wales&gt; https://hiw.org.uk/feedback" in (await olga.get(PAGE)).text
    after = (await client.get(COMPLAINT)).text
    assert (
        '<a href="https://hiw.org.uk/feedback?a=1&amp;b=2" rel="noreferrer"><bdi>Healthcare Inspectorate &lt;Wales&gt;</bdi></a></li>'
        in after
    )
    assert "hiw.org.uk" not in (await client.get(f"/complaint/{ELSEWHERE}")).text
    async with house.database.read() as tx:
        assert list(await tx.scalars(select(AuditEntry.reason))) == ["changes regulators"]


@pytest.mark.parametrize("member", [ALICE, SAM, DANA, MALLORY], ids=lambda member: str(member.username))
async def test_nobody_else_decides(sign_in: SignIn, house: House, cast: Cast, member: Staff) -> None:
    client = await sign_in(member)
    assert (await client.get(PAGE)).status_code == 403
    assert (await client.post(PAGE, data={**SAID, "name": "Mine"})).status_code == 403
    assert (await kept(house))[0] == "Harbour Clinic"
