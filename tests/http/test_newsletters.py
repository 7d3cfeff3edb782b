"""Newsletters are written, looked at, sent and stopped by whoever looks after the practice, and by nobody else."""

import re
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import select

from server.circulars.consents import Choice, choose
from server.circulars.model import Circular, State, Via
from server.circulars.switches import desk_of
from server.consultation.events import Channel
from server.core.house import House
from server.patients.model import Patient
from server.web.i18n import ENGLISH
from tests.cast import ALICE, CHARLIE, CLINIC, DANA, MALLORY, OLGA, SAM, Cast
from tests.conftest import SignIn, StillClock

pytestmark = [pytest.mark.anyio, pytest.mark.row("S2")]

LIST, NEW = "/practice/newsletters", "/practice/newsletters/new"
GOOD = {
    "subject": "News", "text": "# Spring\n\n<b>Hello</b>", "channel": "email", "audience": "all", "edits": "0", "at": "", "step": "save"
}  # fmt: skip
SELLER = {"name": "Harbour Clinic", "address": "1 Quay, Portsmouth", "vat_kind": "exempt"}


@pytest.fixture
async def olga(house: House, cast: Cast, sign_in: SignIn) -> httpx2.AsyncClient:
    """Olga, whose practice has one patient who asked for news."""
    async with house.database.write() as tx:
        dana = await tx.get_one(Patient, DANA.patient_id)
        dana.email = DANA.email
        await tx.flush()
        choice = Choice([Channel.EMAIL], [Channel.EMAIL], Via.ACCOUNT, DANA.person_id, ENGLISH)
        await choose(tx, desk_of(house), dana, choice, house.clock.now())
    return await sign_in(OLGA)


async def stored(house: House) -> list[Circular]:
    async with house.database.read() as tx:
        return list(await tx.scalars(select(Circular).execution_options(populate_existing=True)))


async def test_it_is_written_looked_at_and_sent(olga: httpx2.AsyncClient, house: House, clock: StillClock) -> None:
    assert LIST in (await olga.get("/account")).text
    assert "There is no newsletter yet." in (await olga.get(LIST)).text
    page = (await olga.post(NEW, data={**GOOD, "step": "preview"})).text
    for words in ("<h2 dir", "&lt;b&gt;Hello", "go to 1 person", "Change or stop news", "postal address"):
        assert words in page, words
    one = (await olga.post(NEW, data=GOOD)).headers["location"].removesuffix("?saved")
    refused = await olga.post(one, data={**GOOD, "edits": "1", "step": "send"})
    assert refused.status_code == 422
    assert "postal address in every newsletter" in refused.text
    assert (await olga.post("/money/seller", data=SELLER)).status_code == 303
    later = {**GOOD, "edits": "1", "at": "2026-03-02T11:00", "step": "send"}
    assert (await olga.post(one, data=later)).headers["location"] == f"{LIST}?sent"
    (circular,) = await stored(house)
    assert (circular.state, circular.begins_at and circular.begins_at.hour) == (State.PLANNED, 11)
    assert "Planned" in (await olga.get(LIST)).text
    late = await olga.post(one, data=later)
    assert late.status_code == 409
    assert "does not change any more" in late.text
    assert (await olga.post(f"{one}/stop")).status_code == 303
    assert (await olga.post(f"{one}/stop")).status_code == 409
    assert (await olga.post(f"{one}/remove")).status_code == 303
    assert await stored(house) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"subject": ""}, "Please write a subject."),
        ({"subject": "x" * 151}, "The subject is too long."),
        ({"text": " "}, "Please write the text."),
        ({"channel": "sms", "text": "x" * 301}, "This text is too long."),
        ({"channel": "post"}, "choose the way"),
        ({"audience": str(MALLORY.professional_id)}, "choose whom it is for"),
        ({"audience": "x"}, "choose whom it is for"),
        ({"step": "send", "at": "soon"}, "day and time"),
        ({"step": "send", "at": "2026-03-02T09:59"}, "a time to come"),
        ({"step": "send", "at": "9999-12-31T23:59"}, "a time to come"),
        ({"step": "send", "audience": str(CHARLIE.professional_id)}, "Nobody of them"),
        ({"step": "test"}, "confirm your e-mail address"),
    ],
)
async def test_what_cannot_be_sent_is_said_and_kept(olga: httpx2.AsyncClient, house: House, change: dict[str, str], sentence: str) -> None:
    await olga.post("/money/seller", data=SELLER)
    answer = await olga.post(NEW, data={**GOOD, **change})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "error-summary" in answer.text
    assert await stored(house) == []


async def test_bad_19_a_form_that_is_posted_twice_sends_once(olga: httpx2.AsyncClient, house: House) -> None:
    await olga.post("/money/seller", data=SELLER)
    (new,) = re.findall(r'name="new" value="([\w-]{36})"', (await olga.get(NEW)).text)
    form = {**GOOD, "step": "send", "new": new}
    answers = [await olga.post(NEW, data=form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 409]
    assert "does not change any more" in answers[1].text
    assert [str(one.id) for one in await stored(house)] == [new]
    assert new not in (await olga.get(NEW)).text
    draft = {**GOOD, "new": str(uuid4())}
    assert [(await olga.post(NEW, data=draft)).status_code for _ in range(2)] == [303, 409]
    assert len(await stored(house)) == 2


async def test_bad_a_subject_holds_no_second_header_and_nobody_writes_over_another(olga: httpx2.AsyncClient, house: House) -> None:
    one = (await olga.post(NEW, data={**GOOD, "subject": "News\r\nBcc: all@example.org"})).headers["location"].removesuffix("?saved")
    assert (await stored(house))[0].subject == "News Bcc: all@example.org"
    assert (await olga.post(one, data={**GOOD, "edits": "1"})).status_code == 303
    second = await olga.post(one, data={**GOOD, "edits": "1", "text": "Mine"})
    assert second.status_code == 409
    assert "Mine" in second.text


async def test_bad_28_nobody_else_opens_them(olga: httpx2.AsyncClient, house: House, sign_in: SignIn) -> None:
    one = (await olga.post(NEW, data=GOOD)).headers["location"].removesuffix("?saved")
    for member in (ALICE, SAM, MALLORY, DANA):
        other = await sign_in(member)
        answers = [await other.get(path) for path in (LIST, NEW, one)]
        answers += [await other.post(path, data=GOOD) for path in (NEW, one, f"{one}/stop", f"{one}/remove")]
        assert {answer.status_code for answer in answers} == {403}, member
    assert (await olga.get(f"{LIST}/{CLINIC}")).status_code == 404
