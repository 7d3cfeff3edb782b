"""The patient's forms against junk: nothing is stored, nothing is echoed as code, and the page says what to do."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from markupsafe import escape

from server.consultation.model import Participant
from server.core.house import House
from tests.cast import ALICE, Meeting
from tests.conftest import SignIn

pytestmark = [pytest.mark.anyio, pytest.mark.row("V1")]
FORM = {"content-type": "application/x-www-form-urlencoded"}
SCRIPT = "<script>alert(1)</script>"
NAMES = [SCRIPT, '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}", "{professional}", "</title><svg onload=alert(1)>", "O'Brien & Söhne"]


@pytest.fixture
def who(meeting: Meeting) -> str:
    return f"/v/{meeting.visit_id}/who"


async def name_of(house: House, meeting: Meeting) -> str:
    async with house.database.read() as tx:
        return (await tx.get_one(Participant, meeting.participant_id)).name


async def test_bad_35_a_name_is_text_on_every_page(
    dana: httpx2.AsyncClient, who: str, house: House, meeting: Meeting, sign_in: SignIn
) -> None:
    alice = await sign_in(ALICE)
    await dana.post(f"/v/{meeting.visit_id}/consent", data={"video": "yes", "notes": "yes", "private_place": "yes"})
    for name in NAMES:
        assert (await dana.post(who, data={"name": name, "companion": name})).status_code == 303
        assert await name_of(house, meeting) == name
        patient = [await dana.get(f"/v/{meeting.visit_id}{path}") for path in ("/who", "/room", "/after")]
        staff = [await alice.get(path) for path in ("/today", f"/desk/{meeting.consultation_id}", "/outbox")]
        for page in patient + staff:
            assert page.status_code == 200
            assert not any(code in page.text for code in ("<script>alert", "<img src=x", "<svg onload"))
        assert str(escape(name)) in patient[0].text


async def test_bad_23_a_name_that_cannot_be_is_pointed_at(dana: httpx2.AsyncClient, who: str, house: House, meeting: Meeting) -> None:
    long = "x" * 201
    for fields, field in (
        ({"x": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": long}, "name"),
        ({"name": "Dana", "companion": long}, "companion"),
    ):
        answer = await dana.post(who, data=fields)
        assert answer.status_code == 422
        assert f'href="#{field}"' in answer.text
        assert f'id="{field}-error"' in answer.text
    assert await name_of(house, meeting) == "Dana Diaz"


async def test_bad_23_bytes_that_are_no_text_are_refused(dana: httpx2.AsyncClient, who: str, house: House, meeting: Meeting) -> None:
    for raw in (b"name=%00", b"name=%ff%fe", b"name=a%0d%0ab%1b[31m", b"name=\xff", b"name=%ed%a0%80", b"\x00=1"):
        assert (await dana.post(who, content=raw, headers=FORM)).status_code == 400, raw
    assert await name_of(house, meeting) == "Dana Diaz"


async def test_bad_23_a_form_of_another_kind_is_refused(dana: httpx2.AsyncClient, who: str, house: House, meeting: Meeting) -> None:
    for kind in ("application/json", "text/plain", "multipart/form-data; boundary=x", ""):
        assert (await dana.post(who, content=b"name=Mallory", headers={"content-type": kind})).status_code == 415, kind
    assert await name_of(house, meeting) == "Dana Diaz"


async def test_bad_24_a_thousand_and_one_fields_are_too_many(dana: httpx2.AsyncClient, who: str, house: House, meeting: Meeting) -> None:
    raw = b"&".join([b"name=Mallory", *(b"f%d=1" % number for number in range(1000))])
    answer = await dana.post(who, content=raw, headers=FORM)
    assert answer.status_code == 413
    assert "too much" in answer.text
    assert await name_of(house, meeting) == "Dana Diaz"


async def test_bad_24_a_body_over_the_limit_is_cut_off(dana: httpx2.AsyncClient, who: str, house: House, meeting: Meeting) -> None:
    raw = b"name=" + b"x" * 40_000

    async def without_length() -> AsyncIterator[bytes]:
        for start in range(0, len(raw), 4096):
            yield raw[start : start + 4096]

    for content in (raw, without_length()):
        assert (await dana.post(who, content=content, headers=FORM)).status_code == 413
    assert await name_of(house, meeting) == "Dana Diaz"


async def test_bad_23_a_strange_visit_is_not_there(client: httpx2.AsyncClient) -> None:
    for path in ("/v/1", "/v/00000000-0000-0000-0000-000000000000", "/v/../who", "/v/%00", "/v/" + "9" * 400):
        assert (await client.get(path)).status_code == 404
