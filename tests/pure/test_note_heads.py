"""The file of a day's anchor: one line per chain, and nothing else."""

from uuid import UUID

import pytest

from server.notes.heads import AUDIT, LOG, VERSIONS, Head, read, root_of, written

pytestmark = pytest.mark.row("N6")


def test_the_file_of_heads_reads_back() -> None:
    heads = [Head(kind, UUID(int=number), number, bytes([number]) * 32) for number, kind in enumerate((VERSIONS, LOG, AUDIT), 1)]
    content = written(heads)
    assert read(content) == sorted(heads)
    assert content == written(reversed(heads))
    assert root_of(content) != root_of(content.replace(b" 1 ", b" 2 "))


@pytest.mark.parametrize("line", [b"note 1 2 3\n", b"else " + b"0" * 36 + b" 1 " + b"0" * 64, "nöte".encode()])
def test_what_is_no_file_of_heads(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"head|ascii"):
        read(line)
