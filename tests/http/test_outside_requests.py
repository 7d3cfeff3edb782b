"""Somebody without an account asks for something about their data: proved by a code, answered by a link that opens for an hour."""

import asyncio
import io
import json
import re
import zipfile
from base64 import b64encode
from random import Random
from urllib.parse import urlsplit

import anyio
import httpx2
import pypdf
import pytest
from sqlalchemy import select, update
from starlette.applications import Starlette

from server.circulars.model import NewsConsent, Via
from server.consultation.events import Channel
from server.consultation.model import Consultation
from server.core.audit import AuditEntry
from server.core.house import House
from server.core.ids import new_id
from server.core.outbox import Errand
from server.messaging.composing import Post
from server.notes.export.fhir_faults import faults
from server.patients.model import Patient
from server.ports import Carried, Letter
from server.privacy.copy_jobs import tidy_copies
from server.privacy.copy_rows import CopyState, DataCopy
from server.privacy.handovers import HAND_CODE
from server.privacy.outside import FORGET_OUTSIDE, GOOD_FOR, KEPT_FOR, PROVE_OUTSIDE
from server.privacy.outside_jobs import outside_handlers
from server.privacy.outside_rows import AGAIN_FOR, Handover, OutsideRequest
from server.privacy.request_jobs import request_handlers
from server.privacy.request_rows import RightsRequest
from server.privacy.requests import TELL
from server.web.i18n import read_languages
from tests.cast import ALICE, CLINIC, ERIN, OLGA, Meeting, add_meeting
from tests.conftest import ORIGIN, SignIn, StillClock
from tests.http.copying import WITHIN_S
from tests.http.filing import pdf
from tests.http.releasing import Text, release

pytestmark = [pytest.mark.anyio, pytest.mark.row("L1")]

FORM = f"/privacy/request/{CLINIC}"
BEGAN = re.compile(r'name="began" value="([^"]+)"')
CODE = re.compile(r"[0-9]{6}")
ASKED = {"kind": "access", "name": "erin  EVANS", "address": "07700 900002", "words": "What do you have of me?"}


