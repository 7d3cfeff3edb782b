"""Requests that schemathesis makes out of the OpenAPI document, the same ones in every run."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

import hypothesis
import schemathesis
from hypothesis import HealthCheck, Phase
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from tests.openapi.whole import PLACE

EXAMPLES = 2  # of each kind, for each operation
BOUNDARY = "boundary"
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@dataclass(frozen=True)
class Ask:
    """One request of one operation; its path is still to be filled."""

    method: str
    path: str
    case: schemathesis.Case

    @property
    def sent(self) -> dict[str, Any]:
        """What httpx2 takes as query and body."""
        query = {"params": self.case.query} if self.case.query else {}
        body: Any = self.case.body
        if not isinstance(self.case.media_type, str):
            return query
        if self.case.media_type == "application/json":
            raw = json.dumps(body, default=str).encode("utf-8", "surrogatepass")
            return {**query, "content": raw, "headers": {"content-type": "application/json"}}
        fields = {name: value if isinstance(value, str) else json.dumps(value, default=str) for name, value in dict(body).items()}
        if self.case.media_type == "multipart/form-data":
            return {**query, "content": _parts(fields), "headers": {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}}
        return {**query, "content": urlencode(fields), "headers": {"content-type": self.case.media_type}}

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.sent}"


def _parts(fields: dict[str, str]) -> bytes:
    """Return a form with its file, whole: what is sent as a stream cannot be looked at afterwards."""
    named = {name: f'name="{quote(name)}"' + ('; filename="a.png"' if name == "file" else "") for name in fields}
    parts = (f"--{BOUNDARY}\r\nContent-Disposition: form-data; {named[name]}\r\n\r\n{value}\r\n" for name, value in fields.items())
    return "".join([*parts, f"--{BOUNDARY}--\r\n"]).encode("utf-8", "surrogatepass")


@cache
def asks() -> tuple[Ask, ...]:
    """Return some requests for every operation: such as the document allows, and for programs such as it does not."""
    schema: Any = schemathesis.openapi.from_dict(json.loads(PLACE.read_text()))
    operations = [found.ok() for found in schema.get_all_operations()]
    return tuple(one for operation in operations for one in _of(operation))


def _of(operation: Any) -> Iterator[Ask]:
    if operation.method == "get" and not operation.query:
        yield from _made(operation, GenerationMode.POSITIVE, 1)
        return
    yield from _made(operation, GenerationMode.POSITIVE, EXAMPLES)
    if operation.path.startswith("/api/") and operation.body:
        yield from _made(operation, GenerationMode.NEGATIVE, EXAMPLES)


def _made(operation: Any, mode: GenerationMode, count: int) -> list[Ask]:
    cases: list[schemathesis.Case] = []

    @hypothesis.settings(
        max_examples=count, derandomize=True, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @hypothesis.given(operation.as_strategy(generation_mode=mode))
    def collect(case: schemathesis.Case) -> None:
        cases.append(case)

    collect()
    return [Ask(operation.method.upper(), operation.path, case) for case in cases]
