"""How a practice builds its questionnaires: plain forms, versions that stay, and a service that asks one."""

import re

import httpx2
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.booking.model import Service
from server.core.house import House
from server.patients.answer_doors import published_of
from server.patients.questionnaire import Questionnaire, QuestionnaireVersion
from server.patients.questions import MAX_QUESTIONS, USUAL, AnswerKind, Question, unpacked
from tests.cast import ALICE, BOB, CLINIC, DANA, MALLORY, OLGA, SAM, Cast
from tests.conftest import SignIn
from tests.http.asking import book_with_questions, publish_questionnaire
from tests.http.test_offer import TERMS

pytestmark = [pytest.mark.anyio, pytest.mark.row("B5")]

EDITS = re.compile(r'name="edits" value="([0-9]+)"')


async def edits(client: httpx2.AsyncClient, path: str) -> str:
    return EDITS.findall((await client.get(path)).text)[0]


async def do(client: httpx2.AsyncClient, path: str, what: str, **more: str) -> httpx2.Response:
    return await client.post(path, data={"do": what, "edits": await edits(client, path), **more})


async def add(client: httpx2.AsyncClient, path: str, **form: str) -> httpx2.Response:
    fields = {"text": "Do you sleep well?", "kind": "text", "required": "yes", "edits": await edits(client, path), **form}
    return await client.post(f"{path}/questions/new", data=fields)


async def questions_of(house: House) -> list[Question]:
    async with house.database.read() as tx:
        return list(unpacked((await tx.scalars(select(Questionnaire.draft))).one()))


async def versions(house: House) -> list[QuestionnaireVersion]:
    async with house.database.read() as tx:
        return list(await tx.scalars(select(QuestionnaireVersion).order_by(QuestionnaireVersion.number)))


async def begun(client: httpx2.AsyncClient, name: str = "Before the call") -> str:
    answer = await client.post("/questionnaires", data={"name": name})
    assert answer.status_code == 303, answer.text
    path: str = answer.headers["location"]
    return path


