"""``mlatlas new CONCEPT``: the room of a planned concept, every file in its form and nothing filled in."""

from __future__ import annotations

import json
from pathlib import Path
from string import Template
from typing import Annotated

import typer

from mlatlas.atlas.cli._terminal import Lang, console, language
from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.map import Atlas, Concept, open_atlas
from mlatlas.atlas.map.inventory import regions
from mlatlas.atlas.map.page import GAP
from mlatlas.atlas.text import Text

PAGE = """---
title: $title
title_zh: $title_zh
needs:$needs
sources:
  - "$gap"
---

## Idea

:::{en}
$gap
:::
:::{zh}
$gap
:::

## Derivation

:::{en}
$gap
:::
:::{zh}
$gap
:::
"""

IMPLEMENTATION = '''"""$heading."""

from __future__ import annotations


class $name:
    """What it minimises or computes, shapes, units, errors, cost and source stand here."""

    def __init__(self) -> None:
        """Store the parameters, and nothing more."""
        raise NotImplementedError("$name is not written yet")
'''

LAWS = '''"""Known answers, laws and mutants of $id."""

from __future__ import annotations

from mlatlas.atlas.judge import Draw, Subject, known, law, mutant


def problem(draw: Draw):
    return draw.normal()


@known(en="$gap", zh="$gap", source="$gap")
def by_hand(subject: Subject):
    return subject.$name(), 0.0


@law("property", given=problem, en="$gap", zh="$gap", source="$gap")
def relation(problem, subject: Subject, other: Subject):
    return subject.$name(), problem


@mutant(en="$gap", zh="$gap", source="$gap")
def slip(ours: Subject):
    return Subject({"$name": ours.$name})
'''

PEER = '''"""Whom $id races: $peer."""

from __future__ import annotations

from mlatlas.atlas.judge import peer


@peer("$peer", requires="$package")
def rival():
    """The peer's exports under our names."""
    return {}
'''

LAB = '''"""An experiment with $id on real data."""

from __future__ import annotations

from collections.abc import Iterator

from mlatlas.atlas.lab import Event, Learned, lab
from mlatlas.atlas.text import Text


@lab(en="$gap", zh="$gap", data=Text("$gap", "$gap"))
def experiment(*, seed: int = 0) -> Iterator[Event]:
    """The knobs are the parameters; the events are what is shown."""
    yield Learned(en="$gap", zh="$gap")
'''

TEST = '''"""Bad input to $id, and what only a test can say."""

from mlatlas.$region.$folder.$folder import $name


def test_is_written() -> None:
    $name()
'''

REGION = '''"""$title. The exports and their rooms are listed in ``__init__.pyi`` and load on first use."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
'''

MADE = Text("Made {folder} with {files}.", "已建立 {folder}，其中有 {files}。")
NEXT = Text(
    "Fill the page first: every {gap} is still to be written, and the place counts as begun until none is left.",
    "请先写页面：每个 {gap} 都待填写，全部填完之前这一处只算“已动工”。",
)
SETTLE = Text("Its page is to settle {ids}.", "它的页面要解答 {ids}。")


def command(
    concept: Annotated[str, typer.Argument(help="The id of a planned concept, such as perceptron.")],
    root: Annotated[
        Path | None, typer.Option("--root", help="The folder of the regions; by default the package's.")
    ] = None,
    lang: Lang = None,
) -> None:
    """Make the room of CONCEPT: page, implementation, laws, peer, lab, test, and its line among the exports."""
    if root is not None and not root.is_dir():
        raise AtlasError(f"--root {root}: there is no such folder; name the one that holds the regions.")
    atlas, out, tongue = open_atlas(root), console(), language(lang)
    place = atlas.concept(concept)
    folder = atlas.root / place.region / place.folder
    if folder.exists():
        raise AtlasError(f"{place.id} has a folder already ({folder}); edit it, or remove it to begin anew.")
    files = _files(atlas, place)
    try:
        folder.mkdir(parents=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
        _export(folder.parent, place)
    except OSError as error:
        raise AtlasError(f"{folder} cannot be written ({error.strerror}); name another folder with --root.") from None
    out.print(MADE[tongue].format(folder=folder, files=", ".join(files)), soft_wrap=True)
    out.print(NEXT[tongue].format(gap=GAP), soft_wrap=True)
    if ids := [item.id for item in atlas.unanswered(place.id)]:
        out.print(SETTLE[tongue].format(ids=", ".join(ids)), soft_wrap=True)


def _class(place: Concept) -> str:
    return "".join(part.capitalize() for part in place.id.split("-"))


def _files(atlas: Atlas, place: Concept) -> dict[str, str]:
    """Name and text of each file of the room; a concept without a peer gets no peer.py."""
    words = {
        "id": place.id,
        "region": place.region,
        "folder": place.folder,
        "name": _class(place),
        "heading": place.title.en,
        "title": json.dumps(place.title.en),
        "title_zh": json.dumps(place.title.zh, ensure_ascii=False),
        "needs": "".join(f'\n  {need}: {{en: "{GAP}", zh: "{GAP}"}}' for need in place.needs) or " {}",
        "peer": place.peer.split(",")[0],
        "package": place.peer.replace(",", " ").replace(".", " ").partition(" ")[0],
        "gap": GAP,
    }
    templates = {
        "page.md": PAGE,
        f"{place.folder}.py": IMPLEMENTATION,
        "laws.py": LAWS,
        "peer.py": PEER,
        "lab.py": LAB,
        f"test_{place.folder}.py": TEST,
    }
    return {
        name: Template(text).substitute(words) for name, text in templates.items() if name != "peer.py" or place.peer
    }


def _export(region: Path, place: Concept) -> None:
    """The room's line in the region's stub; a new region gets its two files."""
    if not (region / "__init__.py").is_file():
        title = regions()[place.region].en
        (region / "__init__.py").write_text(Template(REGION).substitute(title=title), encoding="utf-8")
    stub = region / "__init__.pyi"
    lines = stub.read_text(encoding="utf-8").splitlines() if stub.is_file() else []
    lines.append(f"from .{place.folder}.{place.folder} import {_class(place)} as {_class(place)}")
    stub.write_text("\n".join(sorted(lines)) + "\n", encoding="utf-8")
