"""The queues and the audit, as whoever looks after a practice sees them."""

import csv
import json
from datetime import timedelta
from hashlib import sha256
from io import BytesIO, StringIO
from zipfile import ZipFile

import httpx2
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pypdf import PdfReader
from sqlalchemy import select
from starlette.applications import Starlette

from server.access.actions import add_staff
from server.access.model import StaffRole
from server.administration import audit_export_pages, audit_list
from server.administration.act_words import WORDS
from server.core.audit import Act, AuditEntry, Deed, record
from server.core.house import House
from server.core.ids import new_id
from server.core.outbox import Errand
from server.identity.actions import begin_login
from server.identity.model import Person
from tests.cast import ALICE, BOB, CLINIC, DANA, ELSEWHERE, MALLORY, OLGA, SAM, Cast, Staff
from tests.conftest import SignIn, StillClock, browser_of

pytestmark = [pytest.mark.anyio, pytest.mark.row("P8")]

QUEUES, AUDIT = "/practice/queues", "/practice/audit"


@pytest.fixture
async def olga(sign_in: SignIn) -> httpx2.AsyncClient:
    return await sign_in(OLGA)


async def given_up(house: House) -> Errand:
    """Bury an errand of a kind whose handler finds nothing to do."""
    now, errand_id = house.clock.now(), new_id()
    errand = Errand(
        id=errand_id, kind="prove", dedupe_key=str(errand_id), subject_id=new_id(), run_at=now, attempts=8, lease_until=None,
        lease_by=None, done_at=None, dead_at=now, last_error="ConnectionError",
    )  # fmt: skip
    async with house.database.write() as tx:
        tx.add(errand)
    return errand


async def test_an_errand_is_run_again_or_set_aside_on_record(olga: httpx2.AsyncClient, house: House) -> None:
    assert "Nothing was given up" in (await olga.get(QUEUES)).text
    first, second = await given_up(house), await given_up(house)
    page = (await olga.get(QUEUES)).text
    assert (page.count("Run again"), "ConnectionError" in page) == (2, True)
    assert (await olga.post(f"/practice/errands/{first.id}/again")).headers["location"] == f"{QUEUES}?done=again"
    assert (await olga.post(f"/practice/errands/{second.id}/aside")).headers["location"] == f"{QUEUES}?done=aside"
    assert (await olga.post(f"/practice/errands/{second.id}/aside")).status_code == 409
    assert (await olga.post(f"/practice/errands/{new_id()}/again")).status_code == 404
    assert "Nothing was given up" in (await olga.get(QUEUES)).text
    async with house.database.read() as tx:
        assert (await tx.get_one(Errand, first.id)).dead_at is None
        said = set(await tx.scalars(select(AuditEntry.reason)))
    assert said == {"again: prove", "aside: prove"}


async def told(house: House, practice: object, patient: object, *, times: int = 1) -> None:
    async with house.database.write() as tx:
        for _ in range(times):
            deed = Deed(practice, ALICE.person_id, Act.LOOKED, "note", new_id(), patient, "Chest pain")
            await record(tx, deed, house.clock.now())


async def test_the_audit_names_no_patient_and_shows_nothing_of_them(olga: httpx2.AsyncClient, house: House) -> None:
    assert "There is no such entry" in (await olga.get(AUDIT)).text
    await told(house, CLINIC, DANA.patient_id)
    await told(house, ELSEWHERE, None)
    page = (await olga.get(AUDIT)).text
    assert ("Looked" in page, "Dr Alice Ahmed" in page, page.count("Entry ")) == (True, True, 1)
    assert not any(word in page for word in ("Chest pain", "Dana", "Diaz"))


async def test_bad_29_a_patient_who_acts_is_not_named_and_not_searched_for(olga: httpx2.AsyncClient, house: House) -> None:
    async with house.database.write() as tx:
        await record(tx, Deed(CLINIC, DANA.person_id, Act.REGISTERED, "record", new_id(), DANA.patient_id), house.clock.now())
    page = (await olga.get(AUDIT)).text
    assert "Somebody who does not work here" in page
    assert not any(word in page for word in ("Dana", "Diaz", str(DANA.person_id)))
    assert "Entry 1" not in (await olga.get(f"{AUDIT}?person={DANA.person_id}")).text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (f"person={ALICE.person_id}", True), (f"person={OLGA.person_id}", False), (f"patient={DANA.patient_id}", True),
        (f"patient={OLGA.person_id}", False), ("act=looked", True), ("act=signed", False), ("day=2026-03-02", True),
        ("day=2026-03-01", False), ("before=1", False), ("before=2&act=looked&day=2026-03-02", True),
    ],
)  # fmt: skip
async def test_entries_are_filtered(olga: httpx2.AsyncClient, house: House, query: str, found: bool) -> None:
    await told(house, CLINIC, DANA.patient_id)
    assert ("Entry 1" in (await olga.get(f"{AUDIT}?{query}")).text) is found


