"""Finds the rooms and reads, without importing anything, what each holds: exports, laws, tagged lines of code."""

from __future__ import annotations

import ast
import hashlib
import io
import re
import tokenize
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal, cast

from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.judge.traits import TRAITS
from mlatlas.atlas.map import inventory
from mlatlas.atlas.map.inventory import Concept
from mlatlas.atlas.map.page import Page, QuestionBlock, read_page
from mlatlas.atlas.text import LANGUAGES, Text

Kind = Literal["law", "known", "mutant"]
KINDS = ("law", "known", "mutant")
RELATIONS: dict[str, Text] = {
    name: Text(name, zh)
    for name, zh in {
        "special case": "特例",
        "equivalent": "等价",
        "limit": "极限",
        "dual": "对偶",
        "bound": "界",
        "invariant": "不变",
        "approximates": "近似",
        "property": "性质",
    }.items()
}
NOT_IMPLEMENTATION = ("laws.py", "lab.py", "peer.py")


@dataclass(frozen=True)
class LawHeader:
    """What the decorator of a law, a known answer or a mutant says, read from the syntax tree of laws.py."""

    kind: Kind
    name: str  # of the function
    line: int
    text: Text
    relation: str | None = None  # of a law
    of: str | None = None  # the concept at the other end
    given: str | None = None  # what draws the problems with the hypothesis, and without it
    without: str | None = None
    source: str | None = None


@dataclass(frozen=True)
class Room:
    """One built place: its concept, its folder and its page; the rest is read from the files when asked for."""

    concept: Concept
    folder: Path
    module: str  # mlatlas.linear.ridge
    page: Page = field(repr=False)

    def has(self, file: str) -> bool:
        """Whether the room holds a file of this name, such as ``lab.py``."""
        return (self.folder / file).is_file()

    @cached_property
    def implementation(self) -> tuple[Path, ...]:
        """The files of the implementation, the one named like the room first: its Python without laws, lab, peer and tests."""
        return _implementation(self.folder)

    @cached_property
    def exports(self) -> dict[str, str]:
        """The public names of the room, as the region's ``__init__.pyi`` lists them, with the module of each."""
        stub = self.folder.parent / "__init__.pyi"
        found: dict[str, str] = {}
        for line, path, names in stub_imports(stub):
            if path[0] != self.folder.name:
                continue
            file = self.folder.joinpath(*path[1:]).with_suffix(".py")
            defined = _defined(file) if file.is_file() else set()
            for name in names:
                if name not in defined:
                    where = f"{self.folder.name}/{file.name}"
                    raise AtlasError(
                        f"{_name(stub)}:{line}: {name!r} is not defined in {where}; write it or remove the export."
                    )
                found[name] = f"{self.module}.{'.'.join(path[1:])}"
        return found

    @cached_property
    def laws(self) -> tuple[LawHeader, ...]:
        """The laws, known answers and mutants of the room, in the order of the file."""
        path = self.folder / "laws.py"
        if not path.is_file():
            return ()
        return tuple(
            _header(path, node, call, cast(Kind, call.func.id))
            for node in _tree(path).body
            if isinstance(node, ast.FunctionDef)
            for call in node.decorator_list
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in KINDS
        )

    def laws_about(self, id: str) -> tuple[LawHeader, ...]:
        """The laws that point to another concept; a file without its name in quotes is not parsed."""
        named = any(f"{quote}{id}{quote}".encode() in self._laws_source for quote in "\"'")
        return tuple(law for law in self.laws if law.of == id) if named else ()

    @cached_property
    def _laws_source(self) -> bytes:
        return (self.folder / "laws.py").read_bytes() if self.has("laws.py") else b""

    @cached_property
    def races(self) -> dict[str, Text]:
        """What each race of the room times, by the name of its function, in the order of ``peer.py``."""
        if not self.has("peer.py"):
            return {}
        return {
            node.name: Text(
                **{word.arg: ast.literal_eval(word.value) for word in call.keywords if word.arg in LANGUAGES}
            )
            for node in _tree(self.folder / "peer.py").body
            if isinstance(node, ast.FunctionDef)
            for call in node.decorator_list
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "race"
        }

    @cached_property
    def tags(self) -> dict[str, tuple[tuple[Path, int], ...]]:
        """Label of an equation -> the lines of the implementation that end in ``# (label)``."""
        found: dict[str, tuple[tuple[Path, int], ...]] = {}
        for path in self.implementation:
            for label, line in _tags(path):
                found[label] = (*found.get(label, ()), (path, line))
        return found

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the room's files but its tests, which are not installed: verdicts with another digest are stale."""
        digest = hashlib.sha256()
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith("test_"):
                content = path.read_bytes()
                digest.update(f"{path.relative_to(self.folder).as_posix()}\0{len(content)}\0".encode() + content)
        return digest.hexdigest()

    def validate(self) -> None:
        """Read everything in the room; AtlasError when code, laws and page do not fit together."""
        self.page.validate()
        checks = {check.label: check for check in self.page.checks}
        for label, places in self.tags.items():
            if label not in checks:
                path, line = places[0]
                raise AtlasError(
                    f"{_name(path)}:{line}: the line is tagged ({label}), but the page has no check of that label."
                )
        for check in checks.values():
            if check.has_code and check.label not in self.tags:
                raise AtlasError(
                    f"{self.page.name}:{check.line}: the check sets code, but no line of the implementation ends in "
                    f"# ({check.label}); tag the line, or leave code out."
                )
        _ = self.exports, self.laws  # reading them checks them


