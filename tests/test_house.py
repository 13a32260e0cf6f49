"""The source tree keeps its own rules: imports run one way, code witnesses the map, and every page can be shown."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html import escape
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

import mlatlas
from mlatlas.atlas.cli.race import _named
from mlatlas.atlas.cli.show import command as show
from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.map import Atlas, Room, inventory, open_atlas
from mlatlas.atlas.text import LANGUAGES, Language
from mlatlas.atlas.web.page import page_html

ROOT = Path(mlatlas.__file__).parent
REGIONS = set(inventory.regions())
ATLAS = open_atlas()
ROOMS = [pytest.param(room, id=room.concept.id) for room in ATLAS.order()]
GROUND = ("numerics", "nets", "data")  # what regions stand on
WORDS = {"metrics"}  # ids that are plain words too


def imports(path: Path, source: str | None = None) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything of ours that a file imports, wherever in the file it does so."""
    for node in ast.walk(ast.parse(source or path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import():
                found = [alias.name for alias in node.names]
            case ast.ImportFrom(level=0):
                found = [f"{node.module}.{alias.name}" for alias in node.names]
            case ast.ImportFrom():
                package = ["mlatlas", *path.relative_to(ROOT).parts[: -node.level]]
                base = ".".join([*package, *([node.module] if node.module else [])])
                found = [f"{base}.{alias.name}" for alias in node.names]
            case _:
                continue
        yield from ((node.lineno, name) for name in found if name.split(".")[0] == "mlatlas")


def misplaced(atlas: Atlas, room: Room, path: Path, source: str | None = None) -> list[str]:
    """The imports of an implementation file that the map does not witness."""
    ids = {concept.folder: concept for concept in atlas.concepts.values()}
    allowed = {room.concept.id, *atlas.ancestors(room.concept.id)}
    wrong = []
    for line, name in imports(path, source):
        where = name.split(".")[1]
        folder = name.split(".")[2] if name.count(".") > 1 else ""
        if where in GROUND:
            continue
        by_room = where in REGIONS and folder in ids and ids[folder].region == where and name.count(".") > 2
        if not by_room or ids[folder].id not in allowed:
            wrong.append(f"{path.name}:{line}: {name}")
    return wrong


@pytest.mark.parametrize("room", ROOMS)
def test_an_implementation_imports_only_what_its_concept_needs(room: Room):
    assert [found for path in room.implementation for found in misplaced(ATLAS, room, path)] == []


@pytest.mark.parametrize(
    "source",
    [
        "from mlatlas.linear.lasso.lasso import Lasso",  # comes later
        "from mlatlas.linear import LinearRegression",  # through the region
        "import mlatlas.linear",
        "def f():\n    from ..lasso.lasso import Lasso",
        "from mlatlas.kernels.linear_regression.x import y",
        "from mlatlas.atlas.judge import law",
    ],
)
def test_misplaced_imports_are_found(source: str):
    room = Room(ATLAS.concepts["ridge"], ROOT / "linear" / "ridge", "mlatlas.linear.ridge", None)  # type: ignore[arg-type]
    assert misplaced(ATLAS, room, room.folder / "ridge.py", source)
    good = "import numpy\nfrom mlatlas.numerics.x import y\nfrom ..linear_regression.linear_regression import LinearRegression"
    assert not misplaced(ATLAS, room, room.folder / "ridge.py", good)


def test_the_ground_and_the_atlas_know_no_region():
    files = [path for part in (*GROUND, "atlas") for path in (ROOT / part).rglob("*.py")]
    assert len(files) > 10
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in files
        for line, name in imports(path)
        if name.split(".")[1] in REGIONS
    ]
    assert wrong == []


def test_the_atlas_names_no_concept():
    named = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.value!r}"
        for path in (ROOT / "atlas").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in set(ATLAS.concepts) - WORDS
    ]
    assert named == []


def test_a_region_names_its_exports_lazily_and_nothing_more():
    for region in REGIONS:
        file = ROOT / region / "__init__.py"
        if not file.exists():
            assert not (ROOT / region).exists()
            continue
        document, *body = ast.parse(file.read_text(encoding="utf-8")).body
        assert isinstance(document, ast.Expr)
        assert [ast.unparse(node) for node in body] == [
            "import lazy_loader",
            "__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)",
        ]
        assert {path.name for path in file.parent.glob("*.py*")} == {"__init__.py", "__init__.pyi"}


def test_rooms_hold_together():
    ATLAS.validate()
    assert [room.concept.id for room in ATLAS.rooms.values() if room.page.unwritten] == []
    assert [room.concept.id for room in ATLAS.rooms.values() if (room.folder / "__init__.py").exists()] == []


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("room", ROOMS)
def test_every_page_can_be_shown(room: Room, lang: Language, monkeypatch):
    screen = Console(file=StringIO(), width=80)
    monkeypatch.setattr("mlatlas.atlas.cli.show.console", lambda: screen)
    show(room.concept.id, lang=lang)
    assert sum(line.strip() != "" for line in screen.file.getvalue().splitlines()) > 20  # type: ignore[attr-defined]
    html = page_html(ATLAS, room, lang)
    assert f"<h1>{escape(room.page.title[lang])}</h1>" in html
    assert "**" not in re.sub(r"<(pre|code).*?</\1>", "", html, flags=re.DOTALL), "emphasis that Markdown did not take"


def test_the_name_of_a_size_may_hold_a_comma():
    known = ["small", "middle", "middle, a fifth missing"]
    assert list(_named("middle, a fifth missing,small", "kalman-filter", known)) == ["middle, a fifth missing", "small"]
    assert list(_named("small, middle", "kalman-filter", known)) == ["small", "middle"]
    with pytest.raises(AtlasError, match=r"--sizes of kalman-filter must be among small; middle; .* got 'huge'"):
        list(_named("middle,huge", "kalman-filter", known))
