"""What somebody sees of their own data, and the copy that they take."""

import hashlib
import io
import json
import zipfile

import pytest
from sqlalchemy import select

from server.core.audit import Act, AuditEntry
from server.core.house import House
from tests.cast import ALICE, DANA, ERIN, Meeting
from tests.conftest import SignIn

pytestmark = [pytest.mark.anyio, pytest.mark.row("L1")]


async def copy_of(sign_in: SignIn, who: object) -> dict[str, bytes]:
    answer = await (await sign_in(who)).post("/my/data/download")  # type: ignore[arg-type]
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


async def test_the_account_leads_to_what_is_held_and_why(meeting: Meeting, sign_in: SignIn) -> None:
    dana = await sign_in(DANA)
    assert 'href="/my/data"' in (await dana.get("/account")).text
    page = (await dana.get("/my/data")).text
    assert "Your consultations: when they were, who was there, and what you agreed to" in page
    assert "The professional who treats you answers for this part." in page
    assert "Your work here" not in page


async def test_a_copy_is_whole_and_its_manifest_is_true(meeting: Meeting, sign_in: SignIn) -> None:
    files = await copy_of(sign_in, DANA)
    listed = json.loads(files.pop("manifest.json"))["files"]
    assert {one["file"]: one["sha256"] for one in listed} == {name: hashlib.sha256(raw).hexdigest() for name, raw in files.items()}
    record = json.loads(files["data/patients.record.json"])
    assert [row["name"] for row in record["patient"]] == [DANA.name]
    assert "schemas/patients.record.schema.json" in files
    assert not any(ALICE.name.encode() in raw for raw in files.values())


async def test_a_professional_gets_their_own_data_and_no_patients(meeting: Meeting, sign_in: SignIn) -> None:
    files = await copy_of(sign_in, ALICE)
    assert "data/access.work.json" in files
    assert not any(name.encode() in raw for raw in files.values() for name in (DANA.name, ERIN.name))
    assert "data/patients.record.json" not in files


async def test_a_copy_is_on_record_for_the_patient_to_read(house: House, meeting: Meeting, sign_in: SignIn) -> None:
    await copy_of(sign_in, DANA)
    async with house.database.read() as tx:
        deeds = list(await tx.scalars(select(AuditEntry).where(AuditEntry.thing == "data")))
    assert [(deed.act, deed.person_id, deed.patient_id) for deed in deeds] == [(Act.EXPORTED, DANA.person_id, DANA.patient_id)]
    looks = await (await sign_in(DANA)).get(f"/my/{DANA.patient_id}/looks")
    assert "Took out a copy of everything that is held about you" in looks.text


async def test_who_takes_copy_after_copy_is_told_to_wait(meeting: Meeting, sign_in: SignIn) -> None:
    dana = await sign_in(DANA)
    answers = [await dana.post("/my/data/download") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert "Please wait an hour" in answers[-1].text
