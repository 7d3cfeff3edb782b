"""The questions before a consultation in a real browser: on a phone without scripts, saved while they are written, and beside the note."""

import re
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import anyio
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from server.adapters.memory_bus import MemoryBus
from server.booking.model import Appointment, Service
from server.consultation.model import Consultation, JoinLink
from server.core.clock import SystemClock
from server.core.db import Database, Events, Tx
from server.identity.actions import begin_login
from tests.browser.axe import Inspection
from tests.browser.person import PHONE, Person, Persons
from tests.browser.test_accessible_pages import INSIDE, LANGUAGES, Walk
from tests.browser.test_booking import DATES, choose_first, write_details
from tests.browser.test_note import saved, section, write
from tests.cast import ALICE, DANA, ERIN
from tests.http.asking import EVERY_KIND, make_questionnaire
from tests.http.booking import offer, until_night
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("B5"), pytest.mark.row("V11")]

WRITTEN = (
    {"#text": "Baker"}, {"#text": "It hurts when I walk"}, {"#number": "7.5"}, {"#choice": True}, {"#o1": True},
    {"#day": "3", "#month": "2", "#year": "2026"}, {"#ft": "5", "#inch": "7"}, {"#st": "11", "#lb": "4"}, {"#agree": True},
)  # fmt: skip
NAMES = ["Check-up", "Before the call", "hours", ERIN.mobile, *DATES, *(one.text for one in EVERY_KIND)]
NAMES += ["Baker", "It hurts when I walk", *(option for one in EVERY_KIND for option in one.options)]


def in_database(site: Site, work: Callable[[Tx], Awaitable[Any]]) -> Any:
    """Do something in the server's own database, beside Playwright's loop."""

    async def run() -> Any:
        database = Database(site.server.settings["DATABASE_URL"], MemoryBus(), Events())
        async with database.write() as tx:
            done = await work(tx)
        await database.close()
        return done

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(anyio.run, run).result()


@pytest.fixture(scope="module")
def asking(site: Site) -> Service:
    """A service of dr_alice that asks every kind of question."""

    async def make(tx: Tx) -> Service:
        now = SystemClock().now()
        questionnaire_id = await make_questionnaire(tx, now, EVERY_KIND)
        return await offer(tx, now, notice_min=until_night(now), name="Check-up", questionnaire_id=questionnaire_id)

    made: Service = in_database(site, make)
    return made


def book(person: Person, asking: Service) -> str:
    """Book it, and return the path of the visit."""
    person.open(f"/book/{ALICE.professional_id}/{asking.id}")
    choose_first(person)
    person.press("Continue")
    write_details(person)
    person.press("Book this appointment")
    expect(person.heading("Your appointment is booked")).to_be_visible()
    return person.page.url.partition("/appointment")[0]


def write_in(page: Page, fields: dict[str, Any]) -> None:
    for field, value in fields.items():
        if value is True:
            page.locator(field).check()
        else:
            page.locator(field).fill(value)


def answer_all(person: Person) -> None:
    for number, fields in enumerate(WRITTEN, 1):
        person.reads("Question {number} of {count}", number=number, count=len(WRITTEN))
        write_in(person.page, fields)
        person.press("Continue")


def test_on_a_phone_without_scripts(persons: Persons, site: Site, asking: Service) -> None:
    erin = persons.person("erin", site, size=PHONE, scripts=False)
    erin.allow_errors("status of 422")
    book(erin, asking)
    erin.link("Answer the questions").click()
    erin.press("Begin")
    erin.press("Continue")
    erin.reads("Please answer this question.")
    write_in(erin.page, {"#text": "Cook"})
    erin.press("Continue")
    write_in(erin.page, {"#text": "Half a sent"})
    erin.press("Back")
    expect(erin.page.locator("#text")).to_have_value("Cook")
    erin.press("Continue")
    expect(erin.page.locator("#text")).to_have_value("Half a sent")
    erin.page.goto(erin.page.url.removesuffix("/2") + "/1")
    answer_all(erin)
    expect(erin.heading("Check your answers")).to_be_visible()
    erin.reads("170.2 cm (5 ft 7 in)")
    erin.page.get_by_role("link", name="Change How tall are you?").click()
    expect(erin.page.locator("#inch")).to_have_value("7")
    write_in(erin.page, {"#ft": "", "#inch": "", "#cm": "171"})
    erin.press("Continue")
    erin.reads("171 cm (5 ft 7 in)")
    erin.press("Send")
    expect(erin.heading("Your answers are sent")).to_be_visible()
    erin.link("Back to my appointment").click()
    erin.reads("Your answers are sent")


