"""Fixtures of the patient's pages and of patients' records."""

import httpx2
import pytest
from starlette.applications import Starlette

from tests.cast import ALICE, Meeting
from tests.conftest import SignIn, browser_of
from tests.http.recording import lay_out
from tests.http.visiting import YES


@pytest.fixture
def base(meeting: Meeting) -> str:
    """Where dana's pages are."""
    return f"/v/{meeting.visit_id}"


@pytest.fixture
async def dana(app: Starlette, meeting: Meeting) -> httpx2.AsyncClient:
    """dana's browser, which has opened the link."""
    return browser_of(app, {"visit": meeting.token})


@pytest.fixture
async def agreed(dana: httpx2.AsyncClient, base: str) -> httpx2.AsyncClient:
    """dana, who has agreed to everything."""
    assert (await dana.post(f"{base}/consent", data=YES)).status_code == 303
    return dana


@pytest.fixture
async def notes(meeting: Meeting, sign_in: SignIn) -> dict[str, str]:
    """Alice's notes about dana, by kind."""
    return await lay_out(await sign_in(ALICE), meeting)
