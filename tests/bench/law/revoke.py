"""How soon an open note closes when the permission for it is withdrawn: the same reading as the note's own bench makes."""

from tests.bench.notes.rights import measure

__all__ = ["measure"]
