"""Calls of people whose networks let them through badly: by TCP alone, by IPv6 alone, to the server and not to each other, or from another
address in the middle of it.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import LaunchInside, start_site
from tests.browser.journeys import at_desk, hurry_to_waiting_room, in_call
from tests.browser.person import PHONE, Person, Persons
from tests.browser.pictures import more_pictures
from tests.browser.sentences import OF_ELSE, follow_sentences, stood_still
from tests.browser.team import joins, over_engine, pair, straight
from tests.cable import plugged
from tests.networks import Net, Networks
from tests.servers import Turn
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("V6")]

SECRET = "only for the tests"
StartSite = Callable[..., Site]
Behind = Callable[..., Browser]
RelayAt = Callable[[str], Turn]

# Of each connection that stands: what kind of way it took here, by what protocol to a relay, and the address at its other end.
TAKEN = """async () => {
  const found = [];
  for (const connection of globalThis.connections.filter((each) => each.connectionState === "connected")) {
    const reports = [...(await connection.getStats()).values()];
    const named = (id) => reports.find((each) => each.id === id);
    const pair = named(reports.find((each) => each.type === "transport").selectedCandidatePairId);
    const { candidateType, relayProtocol } = named(pair.localCandidateId);
    found.push([candidateType, relayProtocol ?? "", named(pair.remoteCandidateId).address]);
  }
  return found;
}"""

# Of each connection that stands, the address that it is sent from here.
FROM = """async () => {
  const found = [];
  for (const connection of globalThis.connections.filter((each) => each.connectionState === "connected")) {
    const reports = [...(await connection.getStats()).values()];
    const named = (id) => reports.find((each) => each.id === id);
    found.push(named(named(reports.find((each) => each.type === "transport").selectedCandidatePairId).localCandidateId).address);
  }
  return found;
}"""

# Every sentence about the call that was shown over its picture.
BANNERS = """
(() => {
  globalThis.banners = new Set();
  new MutationObserver(() => {
    for (const shown of document.querySelectorAll(".banner p")) globalThis.banners.add(shown.textContent);
  }).observe(document, { childList: true, subtree: true, characterData: true });
})()
"""


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def begin(stack: ExitStack, tmp_path: Path, sqlite_template: Path, locales: Path) -> StartSite:
    """Start a server whose engine listens at an address."""

    def begin(listen: str, **settings: str) -> Site:
        site = start_site(tmp_path / "site", sqlite_template, locales, MEDIA_LISTEN=f"{listen}:0", **settings)
        stack.callback(site.server.stop)
        stack.callback(site.close)
        return site

    return begin


@pytest.fixture
def behind(stack: ExitStack, launch_inside: LaunchInside) -> Behind:
    """Launch Chromium in a network from where the server can be reached."""

    def behind(net: Net, site: Site, near: str) -> Browser:
        plug = stack.enter_context(plugged(site.server.port, near))
        host = f"[{near}]" if ":" in near else near
        return launch_inside(net, f"--host-resolver-rules=MAP 127.0.0.1:{site.server.port} {host}:{plug.near}")

    return behind


@pytest.fixture
def relay_at(stack: ExitStack, tmp_path: Path) -> RelayAt:
    def start(address: str) -> Turn:
        turn = Turn(tmp_path / "turn", SECRET, address)
        stack.callback(turn.stop)
        return turn

    return start


def taken(person: Person) -> set[tuple[str, str, str]]:
    return {tuple(one) for one in person.page.evaluate(TAKEN)}


def test_three_of_whom_one_is_behind_a_wall(persons: Persons, nets: Networks, begin: StartSite, behind: Behind, relay_at: RelayAt) -> None:
    net = nets.lay()
    net.wall_off_udp()
    turn = relay_at(net.near)
    site = begin(net.near, TURN_URLS=turn.tcp_url, TURN_SECRET=SECRET)
    alice, dana, booked = pair(persons, site, patient=behind(net, site, net.near))
    assert {way[:2] for way in taken(dana)} == {("relay", "tcp")}
    bob = joins(persons, site, booked)
    bob.press("Join the call")
    in_call(bob)
    over_engine(alice, dana, bob)
    more_pictures(alice, dana, bob, count=2)
    assert taken(dana) == {("relay", "tcp", net.near)}


def test_three_of_whom_one_has_ipv6_alone(persons: Persons, nets: Networks, begin: StartSite, behind: Behind) -> None:
    net = nets.lay(six=True)
    site = begin(f"[{net.near_six}]")
    alice, dana, booked = pair(persons, site, patient=behind(net, site, net.near_six))
    assert taken(dana) == {("host", "", net.near_six)}
    bob = joins(persons, site, booked)
    bob.press("Join the call")
    in_call(bob)
    over_engine(alice, dana, bob)
    more_pictures(alice, dana, bob, count=2)
    assert taken(dana) == {("host", "", net.near_six)}


@pytest.mark.parametrize("three", [False, True])
def test_somebody_changes_the_network_in_the_call(
    persons: Persons, nets: Networks, begin: StartSite, behind: Behind, *, three: bool
) -> None:
    net = nets.lay()
    site = begin(net.near)
    alice, dana, booked = pair(persons, site, patient=behind(net, site, net.near))
    people, arrived = [alice, dana], straight
    if three:
        bob = joins(persons, site, booked)
        bob.press("Join the call")
        people, arrived = [alice, dana, bob], over_engine
    arrived(*people)
    more_pictures(*people, count=len(people) - 1)
    dana.allow_errors("Failed to load resource|WebSocket connection")
    net.readdress()
    dana.until(lambda: set(dana.page.evaluate(FROM)) & {net.far, net.far_six}, what="something is sent from the new address")
    for person in people:
        in_call(person)
    arrived(*people)
    more_pictures(*people, count=len(people) - 1)


def test_two_who_cannot_reach_each_other_meet_at_the_engine(persons: Persons, nets: Networks, begin: StartSite, behind: Behind) -> None:
    ward, home = nets.lay(), nets.lay()
    home.lead_to(ward.near)
    site = begin(ward.near)
    booked = site.consultation()
    dana = persons.person("dana", site, browser=behind(home, site, home.near), size=PHONE)
    hurry_to_waiting_room(dana, booked)
    alice = at_desk(persons, site, booked, browser=behind(ward, site, ward.near))
    for person in (alice, dana):
        person.context.add_init_script(BANNERS)
        person.page.reload()
    follow_sentences(alice, dana)
    alice.press("Admit")
    over_engine(alice, dana)
    more_pictures(alice, dana, count=1)
    for person in (alice, dana):
        banners = [banner for banner in person.page.evaluate("[...globalThis.banners]") if not OF_ELSE.search(banner)]
        assert len(banners) <= 1 or stood_still(alice, dana), f"{person.name} was told {banners}"
