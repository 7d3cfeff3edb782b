"""What patients let others read: only with their agreement, only once it was looked at, and gone as soon as they say so."""

import re

import httpx2
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.consultation import records
from server.consultation.records import Consent
from server.core.audit import AuditEntry
from server.core.house import House
from server.identity.mail_model import AccountEmail
from server.messaging.composing import Post
from server.messaging.testimonial_letters import tell_author_with
from server.patients.model import Patient
from server.ports import Letter
from server.privacy.holds import place
from server.web.i18n import read_languages
from tests.cast import ALICE, BOB, DANA, ERIN, OLGA, Meeting, add_meeting
from tests.conftest import ORIGIN, SignIn, StillClock, browser_of
from tests.erasing import Box
from tests.http.test_directory import PAGE as PROFILE
from tests.http.test_directory import lay_out
from tests.http.test_visit_after import ended
from tests.http.visiting import step

pytestmark = [pytest.mark.anyio, pytest.mark.row("P7")]

QUEUE = "/practice/testimonials"
SEEN = re.compile(r'name="seen" value="([^"]+)"')
MINE = f"/my/{DANA.patient_id}/testimonials"
WORDS = "She <b>listens</b>, and explained everything twice."
SHOWN = "She &lt;b&gt;listens&lt;/b&gt;, and explained everything twice."


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


async def said(app: Starlette, house: House, meeting: Meeting) -> records.Testimonial:
    """Go the way of a patient after the call."""
    await ended(house, meeting)
    base = f"/v/{meeting.visit_id}"
    async with browser_of(app, {"visit": meeting.token}) as dana:
        await step(dana, f"{base}/feedback", felt="5", comment="")
        assert f'href="{base}/testimonial"' in (await dana.get(f"{base}/after")).text
        answer = await dana.post(f"{base}/testimonial", data={"words": WORDS, "agree": "yes"})
        assert answer.headers["location"] == f"{base}/after?said"
        assert "looks at what you wrote" in (await dana.get(f"{base}/after?said")).text
        assert (await dana.get(f"{base}/testimonial")).headers["location"] == f"{base}/after"
    async with house.database.read() as tx:
        return (await tx.scalars(select(records.Testimonial))).one()


async def test_it_is_shown_once_the_professional_has_looked_and_gone_once_the_patient_says_so(
    app: Starlette, client: httpx2.AsyncClient, house: House, meeting: Meeting, sign_in: SignIn
) -> None:
    await lay_out(house, ALICE)
    one, alice, dana = await said(app, house, meeting), await sign_in(ALICE), await sign_in(DANA)
    assert "listens" not in (await client.get(PROFILE)).text
    feedback = (await alice.get("/feedback")).text
    assert (SHOWN in feedback, "Dana" in feedback) == (True, False)
    assert (await alice.post(f"/feedback/{one.id}/show")).headers["location"] == "/feedback?done#testimonials"
    page = (await client.get(PROFILE)).text
    assert (SHOWN in page, "A patient, March 2026" in page, "Dana" in page) == (True, True, False)
    silent = await alice.post(f"/feedback/{one.id}/refuse", data={"why": " "})
    assert (silent.status_code, f"#why-{one.id}" in silent.text) == (422, True)
    await alice.post(f"/feedback/{one.id}/refuse", data={"why": "It names a medicine."})
    assert "listens" not in (await client.get(PROFILE)).text
    assert "It names a medicine." in (await dana.get(MINE)).text
    await alice.post(f"/feedback/{one.id}/show")
    assert MINE in (await dana.get("/my")).text
    standing = (await dana.get("/my/consents")).text.partition("What you took back, and what is over")[0]
    assert (MINE in standing, "these words are shown to everybody" in standing) == (True, True), "everybody can read it, so it counts now"
    assert "Everybody can read it." in (await dana.get(MINE)).text
    assert (await dana.post(f"{MINE}/withdraw", data={"which": str(one.id)})).headers["location"] == f"{MINE}?withdrawn"
    assert "listens" not in (await client.get(PROFILE)).text
    assert "There is nothing of yours" in (await dana.get(MINE)).text
    assert (await alice.post(f"/feedback/{one.id}/show")).status_code == 404
    async with house.database.read() as tx:
        assert list(await tx.scalars(select(records.Testimonial.id))) == []
        given = (await tx.scalars(select(Consent).where(Consent.purpose == "testimonial"))).one()
        acts = list(await tx.scalars(select(AuditEntry.act).where(AuditEntry.thing == "testimonial").order_by(AuditEntry.number)))
    assert given.withdrawn_at is not None
    assert acts == ["changed", "changed", "changed", "withdrew"]


