"""What is planned: the regions, concepts, questions and claims, read from the tables beside this file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.text import Text

MAP = "map"  # reserved: the atlas as a whole; questions may belong to it, no room may


@dataclass(frozen=True)
class Concept:
    """One place of the map: what it is called, what comes before it, what it delivers and whom it races."""

    id: str
    region: str
    title: Text
    needs: tuple[str, ...]
    delivers: str
    peer: str

    @property
    def folder(self) -> str:
        """The name of its room's folder: the id with underscores."""
        return self.id.replace("-", "_")


@dataclass(frozen=True)
class Question:
    """A question that real notes ask, answered on the page of its concept."""

    id: str
    concept: str
    text: Text


@dataclass(frozen=True)
class Claim:
    """A claim that real notes make, judged on the page of its concept."""

    id: str
    concept: str
    text: Text


@dataclass(frozen=True)
class Ground:
    """A region's colour, where it begins on the drawn map, in cells, and how many columns it has; set by hand, to stay."""

    hue: float
    x: float
    y: float
    columns: int


def _rows(table: str) -> list[dict[str, str]]:
    """The rows of one tab-separated table, keyed by the names in its first line."""
    header, *lines = (Path(__file__).parent / table).read_text(encoding="utf-8").rstrip("\n").split("\n")
    names, rows, seen = header.split("\t"), [], set()
    for number, line in enumerate(lines, start=2):
        cells = line.split("\t")
        if len(cells) != len(names):
            raise AtlasError(
                f"{table}:{number}: a line has {len(names)} cells separated by tabs, this has {len(cells)}."
            )
        if cells[0] in seen:
            raise AtlasError(f"{table}:{number}: the id {cells[0]!r} stands in an earlier line; remove one of them.")
        seen.add(cells[0])
        rows.append(dict(zip(names, cells, strict=True)))
    return rows


@cache
def regions() -> dict[str, Text]:
    """The titles of the regions, in the order of the map."""
    return {row["id"]: Text(row["title"], row["title_zh"]) for row in _rows("regions.tsv")}


@cache
def grounds() -> dict[str, Ground]:
    """The ground of every region."""
    return {
        row["id"]: Ground(float(row["hue"]), float(row["x"]), float(row["y"]), int(row["columns"]))
        for row in _rows("regions.tsv")
    }


@cache
def concepts() -> dict[str, Concept]:
    """All concepts, built or planned, in the order of the inventory."""
    found = {
        row["id"]: Concept(
            row["id"],
            row["region"],
            Text(row["title"], row["title_zh"]),
            tuple(row["needs"].split()),
            row["delivers"],
            row["peer"],
        )
        for row in _rows("inventory.tsv")
    }
    for concept in found.values():
        if concept.region not in regions():
            raise AtlasError(
                f"inventory.tsv: {concept.id} lies in {concept.region!r}, which regions.tsv does not name."
            )
        if unknown := [need for need in concept.needs if need not in found]:
            raise AtlasError(f"inventory.tsv: {concept.id} needs {unknown[0]!r}, which is not the id of a concept.")
    return found


@cache
def questions() -> dict[str, Question]:
    """All questions by id."""
    return {
        row["id"]: Question(row["id"], _place("questions.tsv", row), Text(row["question"], row["question_zh"]))
        for row in _rows("questions.tsv")
    }


@cache
def claims() -> dict[str, Claim]:
    """All claims by id."""
    return {
        row["id"]: Claim(row["id"], _place("claims.tsv", row), Text(row["claim"], row["claim_zh"]))
        for row in _rows("claims.tsv")
    }


def _place(table: str, row: dict[str, str]) -> str:
    if row["concept"] != MAP and row["concept"] not in concepts():
        raise AtlasError(f"{table}: {row['id']} belongs to {row['concept']!r}, which is not the id of a concept.")
    return row["concept"]
