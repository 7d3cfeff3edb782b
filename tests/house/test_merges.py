"""What must follow a record that was merged, and could be forgotten in new code."""

import ast
import re

import pytest

from server.privacy.merge_moves import SEALED
from tests.house.source import found, functions, python_files, relative

pytestmark = pytest.mark.row("N8")

BOUND = {
    "server/patients/background_doors.py": 2,
    "server/patients/file_doors.py": 1,
    "server/patients/answer_doors.py": 1,
    "server/privacy/request_rows.py": 1,
}  # functions that bind what is sealed to the record that it is about


def test_whatever_is_sealed_for_a_record_is_sealed_anew_when_it_moves() -> None:
    """Add a new place to `SEALED` in server/privacy/merge_moves.py, and count it here."""
    bound: dict[str, int] = {}
    for path in python_files():
        for function in functions(path):
            attributes = {node.attr for node in ast.walk(function) if isinstance(node, ast.Attribute)}
            calls = {node.func.id for node in ast.walk(function) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
            if "place_of" in calls and "patient_id" in attributes:
                bound[relative(path)] = bound.get(relative(path), 0) + 1
    assert bound == BOUND
    assert len(SEALED) == len(BOUND)


def test_the_audit_is_asked_for_merged_records_too() -> None:
    """Entries never change, so those about the other record are found by `with_merged`."""
    assert found(python_files(), re.compile(r"AuditEntry\.patient_id ==")) == []
