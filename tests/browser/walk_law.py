"""Seats what people ask of their data, what is published, and what waits for whoever looks after the practice."""

import re
from datetime import timedelta

from sqlalchemy import select

from server.access.restrictions import Restriction
from server.circulars.links import news_token
from server.core.ids import new_id
from server.patients.model import Patient
from server.privacy.account_rows import AccountRequest
from server.privacy.letter_rows import Letter
from server.privacy.request_rows import RightsRequest
from server.privacy.request_words import Kind
from tests.acting import DORA, ask, let_act, representation
from tests.browser.walk_seats import RITA, WORDS, Seating, id_in, page, sent
from tests.cast import BOB, CLINIC, DANA, ERIN, OLGA, add_meeting
from tests.http.test_acting import TIM
from tests.http.test_outside_requests import ASKED, FORM, Mail
from tests.http.test_policies import GOOD as POLICY

BEGAN = re.compile(r'name="began" value="([^"]+)"')
MINE = f"/my/{DANA.patient_id}"


async def seat_law(seating: Seating) -> None:
    await _outside(seating)
    await _letters(seating)
    await _requests(seating)
    await _policies(seating)
    await _acting(seating)
    await _news(seating)


async def _asks_outside(seating: Seating, **more: str) -> str:
    stranger = seating.browser("stranger")
    began = BEGAN.findall(await page(stranger, FORM))[0]
    seating.clock.advance(5)
    return await sent(stranger, FORM, **{**ASKED, "began": began, **more})


async def _outside(seating: Seating) -> None:
    """One request without an account that was answered, and one that waits for its code."""
    house, mail, olga = seating.house, Mail(seating.house), await seating.signed_in("olga", OLGA)
    async with house.database.write() as tx:
        await add_meeting(tx, house.secrets, seating.clock.now(), guest=ERIN)
    where = await _asks_outside(seating)
    await mail.prove()
    assert (await seating.clients["stranger"].post(where, data={"code": mail.code})).status_code == 200
    async with house.database.read() as tx:
        request_id = (await tx.scalars(select(RightsRequest.id))).one()
    await sent(olga, f"/practice/requests/{request_id}/answer", state="done", words=WORDS)
    await mail.tell()
    answer = mail.texts.letters[-1].sentences[-1].rpartition("/")[2]
    pending = await _asks_outside(seating)
    seating.seats.put(answer=answer, code=pending.rpartition("/")[2], answered=request_id)


async def _letters(seating: Seating) -> None:
    stranger = seating.clients["stranger"]
    for path in (f"/contact/{CLINIC}", f"/complaint/{CLINIC}"):
        began = BEGAN.findall(await page(stranger, path))[0]
        seating.clock.advance(20)
        form = {"words": WORDS, "name": DANA.name, "reply_to": DANA.email, "began": began}
        assert (await stranger.post(path, data=form)).status_code == 200
    async with seating.house.database.read() as tx:
        letter = (await tx.scalars(select(Letter.id).order_by(Letter.received_at.desc()).limit(1))).one()
    seating.seats.put(letter_id=letter, practice=CLINIC)


async def _requests(seating: Seating) -> None:
    """dana asks for three things, bob for one about his account, and a record is restricted."""
    dana, bob = await seating.signed_in("dana", DANA), await seating.signed_in("bob", BOB)
    for kind in ("access", "restriction", "erasure"):
        await sent(dana, f"{MINE}/requests", kind=kind, words=WORDS)
    await sent(bob, "/my/data/account", kind="correction", words=WORDS)
    house, now = seating.house, seating.clock.now()
    async with house.database.write() as tx:
        rows = {row.kind: row.id for row in await tx.scalars(select(RightsRequest).where(RightsRequest.patient_id == DANA.patient_id))}
        rita = Patient(
            id=new_id(), practice_id=CLINIC, person_id=None, name=RITA.name, mobile=RITA.mobile, email=RITA.email, created_at=now
        )
        tx.add(rita)
        await tx.flush()
        restriction = Restriction(id=new_id(), practice_id=CLINIC, patient_id=rita.id, reason=WORDS, began_at=now)
        tx.add(restriction)
        account_request = (await tx.scalars(select(AccountRequest.id))).one()
    seating.seats.put(
        request_id=rows[Kind.ACCESS], restricting=rows[Kind.RESTRICTION], erasing=rows[Kind.ERASURE], restriction_id=restriction.id
    )
    seating.seats.put(account_request=account_request)


async def _policies(seating: Seating) -> None:
    """The practice has a policy of its own, and terms that nobody has accepted yet."""
    olga, today = seating.clients["olga"], seating.clock.now().date()
    for policy in ("privacy", "terms"):
        await sent(
            olga, f"/policies/ours/{policy}", **{**POLICY, "text": f"# {WORDS}\n\n{WORDS}", "changes": WORDS, "effective": f"{today}"}
        )
    seating.seats.put(whose="ours", policy="privacy", number=1)


async def _acting(seating: Seating) -> None:
    """dora acts for dana, is asked once more, and tim's parent waits to be accepted."""
    house = seating.house
    await let_act(house)
    await seating.signed_in("dora", DORA)
    _, token = await ask(house, good_for=timedelta(days=30))
    seating.seats.put(acting=token)
    seating.clock.advance(1)
    await sent(seating.clients["dana"], "/my/acting/child", **{**TIM, "name": "⟦Tim⟧"})
    seating.seats.put(representation_id=(await representation(house)).id, patient_id=DANA.patient_id)


async def _news(seating: Seating) -> None:
    house = seating.house
    assert DANA.patient_id is not None
    async with house.database.write() as tx:
        (await tx.get_one(Patient, DANA.patient_id)).email = DANA.email
    token = news_token(house.secrets, DANA.patient_id, DANA.email)
    draft = {"subject": WORDS, "text": WORDS, "channel": "email", "audience": "all", "edits": "0", "at": "", "step": "save"}
    made = await sent(seating.clients["olga"], "/practice/newsletters/new", **draft)
    seating.seats.put(news=token, circular_id=id_in(made))
