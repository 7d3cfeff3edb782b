"""Documents and photographs of a record: who adds, reads, hides and deletes them, and which never come in."""

import base64
import hashlib
import re
import signal
from io import BytesIO
from uuid import uuid4

import httpx2
import pytest
from PIL import Image
from sqlalchemy import select
from starlette.applications import Starlette

from server.core.audit import Act, AuditEntry
from server.core.house import House
from server.core.keyring import add_key
from server.patients.files import RecordFile
from server.ports import NotScanned
from server.privacy.keys import keys_in_use, rotate
from tests.cast import ALICE, BOB, CHARLIE, DANA, MALLORY, OLGA, SAM, Meeting
from tests.conftest import SignIn, StillClock, browser_of
from tests.http.filing import EICAR, bomb, packed_pdf, pdf, photograph_with_a_place, picture
from tests.http.recording import RECORD
from tests.http.releasing import Text, release

pytestmark = [pytest.mark.anyio, pytest.mark.row("N8"), pytest.mark.row("N10")]

FILES = f"{RECORD}/files"
MINE = f"/my/{DANA.patient_id}/files"


@pytest.fixture
def app_database_url(database_url: str) -> str:
    """On both databases."""
    return database_url


@pytest.fixture
async def alice(sign_in: SignIn, meeting: Meeting) -> httpx2.AsyncClient:
    return await sign_in(ALICE)


@pytest.fixture
async def dana(sign_in: SignIn, meeting: Meeting) -> httpx2.AsyncClient:
    return await sign_in(DANA)


async def send(client: httpx2.AsyncClient, path: str, content: bytes, name: str, **fields: str) -> httpx2.Response:
    return await client.post(path, data=fields, files={"file": (name, content, "application/octet-stream")})


async def rows(house: House) -> list[RecordFile]:
    async with house.database.read() as tx:
        return list(await tx.scalars(select(RecordFile).order_by(RecordFile.added_at, RecordFile.id)))


async def only(house: House) -> RecordFile:
    (row,) = await rows(house)
    return row


async def row_of(house: House, content: bytes) -> RecordFile:
    """Find a document by its bytes."""
    return next(row for row in await rows(house) if row.sha256 == hashlib.sha256(content).digest())


async def acts(house: House) -> list[str]:
    async with house.database.read() as tx:
        found = await tx.scalars(select(AuditEntry).where(AuditEntry.thing == "document").order_by(AuditEntry.number))
        return [entry.act for entry in found]


def stored(house: House) -> list[bytes]:
    folder = house.settings.documents_dir
    return [path.read_bytes() for path in folder.iterdir()] if folder.exists() else []


async def test_a_professional_adds_and_takes_out(alice: httpx2.AsyncClient, house: House) -> None:
    assert "There is no document yet." in (await alice.get(RECORD)).text
    content = pdf(b"1 0 obj\n<< /Title (Letter about Dana) >>\nendobj\n")
    assert (await send(alice, FILES, content, "letter.pdf", title="Letter of the <b>hospital</b>", on="2026-01-31")).status_code == 303
    row = await only(house)
    for page in (await alice.get(FILES), await alice.get(RECORD)):
        assert "Letter of the &lt;b&gt;hospital&lt;/b&gt;" in page.text
        assert "31 January 2026" in page.text
    answer = await alice.get(f"{FILES}/{row.id}")
    assert answer.content == content
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "no-store"
    assert not any(b"Letter" in sealed for sealed in [*stored(house), row.sealed])
    assert await acts(house) == [Act.ADDED, Act.LOOKED, Act.EXPORTED]
    assert (await send(alice, FILES, b"", "empty.pdf")).status_code == 422
    assert (await acts(house))[-1] == Act.LOOKED, "the page of a refusal shows the list too"


async def test_a_patient_sends_and_reads_what_is_shared(alice: httpx2.AsyncClient, dana: httpx2.AsyncClient, house: House) -> None:
    assert (await send(dana, MINE, photograph_with_a_place(), "rash.jpg")).headers["location"] == f"{MINE}?sent"
    await send(alice, FILES, b"For colleagues", "inner.txt", title="Inner")
    await send(alice, FILES, b"For you", "yours.txt", title="Yours", shared="yes")
    page = (await dana.get(MINE)).text
    assert ("rash.jpg" in page, "Yours" in page, "Inner" in page) == (True, True, False)
    inner, yours = await row_of(house, b"For colleagues"), await row_of(house, b"For you")
    photograph = next(row for row in await rows(house) if row.kind == "jpeg")
    assert (await dana.get(f"{MINE}/{inner.id}")).status_code == 404
    assert (await dana.get(f"{MINE}/{yours.id}")).text == "For you"
    assert b"Exif" not in (await alice.get(f"{FILES}/{photograph.id}")).content
    looks = (await dana.get(f"/my/{DANA.patient_id}/looks")).text
    assert "Opened or downloaded a document" in looks
    assert "Added a document" in looks


