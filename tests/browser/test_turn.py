"""A call that can only go through the relay."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.browser.conftest import start_site
from tests.browser.journeys import hurry_to_waiting_room, in_call
from tests.browser.person import PHONE, Person, Persons
from tests.cast import ALICE
from tests.servers import Turn
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("V6")]

SECRET = "only for the tests"

# Both browsers are on one machine and would find each other: this leaves them the relay alone.
RELAY_ONLY = """
(() => {
  const Watched = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Watched {
    constructor(configuration) { super({ ...configuration, iceTransportPolicy: "relay" }); }
  };
})()
"""

PAIR = """async () => {
  for (const connection of globalThis.connections) {
    const reports = [...(await connection.getStats()).values()];
    const pair = reports.find((each) => each.type === "candidate-pair" && each.nominated && each.state === "succeeded");
    if (pair) return reports.find((each) => each.id === pair.localCandidateId).candidateType;
  }
  return null;
}"""


@pytest.fixture(params=["udp", "tcp"])
def relayed(request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: Path, locales: Path) -> Iterator[Site]:
    """A server that hands out credentials of a private coturn; by TCP alone as where a network lets no UDP out."""
    with ExitStack() as stack:
        turn = Turn(tmp_path, SECRET)
        stack.callback(turn.stop)
        site = start_site(
            tmp_path / "relayed",
            sqlite_template,
            locales,
            TURN_URLS=turn.url if request.param == "udp" else turn.tcp_url,
            TURN_SECRET=SECRET,
        )
        stack.callback(site.server.stop)
        stack.callback(site.close)
        yield site


def only_relayed(person: Person) -> Person:
    person.context.add_init_script(RELAY_ONLY)
    return person


def test_the_relay_carries_the_call(persons: Persons, relayed: Site) -> None:
    booked = relayed.consultation()
    dana = only_relayed(persons.person("dana", relayed, size=PHONE))
    hurry_to_waiting_room(dana, booked)
    alice = only_relayed(persons.person("alice", relayed, signed_in=ALICE)).open(booked.desk)
    alice.press("Admit")
    for person in (alice, dana):
        in_call(person)
        person.sees_motion(frames=15)
        assert person.page.evaluate(PAIR) == "relay"
