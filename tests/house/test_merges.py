"""What must follow a record that was merged, and could be forgotten in new code."""

import ast
import re

import pytest
from sqlalchemy import LargeBinary

from server.privacy.merge_moves import SEALED, SealedTable
from tests.house.source import found, functions, python_files, relative, tree_of

pytestmark = pytest.mark.row("N8")

BOUND = {
    "server/patients/background_doors.py": 2,
    "server/patients/file_doors.py": 1,
    "server/patients/answer_doors.py": 1,
    "server/privacy/request_rows.py": 1,
}  # functions that bind what is sealed to the record that it is about

PARTS = {
    "server/privacy/requests.py": {"'words'", "'answer'"},
    "server/privacy/outside.py": {"'reply_to'"},
    "server/privacy/clinical_answers.py": {"clinical_part(viewer.professional_id)"},
}
OF_THE_ROW = {"record_file": {"sha256", "head", "thumbnail"}}  # hashes, and what is sealed for the document whose ever it is


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


def test_every_part_that_is_sealed_with_a_request_is_known() -> None:
    """`RightsRequest.place` binds each part to the record: `SEALED` must open it there, and here it is named."""
    parts: dict[str, set[str]] = {}
    for path in python_files():
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "seal_part":
                parts.setdefault(relative(path), set()).add(ast.unparse(node.args[2]))
    assert parts == PARTS


@pytest.mark.parametrize("kind", SEALED, ids=lambda kind: kind.model.__tablename__)
def test_every_sealed_column_is_sealed_anew_or_bound_to_its_row_alone(kind: SealedTable) -> None:
    binary = {column.name for column in kind.model.__table__.columns if isinstance(column.type, LargeBinary)}
    assert binary == {one.column for one in kind.columns} | {"data_key"} | OF_THE_ROW.get(kind.model.__tablename__, set())


def test_the_audit_is_asked_for_merged_records_too() -> None:
    """Entries never change, so those about the other record are found by `with_merged`."""
    assert found(python_files(), re.compile(r"AuditEntry\.patient_id ==")) == []
