"""What belongs to a registration beside the qualifications: asked for, seen by the reviewer, and needed before anybody is listed."""

import httpx2
import pytest

from server.core.house import House
from server.directory.model import Profile
from tests.cast import ALICE, BOB, CHARLIE, OLGA, SAM
from tests.completing import ADDRESS, EMAIL, PHONE, add_policy, complete
from tests.conftest import SignIn

pytestmark = [pytest.mark.anyio, pytest.mark.row("P4")]

OWN, REGISTRATION, DETAILS = "/account/profile", "/account/registration", "/my/details?from=registration"
LISTED = {"listed": "yes", "about": "I listen first.", "speaks-en": "yes"}
MISSING = ("Postal address", "Telephone number", "E-mail address", "Own privacy policy")
PERSON = f"/practice/people/{ALICE.person_id}"


@pytest.fixture
async def alice(sign_in: SignIn) -> httpx2.AsyncClient:
    return await sign_in(ALICE)


async def test_nobody_is_listed_before_all_of_it_is_there(alice: httpx2.AsyncClient, house: House) -> None:
    page = (await alice.get(REGISTRATION)).text
    assert "4 things are missing" in page
    assert all(name in page for name in MISSING)
    refused = await alice.post(OWN, data=LISTED)
    assert refused.status_code == 422
    assert "please add what is missing from your registration" in refused.text
    assert "I listen first." in refused.text
    for path in (DETAILS, "/account/email", "/policies"):
        assert f'href="{path}"' in refused.text
    async with house.database.read() as tx:
        assert await tx.get(Profile, ALICE.professional_id) is None
    assert (await alice.post(OWN, data={**LISTED, "listed": ""})).status_code == 303, "what is said to nobody may be kept"
    async with house.database.write() as tx:
        complete(tx, ALICE, house.clock.now())
    assert (await alice.post(OWN, data=LISTED)).status_code == 303
    page = (await alice.get(REGISTRATION)).text
    assert "All of it is there." in page
    assert all(words in page for words in (ADDRESS, PHONE, EMAIL, "Article 6(1)(b)", "Article 9(2)(h)"))


async def test_a_policy_without_a_lawful_basis_is_not_enough(alice: httpx2.AsyncClient, house: House) -> None:
    async with house.database.write() as tx:
        add_policy(tx, ALICE, house.clock.now(), bases="")
    assert "4 things are missing" in (await alice.get(REGISTRATION)).text


async def test_the_reviewer_sees_what_is_there_and_what_is_missing(sign_in: SignIn, house: House) -> None:
    olga = await sign_in(OLGA)
    page = (await olga.get(PERSON)).text
    assert all(name in page for name in MISSING)
    assert page.count("Missing") == len(MISSING)
    async with house.database.write() as tx:
        complete(tx, ALICE, house.clock.now())
    page = (await olga.get(PERSON)).text
    assert "Missing" not in page
    assert all(words in page for words in (ADDRESS, PHONE, EMAIL, "Article 9(2)(h)"))
    for other in (BOB, CHARLIE, SAM):
        seen = await (await sign_in(other)).get(PERSON)
        assert seen.status_code == 403
        assert ADDRESS not in seen.text


async def test_staff_tell_how_they_are_reached_and_come_back(alice: httpx2.AsyncClient, sign_in: SignIn) -> None:
    assert f'href="{DETAILS}"' in (await alice.get("/account")).text
    assert 'href="/my/details"' in (await (await sign_in(OLGA)).get("/account")).text
    page = (await alice.get(DETAILS)).text
    assert f'href="{REGISTRATION}"' in page
    assert "patients do not" in page
    kept = await alice.post(DETAILS, data={"name": "Alice Ahmed", "phone": "020 7946 0000", "address": ADDRESS})
    assert kept.headers["location"] == "/my/details?done&from=registration"
    assert "2 things are missing" in (await alice.get(REGISTRATION)).text
