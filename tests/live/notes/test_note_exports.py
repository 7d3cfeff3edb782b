"""Downloads of a note and of a record: whole, in three forms, only for who may take them away, and each on record."""

import json
from io import BytesIO
from uuid import UUID

import httpx2
import pytest
from pypdf import PdfReader
from sqlalchemy import select

from server.consultation.model import Consultation
from server.core.audit import AuditEntry
from server.core.house import House
from server.notes.model import Note
from tests.cast import ALICE, BOB, CHARLIE, MALLORY, Meeting, Staff
from tests.conftest import SignIn
from tests.live.notes.client import Tab
from tests.live.notes.conftest import OpenAt
from tests.live.notes.house import Open, notes_in

pytestmark = [pytest.mark.anyio, pytest.mark.row("N9")]


@pytest.fixture
async def alice(sign_in: SignIn) -> httpx2.AsyncClient:
    return await sign_in(ALICE)


@pytest.fixture
async def note_id(alice: httpx2.AsyncClient, meeting: Meeting, open_note: Open) -> str:
    """A note with a sentence of alice and one of bob."""
    tabs: list[Tab] = [await open_note(person) for person in (ALICE, BOB)]
    for tab, words in zip(tabs, ("Paracetamol <b>1 g</b>", "Sleeps badly"), strict=True):
        await tab.type(words, "plan" if tab is tabs[0] else "subjective")
        await tab.until(lambda tab: tab.saved)
    return (await notes_in(alice, meeting.consultation_id))["shared"]


@pytest.fixture
async def patient_id(house: House, meeting: Meeting) -> UUID:
    async with house.database.read() as tx:
        return (await tx.get_one(Consultation, meeting.consultation_id)).patient_id


async def acts(house: House) -> list[tuple[str, str]]:
    async with house.database.read() as tx:
        entries = await tx.scalars(select(AuditEntry).where(AuditEntry.act == "exported").order_by(AuditEntry.id))
        return [(entry.thing, str(entry.thing_id)) for entry in entries]


async def lock(client: httpx2.AsyncClient, note_id: str, person: Staff) -> None:
    seen = (await client.post(f"/api/notes/{note_id}/review", json={})).json()
    body = {"seq": seen["seq"], "head": seen["head"], "password": person.password, "lock": True}
    assert (await client.post(f"/api/notes/{note_id}/sign", json=body)).status_code == 200


async def test_text_pdf_and_fhir_say_the_same(alice: httpx2.AsyncClient, note_id: str, house: House) -> None:
    plain = await alice.get(f"/notes/{note_id}/export?form=text")
    assert plain.headers["content-disposition"].startswith('attachment; filename="note-')
    assert "Dana" not in plain.headers["content-disposition"]
    pdf = await alice.get(f"/notes/{note_id}/export?form=pdf")
    pages = "".join(page.extract_text() for page in PdfReader(BytesIO(pdf.content)).pages)
    bundle = json.loads((await alice.get(f"/notes/{note_id}/export?form=fhir")).content)
    for said in (plain.text, pages):
        assert "Paracetamol <b>1 g</b>" in said
        assert "Sleeps badly" in said
        assert "not signed" in said.lower()
    assert bundle["entry"][0]["resource"]["resourceType"] == "Composition"
    assert "Paracetamol &lt;b&gt;1 g&lt;/b&gt;" in json.dumps(bundle)
    names = {entry["resource"]["resourceType"] for entry in bundle["entry"]}
    assert {"Composition", "Patient", "Practitioner", "Encounter", "Provenance", "AuditEvent"} <= names
    assert await acts(house) == [("note", note_id)] * 3


async def test_a_locked_note_with_its_amendment(alice: httpx2.AsyncClient, note_id: str, open_note_at: OpenAt) -> None:
    await lock(alice, note_id, ALICE)
    made = (await alice.post(f"/api/notes/{note_id}/amend", json={"purpose": "addendum", "reason": "Allergy found"})).json()
    page = await open_note_at(ALICE, made["id"])
    await page.type("No penicillin")
    await page.until(lambda tab: tab.saved)
    for asked in (note_id, made["id"]):
        plain = (await alice.get(f"/notes/{asked}/export?form=text")).text
        assert "Paracetamol" in plain
        assert "No penicillin" in plain
        assert "Allergy found" in plain
    status = json.loads((await alice.get(f"/notes/{note_id}/export?form=fhir")).content)["entry"][0]["resource"]["status"]
    assert status == "amended"


async def test_the_record_holds_no_jottings(
    alice: httpx2.AsyncClient, note_id: str, patient_id: UUID, open_note_at: OpenAt, house: House
) -> None:
    async with house.database.read() as tx:
        consultation_id = (await tx.scalars(select(Note.consultation_id).where(Note.public_id == UUID(note_id)))).one()
    jottings = (await notes_in(alice, consultation_id))["jottings"]
    page = await open_note_at(ALICE, jottings)
    await page.type("Call the lab")
    await page.until(lambda tab: tab.saved)
    plain = (await alice.get(f"/patients/{patient_id}/export?form=text")).text
    assert "Paracetamol" in plain
    assert "Call the lab" not in plain
    assert "Call the lab" in (await alice.get(f"/notes/{jottings}/export?form=text")).text
    assert ("record", str(patient_id)) in await acts(house)


@pytest.mark.parametrize("person", [CHARLIE, MALLORY], ids=["charlie", "mallory"])
async def test_charlie_takes_nothing_away(sign_in: SignIn, note_id: str, patient_id: UUID, person: Staff, house: House) -> None:
    client = await sign_in(person)
    for form in ("pdf", "fhir", "text"):
        assert (await client.get(f"/notes/{note_id}/export?form={form}")).status_code == 404
        assert (await client.get(f"/patients/{patient_id}/export?form={form}")).status_code == 404
    assert await acts(house) == []


@pytest.mark.parametrize("form", ["", "docx", "PDF", "../pdf"])
async def test_another_form_is_refused(alice: httpx2.AsyncClient, note_id: str, form: str, house: House) -> None:
    assert (await alice.get(f"/notes/{note_id}/export", params={"form": form})).status_code == 422
    assert await acts(house) == []


async def test_an_empty_note_is_nothing_to_export(alice: httpx2.AsyncClient, meeting: Meeting, house: House) -> None:
    empty = (await notes_in(alice, meeting.consultation_id))["shared"]
    assert (await alice.get(f"/notes/{empty}/export?form=text")).status_code == 422
    assert await acts(house) == []
