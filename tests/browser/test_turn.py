"""A call that can only go through the relay."""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate
from playwright.sync_api import Browser

from tests.browser.conftest import FAKE_CONSENT, FAKE_DEVICES, LaunchChromium, start_site
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
    if (!pair) continue;
    const local = reports.find((each) => each.id === pair.localCandidateId);
    return [local.candidateType, local.relayProtocol];
  }
  return null;
}"""


class Relayed(NamedTuple):
    """A server that hands out one address of a relay, the browser that trusts it, and how the browser speaks to it."""

    site: Site
    browser: Browser
    protocol: str


def trusting(launch: LaunchChromium, certificate: Path) -> Browser:
    """Return a Chromium for which this certificate is good, though nobody has signed it; no other one is."""
    key = load_pem_x509_certificate(certificate.read_bytes()).public_key()
    pin = b64encode(sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()).decode()
    return launch(FAKE_DEVICES, FAKE_CONSENT, f"--ignore-certificate-errors-spki-list={pin}")


@pytest.fixture(params=["udp", "tcp", "tls"])
def relayed(
    request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: Path, locales: Path, launch_chromium: LaunchChromium
) -> Iterator[Relayed]:
    """A server that hands out credentials of a private coturn; by TCP alone as where a network lets no UDP out, by TLS alone as where it
    lets nothing out but what looks like a web page.
    """
    with ExitStack() as stack:
        turn = Turn(tmp_path, SECRET)
        stack.callback(turn.stop)
        urls = {"udp": turn.url, "tcp": turn.tcp_url, "tls": turn.tls_url}
        site = start_site(tmp_path / "relayed", sqlite_template, locales, TURN_URLS=urls[request.param], TURN_SECRET=SECRET)
        stack.callback(site.server.stop)
        stack.callback(site.close)
        if request.param == "tls":
            browser = trusting(launch_chromium, turn.certificate)
            stack.callback(browser.close)
        else:
            browser = request.getfixturevalue("chromium")
        yield Relayed(site, browser, request.param)


def only_relayed(person: Person) -> Person:
    person.context.add_init_script(RELAY_ONLY)
    return person


def test_the_relay_carries_the_call(relayed: Relayed, persons: Persons) -> None:
    site, browser, protocol = relayed
    booked = site.consultation()
    dana = only_relayed(persons.person("dana", site, browser=browser, size=PHONE))
    hurry_to_waiting_room(dana, booked)
    alice = only_relayed(persons.person("alice", site, browser=browser, signed_in=ALICE)).open(booked.desk)
    alice.press("Admit")
    for person in (alice, dana):
        in_call(person)
        person.sees_motion(frames=15)
        assert person.page.evaluate(PAIR) == ["relay", protocol]
