"""Another address of an account is confirmed at both, or counts after days in which the old one could say no; on both databases."""

import httpx2
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.core.house import House
from server.core.outbox import Errand
from server.identity.email_changes import CHANGE_EMAIL, change_with
from server.identity.letters import WRITE, letter_token
from server.identity.mail_model import AGREE_DAYS, AccountEmail, AccountLetter, EmailChange, Subject
from server.messaging.account_letters import letter_of
from server.messaging.composing import Post
from server.web.i18n import read_languages
from tests.cast import ALICE, Cast
from tests.conftest import ORIGIN, SignIn, StillClock, browser_of

pytestmark = [pytest.mark.anyio, pytest.mark.row("P4")]

OLD, NEW, BETTER = "old@example.org", "new@example.org", "a better horse sings slowly"
DAY_S = 86400


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


@pytest.fixture
async def alice(house: House, cast: Cast, clock: StillClock, sign_in: SignIn) -> httpx2.AsyncClient:
    """Alice, who has an address, and has asked for another one and proved it."""
    client = await sign_in(ALICE)
    async with house.database.write() as tx:
        tx.add(AccountEmail(person_id=ALICE.person_id, address=OLD, confirmed_at=clock.now()))
    await client.post("/account/email", data={"email": NEW})
    said = await client.post(await path_of(house, Subject.CONFIRM))
    assert "agree at your present address, too" in said.text
    assert await address(house) == OLD
    return client


async def letter(house: House, subject: Subject) -> AccountLetter:
    async with house.database.read() as tx:
        return (await tx.scalars(select(AccountLetter).where(AccountLetter.subject == subject))).one()


async def path_of(house: House, subject: Subject) -> str:
    found = await letter(house, subject)
    text = letter_of(Post(house.secrets, ORIGIN, read_languages(None)), found, "x@example.org").sentences
    (link,) = [line.removeprefix(ORIGIN) for line in text if line.startswith(ORIGIN)]
    assert link.endswith(letter_token(house.secrets, found.id))
    return link


async def address(house: House) -> str | None:
    async with house.database.read() as tx:
        return await tx.scalar(select(AccountEmail.address))


async def written(house: House) -> int:
    async with house.database.read() as tx:
        return len(list(await tx.scalars(select(Errand.id).where(Errand.kind == WRITE))))


async def change(house: House) -> EmailChange | None:
    async with house.database.read() as tx:
        return await tx.get(EmailChange, ALICE.person_id)


async def test_it_counts_once_the_old_address_agrees(alice: httpx2.AsyncClient, app: Starlette, house: House) -> None:
    """Whoever reads that address needs no sign-in: it was proved before."""
    assert (await letter(house, Subject.EMAIL_AGREE)).address == OLD
    assert NEW in (await alice.get("/account/email")).text
    path, before = await path_of(house, Subject.EMAIL_AGREE), await written(house)
    async with browser_of(app) as stranger:
        page = await stranger.get(path)
        assert NEW not in page.text
        assert (await stranger.post(path, data={"agree": "perhaps"})).status_code == 422
        assert await address(house) == OLD
        assert "Confirmed" in (await stranger.post(path, data={"agree": "yes"})).text
        assert (await stranger.post(path, data={"agree": "no"})).status_code == 404
    assert await address(house) == NEW
    assert await change(house) is None
    assert await written(house) == before + 1  # the old one is told


async def test_a_no_at_the_old_address_ends_it(alice: httpx2.AsyncClient, house: House, clock: StillClock) -> None:
    path = await path_of(house, Subject.EMAIL_AGREE)
    assert "/reset" in (await alice.post(path, data={"agree": "no"})).text
    clock.advance(AGREE_DAYS * DAY_S)
    await change_with(house)(ALICE.person_id)
    assert await address(house) == OLD


async def test_where_the_old_one_is_lost_it_counts_after_days(alice: httpx2.AsyncClient, house: House, clock: StillClock) -> None:
    async with house.database.read() as tx:
        (errand,) = await tx.scalars(select(Errand).where(Errand.kind == CHANGE_EMAIL))
    clock.advance(AGREE_DAYS * DAY_S - 1)
    await change_with(house)(ALICE.person_id)
    assert await address(house) == OLD
    clock.advance(1)
    assert errand.run_at <= clock.now()
    await change_with(house)(ALICE.person_id)
    assert await address(house) == NEW
    await change_with(house)(ALICE.person_id)  # an errand may run again


@pytest.mark.parametrize("way", ["undo", "password", "again"])
async def test_it_is_taken_back(alice: httpx2.AsyncClient, house: House, clock: StillClock, way: str) -> None:
    """By its owner, by a new password, and by another change."""
    path = await path_of(house, Subject.EMAIL_AGREE)
    if way == "undo":
        assert (await alice.post("/account/email/undo")).status_code == 303
    elif way == "password":
        await alice.post("/account/password", data={"present": ALICE.password, "password": BETTER})
    else:
        await alice.post("/account/email", data={"email": "third@example.org"})
        await alice.post(await path_of(house, Subject.CONFIRM))
    assert (await alice.get(path)).status_code == 404
    clock.advance(AGREE_DAYS * DAY_S)
    await change_with(house)(ALICE.person_id)
    assert await address(house) == ("third@example.org" if way == "again" else OLD)
