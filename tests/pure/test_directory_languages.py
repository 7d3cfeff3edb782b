"""Languages of the directory: how they are stored, and what they are called."""

import pytest

from server.directory.languages import SIGNED, SPOKEN, name_of, packed, unpacked

pytestmark = pytest.mark.row("P7")


def test_they_are_stored_in_one_order_and_each_can_be_looked_for() -> None:
    assert packed(["pl", "en", "klingon"]) == ",en,pl,"
    assert unpacked(packed(["pl", "en"])) == ["en", "pl"]
    assert unpacked(packed([])) == []
    assert len(packed(SPOKEN)) <= 200, "as much as the column holds"


@pytest.mark.parametrize("reader", ["en-GB", "de", "ar", "en-XA"])
def test_every_one_has_a_name_for_every_reader(reader: str) -> None:
    names = {tag: name_of(tag, reader) for tag in SPOKEN}
    assert all(name and name != tag for tag, name in names.items())
    assert len(set(names.values())) == len(SPOKEN)


def test_names_are_the_readers() -> None:
    assert (name_of("pl", "en-GB"), name_of("pl", "de")) == ("Polish", "Polnisch")
    assert name_of("bfi", "de") == SIGNED["bfi"]