@pytest.mark.parametrize("query", ["person=x", "patient=1", "act=stole", "day=2026-02-30", "day=0001-01-01", "before=0", "before=x"])
async def test_what_cannot_be_searched_for_is_said(olga: httpx2.AsyncClient, query: str) -> None:
    answer = await olga.get(f"{AUDIT}?{query}")
    assert (answer.status_code, "cannot be searched for" in answer.text) == (422, True)


async def test_the_audit_is_paged(olga: httpx2.AsyncClient, house: House) -> None:
    await told(house, CLINIC, DANA.patient_id, times=52)
    first = (await olga.get(f"{AUDIT}?act=looked")).text
    assert (first.count("Entry "), "act=looked&amp;before=3" in first) == (50, True)
    assert (await olga.get(f"{AUDIT}?act=looked&before=3")).text.count("Entry ") == 2


def test_every_act_has_words() -> None:
    assert WORDS.keys() == set(Act)


async def test_a_thing_has_words_and_a_reason_stands_as_it_was_kept(house: House, olga: httpx2.AsyncClient) -> None:
    async with house.database.write() as tx:
        await record(tx, Deed(CLINIC, OLGA.person_id, Act.CHANGED, "bookings", new_id(), None, "takes none"), house.clock.now())
    page = (await olga.get(AUDIT)).text
    assert '<span class="tag">new bookings</span>' in page
    assert '<span lang="en" dir="auto">takes none</span>' in page


@pytest.mark.parametrize("member", [ALICE, SAM, DANA, MALLORY], ids=lambda member: str(member.username))
async def test_nobody_else_comes_in(sign_in: SignIn, house: House, cast: Cast, member: Staff) -> None:
    client, errand = await sign_in(member), await given_up(house)
    for path in (QUEUES, AUDIT):
        assert (await client.get(path)).status_code == 403, path
    for path in ("again", "aside"):
        assert (await client.post(f"/practice/errands/{errand.id}/{path}")).status_code == 403


@pytest.fixture
async def auditor(app: Starlette, house: House, cast: Cast) -> httpx2.AsyncClient:
    """Somebody from outside who was given a place as the clinic's auditor."""
    person_id = new_id()
    async with house.database.write() as tx:
        tx.add(Person(id=person_id, name="Ada Auditor"))
        await tx.flush()
        add_staff(tx, CLINIC, person_id, StaffRole.AUDITOR, house.clock.now())
        token = begin_login(tx, person_id, "Test", house.clock.now())
    return browser_of(app, {"sid": token})


@pytest.mark.row("L6")
async def test_bad_29_an_auditor_reads_the_audit_and_nothing_else(auditor: httpx2.AsyncClient, house: House) -> None:
    await told(house, CLINIC, DANA.patient_id)
    assert (await auditor.get("/")).headers["location"] == AUDIT
    page = (await auditor.get(AUDIT)).text
    assert ("Entry 1" in page, "/practice/people" in page) == (True, False)
    for path in (
        "/today",
        "/patients",
        "/practice/people",
        "/practice/teams",
        "/practice/settings",
        QUEUES,
        "/practice/requests",
        "/money",
    ):
        assert (await auditor.get(path)).status_code in {403, 404}, path
    assert (await auditor.get(f"/patients/{DANA.patient_id}")).status_code == 404
    assert (await auditor.post("/practice/people/invite", data={"role": "auditor"})).status_code == 403


DAYS = {"first": "2026-03-01", "last": "2026-03-02"}


