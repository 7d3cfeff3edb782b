"""To whom complaints about a practice are linked: the presets, the bodies of who works there, and what the practice adds."""

from urllib.parse import urlsplit

import pytest

from server.access.bodies import BODIES, OTHER
from server.access.regulators import CQC, ICO, LONGEST_NAME, MOST, fault_of, read, regulators_of, tidy

pytestmark = pytest.mark.row("S3")

WALES = "Healthcare Inspectorate Wales https://hiw.org.uk/feedback"


def test_the_bodies_of_who_works_there_are_told_and_no_others() -> None:
    assert [one.name for one in regulators_of(["HCPC", "GMC", "HCPC", OTHER, ""], WALES)] == [
        ICO.name, BODIES["GMC"].name, BODIES["HCPC"].name, CQC.name, "Healthcare Inspectorate Wales",
    ]  # fmt: skip


def test_where_nobody_said_which_body_all_are_told() -> None:
    assert len(regulators_of([OTHER], "")) == len(BODIES) - 1 + 2


def test_every_preset_can_be_opened() -> None:
    for one in regulators_of([], ""):
        assert urlsplit(one.url).scheme == "https"
        assert urlsplit(one.url).hostname


def test_what_is_written_is_tidied_and_read() -> None:
    assert tidy(f"\n  Healthcare   Inspectorate Wales\thttps://hiw.org.uk/feedback \n\n{WALES}") == f"{WALES}\n{WALES}"
    assert [(one.name, one.about, one.url) for one in read(WALES)] == [("Healthcare Inspectorate Wales", "", "https://hiw.org.uk/feedback")]


@pytest.mark.parametrize(
    "line",
    [
        "Healthcare Inspectorate Wales", "https://hiw.org.uk", "Wales http://hiw.org.uk", "Wales javascript:alert(1)",
        "Wales https://ours@hiw.org.uk", "Wales https://localhost/", "Wales https://[x", f"{'W' * (LONGEST_NAME + 1)} https://hiw.org.uk",
        f"Wales https://hiw.org.uk/{'x' * 500}",
    ],
)  # fmt: skip
def test_a_line_that_is_no_name_with_an_address_is_a_fault_and_never_shown(line: str) -> None:
    assert fault_of(f"{WALES}\n{line}") == "regulators"
    assert read(line) == []


def test_there_is_a_bound() -> None:
    assert fault_of("\n".join([WALES] * MOST)) == ""
    assert fault_of("\n".join([WALES] * (MOST + 1))) == "regulators_many"
