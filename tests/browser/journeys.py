"""The ways through the pages that many tests begin with, taken as a person takes them."""

from playwright.sync_api import Browser, Locator, expect

from server.consultation.consents import WORDINGS
from tests.browser.person import PHONE, Person, Persons
from tests.cast import ALICE, DANA, Staff
from tests.site import Booked, Site

STEPS = {"camera": "I can see myself", "microphone": "The bar moves", "speaker": "Yes, I heard it"}


def sign_in(person: Person, member: Staff, page: str = "/today") -> None:
    """Sign in by the form, with a login of this person's own, and come to a page."""
    person.open(f"/sign-in?next={page}")
    person.field("Username").fill(member.username)
    person.field("Password").fill(member.password)
    person.press("Sign in")
    expect(person.page).to_have_url(f"{person.base_url}{page}")


def welcome(person: Person, booked: Booked) -> None:
    """Open the personal link and press Start."""
    person.open(booked.link)
    person.press("Start")


def introduce(person: Person, name: str | None = None) -> None:
    """Say who is there; without a name keep the one that the practice wrote."""
    expect(person.heading("Who is there?")).to_be_visible()
    if name is not None:
        person.field("Your name").fill(name)
    person.press("Continue")


def agree(person: Person) -> None:
    expect(person.heading("Before we start")).to_be_visible()
    expect(person.button("I agree")).to_be_visible()
    for box in person.page.get_by_role("checkbox").all():
        box.check()
    person.press("I agree")


def check_camera(person: Person) -> None:
    expect(person.heading("Check your camera")).to_be_visible()
    turn_on(person)
    person.press(STEPS["camera"])


def check_microphone(person: Person) -> None:
    expect(person.heading("Check your microphone")).to_be_visible()
    turn_on(person)
    person.press(STEPS["microphone"])


def turn_on(person: Person) -> None:
    """Press the button that asks for the device, unless the page has it already because the browser had said yes."""
    expect(person.page.locator("#start:visible, #works:visible").first).to_be_visible()
    start = person.page.locator("#start")
    if start.is_visible():
        start.click()
    expect(person.page.locator("#works")).to_be_visible()


def check_speaker(person: Person) -> None:
    expect(person.heading("Check your sound")).to_be_visible()
    person.press("Play a sound")
    person.press(STEPS["speaker"])


def check_network(person: Person) -> None:
    expect(person.heading("Check your connection")).to_be_visible()
    person.press("Go to the waiting room")


def come_to_waiting_room(person: Person, booked: Booked) -> None:
    """Go the whole way of a patient whose devices work."""
    welcome(person, booked)
    introduce(person)
    agree(person)
    check_camera(person)
    check_microphone(person)
    check_speaker(person)
    check_network(person)
    waits(person)


def hurry_to_waiting_room(person: Person, booked: Booked) -> None:
    """Go the shortest way: send the forms without looking at their pages, and straight to the waiting room, past the check."""
    forms = person.context.request
    headers = {"origin": person.base_url}
    visit = forms.get(booked.link).url
    yes = dict.fromkeys((wording.purpose for wording in WORDINGS), "yes")
    for path, form in (("", {}), ("/who", {"name": booked.patient}), ("/consent", yes)):
        assert forms.post(visit + path, form=form, headers=headers, max_redirects=0).status == 303
    person.open(f"{visit}/room")
    waits(person)


def waits(person: Person) -> None:
    person.state("waiting")
    expect(person.heading("You are in the waiting room")).to_be_visible()


def control(person: Person, name: str) -> Locator:
    """Find a button where it always is: of a weak connection, or of a camera that gives nothing, the page offers some of them again."""
    return person.page.get_by_role("group", name="Call controls").get_by_role("button", name=name, exact=True)


def takes_sound_only(person: Person, behind: str = "Devices") -> None:
    control(person, behind).click()
    person.page.locator(".more-rows").get_by_role("button", name="Sound only", exact=True).click()


def in_call(person: Person) -> None:
    person.state("live")


def at_desk(persons: Persons, site: Site, booked: Booked, member: Staff = ALICE, *, browser: Browser | None = None) -> Person:
    """A professional who has opened the desk of a consultation."""
    return persons.person(member.username, site, browser=browser, signed_in=member).open(booked.desk)


def call_of_two(
    persons: Persons, site: Site, *, professional: Browser | None = None, patient: Browser | None = None, language: str = "en-GB"
) -> tuple[Person, Person, Booked]:
    """Return dr_alice and dana in a running call, each seeing the other."""
    booked = site.consultation(mobile=DANA.mobile)
    dana = persons.person("dana", site, browser=patient, size=PHONE, language=language)
    hurry_to_waiting_room(dana, booked)
    alice = persons.person("dr_alice", site, browser=professional, signed_in=ALICE, language=language).open(booked.desk)
    alice.press("Admit")
    for person in (alice, dana):
        in_call(person)
        person.sees_motion()
    return alice, dana, booked
