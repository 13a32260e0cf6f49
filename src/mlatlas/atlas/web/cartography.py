"""Where everything lies on the map, and the map as SVG.

``regions.tsv`` says where each region begins and how many columns it has; a place takes a cell in it: below everything
of its region that it needs, in the row's free cell nearest to them. Earlier places never give way to later ones, so a
concept added to the inventory leaves all others where they were. What pages add to the inventory moves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

import numpy as np

from mlatlas.atlas.lab.drawing import text_width
from mlatlas.atlas.map.inventory import concepts, grounds, regions
from mlatlas.atlas.text import LANGUAGES, Language

WIDE, HIGH = 134.0, 58.0  # one cell
MARGIN = 44.0
TYPE, LEADING, LINES = 12.5, 13.5, 3  # of a place's name
NAME = 16.0  # type of a region's name
DOT, GAP = 4.5, 7.0  # a place, and where its roads begin and end

Point = tuple[float, float]
Cell = tuple[int, int]


@cache
def cells() -> dict[str, Cell]:
    """The column and row of every place within its region."""
    found: dict[str, Cell] = {}
    for id in concepts():
        _settle(id, found)
    return found


def _settle(id: str, found: dict[str, Cell]) -> None:
    if id in found:
        return
    concept = concepts()[id]
    before = [need for need in concept.needs if concepts()[need].region == concept.region]
    for need in before:
        _settle(need, found)
    taken = {cell for other, cell in found.items() if concepts()[other].region == concept.region}
    row = max((found[need][1] + 1 for need in before), default=0)
    columns = range(grounds()[concept.region].columns)
    while not (free := [column for column in columns if (column, row) not in taken]):
        row += 1
    wish = sum(found[need][0] for need in before) / len(before) if before else 0.0
    found[id] = (min(free, key=lambda column: (abs(column - wish), column)), row)


@cache
def spot(id: str) -> Point:
    """Where the dot of a place is; its name stands to the right."""
    ground, (column, row) = grounds()[concepts()[id].region], cells()[id]
    return MARGIN + (ground.x + column) * WIDE, MARGIN + (ground.y + row) * HIGH + 20.0


@cache
def size() -> Point:
    """The width and height of the whole map."""
    corners = [spot(id) for id in concepts()]
    return max(x for x, _ in corners) + WIDE + MARGIN - 14, max(y for _, y in corners) + HIGH + MARGIN - 20


@cache
def coast(region: str) -> str:
    """The outline of a region as an SVG path: a soft line around its places and its name."""
    from contourpy import contour_generator

    ground = grounds()[region]
    places = [spot(id) for id in concepts() if concepts()[id].region == region]
    rows = max(cells()[id][1] for id in concepts() if concepts()[id].region == region) + 1
    step = 6.0
    x0, y0 = MARGIN + ground.x * WIDE - 60, MARGIN + ground.y * HIGH - 80
    x = np.arange(x0, x0 + ground.columns * WIDE + 120, step)
    y = np.arange(y0, y0 + rows * HIGH + 150, step)
    left, top = min(px for px, _ in places), min(py for _, py in places)
    boxes = [(px - 8, px + WIDE - 26, py - 16, py + 26) for px, py in places]
    name = max(text_width(regions()[region][lang], NAME) for lang in LANGUAGES)
    boxes.append((left - 6, left + name, top - 34, top - 16))
    field = sum(np.exp(-(_away(x, a, b)[None, :] ** 2 + _away(y, c, d)[:, None] ** 2) / 700) for a, b, c, d in boxes)
    lines = contour_generator(x, y, np.asarray(field)).lines(0.75)
    return "".join(_closed(np.asarray(line)) for line in lines)


def _away(grid: np.ndarray, low: float, high: float) -> np.ndarray:
    """How far each point lies outside of an interval."""
    return np.maximum(np.maximum(low - grid, grid - high), 0.0)


def _closed(line: np.ndarray) -> str:
    """A closed curve through the middles of the sides, with the corners as handles."""
    corners = line[:-1:3]
    middles = (corners + np.roll(corners, -1, axis=0)) / 2
    path = f"M{middles[-1][0]:.0f} {middles[-1][1]:.0f}"
    for (cx, cy), (mx, my) in zip(corners, middles, strict=True):
        path += f"Q{cx:.0f} {cy:.0f} {mx:.0f} {my:.0f}"
    return path + "Z"


def name_spot(region: str) -> Point:
    """Where the name of a region begins: above its first row."""
    places = [spot(id) for id in concepts() if concepts()[id].region == region]
    return min(x for x, _ in places) - 6, min(y for _, y in places) - 20


def road(start: str, end: str) -> str:
    """The road from a place to one that needs it, as an SVG path: down to what lies lower, sideways to what lies beside."""
    (x0, y0), (x1, y1) = spot(start), spot(end)
    down = y1 - y0
    if down > 0.5 * HIGH:
        bend = min(0.45 * down, 150.0)
        return _curve((x0, y0 + GAP), (x0, y0 + bend), (x1, y1 - bend), (x1, y1 - GAP - 1))
    side = 1.0 if x1 >= x0 else -1.0
    bend = min(max(0.4 * abs(x1 - x0), 30.0), 160.0)
    lift = -26.0 if down > -0.5 * HIGH else 0.0  # over the names of what lies between
    begin, end_at = (y0 - GAP, y1 - GAP) if lift else (y0 - GAP, y1 + GAP + 1)
    return _curve(
        (x0, begin), (x0 + side * bend * 0.6, begin + lift), (x1 - side * bend * 0.6, end_at + lift), (x1, end_at)
    )


def bridge(one: str, other: str) -> tuple[str, Point]:
    """The road of a law between two places, and where its name stands."""
    (x0, y0), (x1, y1) = sorted((spot(one), spot(other)))
    away = 0.12 if abs(x1 - x0) > abs(y1 - y0) else 0.22
    cx, cy = (x0 + x1) / 2 + away * abs(y1 - y0), (y0 + y1) / 2 - away * abs(x1 - x0)
    path = f"M{x0:.0f} {y0:.0f}Q{cx:.0f} {cy:.0f} {x1:.0f} {y1:.0f}"
    return path, ((x0 + 2 * cx + x1) / 4, (y0 + 2 * cy + y1) / 4)


def _curve(*points: Point) -> str:
    begin, *rest = (f"{x:.0f} {y:.0f}" for x, y in points)
    return f"M{begin}C{' '.join(rest)}"


def name_lines(title: str, lang: Language) -> tuple[str, ...]:
    """A place's name in lines that fit its cell; what does not fit is left out behind an ellipsis."""
    room = WIDE - 24
    pieces: Iterable[str] = title.split(" ") if lang == "en" else _pieces(title)
    space = " " if lang == "en" else ""
    lines = [""]
    for piece in pieces:
        longer = f"{lines[-1]}{space if lines[-1] else ''}{piece}"
        if not lines[-1] or text_width(longer, TYPE) <= room:
            lines[-1] = longer
        else:
            lines.append(piece.strip())
    if len(lines) > LINES:
        lines = [*lines[: LINES - 1], lines[LINES - 1].rstrip(",、:：") + "…"]
    return tuple(lines)


def _pieces(title: str) -> list[str]:
    """Chinese characters one by one, with a closing mark kept beside what it closes; Latin words whole."""
    return re.findall(r"[A-Za-z0-9.*+\-]+ ?|[^A-Za-z0-9][、，：；）]?", title)
