"""The document of the HTTP interface is the one that the code says."""

from pathlib import Path

from tests.openapi.whole import PLACE, written_of


def test_the_document_is_what_the_code_says(tmp_path: Path) -> None:
    assert PLACE.read_text() == written_of(tmp_path), "run `python -m tests.openapi`"
