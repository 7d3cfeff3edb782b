"""The OpenAPI 3.1 document of every HTTP endpoint, made of the routes and of what their code reads and answers."""

import inspect
import json
import re
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.routing import Route

from server.web.endpoint import CONTROLS
from server.web.uploads import LONGEST_FIELD
from tests.http.routes import SAFE
from tests.openapi.reading import ANY, FORM, HTML, UPLOAD, Reading, read
from tests.openapi.source import plain

SCHEMAS = "#/components/schemas/"
PARAMETER = re.compile(r"\{(\w+)(?::(\w+))?\}")
OF_KIND: dict[str, dict[str, object]] = {
    "uuid": {"type": "string", "format": "uuid"},
    "few": {"type": "integer", "minimum": 0, "maximum": 9999},
}
WITHOUT_CONTROLS = "^[^" + "".join(f"\\x{one:02x}" for one in sorted(CONTROLS)) + "]*$"
REFUSAL = {"application/json": {"schema": {"$ref": SCHEMAS + "Refusal"}}}
REFUSALS = {
    "Refused": {"description": "Refused.", "content": REFUSAL},
    "Later": {"description": "Not now: try again.", "content": REFUSAL},
    "LedOn": {"description": "Leads to where somebody signs in, shows again who they are, or sets up what is missing."},
    "RefusedPage": {"description": "Refused.", "content": {**REFUSAL, HTML: {}}},
    "LaterPage": {"description": "Not now: try again.", "content": {**REFUSAL, HTML: {}}},
}
ABOUT = """Every address that a Consilium server answers over HTTP. Programs use what begins with `/api/`: JSON in, JSON out, \
and every refusal as `{"error": {"code", "message"}}`, where `code` is for programs. The rest are pages and the forms on them. \
Whatever changes something must come from a page of the site (`Origin`). The sockets are in `docs/WIRE.md`.

Made by `python -m tests.openapi` out of the code that reads and answers; never written by hand. Of a form it knows the fields that are \
read by their names; where names are worked out, more are allowed. What is missing or senseless is refused with 422."""


def document(app: Starlette) -> dict[str, Any]:
    """Return the document; raises `AssertionError` for an answer whose type the code does not say."""
    schemas = _Schemas()
    paths: dict[str, dict[str, object]] = {}
    for route in sorted((one for one in app.routes if isinstance(one, Route)), key=lambda one: one.path):
        reading = read(route.endpoint)
        assert not reading.unknown, f"{route.path}: what does this answer? {reading.unknown}"
        at = paths.setdefault(PARAMETER.sub(r"{\1}", route.path), {})
        for method in sorted(set(route.methods or ()) - {"HEAD"}):
            at[method.lower()] = _operation(route, method, reading, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Consilium", "version": version("consilium"), "description": ABOUT},
        "paths": paths,
        "components": {
            "responses": REFUSALS,
            "schemas": {name: schemas.made[name] for name in sorted(schemas.made)},
            "securitySchemes": {"login": {"type": "apiKey", "in": "cookie", "name": "sid"}},
        },
        "security": [{}, {"login": []}],
    }


def written(app: Starlette) -> str:
    """Return the document as text, with a line for each operation and each model."""
    return _lines(document(app), deep=3) + "\n"


def _lines(value: Any, deep: int, margin: str = "") -> str:
    if deep == 0 or not isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    inner = (f"{margin} {json.dumps(name)}: {_lines(one, deep - 1, margin + ' ')}" for name, one in value.items())
    return "{\n" + ",\n".join(inner) + f"\n{margin}}}"


