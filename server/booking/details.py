"""Who books, as a form says it: what is wrong with it, field by field; pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from server.core.mail_addresses import EMAIL, LONGEST_EMAIL

LONGEST_NAME = 200
MOBILE = re.compile(r"\+?[0-9][0-9 ()-]{4,30}")
FIELDS = ("name", "mobile", "email")


@dataclass(frozen=True)
class Given:
    """What was written, just as it was written but for blanks; "" for nothing."""

    name: str = ""
    mobile: str = ""
    email: str = ""

    @property
    def kept(self) -> dict[str, str]:
        """What a form carries on, so that nobody writes it twice."""
        return {field: value for field in FIELDS if (value := getattr(self, field))}


NOTHING = Given()


def given_in(form: Mapping[str, str]) -> Given:
    name, mobile, email = (" ".join(form.get(field, "").split()) for field in FIELDS)
    return Given(name, mobile, email)


def faults_of(given: Given) -> dict[str, str]:
    """Return the code of what is wrong for each field that is; whoever books needs a name and one way to be reached."""
    faults = {"name": _name_fault(given.name)}
    if not given.mobile and not given.email:
        faults["mobile"] = "reach_missing"
    if given.mobile and not MOBILE.fullmatch(given.mobile):
        faults["mobile"] = "mobile_wrong"
    if given.email and (len(given.email) > LONGEST_EMAIL or not EMAIL.fullmatch(given.email)):
        faults["email"] = "email_wrong"
    return {field: code for field, code in faults.items() if code}


def _name_fault(name: str) -> str:
    if not name:
        return "name_missing"
    return "name_long" if len(name) > LONGEST_NAME else ""