async def test_a_patient_sends_by_the_link(app: Starlette, house: House, meeting: Meeting, alice: httpx2.AsyncClient) -> None:
    path = f"/v/{meeting.visit_id}/files"
    async with browser_of(app, {"visit": meeting.token}) as by_link:
        assert f'href="{path}"' in (await by_link.get(f"/v/{meeting.visit_id}")).text
        assert (await send(by_link, path, picture("PNG"), "knee.png")).status_code == 303
        assert "knee.png" in (await by_link.get(path)).text
        assert (await send(by_link, path, b"", "knee.png")).status_code == 422
        none = await by_link.post(path, data={"title": "x"})
        assert "Please choose a file." in none.text
    assert "knee.png" in (await alice.get(RECORD)).text
    assert (await only(house)).participant_id == meeting.participant_id


BAD = {
    "empty": (b"", "a.pdf", "This file is empty"),
    "svg": (b"<svg onload='alert(1)'/>", "a.svg", "not taken"),
    "svg as png": (b"<svg onload='alert(1)'/>", "a.png", "does not fit"),
    "exe": (b"MZ\x90\x00\x03", "a.pdf", "not taken"),
    "zip": (b"PK\x03\x04\x00\x00", "a.zip", "not taken"),
    "wrong extension": (picture(), "a.png", "does not fit"),
    "truncated picture": (picture()[:150], "a.jpg", "damaged or not complete"),
    "truncated pdf": (pdf()[:20], "a.pdf", "damaged or not complete"),
    "script in pdf": (pdf(b"<< /JavaScript >>"), "a.pdf", "holds a program"),
    "packed script": (packed_pdf(b"<< /S /Launch >>"), "a.pdf", "holds a program"),
    "bomb": (bomb(), "a.png", "too many pixels"),
}


@pytest.mark.parametrize("which", BAD)
async def test_bad_34_what_must_not_come_in(alice: httpx2.AsyncClient, dana: httpx2.AsyncClient, house: House, which: str) -> None:
    content, name, words = BAD[which]
    for client, path in ((alice, FILES), (dana, MINE)):
        page = await send(client, path, content, name, title="Kept title")
        assert page.status_code == 422
        assert words in page.text
        assert 'href="#file"' in page.text
        assert 'value="Kept title"' in page.text
    assert await rows(house) == []
    assert stored(house) == []


async def test_bad_34_too_big_is_refused_while_it_is_read(alice: httpx2.AsyncClient, house: House) -> None:
    object.__setattr__(house.settings, "documents_max_mb", 1)
    page = await send(alice, FILES, b"x" * ((1 << 20) + 1), "big.txt")
    assert (page.status_code, "This file is too big." in page.text) == (422, True)
    page = await send(alice, FILES, b"x" * (3 << 20), "big.txt")
    assert page.status_code == 422
    assert await rows(house) == []


async def test_bad_34_a_path_in_the_name_stays_a_name(alice: httpx2.AsyncClient, house: House) -> None:
    assert (await send(alice, FILES, b"Hello", "../../../etc/cron.d/x.txt")).status_code == 303
    row = await only(house)
    assert [path.name for path in house.settings.documents_dir.iterdir()] == [row.id.hex]
    disposition = (await alice.get(f"{FILES}/{row.id}")).headers["content-disposition"]
    assert disposition.endswith("filename*=UTF-8''x.txt")


async def test_bad_35_a_name_is_text_and_no_header(alice: httpx2.AsyncClient, house: House) -> None:
    await send(alice, FILES, b"Hello", '"><script>alert(1)</script> Röntgen.txt')
    page = (await alice.get(FILES)).text
    assert "<script>alert" not in page
    answer = await alice.get(f"{FILES}/{(await only(house)).id}")
    assert "\n" not in answer.headers["content-disposition"]
    assert "R%C3%B6ntgen.txt" in answer.headers["content-disposition"]


class Verdict:
    """A scanner that says one thing, or nothing."""

    def __init__(self, clean: bool | None) -> None:
        self.clean = clean

    async def is_clean(self, content: bytes) -> bool:
        assert content
        if self.clean is None:
            raise NotScanned
        return self.clean


