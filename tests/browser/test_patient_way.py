"""The whole way of a patient on a phone, page by page."""

import pytest

from tests.browser.journeys import agree, check_camera, check_microphone, check_network, check_speaker, introduce, waits
from tests.browser.person import PHONE, Persons
from tests.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.row("V1")]


@pytest.mark.row("V2")
@pytest.mark.row("V3")
def test_from_the_link_to_the_waiting_room(persons: Persons, site: Site) -> None:
    booked = site.consultation()
    dana = persons.person("dana", site, size=PHONE)
    dana.open(booked.link)
    dana.reads("Your video consultation with Dr Alice Ahmed")
    dana.reads("Not for emergencies")
    assert booked.link.rsplit("/", 1)[1] not in dana.page.url
    dana.press("Start")
    introduce(dana, "Dana D.")
    agree(dana)
    check_camera(dana)
    check_microphone(dana)
    check_speaker(dana)
    check_network(dana)
    waits(dana)
    dana.reads("Dr Alice Ahmed knows you are here")
    row = site.row(booked)
    assert (row["stage"], row["patient_name"], row["state"]) == ("waiting", "Dana D.", "waiting")
    assert row["waiting_since"]
    assert row["devices"]