class _Schemas:
    """The models that were used, by their names."""

    def __init__(self) -> None:
        self.made: dict[str, Any] = {
            "Text": {"type": "string", "pattern": WITHOUT_CONTROLS},
            "Refusal": {
                "type": "object",
                "required": ["error"],
                "additionalProperties": False,
                "properties": {
                    "error": {
                        "type": "object",
                        "required": ["code", "message"],
                        "additionalProperties": False,
                        "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
                    }
                },
            },
        }

    def use(self, model: type[BaseModel], mode: Any) -> dict[str, str]:
        """Return a reference to a model; raises `AssertionError` where two differ under one name."""
        schema = model.model_json_schema(mode=mode, ref_template=SCHEMAS + "{model}")
        for name, one in {**schema.pop("$defs", {}), model.__name__: schema}.items():
            assert self.made.setdefault(name, one) == one, f"two models are called {name}"
        return {"$ref": SCHEMAS + model.__name__}


def _operation(route: Route, method: str, reading: Reading, schemas: _Schemas) -> dict[str, object]:
    told = inspect.getdoc(plain(route.endpoint) or route.endpoint)
    parameters = [*_of_path(route.path), *({"name": name, "in": "query", "schema": {"type": "string"}} for name in sorted(reading.query))]
    made = {
        "operationId": re.sub(r"\W+", "_", method.lower() + PARAMETER.sub(r"\1", route.path)).strip("_"),
        "tags": [(plain(route.endpoint) or route.endpoint).__module__.split(".")[1]],
        "summary": told.partition("\n")[0] if told else None,
        "parameters": parameters,
        "requestBody": None if method in SAFE else _body(reading, schemas),
        "responses": dict(_responses(route.path, reading, schemas)),
    }
    return {name: value for name, value in made.items() if value}


def _of_path(path: str) -> Iterator[dict[str, object]]:
    for name, kind in PARAMETER.findall(path):
        yield {"name": name, "in": "path", "required": True, "schema": OF_KIND.get(kind, {"type": "string", "minLength": 1})}


def _body(reading: Reading, schemas: _Schemas) -> dict[str, object] | None:
    limit = {} if reading.limit is None else {"description": f"At most {reading.limit} bytes."}
    if reading.body is not None:
        return {**limit, "required": True, "content": {"application/json": {"schema": schemas.use(reading.body, "validation")}}}
    if reading.kind is None:
        return None
    kind = "application/x-www-form-urlencoded" if reading.kind == FORM else "multipart/form-data"
    return {**limit, "required": True, "content": {kind: {"schema": _form(reading)}}}


def _form(reading: Reading) -> dict[str, object]:
    longest = {"maxLength": LONGEST_FIELD} if reading.kind == UPLOAD else {}
    text = {"$ref": SCHEMAS + "Text"}
    fields: dict[str, object] = {name: {**text, **longest} for name in sorted(reading.fields)}
    if reading.kind == UPLOAD:
        fields["file"] = {"contentMediaType": "application/octet-stream"}
    return {"type": "object", "properties": fields, "additionalProperties": text if reading.others else False}


def _responses(path: str, reading: Reading, schemas: _Schemas) -> Iterator[tuple[str, dict[str, object]]]:
    yield from _answers(reading, schemas) if reading.answers else _pages(reading)
    if not path.startswith("/api/") and not reading.answers and 303 not in reading.statuses:
        yield "303", {"$ref": "#/components/responses/LedOn"}
    whose = "" if path.startswith("/api/") else "Page"
    yield "4XX", {"$ref": f"#/components/responses/Refused{whose}"}
    yield "503", {"$ref": f"#/components/responses/Later{whose}"}


def _answers(reading: Reading, schemas: _Schemas) -> Iterator[tuple[str, dict[str, object]]]:
    for status, model in sorted(reading.answers.items()):
        if model is None:
            yield str(status), {"description": "Done; nothing to say."}
        else:
            content = {"application/json": {"schema": schemas.use(model, "serialization")}}
            yield str(status), {"description": "Done.", "content": content}


def _pages(reading: Reading) -> Iterator[tuple[str, dict[str, object]]]:
    for status in sorted(reading.statuses | ({200} if reading.kinds else set())):
        if status < 300 and status != 204:
            yield str(status), {"description": "Done.", "content": {kind: {} for kind in sorted(reading.kinds or {ANY})}}
        else:
            yield str(status), {"description": "Leads on." if status >= 300 else "Done; nothing to say."}
