"""A function as it stands in its file, with what the names in it mean to the running program."""

import ast
import builtins
import inspect
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from types import FunctionType
from typing import Any, get_type_hints

NOTHING = object()


@cache
def _tree_of(function: FunctionType) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    try:
        parsed = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    except OSError:  # made by a dataclass or a tuple, which read nothing
        return None
    return parsed if isinstance(parsed, ast.FunctionDef | ast.AsyncFunctionDef) else None


def plain(thing: object) -> FunctionType | None:
    """Return the function of ours behind a partial, a method or a decorator; None for what is none."""
    while isinstance(thing, partial):
        thing = thing.func
    thing = inspect.unwrap(getattr(thing, "__func__", thing))  # type: ignore[arg-type]
    return thing if isinstance(thing, FunctionType) and thing.__module__.startswith("server.") else None


@dataclass(frozen=True)
class Source:
    """`given` are the values that a partial has bound by name."""

    function: FunctionType
    given: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, thing: Callable[..., Any]) -> "Source":
        function = plain(thing)
        assert function is not None, thing
        given: dict[str, Any] = {}
        if isinstance(thing, partial):
            given = dict(inspect.signature(thing.func).bind_partial(*thing.args, **thing.keywords).arguments)
        return cls(function, given)

    @cached_property
    def tree(self) -> ast.AST:
        return _tree_of(self.function) or ast.Pass()

    @cached_property
    def parameters(self) -> list[str]:
        return list(inspect.signature(self.function).parameters)

    @cached_property
    def assigned(self) -> dict[str, ast.expr]:
        """Return what each local name was last made of."""
        found: dict[str, ast.expr] = {}
        for target, value in self._bindings():
            if isinstance(target, ast.Name):
                found[target.id] = value
            elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                found.update({one.id: made for one, made in zip(target.elts, value.elts, strict=False) if isinstance(one, ast.Name)})
        return found

    def _bindings(self) -> Iterator[tuple[ast.expr, ast.expr]]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Assign):
                yield node.targets[0], node.value
            elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
                yield node.target, node.value
            elif isinstance(node, ast.withitem) and node.optional_vars is not None:
                yield node.optional_vars, node.context_expr

    def meaning(self, node: ast.expr) -> Any:
        """Return what a name or a dotted name stands for outside of the function's own variables; `NOTHING` where that is not known."""
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Attribute):
            owner = self.meaning(node.value)
            return NOTHING if owner is NOTHING else getattr(owner, node.attr, NOTHING)
        return self._named(node.id) if isinstance(node, ast.Name) and node.id not in self.assigned else NOTHING

    def _named(self, name: str) -> Any:
        closed = dict(zip(self.function.__code__.co_freevars, self.function.__closure__ or (), strict=True))
        if name in closed:
            return closed[name].cell_contents
        if name in self.given:
            return self.given[name]
        if name in self.parameters:
            return NOTHING
        return self.function.__globals__.get(name, getattr(builtins, name, NOTHING))

    def type_of(self, node: ast.expr) -> Any:
        """Return the class of what an expression makes, by constructors and by what functions say that they return."""
        if isinstance(node, ast.Await):
            return self.type_of(node.value)
        if isinstance(node, ast.Name) and node.id in self.assigned:
            return self.type_of(self.assigned[node.id])
        called = self.meaning(node.func) if isinstance(node, ast.Call) else NOTHING
        if isinstance(called, type):
            return called
        function = plain(called)
        return get_type_hints(function).get("return", NOTHING) if function else NOTHING