async def test_the_practice_looks_at_what_is_shown_and_hides_it_with_a_reason(  # noqa: PLR0917 - the whole way
    app: Starlette, client: httpx2.AsyncClient, house: House, meeting: Meeting, sign_in: SignIn, clock: StillClock
) -> None:
    await lay_out(house, ALICE)
    one, alice, olga, dana = await said(app, house, meeting), await sign_in(ALICE), await sign_in(OLGA), await sign_in(DANA)
    assert "listens" not in (await olga.get(QUEUE)).text, "nothing is the practice's that the professional does not show"
    await alice.post(f"/feedback/{one.id}/show")
    assert "1 text of a patient that everybody can read" in (await olga.get("/practice")).text
    page = (await olga.get(QUEUE)).text
    assert [text in page for text in (SHOWN, ALICE.name, "To be looked at", "Dana")] == [True, True, True, False]
    for data, status in (({"do": "hide", "why": "", "seen": ""}, 422), ({"do": "hide", "why": "It insults.", "seen": "before"}, 409)):
        refused = await olga.post(f"{QUEUE}/{one.id}", data=data)
        assert (refused.status_code, f'href="#why-{one.id}"' in refused.text, data["why"] in refused.text) == (status, True, True)
    hidden = await olga.post(f"{QUEUE}/{one.id}", data={"do": "hide", "why": "It insults.", "seen": ""})
    assert hidden.headers["location"] == f"{QUEUE}?done"
    assert "listens" not in (await client.get(PROFILE)).text
    for answer in (await alice.get("/feedback"), await dana.get(MINE), await olga.get(QUEUE)):
        assert "It insults." in answer.text
    assert "that everybody can read" not in (await olga.get("/practice")).text, "nothing waits"
    (letter,) = await letters(house, one, clock)
    assert (letter.to, "insults" in letter.body) == ("dana@example.org", False)
    seen = SEEN.findall((await olga.get(QUEUE)).text)[0]
    await olga.post(f"{QUEUE}/{one.id}", data={"do": "leave", "seen": seen})
    assert SHOWN in (await client.get(PROFILE)).text
    assert await letters(house, one, clock) == [], "what is shown again is told to nobody"


async def letters(house: House, one: records.Testimonial, clock: StillClock) -> list[Letter]:
    """Run the errand that tells whoever wrote it, and return what it sends."""
    box = Box()
    async with house.database.write() as tx:
        await tx.merge(AccountEmail(person_id=DANA.person_id, address="dana@example.org", confirmed_at=clock.now()))
    await tell_author_with(house, Post(house.secrets, ORIGIN, read_languages(None)), box)(one.id)
    return box.letters


async def test_bad_38_while_the_record_is_held_it_is_hidden_and_kept(
    app: Starlette, client: httpx2.AsyncClient, house: House, meeting: Meeting, sign_in: SignIn
) -> None:
    await lay_out(house, ALICE)
    one, alice, dana = await said(app, house, meeting), await sign_in(ALICE), await sign_in(DANA)
    await alice.post(f"/feedback/{one.id}/show")
    async with house.database.write() as tx:
        await place(tx, OLGA.viewer, DANA.patient_id, "A claim.", house.clock.now())
    await dana.post(f"{MINE}/withdraw", data={"which": str(one.id)})
    for page in (await client.get(PROFILE), await alice.get("/feedback"), await dana.get(MINE)):
        assert "listens" not in page.text
    assert (await alice.post(f"/feedback/{one.id}/show")).status_code == 404
    async with house.database.read() as tx:
        assert (await tx.get_one(records.Testimonial, one.id)).words == WORDS
        given = (await tx.scalars(select(Consent).where(Consent.purpose == "testimonial"))).one()
    assert given.withdrawn_at is not None


async def test_without_a_yes_nothing_is_kept(app: Starlette, house: House, meeting: Meeting) -> None:
    await ended(house, meeting)
    base = f"/v/{meeting.visit_id}"
    async with browser_of(app, {"visit": meeting.token}) as dana:
        assert (await dana.get(f"{base}/testimonial")).headers["location"] == f"{base}/after"
        await step(dana, f"{base}/feedback", felt="2", comment="")
        for fields in ({"words": "Very good"}, {"words": "", "agree": "yes"}, {"words": "x" * 601, "agree": "yes"}):
            answer = await dana.post(f"{base}/testimonial", data=fields)
            assert (answer.status_code, "data-errors" in answer.text, fields["words"] in answer.text) == (422, True, True)
    async with house.database.read() as tx:
        assert list(await tx.scalars(select(records.Testimonial.id))) == []


async def test_whoever_has_no_account_is_not_asked(app: Starlette, house: House, meeting: Meeting, clock: StillClock) -> None:
    async with house.database.write() as tx:
        erins = await add_meeting(tx, house.secrets, clock.now(), guest=ERIN)
    await ended(house, erins)
    async with browser_of(app, {"visit": erins.token}) as erin:
        base = f"/v/{erins.visit_id}"
        await step(erin, f"{base}/feedback", felt="5", comment="")
        assert "/testimonial" not in (await erin.get(f"{base}/after")).text
        assert (await erin.post(f"{base}/testimonial", data={"words": WORDS, "agree": "yes"})).headers["location"] == f"{base}/after"


async def test_bad_28_nobody_decides_about_others(app: Starlette, house: House, meeting: Meeting, sign_in: SignIn) -> None:
    one = await said(app, house, meeting)
    assert [(await (await sign_in(who)).post(f"/feedback/{one.id}/show")).status_code for who in (BOB, OLGA, DANA)] == [404, 403, 403]
    await (await sign_in(ALICE)).post(f"/feedback/{one.id}/show")
    for who, status in ((BOB, 403), (DANA, 403)):
        assert (await (await sign_in(who)).post(f"{QUEUE}/{one.id}", data={"do": "hide", "why": "No.", "seen": ""})).status_code == status
    assert "listens" not in (await (await sign_in(BOB)).get("/feedback")).text
    async with house.database.write() as tx:
        (await tx.get_one(Patient, DANA.patient_id)).person_id = None
    assert (await (await sign_in(DANA)).post(f"{MINE}/withdraw", data={"which": str(one.id)})).status_code == 404
    assert "listens" in (await (await sign_in(ALICE)).get("/feedback")).text