@pytest.mark.parametrize(("clean", "words"), [(False, "it holds a virus"), (None, "could not be checked for viruses")])
async def test_bad_34_what_a_scanner_refuses_or_cannot_check(
    alice: httpx2.AsyncClient, house: House, clean: bool | None, words: str
) -> None:
    object.__setattr__(house, "scanner", Verdict(clean))
    page = await send(alice, FILES, EICAR, "eicar.txt")
    assert (page.status_code, words in page.text) == (422, True)
    assert await rows(house) == []
    object.__setattr__(house, "scanner", Verdict(clean=True))
    assert (await send(alice, FILES, b"Fine", "fine.txt")).status_code == 303


async def test_whoever_added_it_deletes_it_while_nobody_has_signed(
    alice: httpx2.AsyncClient, sign_in: SignIn, house: House, meeting: Meeting, clock: StillClock
) -> None:
    await send(alice, FILES, b"First", "first.txt")
    first = await only(house)
    bob = await sign_in(BOB)
    assert (await bob.post(f"{FILES}/{first.id}/delete")).status_code == 403
    assert (await alice.post(f"{FILES}/{first.id}/delete")).status_code == 303
    gone = await only(house)
    assert (gone.key_id, gone.data_key, gone.sealed, stored(house)) == (None, None, b"", [])
    assert (await alice.get(f"{FILES}/{first.id}")).status_code == 404
    await send(alice, FILES, b"Second", "second.txt")
    second = next(row for row in await rows(house) if row.deleted_at is None)
    clock.advance(60)
    await release(house, meeting, Text("Signed over it"))
    refused = await alice.post(f"{FILES}/{second.id}/delete")
    assert refused.status_code == 409
    assert "Somebody has signed a note since" in refused.text


async def test_a_document_is_hidden_with_a_reason(alice: httpx2.AsyncClient, dana: httpx2.AsyncClient, house: House) -> None:
    await send(dana, MINE, b"Of my neighbour", "wrong.txt")
    row = await only(house)
    empty = await alice.post(f"{FILES}/{row.id}/hide", data={"why": ""})
    assert (empty.status_code, f'href="#why-{row.id}"' in empty.text) == (422, True)
    assert (await alice.post(f"{FILES}/{row.id}/hide", data={"why": "About somebody else"})).status_code == 303
    late = await alice.post(f"{FILES}/{row.id}/hide", data={"why": "It is blurred"})
    assert (late.status_code, "It is blurred</textarea>" in late.text) == (409, True)
    for client, path in ((alice, FILES), (dana, MINE)):
        assert "About somebody else" in (await client.get(path)).text
        assert (await client.get(f"{path}/{row.id}")).status_code == 409
    assert len(stored(house)) == 1


async def test_bad_28_documents_of_others_do_not_open(alice: httpx2.AsyncClient, sign_in: SignIn, house: House) -> None:
    await send(alice, FILES, b"Private", "private.txt")
    row = await only(house)
    for outsider in (CHARLIE, MALLORY, OLGA, SAM):
        client = await sign_in(outsider)
        for path in (FILES, f"{FILES}/{row.id}"):
            assert (await client.get(path)).status_code == 404
        assert (await send(client, FILES, b"Mine", "mine.txt")).status_code == 404
    assert (await (await sign_in(BOB)).get(f"{FILES}/{row.id}")).text == "Private"
    assert (await alice.get(f"{FILES}/{uuid4()}")).status_code == 404


async def test_bad_36_bytes_that_were_changed_or_moved_do_not_open(alice: httpx2.AsyncClient, house: House) -> None:
    for text in (b"First", b"Other"):
        await send(alice, FILES, text, "a.txt")
    ids = [(await row_of(house, text)).id for text in (b"First", b"Other")]
    first, second = (house.settings.documents_dir / file_id.hex for file_id in ids)
    kept = first.read_bytes()
    for spoilt in (second.read_bytes(), kept[:-1] + bytes([kept[-1] ^ 1]), kept[:40]):
        first.write_bytes(spoilt)
        assert (await alice.get(f"{FILES}/{ids[0]}")).status_code == 409
    assert (await alice.get(f"{FILES}/{ids[1]}")).text == "Other"
    first.unlink()
    assert (await alice.get(f"{FILES}/{ids[0]}")).status_code == 409


async def test_a_record_takes_so_many_and_no_more(alice: httpx2.AsyncClient, house: House) -> None:
    object.__setattr__(house.settings, "documents_per_record", 1)
    await send(alice, FILES, b"One", "one.txt")
    page = await send(alice, FILES, b"Two", "two.txt")
    assert (page.status_code, "as many documents as can be kept" in page.text) == (422, True)
    assert len(stored(house)) == 1


async def test_hidden_documents_do_not_fill_a_record(alice: httpx2.AsyncClient, house: House) -> None:
    object.__setattr__(house.settings, "documents_per_record", 1)
    await send(alice, FILES, b"One", "one.txt")
    assert (await alice.post(f"{FILES}/{(await only(house)).id}/hide", data={"why": "About somebody else"})).status_code == 303
    assert (await send(alice, FILES, b"Two", "two.txt")).status_code == 303