async def test_a_practice_begins_with_the_usual_questions(house: House, cast: Cast, sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    assert "Your practice asks nothing yet." in (await alice.get("/questionnaires")).text
    path = (await alice.post("/questionnaires", data={"do": "usual"})).headers["location"]
    page = (await alice.get(path)).text
    assert all(one.text in page for one in USUAL)
    assert "Version 1 is asked" in page
    again = await alice.post("/questionnaires", data={"do": "usual"})
    assert again.headers["location"] == path
    assert [one.number for one in await versions(house)] == [1]
    assert "Kilograms" in (await alice.get(f"{path}/preview")).text


async def test_questions_are_added_changed_moved_and_removed(house: House, cast: Cast, sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    path = await begun(alice)
    for kind in AnswerKind:
        assert kind.value in (await alice.get(f"{path}/questions/new?kind={kind.value}")).text
        more = {"options": "Yes\nNo"} if kind in {AnswerKind.ONE, AnswerKind.SEVERAL} else {}
        assert (await add(alice, path, kind=kind.value, text=f"What {kind.value}?", **more)).status_code == 303
    first, second, *_ = await questions_of(house)
    assert (await do(alice, path, f"down:{first.id}")).status_code == 303
    assert (await do(alice, path, f"up:{first.id}")).status_code == 303
    assert (await do(alice, path, f"remove:{second.id}")).status_code == 303
    change = {"text": "And now?", "hint": "Say a little", "edits": await edits(alice, path)}
    assert "What text?" in (await alice.get(f"{path}/questions/{first.id}")).text
    assert (await alice.post(f"{path}/questions/{first.id}", data=change)).status_code == 303
    found = await questions_of(house)
    assert (found[0].text, found[0].hint, found[0].required, len(found)) == ("And now?", "Say a little", False, len(AnswerKind) - 1)
    assert (await do(alice, path, "rename", name="New name")).status_code == 303
    assert "New name" in (await alice.get("/questionnaires")).text


@pytest.mark.parametrize(
    "form",
    [
        {"text": ""}, {"text": "x" * 301}, {"kind": "one", "options": "Yes"}, {"kind": "number", "low": "many"},
        {"kind": "number", "low": "5", "high": "4"}, {"edits": "99"}, {"edits": "²"},
    ],
)  # fmt: skip
async def test_bad_23_what_was_written_comes_back_with_its_fault(cast: Cast, sign_in: SignIn, form: dict[str, str]) -> None:
    alice = await sign_in(ALICE)
    path = await begun(alice)
    answer = await add(alice, path, hint="Kept explanation", **form)
    assert answer.status_code in {409, 422}
    assert "error-summary" in answer.text
    assert "Kept explanation" in answer.text
    assert (await alice.get(f"{path}/questions/new?kind=riddle")).status_code == 422


async def test_bad_08_a_stale_page_changes_nothing(house: House, cast: Cast, sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    path = await begun(alice)
    old = await edits(alice, path)
    await add(alice, path)
    refused = await alice.post(path, data={"do": "rename", "name": "Stale", "edits": old})
    assert refused.status_code == 409
    assert "Stale" in refused.text
    assert len(await questions_of(house)) == 1


async def test_publishing_makes_a_version_and_changes_none(house: House, cast: Cast, sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    path = await begun(alice)
    refused = await do(alice, path, "publish")
    assert (refused.status_code, "add a question" in refused.text) == (422, True)
    await add(alice, path)
    await do(alice, path, "publish")
    await do(alice, path, "publish")
    assert len(await versions(house)) == 1
    await add(alice, path, text="And then?")
    assert "not published yet" in (await alice.get(path)).text
    await do(alice, path, "discard")
    assert len(await questions_of(house)) == 1
    await add(alice, path, text="And then?")
    await do(alice, path, "publish")
    first, second = await versions(house)
    assert (len(unpacked(first.questions)), len(unpacked(second.questions))) == (1, 2)
    assert second.published_by == ALICE.person_id


async def test_there_are_bounds(house: House, cast: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = await sign_in(ALICE)
    await publish_questionnaire(house, tuple(Question(str(number), AnswerKind.TEXT, "?") for number in range(MAX_QUESTIONS)))
    page = (await alice.get("/questionnaires")).text
    path = re.findall(r'"(/questionnaires/[^"/]+)"', page)[0]
    assert (await add(alice, path)).status_code == 409
    monkeypatch.setattr("server.patients.building.MAX_QUESTIONNAIRES", 1)
    refused = await alice.post("/questionnaires", data={"name": "One too many"})
    assert refused.status_code == 409
    assert "One too many" in refused.text
    monkeypatch.setattr("server.patients.building.MAX_VERSIONS", 1)
    await do(alice, path, "remove:0")
    assert (await do(alice, path, "publish")).status_code == 409


async def test_a_service_says_what_is_asked(house: House, cast: Cast, sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    assert "Height, weight and what troubles them" in (await alice.get("/offer/services/new")).text
    assert (await alice.post("/offer/services/new", data={**TERMS, "questionnaire_id": "usual"})).status_code == 303
    async with house.database.read() as tx:
        (usual,) = await published_of(tx, CLINIC)
        service = (await tx.scalars(select(Service))).one()
    assert service.questionnaire_id == usual.id
    page = (await alice.get(f"/offer/services/{service.id}")).text
    assert f'<option value="{usual.id}" selected>' in page
    nothing = {**TERMS, "version": "1", "questionnaire_id": ""}
    assert (await alice.post(f"/offer/services/{service.id}", data=nothing)).status_code == 303
    for wrong in ("nothing", str(DANA.patient_id)):
        refused = await alice.post("/offer/services/new", data={**TERMS, "questionnaire_id": wrong})
        assert refused.status_code == 422


async def test_a_newer_version_is_for_those_who_begin_later(app: Starlette, house: House, cast: Cast, sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    questionnaire_id = await publish_questionnaire(house)
    early, late = await book_with_questions(app, house, questionnaire_id, times=2)
    await early.do("begin")
    path = f"/questionnaires/{questionnaire_id}"
    await do(alice, path, "remove:height")
    await do(alice, path, "publish")
    assert "Question 1 of 3" in (await early.get("/1")).text
    await late.do("begin")
    assert "Question 1 of 2" in (await late.get("/1")).text


@pytest.mark.row("V1")
async def test_bad_28_questionnaires_are_their_practices(house: House, cast: Cast, sign_in: SignIn) -> None:
    path = f"/questionnaires/{await publish_questionnaire(house)}"
    pages = (path, f"{path}/preview", f"{path}/questions/new?kind=text", f"{path}/questions/height")
    bob, mallory = await sign_in(BOB), await sign_in(MALLORY)
    for page in pages:
        assert (await bob.get(page)).status_code == 200
        refused = await mallory.get(page)
        assert refused.status_code == 404
        assert "How tall" not in refused.text
    assert (await mallory.post(path, data={"do": "discard", "edits": "1"})).status_code == 404
    assert "Before the call" not in (await mallory.get("/questionnaires")).text
    for other in (OLGA, SAM, DANA):
        client = await sign_in(other)
        for page in ("/questionnaires", *pages):
            assert (await client.get(page)).status_code == 403
