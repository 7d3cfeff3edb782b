"""What the tests of the page of health are made with."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from server.consultation.events import Channel
from server.core.house import House
from server.oversight.board import State, Thing
from server.ports import Carrier, Provable
from server.web.i18n import Language


@dataclass(frozen=True)
class Bench:
    """What a test needs: the house, who is outside of it, and whoever pressed the button, with their language."""

    house: House
    carriers: Mapping[Channel, Carrier]
    outside: Mapping[Thing, Provable]
    person_id: UUID
    language: Language


Test = Callable[[Bench], Awaitable[State]]
