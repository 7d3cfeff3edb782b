"""Registration bodies of the health professions, and what somebody says of themself as a professional: data and its checks, pure."""

import re
from dataclasses import asdict, dataclass
from typing import NamedTuple


class Body(NamedTuple):
    """A body with the pattern that the whole of a number must fit, letters in capitals, and a number that shows it.

    `concerns` is the page on which anybody may complain to it.
    """

    name: str
    pattern: str
    example: str
    concerns: str = ""


OTHER = "OTHER"
BODIES = {
    "GMC": Body("General Medical Council (GMC)", r"[0-9]{7}", "1234567", "https://www.gmc-uk.org/concerns"),
    "NMC": Body(
        "Nursing and Midwifery Council (NMC)", r"[0-9]{2}[A-L][0-9]{4}[A-Z]", "12A3456E", "https://www.nmc.org.uk/concerns-nurses-midwives/"
    ),
    "HCPC": Body("Health and Care Professions Council (HCPC)", r"[A-Z]{2,3}[0-9]{5,6}", "PH12345", "https://www.hcpc-uk.org/concerns/"),
    "GDC": Body("General Dental Council (GDC)", r"[0-9]{4,6}", "123456", "https://www.gdc-uk.org/raising-concerns"),
    "GPHC": Body(
        "General Pharmaceutical Council (GPhC)",
        r"[0-9]{7}",
        "2012345",
        "https://www.pharmacyregulation.org/patients-and-public/reporting-concerns",
    ),
    "GOC": Body("General Optical Council (GOC)", r"(01|D)-?[0-9]{4,6}", "01-12345", "https://optical.org/en/raising-concerns/"),
    "GOSC": Body("General Osteopathic Council (GOsC)", r"[0-9]{1,5}", "1234", "https://www.osteopathy.org.uk/standards/complaints/"),
    "GCC": Body("General Chiropractic Council (GCC)", r"[0-9]{5}", "01234", "https://www.gcc-uk.org/concerns-about-a-chiropractor"),
    "SWE": Body("Social Work England (SWE)", r"SW[0-9]{1,6}", "SW12345", "https://www.socialworkengland.org.uk/concerns/raise-a-concern/"),
    OTHER: Body("Another body", r"[^\n]{3,60}", "BACP 123456"),
}
LONGEST = {"title": 40, "name": 200, "qualifications": 200, "field_of_practice": 200, "registration": 60}
NEEDED = ("name", "qualifications", "field_of_practice", "registration")


@dataclass(frozen=True)
class Details:
    """What a professional says of themself; `body` is a key of `BODIES`."""

    title: str
    name: str
    qualifications: str
    field_of_practice: str
    body: str
    registration: str


def tidy(details: Details) -> Details:
    """Return them with the number as the body writes it: in capitals and without spaces, where the body is a known one."""
    if details.body in {"", OTHER}:
        return details
    return Details(**{**asdict(details), "registration": "".join(details.registration.split()).upper()})


def faults_of(details: Details) -> dict[str, str]:
    """Return by field what cannot stay: `missing`, `long`, or for the registration `unknown` and `format`."""
    written = asdict(details)
    faults = {field: "long" for field, most in LONGEST.items() if len(written[field]) > most}
    faults |= {field: "missing" for field in NEEDED if not written[field]}
    if details.body not in BODIES:
        return faults | {"body": "unknown"}
    if "registration" not in faults and not re.fullmatch(BODIES[details.body].pattern, details.registration):
        faults["registration"] = "format"
    return faults
