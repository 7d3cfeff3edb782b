"""Templates and snippets over the interface: who keeps which, what is refused, and what the editor may insert."""

from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from server.core.house import House
from server.notes.model import NoteSnippet, NoteTemplate
from tests.cast import ALICE, BOB, CHARLIE, CLINIC, DANA, ERIN, MALLORY, OLGA, Cast, Meeting, Staff, add_meeting
from tests.conftest import MORNING, SignIn, StillClock

pytestmark = [pytest.mark.anyio, pytest.mark.row("N7")]

PLAN = {"plan": "See {patient.name} again\n- in a week"}
TEMPLATE = {"owner": "own", "name": "Review", "sections": PLAN}
SNIPPET = {"owner": "own", "shortcut": "bp", "text": "Blood pressure, {date}:"}


async def texts(client: httpx2.AsyncClient) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get("/api/templates")).raise_for_status().json()
    return found


async def insertable(client: httpx2.AsyncClient, meeting: Meeting, kind: str = "shared") -> dict[str, Any]:
    note_id = await note_of(client, meeting, kind)
    found: dict[str, Any] = (await client.get(f"/api/notes/{note_id}/texts")).raise_for_status().json()
    return found


async def note_of(client: httpx2.AsyncClient, meeting: Meeting, kind: str = "shared") -> str:
    notes = (await client.post(f"/api/consultations/{meeting.consultation_id}/notes", json={})).json()["notes"]
    return str(next(note["id"] for note in notes if note["kind"] == kind and note["mine"]))


