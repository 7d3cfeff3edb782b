"""What an endpoint reads of a request and how it answers, read out of its code and of all that it hands the request or the form to."""

import ast
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

from pydantic import BaseModel
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from server.web.endpoint import MAX_BODY, answer, read_body
from server.web.forms import MAX_FORM, read_fields, read_form
from server.web.pages import render
from server.web.uploads import read_upload
from tests.openapi.source import NOTHING, Source, plain

REQUEST, FORM, UPLOAD = "request", "form", "upload"
HTML, TEXT, ANY = "text/html", "text/plain", "*/*"


@dataclass
class Reading:
    """`fields` are of a form; `others` says that it has more, whose names are worked out. `limit` is in bytes."""

    fields: set[str] = field(default_factory=set)
    others: bool = False
    kind: str | None = None
    limit: int | None = None
    query: set[str] = field(default_factory=set)
    body: type[BaseModel] | None = None
    answers: dict[int, type[BaseModel] | None] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)
    statuses: set[int] = field(default_factory=set)


def read(endpoint: Any) -> Reading:
    """Read one endpoint, which takes the request first."""
    source, found = Source.of(endpoint), Reading()
    first = next(name for name in source.parameters if name not in source.given)
    _Walk(source, {first: REQUEST}, found, set()).run()
    return found


