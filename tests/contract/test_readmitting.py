"""Letting somebody in again: every way in goes, and one link leads back."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.__main__ import main
from server.core.crypto import load_secrets
from server.core.house import House
from server.core.ids import new_id
from server.errors import NotFound
from server.identity.actions import open_logins
from server.identity.letters import Wanted, find_letter, letter_token, want_letter
from server.identity.mail_model import AccountLetter, EmailChange, Subject
from server.identity.passkey_model import Passkey
from server.identity.readmitting import readmit
from server.identity.second import has_second
from server.identity.second_model import SecondFactor
from tests.cast import ALICE, BOB, Cast, seat_in, sign_in_as
from tests.conftest import browser_of

pytestmark = pytest.mark.row("P4")


@pytest.mark.anyio
async def test_every_way_in_goes_and_a_link_leads_back(house: House, cast: Cast) -> None:
    now = house.clock.now()
    for member in (ALICE, BOB):
        await sign_in_as(house, member)
        async with house.database.write() as tx:
            tx.add(
                SecondFactor(
                    person_id=member.person_id, key_id="k", data_key=b"", sealed=b"", last_step=0, begun_at=now, confirmed_at=now
                )
            )  # fmt: skip
            tx.add(
                Passkey(
                    id=new_id(), person_id=member.person_id, handle=b"h", credential_id=member.username.encode(), public_key=b"p",
                    count=0, name="Phone", created_at=now, used_at=None,
                )
            )  # fmt: skip
    async with house.database.write() as tx:
        token = await readmit(tx, house.secrets, f" {ALICE.username.upper()}", now)
    async with house.database.read() as tx:
        assert not await has_second(tx, ALICE.person_id)
        assert await open_logins(tx, ALICE.person_id) == []
        assert await has_second(tx, BOB.person_id)
        assert len(await open_logins(tx, BOB.person_id)) == 1
        assert list(await tx.scalars(select(Passkey.person_id))) == [BOB.person_id]
        letter = await find_letter(tx, token, Subject.RESET, now)
        assert letter is not None
        assert letter.username == ALICE.username
        assert await find_letter(tx, token, Subject.RESET, now + timedelta(minutes=31)) is None


@pytest.mark.anyio
async def test_nothing_that_others_know_opens_it_before_the_link_is_used(app: Starlette, house: House, cast: Cast) -> None:
    now = house.clock.now()
    known = {"username": ALICE.username, "password": ALICE.password}
    async with house.database.write() as tx:
        await want_letter(tx, house.secrets, Wanted(ALICE.username, Subject.RESET, "en-GB"), now)
        earlier = letter_token(house.secrets, (await tx.scalars(select(AccountLetter.id))).one())
        tx.add(EmailChange(person_id=ALICE.person_id, address="x@example.org", asked_at=now, counts_at=now, language="en-GB"))
    async with browser_of(app) as thief, browser_of(app) as owner:
        assert (await thief.post("/sign-in", data=known)).status_code == 303
        async with house.database.write() as tx:
            token = await readmit(tx, house.secrets, ALICE.username, now)
        assert (await thief.post("/sign-in", data=known)).status_code == 401
        assert (await thief.post("/sign-in", data=known | {"password": ""})).status_code == 401
        assert (await thief.get(f"/reset/{earlier}")).status_code == 404
        async with house.database.read() as tx:
            assert list(await tx.scalars(select(EmailChange))) == []
        chosen = {"password": "river stones and rain"}
        assert (await owner.post(f"/reset/{token}", data=chosen)).headers["location"] == "/sign-in?changed"
        assert (await owner.post("/sign-in", data=known | chosen)).status_code == 303


@pytest.mark.anyio
async def test_nobody_of_this_name(house: House, cast: Cast) -> None:
    async with house.database.write() as tx:
        with pytest.raises(NotFound):
            await readmit(tx, house.secrets, "nobody", house.clock.now())


def test_the_command_line(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    seat_in(sqlite_url)
    load_secrets(tmp_path)  # as the first start does
    monkeypatch.setenv("CONSILIUM_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("CONSILIUM_DATA_DIR", str(tmp_path))
    assert main(["readmit", ALICE.username]) == 0
    assert "/reset/" in capsys.readouterr().out
    assert main(["readmit", "nobody"]) == 1
    assert "there is no account with this username" in capsys.readouterr().err