def test_what_is_written_is_saved_while_it_is_written(persons: Persons, site: Site, asking: Service) -> None:
    erin = persons.person("erin", site, size=PHONE)
    visit = book(erin, asking)
    erin.link("Answer the questions").click()
    erin.press("Begin")
    erin.page.locator("#text").fill("Gard")
    expect(erin.page.locator("#saved")).to_have_text(re.compile(r"^Saved \d"))
    other = erin.new_tab()
    other.goto(f"{visit}/questions/1")
    expect(other.locator("#text")).to_have_value("Gard")
    erin.page.locator("#text").press_sequentially("ener")
    erin.page.goto(f"{visit}/questions")  # the page that is left sends the rest

    def kept() -> bool:
        other.reload()
        return other.locator("#text").input_value() == "Gardener"

    erin.until(kept, what="the whole word is kept")


def test_what_is_written_before_the_script_comes_is_saved_as_well(persons: Persons, site: Site, asking: Service) -> None:
    erin = persons.person("erin", site, size=PHONE)
    visit = book(erin, asking)
    erin.link("Answer the questions").click()
    with erin.held("**/questions-*.js") as held:
        erin.press("Begin")
        erin.page.locator("#text").fill("Gardener")
        erin.until(lambda: held, what="the script is asked for")
    expect(erin.page.locator("#saved")).to_have_text(re.compile(r"^Saved \d"))
    erin.open(f"{visit}/questions/1")
    expect(erin.page.locator("#text")).to_have_value("Gardener")


async def consultation_of(tx: Tx, visit: str) -> Consultation:
    joined = select(Consultation).join(JoinLink, JoinLink.consultation_id == Consultation.id)
    return (await tx.scalars(joined.where(JoinLink.id == UUID(visit.rsplit("/", 1)[1])))).one()


