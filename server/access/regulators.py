"""Who is above a practice, to whom anybody may complain: two presets, the bodies of its professionals, and what it adds itself; pure."""

from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import urlsplit

from server.access.bodies import BODIES
from server.core.marking import _

MOST, LONGEST_NAME, LONGEST_URL = 10, 120, 500
LONGEST = MOST * (LONGEST_NAME + LONGEST_URL + 2)


class Regulator(NamedTuple):
    """`about` is a sentence of ours, "" for one that a practice added."""

    name: str
    about: str
    url: str


ICO = Regulator("Information Commissioner (ICO)", _("How personal data is handled"), "https://ico.org.uk/make-a-complaint/")
CQC = Regulator("Care Quality Commission (CQC)", _("A care provider in England"), "https://www.cqc.org.uk/contact-us")
REGISTERED = _("A professional who is registered there")


def regulators_of(bodies: Iterable[str], added: str) -> list[Regulator]:
    """Return who is above a practice with professionals of these bodies; where none of them is known, every body that there is."""
    known = [code for code, body in BODIES.items() if body.concerns]
    registered = [code for code in known if code in set(bodies)] or known
    return [ICO, *(Regulator(BODIES[code].name, REGISTERED, BODIES[code].concerns) for code in registered), CQC, *read(added)]


def read(written: str) -> list[Regulator]:
    """Return what stands in lines of a name and a web address; a line that is none is left out."""
    return [Regulator(name, "", url) for name, url in map(_parted, written.splitlines()) if _is_one(name, url)]


def tidy(written: str) -> str:
    """Return it with one space between words, and without empty lines."""
    return "\n".join(" ".join(line.split()) for line in written.splitlines() if line.strip())


def fault_of(written: str) -> str:
    """Return `regulators` where a line is not a name and a web address, `regulators_many` for too many lines, else ""."""
    lines = tidy(written).splitlines()
    if len(lines) > MOST:
        return "regulators_many"
    return "" if len(read(written)) == len(lines) else "regulators"


def _parted(line: str) -> tuple[str, str]:
    name, _space, url = " ".join(line.split()).rpartition(" ")
    return name, url


def _is_one(name: str, url: str) -> bool:
    """A link leads out of the practice's own page, so it is one to a host by its name, over HTTPS."""
    try:
        address = urlsplit(url)
        by_name = address.scheme == "https" and "." in (address.hostname or "") and "@" not in address.netloc
    except ValueError:
        return False
    return by_name and 0 < len(name) <= LONGEST_NAME and len(url) <= LONGEST_URL