def find_rooms(root: Path) -> tuple[dict[str, Room], tuple[str, ...]]:
    """The rooms under the package's folder by id, and the ids of the unfinished ones: code, but no page yet."""
    concepts = {concept.folder: concept for concept in inventory.concepts().values()}
    rooms: dict[str, Room] = {}
    unfinished = []
    for folder in sorted(path for region in inventory.regions() for path in (root / region).glob("[!._]*/")):
        page = folder / "page.md"
        if not page.is_file() and not any(folder.glob("*.py")):
            continue
        concept = concepts.get(folder.name)
        if concept is None or concept.region != folder.parent.name:
            place = f"is planned in {concept.region}" if concept else "is not the folder of a concept of the inventory"
            raise AtlasError(f"{_name(folder)}: {folder.name!r} {place}; rename or move the folder.")
        if page.is_file():
            rooms[concept.id] = _read_room(concept, folder, read_page(page))
        else:
            unfinished.append(concept.id)
    return {id: rooms[id] for id in inventory.concepts() if id in rooms}, tuple(unfinished)


def _read_room(concept: Concept, folder: Path, page: Page) -> Room:
    """The room, after holding its page against the inventory."""
    for id in concept.needs:
        if id not in page.needs:
            raise AtlasError(
                f"{page.name}:1: the inventory says that {concept.id} needs {id}; give the reason in needs."
            )
    for id in page.needs:
        if id not in inventory.concepts():
            raise AtlasError(f"{page.name}:1: needs names {id!r}, which is not the id of a concept.")
    for ident, block in page.answered.items():
        kind, known = (
            ("question", inventory.questions()) if isinstance(block, QuestionBlock) else ("claim", inventory.claims())
        )
        if ident not in known:
            raise AtlasError(f"{page.name}:{block.line}: there is no {kind} {ident!r} in {kind}s.tsv.")
        if known[ident].concept != concept.id:
            raise AtlasError(
                f"{page.name}:{block.line}: {kind} {ident} belongs to {known[ident].concept}; settle it there."
            )
    return Room(concept, folder, f"mlatlas.{concept.region}.{concept.folder}", page)


