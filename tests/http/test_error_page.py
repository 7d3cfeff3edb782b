"""A page about an error: the menu of whoever is signed in, what happened, and what to do next."""

import httpx2
import pytest

from tests.cast import ALICE, DANA, OLGA, Meeting
from tests.conftest import SignIn

pytestmark = [pytest.mark.anyio]

PAGES = {"accept": "text/html"}


async def test_an_error_keeps_the_menu_of_whoever_reads_it(sign_in: SignIn, meeting: Meeting) -> None:
    for who, home, other in ((ALICE, "/today", "/my"), (OLGA, "/practice", "/today"), (DANA, "/my", "/today")):
        page = await (await sign_in(who)).get("/nothing-here", headers=PAGES)
        assert page.status_code == 404
        assert f'<a href="{home}"' in page.text, who.name
        assert f'<a href="{other}"' not in page.text, who.name


async def test_somebody_at_work_is_not_sent_to_a_message(sign_in: SignIn, meeting: Meeting) -> None:
    page = await (await sign_in(OLGA)).get(f"/patients/{DANA.patient_id}", headers=PAGES)
    assert page.status_code in {403, 404}
    assert "Please go back and try again from the beginning" not in page.text
    assert "please open that link again" not in page.text


async def test_whoever_is_signed_out_is_led_to_the_sign_in(client: httpx2.AsyncClient, meeting: Meeting) -> None:
    page = await client.post(f"/my/{DANA.patient_id}/sharing", data={"agree": "yes"}, headers=PAGES)
    assert page.status_code == 401
    assert "What you sent was not kept." in page.text
    assert 'href="/sign-in"' in page.text
    assert "Sign out" not in page.text