async def test_a_link_does_not_fill_a_record(
    app: Starlette, alice: httpx2.AsyncClient, house: House, meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.patients.file_actions.MOST_BY_LINK", 1)
    path = f"/v/{meeting.visit_id}/files"
    async with browser_of(app, {"visit": meeting.token}) as by_link:
        assert (await send(by_link, path, b"One", "one.txt")).status_code == 303
        page = await send(by_link, path, b"Two", "two.txt")
    assert (page.status_code, "as many documents by this link" in page.text) == (422, True)
    for text in (b"Three", b"Four"):
        assert (await send(alice, FILES, text, "more.txt")).status_code == 303


async def test_forms_that_are_read_at_once_hold_so_much_and_no_more(
    alice: httpx2.AsyncClient, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.web.uploads.MOST_HELD", 4096)
    for _ in range(3):
        assert (await send(alice, FILES, b"x" * 3000, "a.txt")).status_code == 303
        assert (await send(alice, FILES, b"x" * 5000, "b.txt")).status_code == 503
    assert len(await rows(house)) == 3


async def test_documents_come_under_a_new_key(alice: httpx2.AsyncClient, house: House) -> None:
    await send(alice, FILES, b"Kept", "kept.txt")
    new = add_key(house.settings.data_dir)
    assert [step async for step in rotate(house.database, house.keyring)] == [(1, 1)]
    assert await keys_in_use(house.database) == {new: 1}
    assert (await alice.get(f"{FILES}/{(await only(house)).id}")).text == "Kept"


def test_the_library_refuses_bombs_by_itself() -> None:
    assert Image.MAX_IMAGE_PIXELS == 50_000_000


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=x"])
@pytest.mark.parametrize("body", [b"", b"--x", b"--x\r\nContent-Disposition: nonsense\r\n\r\nabc", b"\xff" * 200])
async def test_bad_34_a_body_that_is_no_form_is_refused(alice: httpx2.AsyncClient, house: House, kind: str, body: bytes) -> None:
    answer = await alice.post(FILES, content=body, headers={"content-type": kind})
    assert answer.status_code in {400, 422}
    assert await rows(house) == []


def _endless(*_: object) -> None:
    signal.pause()


async def test_a_check_that_takes_too_long_is_ended_and_the_next_file_is_taken(
    alice: httpx2.AsyncClient, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as slow:
        slow.setattr("server.patients.inspecting.WITHIN_S", 0.05)
        slow.setattr("server.patients.inspecting.kind_of", _endless)
        page = await send(alice, FILES, b"Slow", "slow.txt")
    assert (page.status_code, "took too long to be checked" in page.text) == (422, True)
    assert await rows(house) == []
    assert (await send(alice, FILES, b"Quick", "quick.txt")).status_code == 303


async def test_a_list_shows_photographs_small_to_whoever_may_open_them(
    house: House, alice: httpx2.AsyncClient, dana: httpx2.AsyncClient
) -> None:
    """To see the list is the look; a deleted or hidden one shows nothing, and what is on the disk is sealed."""
    await send(dana, MINE, picture("PNG", (1200, 400)), "knee.png", title="My knee")
    await send(dana, MINE, pdf(), "letter.pdf")
    for client, path in ((alice, FILES), (dana, MINE)):
        (shown,) = re.findall(r'<img src="data:image/jpeg;base64,([^"]+)" alt="My knee">', (await client.get(path)).text)
        with Image.open(BytesIO(base64.b64decode(shown))) as small:
            assert (small.format, small.size) == ("JPEG", (160, 53))
    looks = await acts_of(house)
    assert (Act.LOOKED, ALICE.person_id) in looks
    assert (Act.EXPORTED, ALICE.person_id) not in looks
    row = next(row for row in await rows(house) if row.kind == "png")
    async with house.database.read() as tx:
        assert b"JFIF" not in (await tx.scalar(select(RecordFile.thumbnail).where(RecordFile.id == row.id)) or b"JFIF")
    await alice.post(f"{FILES}/{row.id}/hide", data={"why": "It is somebody else"})
    assert "<img" not in (await alice.get(FILES)).text
    await dana.post(f"{MINE}/{row.id}/delete")
    async with house.database.read() as tx:
        assert await tx.scalar(select(RecordFile.thumbnail).where(RecordFile.id == row.id)) is None


async def acts_of(house: House) -> list[tuple[str, object]]:
    async with house.database.read() as tx:
        return [(one.act, one.person_id) for one in await tx.scalars(select(AuditEntry).where(AuditEntry.thing == "document"))]
