"""Numbers of registration bodies, and who may give and end which place."""

import re

import pytest

from server.access.bodies import BODIES, OTHER, Details, faults_of, tidy
from server.access.policy import Role, may_give_place, may_leave

pytestmark = pytest.mark.row("P2")

TOLD = Details("Dr", "Nia Novak", "MB BS", "Dermatology", "GMC", "1234567")


def told(body: str, registration: str) -> Details:
    return tidy(Details("", "Nia Novak", "MB BS", "Dermatology", body, registration))


@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
def test_every_example_fits_its_body(body: object) -> None:
    assert isinstance(body, tuple)
    pattern, example = body[1:3]
    assert re.fullmatch(pattern, example)


@pytest.mark.parametrize(
    ("body", "number"),
    [("GMC", "123 4567"), ("NMC", "12a3456e"), ("HCPC", "ph 12345"), ("SWE", "sw123"), (OTHER, "BACP 00123456"), ("GOC", "d-12345")],
)
def test_a_number_may_be_written_loosely(body: str, number: str) -> None:
    assert faults_of(told(body, number)) == {}


@pytest.mark.parametrize(
    ("body", "number"),
    [("GMC", "123456"), ("GMC", "12345678"), ("GMC", "١٢٣٤٥٦٧"), ("NMC", "12Z3456E"), ("HCPC", "12345"), (OTHER, "12"), ("GDC", "1234567")],
)
def test_a_number_of_another_shape_is_refused(body: str, number: str) -> None:
    assert faults_of(told(body, number)) == {"registration": "format"}


def test_what_is_missing_long_or_unknown_is_named() -> None:
    assert faults_of(TOLD) == {}
    assert faults_of(Details("", "", "", "", "", "")) == {
        "name": "missing", "qualifications": "missing", "field_of_practice": "missing", "registration": "missing", "body": "unknown",
    }  # fmt: skip
    assert faults_of(Details("x" * 41, "x" * 201, "x", "x", "GMC", "1" * 61)) == {"title": "long", "name": "long", "registration": "long"}


def test_only_owners_make_and_unmake_owners() -> None:
    gives = {own: {role for role in Role if may_give_place(own, role)} for own in (None, *Role)}
    everything = set(Role)
    assert gives == {
        None: set(), Role.OWNER: everything, Role.ADMINISTRATOR: everything - {Role.OWNER}, Role.PROFESSIONAL: set(), Role.ASSISTANT: set(),
        Role.AUDITOR: set(),
    }  # fmt: skip


def may_end(own: Role, role: Role, others_in_charge: int) -> bool:
    """As `people.end_place` asks of somebody else's place."""
    return may_give_place(own, role) and may_leave(role, others_in_charge)


def test_the_last_one_in_charge_stays() -> None:
    assert not may_end(Role.OWNER, Role.OWNER, 0)
    assert may_end(Role.OWNER, Role.OWNER, 1)
    assert not may_end(Role.ADMINISTRATOR, Role.ADMINISTRATOR, 0)
    assert may_end(Role.ADMINISTRATOR, Role.ASSISTANT, 0)
    assert not may_end(Role.ADMINISTRATOR, Role.OWNER, 2)
