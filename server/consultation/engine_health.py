"""What the load of an engine means, in sentences for whoever looks after it: first of all whether something is wrong. Pure."""

from collections.abc import Iterator
from typing import NamedTuple

from server.core.marking import _
from server.media_control import Load

BUSY = 0.8  # of one processor, on which everything of an engine runs
LOSSY = 0.03  # of what browsers are sent; sound suffers from about there
CROWDED = 10  # browsers that wait to connect


class Said(NamedTuple):
    """A sentence with the values that belong into it."""

    sentence: str
    values: dict[str, int]

    def __str__(self) -> str:
        return self.sentence.format(**self.values)


def health(load: Load) -> list[Said]:
    """Return what is wrong, or that nothing is."""
    return list(_troubles(load)) or [Said(_("All is well: it keeps up, and next to nothing is lost."), {})]


def _troubles(load: Load) -> Iterator[Said]:
    if load.cpu >= BUSY:
        yield Said(_("It is as busy as it can be: further calls belong on another engine."), {})
    if load.overrun:
        sentence = _("It could not read fast enough: {count} packets came while its queue was full, and are lost.")
        yield Said(sentence, {"count": load.overrun})
    if load.dropped:
        sentence = _("The machine did not take {count} packets that it wanted to send: the network there is too slow.")
        yield Said(sentence, {"count": load.dropped})
    if load.lost >= LOSSY:
        sentence = _("{percent} % of what browsers were sent did not arrive: the networks on the way are bad.")
        yield Said(sentence, {"percent": round(load.lost * 100)})
    if load.oversize:
        yield Said(_("{count} packets were longer than a browser sends, and were dropped."), {"count": load.oversize})
    if load.excess:
        yield Said(_("{count} packets were more than one browser may send, and were dropped."), {"count": load.excess})
    if load.waiting >= CROWDED:
        yield Said(_("{count} people wait for their turn to connect."), {"count": load.waiting})