def stub_imports(stub: Path) -> list[tuple[int, list[str], list[str]]]:
    """Of each ``from .room.module import A as A, B as B`` in a stub: line, [room, module], [A, B]."""
    if not stub.is_file():
        return []
    found = []
    for node in _tree(stub).body:
        if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module and "." in node.module:
            found.append((node.lineno, node.module.split("."), [alias.asname or alias.name for alias in node.names]))
        elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            raise AtlasError(
                f"{_name(stub)}:{node.lineno}: a stub holds lines like from .ridge.ridge import Ridge as Ridge."
            )
    return found


def _implementation(folder: Path) -> tuple[Path, ...]:
    files = sorted(folder.glob("*.py"), key=lambda file: (file.stem != folder.name, file.name))
    return tuple(file for file in files if file.name not in NOT_IMPLEMENTATION and not file.name.startswith("test_"))


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _tree(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_bytes())
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        raise AtlasError(f"{_name(path)}:{line}: the file is not Python: {getattr(error, 'msg', error)}.") from None


def _defined(path: Path) -> set[str]:
    """The names that a file itself defines at the top."""
    names: set[str] = set()
    for node in _tree(path).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            names |= {
                name.id for name in ast.walk(node) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
            }
    return names


_TAG = re.compile(r"#\s*\(([A-Za-z][\w-]*)\)\s*$", re.ASCII | re.MULTILINE)


def _tags(path: Path) -> list[tuple[str, int]]:
    """(label, line) of the comments that are nothing but ``# (label)``; a string that looks like one is none."""
    text = path.read_text(encoding="utf-8")
    if not _TAG.search(text):
        return []
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError) as error:
        raise AtlasError(f"{_name(path)}:1: the file is not Python: {error.args[0]}.") from None
    comments = ((_TAG.fullmatch(token.string), token.start[0]) for token in tokens if token.type == tokenize.COMMENT)
    return [(match[1], line) for match, line in comments if match]


def _header(path: Path, node: ast.FunctionDef, call: ast.Call, kind: Kind) -> LawHeader:
    """What one decorator says: ``@law("limit", of=..., given=..., en=..., zh=...)``."""
    where = f"{_name(path)}:{call.lineno}"
    words = {word.arg: word.value for word in call.keywords if word.arg} | dict(
        zip(("relation",), call.args, strict=False)
    )

    def string(key: str) -> str | None:
        if (value := words.get(key)) is not None and not (
            isinstance(value, ast.Constant) and isinstance(value.value, str)
        ):
            raise AtlasError(
                f"{where}: {key} of {node.name} is a plain string, because it is read without running the file."
            )
        return str(value.value) if isinstance(value, ast.Constant) else None

    en, zh, trait, relation = string("en"), string("zh"), string("trait"), string("relation")
    if trait and trait not in TRAITS:
        raise AtlasError(f"{where}: {node.name} bears an unknown trait {trait!r}; known are {', '.join(TRAITS)}.")
    if not trait and not (en and zh):
        raise AtlasError(f"{where}: {node.name} wants its statement in both languages, en= and zh=.")
    if kind == "law" and relation not in RELATIONS:
        raise AtlasError(f"{where}: the relation of {node.name} is one of {', '.join(RELATIONS)}; not {relation!r}.")
    if (of := string("of")) is not None and of not in inventory.concepts():
        raise AtlasError(f"{where}: {node.name} points to {of!r}, which is not the id of a concept.")
    return LawHeader(
        kind=kind,
        name=node.name,
        line=node.lineno,
        text=TRAITS[trait] if trait else Text(en or "", zh or ""),
        relation=relation,
        of=of,
        given=_problems(words.get("given")),
        without=_problems(words.get("without")),
        source=string("source"),
    )


def _problems(generator: ast.expr | None) -> str | None:
    """How the problems of a law are drawn: the function's name, or what a lambda returns."""
    return ast.unparse(generator.body if isinstance(generator, ast.Lambda) else generator) if generator else None
