"""The page of health: each part of the server in words, and tests that do something real."""

import asyncio
import os
import shutil
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.consultation.events import Channel
from server.core.audit import Act, AuditEntry
from server.core.house import House
from server.identity.mail_model import AccountEmail
from server.oversight.board import Board, Light, Thing
from server.ports import Carried, Letter, NotProven, Unfit
from server.settings import Settings
from tests.cast import ALICE, DANA, MALLORY, OLGA, SAM, Cast, Staff
from tests.conftest import ORIGIN, SignIn, StillClock

pytestmark = [pytest.mark.anyio, pytest.mark.row("P8")]

PAGE = "/practice/health"


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


@pytest.fixture
def settings(app_database_url: str, tmp_path: Path) -> Settings:
    secret = "north wind, long enough"
    mark, far = tmp_path / "backup", tmp_path / "far"
    far.mkdir()
    return Settings(
        database_url=app_database_url, data_dir=tmp_path / "data", base_url=ORIGIN, backup_mark=mark, media="off", turn_secret=secret,
        anchors_dir=far,
    )  # type: ignore[arg-type]  # fmt: skip


@pytest.fixture
async def olga(sign_in: SignIn) -> httpx2.AsyncClient:
    return await sign_in(OLGA)


class Post:
    """A provider of e-mail that can be out of order."""

    def __init__(self) -> None:
        self.sent: list[Letter] = []
        self.fault: Unfit | None = None
        self.answers = Carried.SENT
        self.breaks = False

    async def prove(self) -> None:
        if self.fault:
            raise NotProven(self.fault)

    async def carry(self, letter: Letter, dedupe_key: str) -> Carried:
        assert dedupe_key
        self.sent.append(letter)
        if self.breaks:
            raise RuntimeError("with words of olga@example.org")
        return self.answers

    async def close(self) -> None:
        pass


async def said(olga: httpx2.AsyncClient, thing: str) -> str:
    """Press the button of a test, and return the page that follows."""
    answer = await olga.post(f"{PAGE}/{thing}")
    assert answer.headers["location"] == f"{PAGE}?done={thing}#{thing}"
    return (await olga.get(answer.headers["location"])).text


async def test_each_part_is_told_in_words_and_nothing_secret(olga: httpx2.AsyncClient, app: Starlette, settings: Settings) -> None:
    assert PAGE in (await olga.get("/account")).text
    page = (await olga.get(PAGE)).text
    assert page.count("So since") == len(Thing)
    for words in ("It answers.", "It is done in time", "There is no relay", "messages stay on the outbox page", "There was none"):
        assert words in page
    assert "north wind" not in page
    assert "1 part of the server does not work" in (await olga.get("/practice")).text
    assert settings.backup_mark is not None
    settings.backup_mark.touch()
    noon = app.state.house.clock.now().timestamp()
    os.utime(settings.backup_mark, (noon, noon))
    page = (await olga.get(PAGE)).text
    assert "The last one was made: Monday" in page
    assert "are to be looked at." in page
    assert "Nothing is known to be wrong." not in page


async def test_tests_do_something_and_are_on_record(olga: httpx2.AsyncClient, house: House, app: Starlette) -> None:
    board: Board = app.state.health
    for thing in ("database", "work", "bus", "disk", "keys", "clock", "backup", "anchors"):
        assert "Tested:" in await said(olga, thing)
    proofs = {thing: line.proof.state for thing, line in board.lines.items() if line.proof}
    for thing in (Thing.DATABASE, Thing.WORK, Thing.BUS, Thing.DISK, Thing.KEYS):
        assert proofs[thing].light is Light.GOOD, proofs[thing]
    assert not list(house.settings.data_dir.glob("health-*"))
    async with house.database.read() as tx:
        entries = list(await tx.scalars(select(AuditEntry).where(AuditEntry.act == Act.TESTED).order_by(AuditEntry.number)))
    assert [entry.reason for entry in entries][:3] == ["database: good", "work: good", "bus: good"]
    assert {entry.person_id for entry in entries} == {OLGA.person_id}


def age(far: Path) -> None:
    """Let the one anchor that is there be of another day, beside what is somebody else's."""
    (only,) = far.iterdir()
    only.rename(far / "2026-02-20.txt")
    (far / "read me.txt").touch()


async def test_anchors_elsewhere_are_told_of(olga: httpx2.AsyncClient, house: House) -> None:
    far = house.settings.anchors_dir
    assert far is not None
    assert "The last one is of Monday" in await said(olga, "anchors")
    age(far)
    assert "The last one is old: Friday" in (await olga.get(PAGE)).text
    shutil.rmtree(far)
    assert "The other place cannot be reached." in await said(olga, "anchors")


async def test_a_letter_goes_to_whoever_asks(olga: httpx2.AsyncClient, house: House, app: Starlette, clock: StillClock) -> None:
    post = Post()
    assert "There is no provider to test." in await said(olga, "mail")
    app.state.outside = {Thing.MAIL: post}
    app.state.carriers = {**app.state.carriers, Channel.EMAIL: post}
    assert "no e-mail address" in await said(olga, "mail")
    async with house.database.write() as tx:
        tx.add(AccountEmail(person_id=OLGA.person_id, address="olga@example.org", confirmed_at=clock.now()))
    assert "A letter to you was handed on" in await said(olga, "mail")
    assert [letter.to for letter in post.sent] == ["olga@example.org"]
    post.answers = Carried.REFUSED
    assert "refuses a letter to your address" in await said(olga, "mail")
    post.breaks = True
    page = await said(olga, "mail")
    assert ("nobody has thought of: RuntimeError." in page, "olga@" in page) == (True, False)
    post.fault = Unfit.REFUSED
    assert "refuses our name or password" in await said(olga, "mail")
    assert len(post.sent) == 3


async def test_what_takes_too_long_is_given_up(olga: httpx2.AsyncClient, app: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(Post):
        async def prove(self) -> None:
            await asyncio.Event().wait()

    monkeypatch.setattr("server.oversight.proofs.WITHIN_S", 0.05)
    app.state.outside = {Thing.SMS: Silent()}
    assert "It took longer than" in await said(olga, "sms")


async def test_tests_are_counted(olga: httpx2.AsyncClient) -> None:
    answers = [(await olga.post(f"{PAGE}/bus")).status_code for _ in range(31)]
    assert (answers[0], answers[-1]) == (303, 429)
    assert (await olga.post(f"{PAGE}/nothing")).status_code == 404


@pytest.mark.parametrize("member", [ALICE, SAM, DANA, MALLORY], ids=lambda member: str(member.username))
async def test_nobody_else_comes_in(sign_in: SignIn, cast: Cast, member: Staff) -> None:
    client = await sign_in(member)
    assert [(await client.get(PAGE)).status_code, (await client.post(f"{PAGE}/bus")).status_code] == [403, 403]
