"""The graph: which rooms are built, what comes before what, and the road from what one knows to a place."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.map import inventory
from mlatlas.atlas.map.inventory import MAP, Claim, Concept, Question
from mlatlas.atlas.map.page import Page, read_page
from mlatlas.atlas.map.rooms import LawHeader, Room, find_rooms, stub_imports


@dataclass(frozen=True, eq=False)
class Atlas:
    """All concepts, built or planned; ``rooms`` holds the built ones and ``unfinished`` those with code but no page."""

    root: Path  # the folder that holds the regions
    concepts: dict[str, Concept]
    rooms: dict[str, Room]
    unfinished: tuple[str, ...]
    questions: dict[str, Question]
    claims: dict[str, Claim]

    def concept(self, id: str) -> Concept:
        """The concept, built or planned; AtlasError with close matches for an unknown id."""
        if id not in self.concepts:
            if id == MAP:
                raise AtlasError("'map' means the atlas as a whole and has no room; name one of its concepts.")
            close = difflib.get_close_matches(id, self.concepts, n=3)
            hint = f"did you mean {' or '.join(close)}?" if close else "mlatlas map lists them all."
            raise AtlasError(f"There is no concept {id!r}; {hint}")
        return self.concepts[id]

    def room(self, id: str) -> Room:
        """The room of a built concept, validated; AtlasError when the id is unknown or not built."""
        if self.concept(id).id not in self.rooms:
            raise AtlasError(f"{id} is planned but not built yet; mlatlas map shows what is built.")
        room = self.rooms[id]
        room.validate()
        return room

    def needs(self, id: str) -> tuple[str, ...]:
        """The direct prerequisites: the page's where there is one, otherwise the inventory's."""
        return tuple(self.rooms[id].page.needs) if id in self.rooms else self.concept(id).needs

    @cached_property
    def overview(self) -> Page:
        """The page of the atlas as a whole, which settles what belongs to the reserved id."""
        return read_page(Path(__file__).parent / "overview.md")

    @property
    def settled(self) -> dict[str, str]:
        """Of every question and claim that a page settles: the concept on whose page, or the reserved id."""
        pages = {MAP: self.overview, **{id: room.page for id, room in self.rooms.items()}}
        return {item: id for id, page in pages.items() for item in page.answered}

    @cached_property
    def sorted(self) -> tuple[str, ...]:
        """All ids, built or planned, prerequisites first; otherwise in the order of the inventory."""
        done: dict[str, None] = {}
        for id in self.concepts:
            self._visit(id, done, [])
        return tuple(done)

    def _visit(self, id: str, done: dict[str, None], path: list[str]) -> None:
        if id in path:
            circle = " needs ".join([*path[path.index(id) :], id])
            raise AtlasError(f"The prerequisites go round in a circle: {circle}; remove one of them from its page.")
        if id not in done:
            for need in self.needs(id):
                self._visit(need, done, [*path, id])
            done[id] = None

    def order(self) -> tuple[Room, ...]:
        """The built rooms, prerequisites first."""
        return tuple(self.rooms[id] for id in self.sorted if id in self.rooms)

    def ancestors(self, id: str) -> tuple[str, ...]:
        """Everything the concept needs, directly or through others, prerequisites first; without itself."""
        done: dict[str, None] = {}
        self._visit(self.concept(id).id, done, [])
        return tuple(done)[:-1]

    def used_by(self, id: str) -> tuple[str, ...]:
        """The concepts that need this one directly."""
        return tuple(other for other in self.concepts if self.concept(id).id in self.needs(other))

    def route(self, target: str, start: Iterable[str] = ()) -> tuple[str, ...]:
        """What to visit on the way to ``target``, itself last, without ``start`` and all that comes before it."""
        known = {id for begin in start for id in (begin, *self.ancestors(begin))}
        return tuple(id for id in (*self.ancestors(target), target) if id not in known)

    def unanswered(self, id: str) -> tuple[Question | Claim, ...]:
        """The questions and claims of a concept that its page does not settle."""
        settled = self.rooms[id].page.answered if id in self.rooms else {}
        items: list[Question | Claim] = [*self.questions.values(), *self.claims.values()]
        return tuple(item for item in items if item.concept == self.concept(id).id and item.id not in settled)

    def laws_about(self, id: str) -> tuple[tuple[str, LawHeader], ...]:
        """The laws in other rooms that point to this concept, each with the id of its room."""
        return tuple((room.concept.id, law) for room in self.order() for law in room.laws_about(id))

    def validate(self) -> None:
        """Read every room whole, and every region's stub; AtlasError for the first thing that does not fit."""
        for room in self.rooms.values():
            room.validate()
        self.overview.validate()
        asked: dict[str, Question | Claim] = {**self.questions, **self.claims}
        for item in self.overview.answered:
            if asked[item].concept != MAP:
                raise AtlasError(f"{self.overview.name}: {item} does not belong to the atlas as a whole.")
        for region in inventory.regions():
            for line, path, names in stub_imports(self.root / region / "__init__.pyi"):
                if not (self.root / region / path[0]).is_dir():
                    raise AtlasError(
                        f"{region}/__init__.pyi:{line}: there is no room {path[0]!r} to export {names[0]} from."
                    )


@cache
def open_atlas(root: Path | None = None) -> Atlas:
    """The atlas of the installed package, or of another folder that holds regions; read once."""
    root = root or Path(__file__).parents[2]
    rooms, unfinished = find_rooms(root)
    atlas = Atlas(root, inventory.concepts(), rooms, unfinished, inventory.questions(), inventory.claims())
    _ = atlas.sorted  # fails on a cycle
    return atlas
