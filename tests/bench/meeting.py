"""A patient and a professional who meet in a call, each in a browser window that keeps a diary."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser

from server.consultation.consents import WORDINGS
from tests.bench.browsers import diary, keep_diary
from tests.browser.person import PHONE, Persons
from tests.cast import ALICE
from tests.servers import until
from tests.site import Booked, Site

PATIENCE_S = 20.0
LAST_STEP = "Go to the waiting room"
Diary = dict[str, Any]
Form = dict[str, str | float | bool]


class Meeting:
    """The desk is open from the start; the patient has answered everything and stands before the last button."""

    def __init__(self, site: Site, persons: Persons, patients_browser: Browser) -> None:
        booked = site.consultation()
        self.professional = keep_diary(persons.person("professional", site, signed_in=ALICE))
        self.patient = keep_diary(persons.person("patient", site, browser=patients_browser, size=PHONE))
        self._answer_everything(site, booked)
        self.professional.open(booked.desk)
        self.until(lambda: any(entry["what"] == "welcome" for entry in diary(self.professional)["sockets"]), "the desk")

    def _answer_everything(self, site: Site, booked: Booked) -> None:
        self.patient.open(booked.link)
        visit = self.patient.page.url
        agreed: Form = {wording.purpose: "yes" for wording in WORDINGS}
        steps: list[tuple[str, Form]] = [("", {}), ("/who", {"name": booked.patient}), ("/consent", agreed)]
        for page, answers in steps:
            answer = self.patient.context.request.post(visit + page, form=answers, headers={"origin": site.url})
            assert answer.ok, answer.text()
        self.patient.open(f"{visit}/network")
        self.patient.page.locator("#progress[hidden]").wait_for(state="attached")

    def until(self, check: Callable[[], object], what: str, within_s: float = PATIENCE_S) -> None:
        """Ask again until it is true, giving both browsers their turns; raises `TimeoutError`."""

        def ask() -> object:
            self.patient.page.wait_for_timeout(20)
            return check()

        until(ask, timeout_s=within_s, what=what)

    @property
    def diaries(self) -> tuple[Diary, Diary]:
        return diary(self.patient), diary(self.professional)

    def forget(self) -> None:
        for person in (self.patient, self.professional):
            person.page.evaluate("() => globalThis.diary.forget()")

    def enter(self) -> None:
        """Press the last button on the way to the waiting room."""
        self.patient.press(LAST_STEP)

    def begin(self) -> None:
        """Hold the call: the professional admits at once."""
        self.professional.page.evaluate("() => globalThis.diary.admitAtOnce()")
        self.enter()
        self.until_pictures()

    def run_for(self, ms: float) -> None:
        """Let the call go on, giving both browsers their turns."""
        self.patient.page.wait_for_timeout(ms)

    def until_connected(self) -> None:
        """Wait until the two browsers have found each other, which they do while the patient waits."""
        self.until(lambda: all(entry["connected"] for entry in self.diaries), "the connection while waiting")

    def until_pictures(self, after: float = 0.0) -> float:
        """Wait until both see each other after that moment; returns when the later of the two did, in ms of the clock."""
        self.until(lambda: all(first_after(entry["pictures"], after) for entry in self.diaries), "the picture on both sides")
        return max(first_after(entry["pictures"], after) or 0.0 for entry in self.diaries)


def first_after(moments: list[float], after: float) -> float | None:
    return next((moment for moment in moments if moment > after), None)


@contextmanager
def meeting(site: Site, browser: Browser, patients_browser: Browser | None = None) -> Iterator[Meeting]:
    """Bring two people together; their windows are closed at the end, and errors in their pages count as a failed run."""
    persons = Persons(browser)
    try:
        yield Meeting(site, persons, patients_browser or browser)
    except BaseException:
        for person in persons.all:
            person.context.close()
        raise
    persons.close()