async def taken(client: httpx2.AsyncClient, **form: str) -> dict[str, bytes]:
    answer = await client.post(f"{AUDIT}/extract", data={**DAYS, **form})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    with ZipFile(BytesIO(answer.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.row("L6")
async def test_an_extract_is_signed_and_anybody_can_check_it(auditor: httpx2.AsyncClient, client: httpx2.AsyncClient, house: House) -> None:
    await told(house, CLINIC, DANA.patient_id, times=2)
    await told(house, CLINIC, None)
    files = await taken(auditor)
    key = load_pem_public_key(files["key.pem"])
    assert isinstance(key, Ed25519PublicKey)
    key.verify(files["manifest.sig"], files["manifest.json"])
    with pytest.raises(InvalidSignature):
        key.verify(files["manifest.sig"], files["manifest.json"].replace(b'"entries": 3', b'"entries": 2'))
    assert (await client.get(f"{AUDIT}/key.pem")).content == files["key.pem"]
    manifest = json.loads(files["manifest.json"])
    assert manifest["files"] == {name: sha256(files[name]).hexdigest() for name in ("audit.csv", "audit.pdf")}
    assert (manifest["entries"], manifest["chain"]["number"], manifest["chain"]["holds"]) == (3, 3, True)
    rows = list(csv.DictReader(StringIO(files["audit.csv"].decode())))
    assert [(row["who"], row["act"], row["reason"]) for row in rows] == [("Dr Alice Ahmed", "looked", "")] * 2 + [
        ("Dr Alice Ahmed", "looked", "Chest pain")
    ]
    assert "Dr Alice Ahmed" in "".join(page.extract_text() for page in PdfReader(BytesIO(files["audit.pdf"])).pages)
    assert not any(word in b"".join(files.values()) for word in (b"Dana", b"Diaz"))
    async with house.database.read() as tx:
        newest = await tx.scalar(select(AuditEntry).order_by(AuditEntry.number.desc()).limit(1))
    assert newest is not None
    assert (newest.act, newest.thing, newest.reason) == (Act.EXPORTED, "audit", "2026-03-01 to 2026-03-02, 3 entries")


@pytest.mark.row("P5")
async def test_an_extract_says_by_what_right_somebody_acted(auditor: httpx2.AsyncClient, house: House) -> None:
    acting = new_id()
    async with house.database.write() as tx:
        tx.act_for(DANA.person_id, DANA.patient_id, acting)
        await record(tx, Deed(CLINIC, DANA.person_id, Act.LOOKED, "record", new_id(), DANA.patient_id), house.clock.now())
    files = await taken(auditor)
    (row,) = csv.DictReader(StringIO(files["audit.csv"].decode()))
    assert row["acting"] == str(acting)
    printed = " ".join("".join(page.extract_text() for page in PdfReader(BytesIO(files["audit.pdf"])).pages).split())
    assert "acts for the patient" in printed


@pytest.mark.row("L6")
async def test_an_extract_about_one_person_and_some_days(olga: httpx2.AsyncClient, house: House, clock: StillClock) -> None:
    today, earlier = clock.now(), clock.now() - timedelta(days=2)
    async with house.database.write() as tx:
        for member, at in ((ALICE, earlier), (ALICE, today), (BOB, today)):
            await record(tx, Deed(CLINIC, member.person_id, Act.SIGNED, "note", new_id(), None), at)
    rows = list(csv.DictReader(StringIO((await taken(olga, whose=str(ALICE.person_id)))["audit.csv"].decode())))
    assert [(row["number"], row["who"]) for row in rows] == [("2", "Dr Alice Ahmed")]
    nothing = await taken(olga, first="2025-01-01", last="2025-01-31")
    assert nothing["audit.csv"].count(b"\r\n") == 1


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"first": ""}, "Please choose the first day."),
        ({"last": "2026-02-28"}, "Please choose the last day"),
        ({"last": "2026-02-30"}, "Please choose the last day"),
        ({"whose": str(MALLORY.person_id)}, "somebody who works or worked here"),
        ({"whose": "x"}, "somebody who works or worked here"),
    ],
)
async def test_an_extract_that_cannot_be_made_says_why(olga: httpx2.AsyncClient, form: dict[str, str], said: str) -> None:
    answer = await olga.post(f"{AUDIT}/extract", data={**DAYS, **form})
    assert (answer.status_code, said in answer.text, 'value="2026-03-02"' in answer.text) == (422, True, "last" not in form)


async def test_an_extract_is_bounded(olga: httpx2.AsyncClient, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (audit_list, audit_export_pages):
        monkeypatch.setattr(module, "MOST_TAKEN", 2)
    await told(house, CLINIC, None, times=3)
    answer = await olga.post(f"{AUDIT}/extract", data=DAYS)
    assert (answer.status_code, "Please choose fewer days" in answer.text) == (422, True)


async def test_a_long_extract_has_a_table_and_no_pdf(olga: httpx2.AsyncClient, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_export_pages, "MOST_PRINTED", 2)
    await told(house, CLINIC, None, times=3)
    assert sorted(await taken(olga)) == ["README.txt", "audit.csv", "key.pem", "manifest.json", "manifest.sig"]


async def test_an_act_is_named_by_what_it_was_done_to(olga: httpx2.AsyncClient, house: House) -> None:
    async with house.database.write() as tx:
        for act, thing in ((Act.ASKED, "request"), (Act.ADDED, "representation"), (Act.ASKED, "background")):
            await record(tx, Deed(CLINIC, OLGA.person_id, act, thing, new_id(), DANA.patient_id), house.clock.now())
    page = (await olga.get(AUDIT)).text
    for words in ("Asked for something about their data", "Registered a child, for whom they act", "Asked for a correction"):
        assert f'<h2 class="small">{words}</h2>' in page
    assert "professionals to be reviewed" not in (await olga.get(QUEUES)).text