async def test_ones_own_template_is_added_changed_and_deleted(sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    made = await alice.post("/api/templates", json=TEMPLATE)
    assert made.status_code == 201
    path = f"/api/templates/{made.json()['id']}"
    assert made.json() | {"id": None} == {"id": None, "owner": "own", "name": "Review", "sections": PLAN, "may_change": True}
    changed = await alice.put(path, json={"name": " Review  in a week", "sections": {"objective": "Findings:"}})
    assert changed.json()["name"] == "Review in a week"
    assert (await texts(alice))["templates"][0]["sections"] == {"objective": "Findings:"}
    assert (await alice.delete(path)).status_code == 204
    assert (await texts(alice)) == {"templates": [], "snippets": [], "may_add": ["own"]}
    assert (await alice.delete(path)).status_code == 404


async def test_ones_own_snippet_is_added_changed_and_deleted(sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    made = await alice.post("/api/snippets", json=SNIPPET)
    path = f"/api/snippets/{made.json()['id']}"
    assert (await alice.put(path, json={"shortcut": "rr", "text": "Blood pressure:"})).json()["shortcut"] == "rr"
    assert [one["shortcut"] for one in (await texts(alice))["snippets"]] == ["rr"]
    assert (await alice.delete(path)).status_code == 204
    assert (await texts(alice))["snippets"] == []


@pytest.mark.parametrize("outsider", [BOB, CHARLIE, MALLORY, OLGA], ids=lambda member: member.username)
async def test_bad_28_what_is_somebodys_own_is_nobody_elses(sign_in: SignIn, outsider: Staff) -> None:
    alice, other = await sign_in(ALICE), await sign_in(outsider)
    template = (await alice.post("/api/templates", json=TEMPLATE)).json()["id"]
    snippet = (await alice.post("/api/snippets", json=SNIPPET)).json()["id"]
    assert (await texts(other))["templates"] == (await texts(other))["snippets"] == []
    for path, body in ((f"/api/templates/{template}", TEMPLATE), (f"/api/snippets/{snippet}", SNIPPET)):
        change = {name: value for name, value in body.items() if name != "owner"}
        nowhere = path.rsplit("/", 1)[0] + f"/{uuid4()}"
        for answer, none in (
            (await other.put(path, json=change), await other.put(nowhere, json=change)),
            (await other.delete(path), await other.delete(nowhere)),
        ):
            assert (answer.status_code, answer.text) == (404, none.text)
    for path in (f"/templates/{template}", f"/snippets/{snippet}"):
        assert (await other.get(path)).status_code == 404
        assert (await other.post(f"{path}/delete")).headers["location"] == "/templates"
    assert "Review" not in (await other.get("/templates")).text
    assert len((await texts(alice))["templates"]) == len((await texts(alice))["snippets"]) == 1


async def test_the_practices_own_are_everybodys_there_and_an_administrators_to_change(sign_in: SignIn) -> None:
    olga, bob, mallory = await sign_in(OLGA), await sign_in(BOB), await sign_in(MALLORY)
    assert (await texts(olga))["may_add"] == ["practice"]
    assert (await olga.post("/api/templates", json=TEMPLATE)).status_code == 403
    made = (await olga.post("/api/templates", json=TEMPLATE | {"owner": "practice"})).json()["id"]
    seen = (await texts(bob))["templates"]
    assert [(one["owner"], one["may_change"]) for one in seen] == [("practice", False)]
    assert (await bob.post("/api/templates", json=TEMPLATE | {"owner": "practice"})).status_code == 403
    assert (await bob.put(f"/api/templates/{made}", json={"name": "Mine", "sections": PLAN})).status_code == 403
    assert (await bob.delete(f"/api/templates/{made}")).status_code == 403
    assert (await bob.get(f"/templates/{made}")).status_code == 403
    assert (await texts(mallory))["templates"] == []
    assert (await mallory.delete(f"/api/templates/{made}")).status_code == 404
    assert (await olga.delete(f"/api/templates/{made}")).status_code == 204


async def test_whoever_works_nowhere_keeps_none(house: House, sign_in: SignIn) -> None:
    patient = await sign_in(Staff("dana", "", DANA.name, CLINIC, None))
    for answer in (await patient.get("/api/templates"), await patient.get("/templates"), await patient.post("/api/snippets", json=SNIPPET)):
        assert answer.status_code == 403


BAD_TEMPLATES: list[dict[str, object]] = [
    {"name": ""}, {"name": " "}, {"name": "x" * 101}, {"name": 7}, {"owner": "team"}, {"owner": None}, {"sections": {}},
    {"sections": {"plan": " \n "}}, {"sections": {"plan": "x" * 20_001}}, {"sections": {"plan": "x" * 10_001, "objective": "x" * 10_000}},
    {"sections": {"another": "text"}}, {"sections": {"plan": None}}, {"sections": []}, {"sections": "text"}, {"id": str(uuid4())},
]  # fmt: skip
BAD_SNIPPETS: list[dict[str, object]] = [
    {"shortcut": ""}, {"shortcut": ";bp"}, {"shortcut": "b p"}, {"shortcut": "x" * 21}, {"shortcut": 7}, {"text": ""}, {"text": "  "},
    {"text": "x" * 2001}, {"text": None}, {"owner": "everybody"}, {"practice_id": str(CLINIC)},
]  # fmt: skip


async def test_bad_23_values_that_make_no_sense_are_refused(sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    for path, good, bad in (("/api/templates", TEMPLATE, BAD_TEMPLATES), ("/api/snippets", SNIPPET, BAD_SNIPPETS)):
        for change in bad:
            answer = await alice.post(path, json=good | change)
            assert answer.status_code == 422, change
            assert answer.json()["error"]["code"] in {next(iter(change)), "unknown_field"}, change
    assert (await texts(alice))["templates"] == (await texts(alice))["snippets"] == []


async def test_bad_35_names_that_are_markup_or_turn_the_line_stay_text(sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    name, text = '<img src=x onerror="alert(1)">\u202e', "</textarea><script>alert(1)</script>"
    made = await alice.post("/api/templates", json={"owner": "own", "name": name, "sections": {"plan": text}})
    await alice.post("/api/snippets", json={"owner": "own", "shortcut": "x", "text": text})
    for path in ("/templates", f"/templates/{made.json()['id']}"):
        page = (await alice.get(path)).text
        assert "<script>alert" not in page, path
        assert "<img src=x" not in page, path
        assert "&lt;script&gt;alert(1)" in page, path


async def test_a_taken_shortcut_is_refused_once_per_owner(sign_in: SignIn) -> None:
    alice, olga = await sign_in(ALICE), await sign_in(OLGA)
    first = (await alice.post("/api/snippets", json=SNIPPET)).json()["id"]
    again = await alice.post("/api/snippets", json=SNIPPET)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "shortcut")
    assert (await olga.post("/api/snippets", json=SNIPPET | {"owner": "practice"})).status_code == 201
    other = (await alice.post("/api/snippets", json=SNIPPET | {"shortcut": "rr"})).json()["id"]
    change = {"shortcut": "bp", "text": "Another"}
    assert (await alice.put(f"/api/snippets/{other}", json=change)).status_code == 409
    assert (await alice.put(f"/api/snippets/{first}", json=change)).status_code == 200


async def test_a_full_shelf_says_so_and_takes_more_once_one_is_gone(house: House, sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    owned = {"practice_id": CLINIC, "person_id": ALICE.person_id, "created_at": MORNING}
    async with house.database.write() as tx:
        tx.add_all(NoteTemplate(id=uuid4(), name=str(number), body='{"plan":"x"}', **owned) for number in range(50))
        tx.add_all(NoteSnippet(id=uuid4(), shortcut=str(number), text="x", **owned) for number in range(200))
    for path, body in (("/api/templates", TEMPLATE), ("/api/snippets", SNIPPET)):
        refused = await alice.post(path, json=body)
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "full")
    gone = (await texts(alice))["templates"][0]["id"]
    await alice.delete(f"/api/templates/{gone}")
    assert (await alice.post("/api/templates", json=TEMPLATE)).status_code == 201
    assert (await (await sign_in(BOB)).post("/api/templates", json=TEMPLATE)).status_code == 201


async def test_the_editor_gets_the_facts_of_its_own_consultation(meeting: Meeting, sign_in: SignIn) -> None:
    alice, olga = await sign_in(ALICE), await sign_in(OLGA)
    words = "{patient.name} {professional.name} {date} {time} {practice.name} {team} {unknown}"
    await alice.post("/api/templates", json=TEMPLATE | {"sections": {"plan": words}})
    await alice.post("/api/snippets", json=SNIPPET)
    await olga.post("/api/snippets", json=SNIPPET | {"owner": "practice", "text": "The practice's"})
    found = await insertable(alice, meeting)
    assert [one["name"] for one in found["templates"]] == ["SOAP", "Review"]
    assert found["templates"][0]["sections"].keys() == {"subjective", "objective", "assessment", "plan"}
    (paragraph,) = found["templates"][1]["sections"]["plan"]
    assert paragraph["content"][0]["text"] == "Dana Diaz Dr Alice Ahmed 2 March 2026 10:05 Harbour Clinic North {unknown}"
    (snippet,) = found["snippets"]
    assert snippet["nodes"][0]["content"][0]["text"] == "Blood pressure, 2 March 2026:", "one's own stands before the practice's"


async def test_without_a_team_its_word_stays_visible(house: House, cast: Cast, clock: StillClock, sign_in: SignIn) -> None:
    async with house.database.write() as tx:
        private = await add_meeting(tx, house.secrets, clock.now(), guest=ERIN, team_id=None)
    alice = await sign_in(ALICE)
    await alice.post("/api/templates", json=TEMPLATE | {"sections": {"plan": "{patient.name}, {team}"}})
    (paragraph,) = (await insertable(alice, private))["templates"][1]["sections"]["plan"]
    assert paragraph["content"][0]["text"] == "Erin Evans, {team}"


async def test_bad_28_whoever_may_not_write_there_gets_nothing_to_insert(meeting: Meeting, sign_in: SignIn) -> None:
    jottings = await note_of(await sign_in(ALICE), meeting, "jottings")
    for member in (BOB, CHARLIE, MALLORY, OLGA):
        other = await sign_in(member)
        answer, none = await other.get(f"/api/notes/{jottings}/texts"), await other.get(f"/api/notes/{uuid4()}/texts")
        assert (answer.status_code, answer.text) == (404, none.text)


async def test_the_page_works_without_a_script(sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    assert "No snippets yet." in (await alice.get("/templates")).text
    looked = await alice.post("/templates/new", data={"owner": "own", "name": "Review", "plan": "See {patient.name}", "preview": "1"})
    assert (looked.status_code, "See Dana Diaz" in looked.text) == (200, True)
    assert (await texts(alice))["templates"] == []
    refused = await alice.post("/templates/new", data={"owner": "own", "name": "Review", "plan": ""})
    assert (refused.status_code, "at least one section" in refused.text) == (422, True)
    assert (await alice.post("/templates/new", data={"owner": "own", "name": "Review", "plan": "See {patient.name}"})).status_code == 303
    (made,) = (await texts(alice))["templates"]
    shown = (await alice.get("/templates")).text
    assert "See Dana Diaz" in shown
    assert "See {patient.name}" in (await alice.get(f"/templates/{made['id']}")).text
    change = {"name": "Review", "plan": "See {team}"}
    assert "See North" in (await alice.post(f"/templates/{made['id']}", data=change | {"preview": "1"})).text
    assert (await alice.post(f"/templates/{made['id']}", data=change)).status_code == 303
    assert (await texts(alice))["templates"][0]["sections"] == {"plan": "See {team}"}
    assert (await alice.post(f"/templates/{made['id']}", data=change | {"name": ""})).status_code == 422


async def test_the_page_of_snippets_works_without_a_script(sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    assert (await alice.get("/snippets/new")).status_code == 200
    assert (await alice.post("/snippets/new", data={"owner": "own", "shortcut": "b p", "text": "Blood"})).status_code == 422
    assert (await alice.post("/snippets/new", data={"owner": "own", "shortcut": ";bp", "text": "Blood"})).status_code == 303
    (made,) = (await texts(alice))["snippets"]
    assert "Blood" in (await alice.get(f"/snippets/{made['id']}")).text
    assert (await alice.post(f"/snippets/{made['id']}", data={"shortcut": "", "text": "Blood"})).status_code == 422
    assert (await alice.post(f"/snippets/{made['id']}", data={"shortcut": "bp", "text": "Pressure"})).status_code == 303
    gone = await alice.post(f"/snippets/{made['id']}/delete")
    assert ";bp was deleted." in gone.text
    assert (await alice.post("/snippets/new", data={"owner": "own", "shortcut": "bp", "text": "Pressure"})).status_code == 303
    assert [one["text"] for one in (await texts(alice))["snippets"]] == ["Pressure"]


async def test_what_was_deleted_comes_back_by_undo(sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    made = (await alice.post("/api/templates", json=TEMPLATE)).json()
    page = await alice.post(f"/templates/{made['id']}/delete")
    assert "Review was deleted." in page.text
    assert (await texts(alice))["templates"] == []
    assert (await alice.post(f"/templates/{made['id']}/delete")).headers["location"] == "/templates", "loading the page again does no harm"
    back = {"owner": "own", "name": made["name"], **made["sections"]}
    assert all(f'name="{field}" hidden' in page.text for field in back)
    assert (await alice.post("/templates/new", data=back)).status_code == 303
    assert (await texts(alice))["templates"][0]["sections"] == made["sections"]


async def test_a_long_template_in_any_script_fits_the_form(sign_in: SignIn) -> None:
    alice = await sign_in(ALICE)
    long = "\U0001f9e0" * 5_000
    sections = dict.fromkeys(("subjective", "objective", "assessment", "plan"), long)
    assert (await alice.post("/templates/new", data={"owner": "own", "name": "Long", **sections})).status_code == 303
    assert (await texts(alice))["templates"][0]["sections"] == sections
    assert UUID((await texts(alice))["templates"][0]["id"])