@pytest.mark.row("N7")
def test_the_answers_go_into_the_note(persons: Persons, site: Site, asking: Service) -> None:
    erin = persons.person("erin", site, size=PHONE)
    visit = book(erin, asking)
    erin.open(f"{visit}/questions")
    erin.press("Begin")
    answer_all(erin)
    erin.press("Send")
    expect(erin.heading("Your answers are sent")).to_be_visible()
    consultation = in_database(site, lambda tx: consultation_of(tx, visit))
    alice = persons.person("alice", site, signed_in=ALICE).open(f"/desk/{consultation.id}")
    write(alice, "Objective", "Seen by video.")
    alice.press("Answers")
    expect(alice.heading("The patient's answers")).to_be_focused()
    panel = alice.page.locator(".note-answers")
    expect(panel).to_contain_text("170.2 cm (5 ft 7 in)")
    expect(panel).to_contain_text("Body mass index24.7 kg/m²")
    looked = Inspection()
    looked.look(alice, "answers beside the note")
    alice.press("Insert into the note")
    objective = section(alice, "Objective")
    expect(objective).to_contain_text("Seen by video.")
    expect(objective).to_contain_text("From the patient's answers of")
    expect(objective.locator("li").filter(has_text="How tall are you?")).to_have_text("How tall are you? 170.2 cm (5 ft 7 in)")
    saved(alice)
    alice.press("Close the answers")
    expect(alice.button("Answers")).to_be_focused()
    objective.click()
    alice.page.keyboard.press("Control+z")
    expect(objective).to_have_text("Seen by video.")
    assert looked.wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_questions_are_for_everybody(persons: Persons, site: Site, asking: Service, language: str) -> None:
    erin = persons.person("erin", site, size=PHONE, language=language)
    erin.allow_errors("status of 4(09|22)")
    visit = book(erin, asking)
    walk = Walk(erin, NAMES)
    walk.look("booked, with questions")
    erin.open(f"{visit}/questions")
    walk.comes_to("form button", "what is asked")
    walk.click("form button")
    for number, fields in enumerate(WRITTEN, 1):
        walk.comes_to("form[data-draft]", f"question {number}")
        walk.click("form[data-draft] button.primary")
        if number in {1, 7, 9}:
            walk.comes_to(".error-summary", f"question {number} without an answer")
        elif number == 5:
            erin.open(f"{visit}/questions/5")
        write_in(erin.page, fields)
        walk.click("form[data-draft] button.primary")
    walk.comes_to(".checked", "check")
    erin.open(f"{visit}/questions/1?check")
    erin.page.locator("#text").fill("")
    walk.click("form[data-draft] button.primary")
    erin.open(f"{visit}/questions/check")
    walk.click("form button.primary")
    walk.comes_to(".error-summary", "sent too early")
    erin.open(f"{visit}/questions/1?check")
    erin.page.locator("#text").fill("Baker")
    walk.click("form[data-draft] button.primary")
    walk.click("form button.primary")
    walk.comes_to(".callout.good", "sent")
    assert walk.inspection.wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_building_is_for_everybody(persons: Persons, site: Site, asking: Service, language: str) -> None:
    alice = persons.person("alice", site, signed_in=ALICE, language=language)
    alice.allow_errors("status of 4(09|22)")
    inspection = Inspection()
    path = f"/questionnaires/{asking.questionnaire_id}"
    for page in (f"{path}/questions/dd", f"{path}/questions/new?kind=number"):
        alice.open(page)
        expect(alice.page.locator("main h1")).to_be_visible()
        inspection.look(alice, page)
        alice.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        alice.until(lambda: alice.page.evaluate(INSIDE), what=f"nothing beyond the edge of {page}")
    alice.open(f"{path}/questions/new?kind=one")
    alice.page.locator("#text").fill("Which?")
    alice.page.locator("#options").fill("One alone")
    alice.page.locator("form.text-form button.primary").click()
    expect(alice.page.locator(".error-summary")).to_be_visible()
    inspection.look(alice, "a question with one answer")
    assert inspection.wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_was_answered_is_for_everybody(persons: Persons, site: Site, asking: Service, language: str) -> None:
    """From the record of whoever is booked, and from the patient's own page to the question whether all is still right."""
    erin = persons.person("erin", site, size=PHONE, language=language)
    visits = [book(erin, asking) for _ in range(2)]
    first, second = (in_database(site, lambda tx, visit=visit: as_danas(tx, visit)) for visit in visits)
    erin.open(f"{visits[0]}/questions")
    erin.page.locator("main form button").click()
    answer_all(erin)
    erin.press("Send")
    expect(erin.heading("Your answers are sent")).to_be_visible()
    erin.press("Change my answers")
    expect(erin.heading("Check your answers")).to_be_visible()
    alice = persons.person("alice", site, signed_in=ALICE, language=language)
    inspection = Inspection()
    for path in (f"/patients/{DANA.patient_id}", f"/patients/{DANA.patient_id}/answers/{first.appointment_id}"):
        alice.open(path)
        expect(alice.page.locator("#answers-title")).to_be_visible()
        inspection.look(alice, path)
    dana = persons.person("dana", site, size=PHONE, language=language)
    dana.context.add_cookies([{"name": "sid", "value": in_database(site, dana_signs_in), "url": site.url}])
    walk = Walk(dana, [*NAMES, "Dana Diaz", "Dr Alice Ahmed"])
    dana.open(f"/my/{DANA.patient_id}/consultations/{second.id}/questions")
    expect(dana.heading("Still right?")).to_be_visible()
    walk.look("still right")
    dana.open("/my")
    dana.page.locator("details.summary-text").last.locator("summary").click()
    inspection.look(dana, "answers on the own page")
    late(walk, erin, visits[0], site)
    assert walk.inspection.wrong == []
    assert inspection.wrong == []


def late(walk: Walk, erin: Person, visit: str, site: Site) -> None:
    """Look at what is said to whoever sends after the consultation has begun."""
    erin.allow_errors("status of 409")
    erin.open(f"{visit}/questions/2?check")

    async def begin(tx: Tx) -> None:
        (await consultation_of(tx, visit)).started_at = SystemClock().now()

    in_database(site, begin)
    erin.press("Continue")
    expect(erin.heading("Nothing was sent")).to_be_visible()
    walk.look("too late", erin.page)
    erin.open(f"{visit}/questions")
    walk.look("begun", erin.page)


async def dana_signs_in(tx: Tx) -> str:
    return begin_login(tx, DANA.person_id, "a telephone", SystemClock().now(), shared=False)


async def as_danas(tx: Tx, visit: str) -> Consultation:
    """Let an appointment be in the record that dana's account reads."""
    consultation = await consultation_of(tx, visit)
    appointment = await tx.get_one(Appointment, consultation.appointment_id)
    consultation.patient_id = appointment.patient_id = DANA.patient_id
    return consultation
