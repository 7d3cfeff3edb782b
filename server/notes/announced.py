"""What a patient's first page tells of beside the record: a policy that has changed, as the folder of policies finds it."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from server.core.db import Tx


class Announced(NamedTuple):
    """A new version of a text of `owner`; `name` is for the catalogue, `path` where it is read, `zone` that of the practice."""

    path: str
    owner: str
    name: str
    changes: str
    effective_at: datetime
    zone: str


Announcing = Callable[[Tx, UUID, datetime], Awaitable[Sequence[Announced]]]
