"""At the desk on one's own computer: signing in there, and what its storage holds."""

from playwright.sync_api import expect

from tests.browser.person import Person
from tests.browser.test_note import section
from tests.cast import Staff
from tests.site import Booked

NO_LINE = "WebSocket|ERR_|Failed to load|status of 40"
KEPT = "Kept on this computer until it is sent"
NOT_SAVED = "NOT saved"
OFFERED = "You wrote this here before, and it was not sent:"

# Every byte and every field of every record, as letters: what lies open in it is found there.
# Null while it is being cleared: opened then, it must not come about anew.
RAW = """async () => {
  const answer = (request) => new Promise((done) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => done(null);
    request.onupgradeneeded = () => request.transaction.abort();
  });
  const known = await indexedDB.databases();
  if (!known.some(({ name }) => name === "consilium-notes")) return [];
  const database = await answer(indexedDB.open("consilium-notes"));
  if (database === null) return null;
  const names = [...database.objectStoreNames];
  const found = await Promise.all(names.map((name) => answer(database.transaction(name).objectStore(name).getAll())));
  database.close();
  if (found.includes(null)) return null;
  const read = (box) => ["latin1", "utf-16le"].map((code) => new TextDecoder(code).decode(box.sealed));
  return found.flat().map((box) => [...read(box), JSON.stringify(box)].join(" "));
}"""


def at_own_desk(person: Person, member: Staff, booked: Booked, *, own: bool = True) -> None:
    """Sign in by the form, saying whose computer this is, and open the note."""
    person.allow_errors(NO_LINE)
    person.open(f"/sign-in?next={booked.desk}")
    person.field("Username").fill(member.username)
    person.field("Password").fill(member.password)
    if own:
        person.page.get_by_label(person.say("This is my own computer")).check()
    person.press("Sign in")
    expect(section(person, "Plan")).to_be_editable()


def all_kept(person: Person) -> None:
    """Wait until the page shows that all which was typed is kept; what a screen reader was told last may be of an earlier letter."""
    expect(person.page.locator(".note-state")).to_have_text(KEPT)


def kept(person: Person) -> list[str]:
    found: list[list[str]] = []

    def read() -> bool:
        records = person.page.evaluate(RAW)
        found.append(records)
        return records is not None

    person.until(read, what="storage that answers")
    return found[-1]


def nothing_kept(person: Person) -> None:
    person.until(lambda: kept(person) == [], what="nothing is kept any more")


def takes_all_dialogs(person: Person) -> None:
    """Leave a page that asks whether one wants to, because something in it is not saved."""
    person.page.on("dialog", lambda dialog: dialog.accept())


def new_page(person: Person, booked: Booked) -> None:
    """Close the page, as somebody who shuts their laptop, and open the desk anew."""
    person.page.close()
    person.page = person.new_tab()
    person.open(booked.desk)
