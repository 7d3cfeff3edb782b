"""A file that is sent in the call: who is told, who takes it out, what stays of it; over real sockets and the application's own routes."""

import httpx2
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.consultation.model import Role
from server.consultation.rooms import Rooms
from server.consultation.subject import RoomSubject
from server.core.house import House
from server.core.ids import new_id
from server.errors import Conflict
from server.patients.files import RecordFile
from server.patients.legal_holds import LegalHold
from server.patients.model import Patient
from tests.cast import ALICE, CHARLIE, DANA, OLGA, Meeting
from tests.conftest import SignIn, StillClock, browser_of
from tests.http.filing import pdf, picture
from tests.http.guests import IMRAN, add_guest
from tests.http.recording import RECORD
from tests.live.room_client import as_patient, as_staff, dial

pytestmark = [pytest.mark.anyio, pytest.mark.row("V7")]


async def send(client: httpx2.AsyncClient, place: str, content: bytes, name: str) -> httpx2.Response:
    return await client.post(f"{place}/call-files", files={"file": (name, content, "x/y")}, headers={"accept": "application/json"})


async def kept(house: House) -> list[RecordFile]:
    async with house.database.read() as tx:
        return list(await tx.scalars(select(RecordFile).where(RecordFile.deleted_at.is_(None))))


async def test_both_send_and_a_waiting_guest_gets_nothing(
    app: Starlette, sockets: str, house: House, meeting: Meeting, *, clock: StillClock, sign_in: SignIn
) -> None:
    guest = await add_guest(house, meeting, clock.now())
    staff, visit, waiting = f"/desk/{meeting.consultation_id}", f"/v/{meeting.visit_id}", f"/v/{guest.visit_id}"
    at_desk = await sign_in(ALICE)
    by_link, as_guest = browser_of(app, {"visit": meeting.token}), browser_of(app, {"visit": guest.token})
    subject = RoomSubject(guest.consultation_id, guest.participant_id, Role.GUEST, IMRAN, None, guest.visit_id)
    async with as_staff(sockets, house, ALICE, meeting) as alice, as_patient(sockets, house, meeting) as dana, dial(sockets) as line:
        imran = await line.hello(house.tickets.issue("room", subject))
        early = await send(by_link, visit, pdf(), "early.pdf")
        assert (early.status_code, early.json()["error"]["code"]) == (409, "not_in_call")
        await alice.command("admit")
        sent = await send(by_link, visit, picture(), "rash.jpg")
        assert sent.status_code == 201, sent.text
        file_id = sent.json()["id"]
        for client in (alice, dana):
            await client.until(lambda client=client: [m for m in client.page.messages if m["file"]] != [])  # type: ignore[misc]
            shown = client.page.messages[-1]
            assert (shown["body"], shown["file"]["id"], shown["file"]["kind"]) == ("rash.jpg", file_id, "jpeg")
        for client, place in ((at_desk, staff), (by_link, visit)):
            assert (await client.get(f"{place}/call-files/{file_id}")).headers["content-type"] == "image/jpeg"
        assert (await as_guest.get(f"{waiting}/call-files/{file_id}")).status_code == 404
        assert (await send(as_guest, waiting, pdf(), "a.pdf")).status_code == 409
        assert not imran.page.messages
        clock.advance(5)
        await alice.command("admit", participant=str(guest.participant_id))
        assert (await as_guest.get(f"{waiting}/call-files/{file_id}")).status_code == 404, "sent before the guest came"
        later = (await send(at_desk, staff, b"Take one a day", "advice.txt")).json()["id"]
        assert (await as_guest.get(f"{waiting}/call-files/{later}")).text == "Take one a day"
        assert (await (await sign_in(CHARLIE)).get(f"{staff}/call-files/{later}")).status_code == 404
    page = (await at_desk.get(RECORD)).text
    assert ("rash.jpg" in page, "advice.txt" in page, "sent in a call" in page) == (True, True, True)
    await by_link.aclose()
    await as_guest.aclose()


async def test_bad_34_what_is_refused_is_told_to_nobody(
    app: Starlette, sockets: str, house: House, meeting: Meeting, sign_in: SignIn
) -> None:
    staff = f"/desk/{meeting.consultation_id}"
    at_desk = await sign_in(ALICE)
    async with as_staff(sockets, house, ALICE, meeting) as alice, as_patient(sockets, house, meeting):
        await alice.command("admit")
        for content, name, code in ((b"MZ\x00", "a.exe", "kind"), (b"", "a.pdf", "empty"), (pdf(b"<< /Launch >>"), "a.pdf", "active")):
            refused = await send(at_desk, staff, content, name)
            assert (refused.status_code, refused.json()["error"]["code"]) == (422, code)
        await alice.command("end", outcome="completed", reason=None)
        over = await send(at_desk, staff, pdf(), "a.pdf")
        assert over.status_code == 409
        assert not alice.page.messages
    assert await kept(house) == []
    assert not house.settings.documents_dir.exists() or list(house.settings.documents_dir.iterdir()) == []


async def test_what_the_room_refuses_is_told_also_where_the_record_is_held(
    sockets: str, house: House, meeting: Meeting, *, clock: StillClock, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise Conflict(code="over")

    at_desk = await sign_in(ALICE)
    async with house.database.write() as tx:
        practice_id = (await tx.get_one(Patient, DANA.patient_id)).practice_id
        tx.add(
            LegalHold(
                id=new_id(), practice_id=practice_id, patient_id=DANA.patient_id, why="A claim", placed_by=OLGA.person_id,
                placed_at=clock.now(),
            )
        )  # fmt: skip
    async with as_staff(sockets, house, ALICE, meeting) as alice, as_patient(sockets, house, meeting):
        await alice.command("admit")
        monkeypatch.setattr(Rooms, "run", refuse)
        refused = await send(at_desk, f"/desk/{meeting.consultation_id}", pdf(), "a.pdf")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "over")
    (row,) = await kept(house)
    assert row.key_id is not None
    assert len(list(house.settings.documents_dir.iterdir())) == 1
