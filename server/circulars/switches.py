"""The switches for news that a page shows, one for each channel there is an address for, and reading what was chosen."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from server.circulars.consents import Desk, is_closed, reachable, wanted_by
from server.circulars.wording import NEWS
from server.consultation.events import Channel
from server.core.db import Tx
from server.core.house import House
from server.messaging.optouts import is_stopped
from server.patients.model import Patient
from server.web.i18n import Language


@dataclass(frozen=True)
class Switch:
    """`sentence` and `more` are what is agreed to, in the reader's language.

    `fixed`: it can only be switched off here. `stopped`: the number answered STOP, so nothing comes whatever is chosen. `closed`: news to
    the address were stopped once, and the link of a visit does not bring them back.
    """

    channel: Channel
    sentence: str
    more: str
    on: bool
    fixed: bool
    stopped: bool
    closed: bool = False

    @property
    def offered(self) -> bool:
        return self.on or not self.fixed


def desk_of(house: House) -> Desk:
    return Desk(house.secrets, house.settings.phone_region)


async def switches_of(tx: Tx, desk: Desk, patient: Patient, language: Language, own: Collection[str] | None = None) -> list[Switch]:
    """Return what can be chosen: by whoever signed in all, by the link in a newsletter only for the `own` addresses, and what is on.

    It is not on where whoever shares the address has stopped it, whatever this record agreed to: nothing would come.
    """
    standing, addresses = await wanted_by(tx, patient.id), await reachable(tx, desk, patient)
    found = []
    for channel, wording in NEWS.items():
        if (address := addresses.get(channel)) is None and channel not in standing:
            continue
        fixed = address is None or (own is not None and address not in own)
        stopped = address is not None and await is_stopped(tx, desk.secrets, address)
        shut = address is not None and await is_closed(tx, desk, patient, channel, address)
        said = language.text(wording.sentence), language.text(wording.more)
        found.append(Switch(channel, *said, channel in standing and not shut, fixed, stopped))
    return found


async def visit_switches(tx: Tx, desk: Desk, patient: Patient, language: Language) -> list[Switch]:
    """Return what can be chosen by the link of a visit: nothing of an address whose owner has stopped news."""
    addresses, switches = await reachable(tx, desk, patient), await switches_of(tx, desk, patient, language)
    shut = {channel for channel, address in addresses.items() if await is_closed(tx, desk, patient, channel, address)}
    return [replace(one, fixed=True, closed=True) if one.channel in shut else one for one in switches]


def chosen(form: Mapping[str, str], switches: Sequence[Switch]) -> tuple[list[Channel], list[Channel]]:
    """Return the channels that are wanted and those that were offered; what was not offered is not changed.

    With `stop` one channel is taken back, and whatever else the form says gives nothing: a page may be older than another choice.
    """
    if "stop" in form:
        return [], [switch.channel for switch in switches if switch.channel == form["stop"]]
    offered = [switch.channel for switch in switches if switch.offered]
    return [channel for channel in offered if form.get(channel) == "yes"], offered