class Box:
    """A carrier that keeps what it is given."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []

    async def carry(self, letter: Letter, dedupe_key: str) -> Carried:
        assert dedupe_key
        self.letters.append(letter)
        return Carried.SENT

    async def close(self) -> None:
        """Nothing is open."""


class Mail:
    """What the errands would send: the text messages and the mails."""

    def __init__(self, house: House) -> None:
        self._house, self.texts, self.mails = house, Box(), Box()
        post, carriers = Post(house.secrets, ORIGIN, read_languages(None)), {Channel.SMS: self.texts, Channel.EMAIL: self.mails}
        self._handlers = {**outside_handlers(house, post, carriers), **request_handlers(house, post, carriers)}

    async def prove(self) -> None:
        await self._handlers[PROVE_OUTSIDE](await self._only(OutsideRequest.id))

    async def forget(self) -> None:
        await self._handlers[FORGET_OUTSIDE](await self._only(OutsideRequest.id))

    async def tell(self) -> None:
        await self._handlers[TELL](await self._only(RightsRequest.id))

    async def hand_code(self) -> None:
        await self._handlers[HAND_CODE](await self._only(RightsRequest.id))

    async def _only(self, column: object) -> object:
        async with self._house.database.read() as tx:
            return (await tx.scalars(select(column))).one()

    @property
    def code(self) -> str:
        return CODE.findall(self.texts.letters[-1].body)[0]


@pytest.fixture
def mail(house: House) -> Mail:
    return Mail(house)


@pytest.fixture
async def known(meeting: Meeting, house: House, clock: StillClock) -> Meeting:
    """Erin has a record and no account."""
    async with house.database.write() as tx:
        return await add_meeting(tx, house.secrets, clock.now(), guest=ERIN)


async def asks(client: httpx2.AsyncClient, clock: StillClock, **more: str) -> httpx2.Response:
    began = BEGAN.findall((await client.get(FORM)).text)[0]
    clock.advance(5)
    return await client.post(FORM, data={**ASKED, "began": began, **more})


async def requests(house: House) -> list[RightsRequest]:
    async with house.database.read() as tx:
        return list(await tx.scalars(select(RightsRequest)))


@pytest.mark.usefixtures("known")
async def test_what_nobody_proved_is_forgotten_within_the_hour(
    house: House, clock: StillClock, client: httpx2.AsyncClient, mail: Mail
) -> None:
    """By itself: on a quiet server nobody else may ask for months."""
    await asks(client, clock)
    async with house.database.read() as tx:
        errand = (await tx.scalars(select(Errand).where(Errand.kind == FORGET_OUTSIDE))).one()
        assert errand.run_at == clock.now() + KEPT_FOR
    await mail.forget()
    async with house.database.read() as tx:
        assert list(await tx.scalars(select(OutsideRequest.id))) == []


async def test_it_is_proved_answered_and_handed_over(  # noqa: PLR0915, PLR0917 - the whole way
    house: House,
    clock: StillClock,
    client: httpx2.AsyncClient,
    mail: Mail,
    sign_in: SignIn,
    monkeypatch: pytest.MonkeyPatch,
    known: Meeting,
    meeting: Meeting,
) -> None:
    await release(house, known, Text("Rest your knee."))
    await release(house, meeting, Text("not hers"))
    async with house.database.read() as tx:
        record = f"/patients/{(await tx.get_one(Consultation, known.consultation_id)).patient_id}"
    sent = {"file": ("knee.pdf", pdf(), "application/octet-stream")}
    assert (await (await sign_in(ALICE)).post(f"{record}/files", data={"shared": "yes"}, files=sent)).status_code == 303
    assert FORM in (await client.get(f"/privacy/of/{CLINIC}")).text
    page = (await asks(client, clock)).headers["location"]
    shown = (await client.get(page)).text
    assert "sent a code" in shown
    assert "Harbour Clinic" in shown
    await mail.prove()
    assert [letter.to for letter in mail.texts.letters] == ["+447700900002"]
    assert "Harbour" not in mail.texts.letters[0].body
    wrong = await client.post(page, data={"code": "12"})
    assert wrong.status_code == 422
    assert "4 more times" in wrong.text
    assert "has arrived" in (await client.post(page, data={"code": mail.code})).text
    assert (await client.post(page, data={"code": mail.code})).status_code == 404
    (request,) = await requests(house)
    olga = await sign_in(OLGA)
    seen = (await olga.get(f"/practice/requests/{request.id}")).text
    assert "What do you have of me?" in seen
    assert ERIN.name in seen
    await olga.post(f"/practice/requests/{request.id}/answer", data={"state": "done", "words": "Here is your copy."})
    await mail.tell()
    link = mail.texts.letters[-1].sentences[-1]
    assert link.startswith(f"{ORIGIN}/privacy/answer/"), "else nobody can open it"
    assert (await client.post(f"{link}/open", data={"code": "000000"})).status_code == 422
    assert (await client.post(link)).status_code == 303
    await mail.hand_code()
    assert (await client.post(f"{link}/open", data={"code": "none"})).status_code == 422
    with monkeypatch.context() as broken:
        broken.setattr("server.privacy.handover_pages.use", failing)
        with pytest.raises(MemoryError):
            await taken(client, f"{link}/open", mail.code)
    async with house.database.write() as tx:
        await tx.execute(update(DataCopy).values(state=CopyState.FAILED))
    assert "could not be made" in (await client.post(f"{link}/open", data={"code": mail.code})).text
    assert "is being made" in (await client.post(f"{link}/open", data={"code": mail.code, "again": "1"})).text
    copy = await taken(client, f"{link}/open", mail.code)
    assert copy.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(copy.content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert files["answer.txt"] == b"Here is your copy."
    assert FORM in files["README.txt"].decode(), "where to ask for what is not in it"
    assert ERIN.name in files["data/patients.record.json"].decode()
    assert [row["file"] for row in json.loads(files["manifest.json"])["files"]] == [name for name in files if name != "manifest.json"]
    assert json.loads(files["manifest.json"])["missing"] == []
    bundle = json.loads(files["practice-1/record.fhir.json"])
    assert faults(bundle) == []
    (document,) = [name for name in files if name.startswith("practice-1/documents/")]
    assert document in files["practice-1/record.fhir.json"].decode()
    words = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(files["my-data.pdf"])).pages)
    assert ERIN.name in words
    assert "Rest your knee." in words
    assert not any(b"not hers" in raw for raw in files.values()), "of nobody else's record"
    clock.advance(AGAIN_FOR.total_seconds())
    await tidy_copies(house)
    async with house.database.read() as tx:
        assert list(await tx.scalars(select(DataCopy))) == [], "nobody has a key to it any more"
    for answer in (await client.get(link), await client.post(link), await client.post(f"{link}/open", data={"code": mail.code})):
        assert answer.status_code == 404


async def test_a_download_that_breaks_off_is_taken_again(  # noqa: PLR0917 - what it takes to be there
    house: House, clock: StillClock, client: httpx2.AsyncClient, mail: Mail, sign_in: SignIn, known: Meeting, sockets: str
) -> None:
    async with house.database.read() as tx:
        record = f"/patients/{(await tx.get_one(Consultation, known.consultation_id)).patient_id}"
    sent = {"file": ("scan.pdf", pdf(large()), "application/octet-stream")}
    assert (await (await sign_in(ALICE)).post(f"{record}/files", data={"shared": "yes"}, files=sent)).status_code == 303
    link = await link_to_answer(house, clock, client, mail, sign_in)
    whole = await taken(client, f"{link}/open", mail.code)
    for _ in range(2):
        assert await broken_off(sockets, f"{link}/open", mail.code) == whole.content[:1000]
    clock.advance(GOOD_FOR.total_seconds())
    assert (await client.post(f"{link}/open", data={"code": mail.code})).status_code == 422, "the code is over, the link is not"
    assert (await client.post(link)).status_code == 303
    await mail.hand_code()
    again = await taken(client, f"{link}/open", mail.code)
    assert again.content == whole.content
    async with house.database.read() as tx:
        acts = [entry.act for entry in await tx.scalars(select(AuditEntry)) if entry.thing == "request"]
    assert acts.count("exported") == 4, "each time is on record"
    clock.advance((AGAIN_FOR - GOOD_FOR).total_seconds())
    assert (await client.post(f"{link}/open", data={"code": mail.code})).status_code == 404


def large() -> bytes:
    """Objects of a PDF that fill every buffer on the way."""
    noise = b64encode(Random(1).randbytes(6 << 20))
    return b"1 0 obj\n<< /Type /Catalog >>\nendobj\n2 0 obj\n<< /Length %d >>\nstream\n%b\nendstream\nendobj\n" % (len(noise), noise)


async def link_to_answer(house: House, clock: StillClock, client: httpx2.AsyncClient, mail: Mail, sign_in: SignIn) -> str:
    """Ask, prove it, have it granted, and have a code sent; returns the link."""
    page = (await asks(client, clock)).headers["location"]
    await mail.prove()
    assert "has arrived" in (await client.post(page, data={"code": mail.code})).text
    (request,) = await requests(house)
    await (await sign_in(OLGA)).post(f"/practice/requests/{request.id}/answer", data={"state": "done", "words": "Here is your copy."})
    await mail.tell()
    link = mail.texts.letters[-1].sentences[-1]
    assert (await client.post(link)).status_code == 303
    await mail.hand_code()
    return link


async def broken_off(sockets: str, link: str, code: str) -> bytes:
    """Ask for the copy as a browser on a line that breaks after the first bytes; returns those."""
    address, body = urlsplit(sockets), f"code={code}"
    reader, writer = await asyncio.open_connection(address.hostname, address.port, limit=4096)
    head = {"Host": "testserver", "Origin": ORIGIN, "Content-Type": "application/x-www-form-urlencoded", "Content-Length": len(body)}
    lines = [f"POST {urlsplit(link).path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", body]
    with anyio.fail_after(WITHIN_S):
        writer.write("\r\n".join(lines).encode())
        said = await reader.readuntil(b"\r\n\r\n")
        assert said.startswith(b"HTTP/1.1 200 "), said
        first = await reader.readexactly(1000)
    writer.transport.abort()
    return first


async def failing(*_: object) -> bytes:
    raise MemoryError


async def taken(client: httpx2.AsyncClient, path: str, code: str) -> httpx2.Response:
    """Return the copy, once it is made."""
    with anyio.fail_after(WITHIN_S):
        while (answer := await client.post(path, data={"code": code})).headers["content-type"] != "application/zip":
            assert "is being made" in answer.text
            await anyio.sleep(0.05)
    return answer


@pytest.mark.usefixtures("known")
async def test_nobody_learns_who_is_known(house: House, clock: StillClock, client: httpx2.AsyncClient, mail: Mail) -> None:
    async def tried(**more: str) -> tuple[str, list[tuple[int, str]]]:
        page = (await asks(client, clock, **more)).headers["location"]
        shown = (await client.get(page)).text
        await mail.prove()
        return shown, [(answer.status_code, answer.text) for answer in [await client.post(page, data={"code": "x"}) for _ in range(6)]]

    real = await tried()
    assert len(mail.texts.letters) == 1
    for more in ({"address": "+447700900555"}, {"name": "Nobody Here"}):
        assert await tried(**more) == real
    assert [status for status, _ in real[1]] == [422] * 5 + [404]
    assert len(mail.texts.letters) == 1, "a stranger is written to by nobody's wish"
    assert await requests(house) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"kind": ""}, "choose what you ask for"),
        ({"name": " "}, "write your name"),
        ({"address": "here"}, "a mobile number or an e-mail address"),
        ({"words": ""}, "what it is about"),
        ({"began": "1.2"}, "send it once more"),
    ],
)
async def test_what_cannot_be_sent_is_said_and_kept(
    meeting: Meeting, clock: StillClock, client: httpx2.AsyncClient, change: dict[str, str], sentence: str
) -> None:
    answer = await asks(client, clock, **change)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert ("error-summary" in answer.text) == ("began" not in change)
    assert {**ASKED, **change}["words"] in answer.text


@pytest.mark.usefixtures("known")
async def test_codes_and_links_end(house: House, clock: StillClock, client: httpx2.AsyncClient, mail: Mail, sign_in: SignIn) -> None:
    page = (await asks(client, clock)).headers["location"]
    await mail.prove()
    clock.advance(600)
    assert (await client.post(page, data={"code": mail.code})).status_code == 404
    clock.advance(3600)
    await mail.forget()
    page = (await asks(client, clock, kind="correction", address=ERIN.email)).headers["location"]
    async with house.database.write() as tx:
        erin = (await tx.scalars(select(Patient).where(Patient.name == ERIN.name))).one()
        erin.email = ERIN.email
    await mail.prove()
    await client.post(page, data={"code": CODE.findall(mail.mails.letters[-1].body)[0]})
    (request,) = await requests(house)
    olga = await sign_in(OLGA)
    await olga.post(f"/practice/requests/{request.id}/answer", data={"state": "refused", "words": "It is right."})
    await mail.tell()
    link = mail.mails.letters[-1].sentences[-1]
    assert link.startswith(f"{ORIGIN}/privacy/answer/")
    assert [(await client.post(link)).status_code for _ in range(6)] == [303] * 5 + [429]
    await mail.hand_code()
    read = await client.post(f"{link}/open", data={"code": CODE.findall(mail.mails.letters[-1].body)[0]})
    assert "It is right." in read.text
    async with house.database.write() as tx:
        handover = (await tx.scalars(select(Handover))).one()
        handover.used_at = None
    clock.advance(14 * 86400)
    assert (await client.get(link)).status_code == 404


@pytest.mark.usefixtures("known")
async def test_an_objection_to_news_counts_at_once(house: House, clock: StillClock, client: httpx2.AsyncClient, mail: Mail) -> None:
    async with house.database.write() as tx:
        patient_id = await tx.scalar(select(Patient.id).where(Patient.name == ERIN.name))
        tx.add(
            NewsConsent(
                id=new_id(), patient_id=patient_id, channel=Channel.SMS, wording_version="1", wording_sha256=b"", language="en-GB",
                given_by=None, given_via=Via.ACCOUNT, given_at=clock.now(), withdrawn_via=None, withdrawn_at=None,
            )
        )  # fmt: skip
    page = (await asks(client, clock, kind="news", words="")).headers["location"]
    await mail.prove()
    assert "has arrived" in (await client.post(page, data={"code": mail.code})).text
    (request,) = await requests(house)
    assert (request.kind, request.state) == ("objection", "done")
    async with house.database.read() as tx:
        (consent,) = await tx.scalars(select(NewsConsent))
    assert (consent.patient_id, consent.withdrawn_at) == (request.patient_id, clock.now())


async def test_everything_that_is_wrong_is_said_at_once(meeting: Meeting, clock: StillClock, client: httpx2.AsyncClient) -> None:
    page = (await asks(client, clock, kind="", name=" ", address="here", words="")).text
    assert [f'<a href="#{field}">' in page for field in ("kind", "name", "address", "words")] == [True] * 4


async def test_who_asks_and_asks_is_told_to_wait(meeting: Meeting, clock: StillClock, client: httpx2.AsyncClient) -> None:
    assert [(await asks(client, clock, words="")).status_code for _ in range(6)] == [422] * 6, "who mistypes is not locked out"
    assert [(await asks(client, clock)).status_code for _ in range(6)] == [303] * 5 + [429]


async def test_the_practice_is_chosen_first(app: Starlette, meeting: Meeting, client: httpx2.AsyncClient) -> None:
    assert FORM in (await client.get("/privacy/request")).text
    assert (await client.get(f"/privacy/request/{ALICE.professional_id}")).status_code == 200
    assert (await client.get(f"/privacy/request/{ALICE.person_id}")).status_code == 404