class _Walk:
    """One function, with those of its parameters that are the request or its form."""

    def __init__(self, source: Source, known: dict[str, str], found: Reading, seen: set[Any]) -> None:
        self.source, self.known, self.found, self.seen = source, known, found, seen

    def run(self) -> None:
        mark = (self.source.function.__code__, tuple(sorted(self.known.items())), tuple(map(id, self.source.given.values())))
        if mark in self.seen:
            return
        self.seen.add(mark)
        for node in ast.walk(self.source.tree):
            if isinstance(node, ast.Call):
                self._call(node)
            elif isinstance(node, ast.Subscript) and self._what(node.value) == FORM:
                self._field(node.slice)
            elif isinstance(node, ast.Compare) and self._what(node.comparators[0]) == FORM:
                self._field(node.left)
            elif isinstance(node, ast.For | ast.comprehension) and self._what(node.iter) == FORM:
                self.found.others = True

    def _what(self, node: ast.expr) -> str | None:
        """Whether an expression is the request, its form, or its upload."""
        if isinstance(node, ast.Name):
            return self._named(node.id)
        if isinstance(node, ast.Call):
            return self._made(node)
        if isinstance(node, ast.Attribute):
            return FORM if node.attr == "fields" and self._what(node.value) == UPLOAD else None
        parts = {ast.Await: ("value",), ast.IfExp: ("body", "orelse"), ast.BoolOp: ("values",)}.get(type(node), ())
        inner = [one for part in parts for one in _several(getattr(node, part))]
        return next((what for what in map(self._what, inner) if what), None)

    def _named(self, name: str) -> str | None:
        if name in self.known:
            return self.known[name]
        made = self.source.assigned.get(name)
        return None if made is None or _names(made, name) else self._what(made)

    def _made(self, node: ast.Call) -> str | None:
        called = self.source.meaning(node.func)
        if called in (read_form, read_fields):
            return FORM
        if called is read_upload:
            return UPLOAD
        if called is dict and node.args:
            return self._what(node.args[0])
        function = plain(called)
        if function is None or not self._handed(node, function):
            return None
        inner = _Walk(Source(function), self._handed(node, function), Reading(), set())
        returned = [one.value for one in ast.walk(inner.source.tree) if isinstance(one, ast.Return) and one.value is not None]
        return next((what for what in map(inner._what, returned) if what in {FORM, UPLOAD}), None)

    def _call(self, node: ast.Call) -> None:
        called = self.source.meaning(node.func)
        self._takes(node, called)
        self._gives(node, called)
        if isinstance(node.func, ast.Attribute):
            self._asks(node, node.func)
        if called in (read_form, read_fields, read_upload, read_body, answer, render):
            return
        function = plain(vars(called).get("__init__") if isinstance(called, type) else called)
        if function is not None:
            self._follow(node, function, called)
        elif called is not dict and any(self._what(one) == FORM for one in node.args):
            self.found.others = True

    def _follow(self, node: ast.Call, function: FunctionType, called: object) -> None:
        skip = 1 if isinstance(called, type) or inspect.ismethod(called) else 0
        handed = self._handed(node, function, skip)
        answers = function.__annotations__.get("return") is Response
        if handed or answers:
            known = {name: self.source.meaning(one) for name, one in self._bound(node, function, skip).items()}
            given = {name: one for name, one in known.items() if one is not NOTHING}
            _Walk(Source(function, given), handed, self.found, self.seen).run()

    def _bound(self, node: ast.Call, function: FunctionType, skip: int = 0) -> dict[str, ast.expr]:
        names = list(inspect.signature(function).parameters)[skip:]
        return {**dict(zip(names, node.args, strict=False)), **{one.arg: one.value for one in node.keywords if one.arg}}

    def _handed(self, node: ast.Call, function: FunctionType, skip: int = 0) -> dict[str, str]:
        whats = {name: self._what(one) for name, one in self._bound(node, function, skip).items()}
        return {name: what for name, what in whats.items() if what is not None}

    def _takes(self, node: ast.Call, called: object) -> None:
        if called in (read_form, read_fields, read_upload):
            limit = self._constant(node.args[1]) if len(node.args) > 1 else MAX_FORM
            self.found.kind, self.found.limit = UPLOAD if called is read_upload else FORM, limit if isinstance(limit, int) else None
        elif called is read_body:
            self.found.body, self.found.limit = self.source.meaning(node.args[1]), MAX_BODY

    def _gives(self, node: ast.Call, called: object) -> None:
        named = {one.arg: one.value for one in node.keywords}
        if called is answer:
            status = self._constant(named.get("status") or (node.args[1] if len(node.args) > 1 else ast.Constant(200)))
            self._answers(node, status)
        elif called is render:
            self.found.kinds.add(HTML)
        elif isinstance(called, type) and issubclass(called, Response):
            self._responds(called, named)

    def _responds(self, called: type[Response], named: Mapping[str | None, ast.expr]) -> None:
        status = self._constant(named["status_code"]) if "status_code" in named else 307 if called is RedirectResponse else 200
        if isinstance(status, int):
            self.found.statuses.add(status)
        if "media_type" in named or called is PlainTextResponse:
            kind = self._constant(named["media_type"]) if "media_type" in named else TEXT
            self.found.kinds.add(kind if isinstance(kind, str) else ANY)

    def _answers(self, node: ast.Call, status: object) -> None:
        assert isinstance(status, int)
        if not node.args:
            self.found.answers[204] = None
            return
        model = self.source.type_of(node.args[0])
        if isinstance(model, type) and issubclass(model, BaseModel):
            self.found.answers[status] = model
        else:
            self.found.unknown.append(f"{self.source.function.__qualname__}: {ast.unparse(node)}")

    def _asks(self, node: ast.Call, asked: ast.Attribute) -> None:
        """Note `form.get("name")`, `request.query_params.get("name")` and ways to read all fields."""
        if self._what(asked.value) == FORM:
            if asked.attr in {"get", "pop"}:
                self._field(node.args[0])
            else:
                self.found.others = True
        elif isinstance(asked.value, ast.Attribute) and asked.value.attr == "query_params" and asked.attr == "get":
            name = self._constant(node.args[0])
            self.found.query |= {name} if isinstance(name, str) else set()

    def _field(self, node: ast.expr) -> None:
        name = self._constant(node)
        if isinstance(name, str):
            self.found.fields.add(name)
        else:
            self.found.others = True

    def _constant(self, node: ast.expr) -> object:
        try:
            return eval(
                compile(ast.fix_missing_locations(ast.Expression(node)), "", "eval"),
                self.source.function.__globals__,
                dict(self.source.given),
            )
        except Exception:  # noqa: BLE001 - whatever cannot be worked out here depends on the request
            return None


def _several(part: ast.expr | list[ast.expr]) -> list[ast.expr]:
    return part if isinstance(part, list) else [part]


def _names(node: ast.expr, name: str) -> bool:
    return any(isinstance(one, ast.Name) and one.id == name for one in ast.walk(node))
