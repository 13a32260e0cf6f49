"""The source of a check: what it assigns, what depends on what, and why it may be refused before it runs."""

from __future__ import annotations

import ast
import copy
import traceback
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from types import CodeType
from typing import Any

from mlatlas.atlas.judge.operators import DEFINING

RESULTS = ("truth", "answer", "code")
GIVEN = ("draw", "subject")
BUILTINS: dict[str, Any] = {
    one.__name__: one
    for one in (
        range,
        len,
        int,
        float,
        bool,
        str,
        list,
        tuple,
        dict,
        set,
        zip,
        enumerate,
        map,
        filter,
        sorted,
        reversed,
    )
} | {"__import__": __import__}  # NumPy's methods import what they need when first called, in the name of the caller
FORBIDDEN = (ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal, ast.ClassDef, ast.Delete, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Source:
    """The statements of a check, read but not run."""

    label: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text)

    @property
    def filename(self) -> str:
        """What a traceback calls the check."""
        return f"<check {self.label}>"

    @cached_property
    def compiled(self) -> tuple[tuple[set[str], CodeType], ...]:
        """Every statement with the names it assigns, ready to run."""
        return tuple(
            (_stored(statement), compile(ast.Module([statement], []), self.filename, "exec"))
            for statement in self.tree.body
        )

    def run(self, names: dict[str, Any]) -> dict[str, Any]:
        """Run the check with these names offered; without a ``subject`` among them, whatever needs it is left out."""
        space = self.space(names)
        skipped = {name for name in self.needs if self.depends(name, "subject")} if "subject" not in names else set()
        for stored, code in self.compiled:
            if not stored & skipped:
                exec(code, space)
        return {name: space[name] for name in (*self.assigned, *RESULTS) if name in space}

    @staticmethod
    def space(names: dict[str, Any]) -> dict[str, Any]:
        """A fresh namespace with these names and a few of Python's own."""
        return {"__builtins__": BUILTINS, **names}

    @cached_property
    def names(self) -> set[str]:
        """Every name that occurs."""
        return {node.id for node in _names(self.tree)}

    def blame(self, error: BaseException) -> str:
        """An exception in words, with the line of the check on which it arose."""
        frames = traceback.extract_tb(error.__traceback__)
        line = next((frame.lineno for frame in reversed(frames) if frame.filename == self.filename), None)
        return f"line {line} raises {type(error).__name__}: {error}" if line else str(error)

    @cached_property
    def values(self) -> dict[str, ast.expr]:
        """The expression behind each name that is assigned exactly once, alone and at the top level."""
        stored = [name for statement in self.tree.body for name in _stored(statement)]
        return {
            target.id: statement.value
            for statement in self.tree.body
            if isinstance(statement, ast.Assign) and len(statement.targets) == 1
            for target in statement.targets
            if isinstance(target, ast.Name) and stored.count(target.id) == 1
        }

    @cached_property
    def needs(self) -> dict[str, set[str]]:
        """Every assigned name with all the names it depends on, directly or through others, whatever the order."""
        direct: dict[str, set[str]] = {}
        stored = {name for statement in self.tree.body for name in _stored(statement)}
        for statement in self.tree.body:
            loaded = {node.id for node in _names(statement) if isinstance(node.ctx, ast.Load)}
            for name in _stored(statement) | (loaded & stored if _may_change(statement) else set()):
                direct.setdefault(name, set()).update(loaded)
        closed = {name: set(names) for name, names in direct.items()}
        growing = True
        while growing:
            growing = False
            for names in closed.values():
                more = set().union(*(closed.get(name, set()) for name in names)) - names
                names |= more
                growing = growing or bool(more)
        return closed

    def depends(self, name: str, on: str) -> bool:
        """Whether the data of one name flows from another."""
        return on in self.needs.get(name, set())

    @cached_property
    def assigned(self) -> tuple[str, ...]:
        """The names that the check assigns besides its results, in order."""
        stored = [name for statement in self.tree.body for name in sorted(_stored(statement), key=self.text.find)]
        return tuple(name for name in dict.fromkeys(stored) if name not in RESULTS)

    @cached_property
    def drawn(self) -> set[str]:
        """The names that are assigned straight from ``draw``."""
        return {
            name
            for statement in self.tree.body
            if any(node.id == "draw" for node in _names(statement))
            for name in _stored(statement)
        }

    def defined_by_operator(self, name: str) -> bool:
        """Whether a defining operator has had a hand in it, so that whoever may use it is given the truth."""
        return bool(self.needs.get(name, set()) & DEFINING.keys())

    def faults(self, symbolic: bool) -> Iterator[str]:
        """Why the check is refused before it runs, if it is."""
        for node in ast.walk(self.tree):
            if isinstance(node, FORBIDDEN):
                what = type(node).__name__.lower()
                yield f"line {getattr(node, 'lineno', 1)}: a check holds plain statements, and no {what}"
            if isinstance(node, ast.Attribute) and node.attr.startswith("_"):
                yield f"line {node.lineno}: the attribute {node.attr} is private"
            if isinstance(node, ast.Name) and node.id.startswith("__"):
                yield f"line {node.lineno}: the name {node.id} is private"
        for name in ("truth", "answer", *(["code"] if "code" in self.needs else [])):
            if name not in self.values:
                yield f"{name} must be assigned exactly once, on a line of its own: {name} = ..."
        if given := [name for name in GIVEN if any(name in _stored(statement) for statement in self.tree.body)]:
            yield f"{given[0]} is given to the check and must not be assigned"
        yield from self._dependent(symbolic)

    def _dependent(self, symbolic: bool) -> Iterator[str]:
        for name in ("truth", "answer"):
            if self.depends(name, "subject"):
                yield f"{name} depends on the subject: our code is no witness for itself; write it from the definition"
        for name, other in (("truth", "answer"), ("answer", "truth"), ("truth", "code"), ("answer", "code")):
            if self.depends(name, other):
                yield f"{name} depends on {other}, so their agreement says nothing"
        if "code" in self.needs and not self.depends("code", "subject"):
            yield "code does not depend on the subject, so nothing that ships is checked; call subject.something"
        if symbolic and ("code" in self.needs or any(self.depends(name, "subject") for name in self.needs)):
            yield "a symbolic check has no code and no subject; make it numeric to check what ships"
        if not {"truth", "answer"} <= self.values.keys():
            return
        if ast.dump(self._expanded("truth")) == ast.dump(self._expanded("answer")):
            yield "truth and answer are the same expression, so their agreement says nothing"

    def written(self, name: str, known: Collection[str]) -> str:
        """The expression behind a name, written with known names only, as far as that can be done."""
        return ast.unparse(self._expanded(name, known))

    def _expanded(self, name: str, known: Collection[str] = ()) -> ast.AST:
        """The expression behind a name with the names it uses replaced by theirs, as far as no draw is involved."""
        values, open_names = self.values, [name]

        class Expand(ast.NodeTransformer):
            def visit_Name(self, node: ast.Name) -> ast.AST:
                value = None if node.id in known else values.get(node.id)
                if value is None or node.id in open_names or "draw" in {inner.id for inner in _names(value)}:
                    return node
                open_names.append(node.id)
                expanded: ast.AST = self.visit(copy.deepcopy(value))
                open_names.pop()
                return expanded

        expanded: ast.AST = Expand().visit(copy.deepcopy(values[name]))
        return expanded


def _names(node: ast.AST) -> list[ast.Name]:
    return [inner for inner in ast.walk(node) if isinstance(inner, ast.Name)]


def _stored(statement: ast.stmt) -> set[str]:
    """The names that a statement assigns, or whose contents it changes."""
    if isinstance(statement, ast.FunctionDef):
        return {statement.name}
    inner = {id(node) for scope in _scopes(statement) for node in ast.walk(scope)}
    stored = {node.id for node in _names(statement) if isinstance(node.ctx, ast.Store) and id(node) not in inner}
    for node in ast.walk(statement):
        if isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store):
            base: ast.expr = node
            while isinstance(base, ast.Subscript | ast.Attribute):
                base = base.value
            stored |= {name.id for name in _names(base)}
    return stored


def _may_change(statement: ast.stmt) -> bool:
    """A call on a line of its own may change its arguments; ``draw.require(...)`` does not."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    return call is not None and not (isinstance(call, ast.Call) and ast.unparse(call.func) == "draw.require")


def _scopes(statement: ast.stmt) -> list[ast.AST]:
    """What has names of its own: functions and comprehensions."""
    kinds = (ast.Lambda, ast.FunctionDef, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
    return [node for node in ast.walk(statement) if isinstance(node, kinds)]
