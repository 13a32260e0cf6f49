"""Draw a declared figure as SVG: text stays text, colours follow the page, labels stand beside what they name.

matplotlib places axes and marks. Every piece of text is drawn as a short token and replaced in the finished SVG, so
that Chinese is set by the reader's own browser; every colour is drawn as a stand-in and replaced by ``currentColor`` or
by one of the classes ``s1`` ... ``s8``, which a page may restyle for the dark (see `STYLE`).
"""

from __future__ import annotations

import io
import math
import re
import threading
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.lab.events import Band, Bars, Figure, Heat, Line, Points, Rule, power_of_ten, shown
from mlatlas.atlas.text import Language, Text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

WIDTH, HEIGHT, SIZE = 640.0, 384.0, 12.5  # of the picture and of its type, in SVG units
LINE = 1.45 * SIZE
MOST_LABELS = 18  # lines that can be named at their ends

# light, dark: apart for the colour-blind on both grounds, the first ones furthest (after Okabe and Ito 2008)
PALETTE = (
    ("#0067a3", "#5db4ee"),
    ("#c4501b", "#f28c5a"),
    ("#00826a", "#3fc7a4"),
    ("#9a4c8f", "#d893cf"),
    ("#a87900", "#e3b544"),
    ("#4a5fc1", "#98a8f5"),
    ("#b03a55", "#f0879e"),
    ("#5c7a29", "#a5c66b"),
)
_INK = "#010203"  # stands for the colour of the page's text
_SERIES = tuple(f"#0a0b{number:02x}" for number in range(1, len(PALETTE) + 1))
_DASHES = ((), (5.0, 2.0), (1.5, 1.5))

STYLE = "\n".join(
    [
        *(f".s{n} {{ --series: {light}; }}" for n, (light, _) in enumerate(PALETTE, 1)),
        "svg .stroke { stroke: var(--series); }",
        "svg .fill { fill: var(--series); }",
        "@media (prefers-color-scheme: dark) {",
        *(f"  .s{n} {{ --series: {dark}; }}" for n, (_, dark) in enumerate(PALETTE, 1)),
        "}",
    ]
)

_FONTS = (
    "'Source Sans 3', 'Helvetica Neue', Helvetica, Arial, 'Noto Sans', 'Noto Sans CJK SC', 'PingFang SC', sans-serif"
)
_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_DRAWING = threading.Lock()  # matplotlib's settings are shared by all threads


def draw(figure: Figure, language: Language = "en") -> str:
    """The figure as an ``<svg>`` element for a page or a file; the same figure always gives the same text."""
    from matplotlib import rc_context

    settings: Any = {
        "svg.fonttype": "none",
        "svg.hashsalt": f"{figure.name}-{language}",
        "path.simplify": True,
        "font.size": SIZE,
        "font.family": "DejaVu Sans",
    }
    with _DRAWING, rc_context(settings):
        return _Drawing(figure, language).svg()


def text_width(text: str, size: float = SIZE) -> float:
    """About how wide a text will be: Chinese characters are square, the others a little more than half as wide."""
    return size * sum(1.0 if unicodedata.east_asian_width(one) in "WF" else 0.54 for one in text)


@dataclass
class _Label:
    """A text in the right or left margin, at the end of a line."""

    text: Text
    colour: str
    anchor: float  # where the line ends
    place: float  # where the text stands


@dataclass
class _Drawing:
    figure: Figure
    language: Language
    texts: list[str] = field(default_factory=list)

    def svg(self) -> str:
        from matplotlib.figure import Figure as Canvas

        self.canvas: Canvas = Canvas(figsize=(WIDTH / 72, HEIGHT / 72), dpi=72)
        self.axes: Axes = self.canvas.add_axes((0.1, 0.1, 0.8, 0.8))
        self.sideways = _long_names(self.figure)
        self.colours = self._colours()
        self._bare_axes()
        self._series()
        self._limits()
        self._ticks()
        self._place()
        out = io.BytesIO()
        self.canvas.savefig(out, format="svg", transparent=True, dpi=180)
        return _finished(out.getvalue(), self.texts, self.figure, self.language)

    # -- text and colour -------------------------------------------------------------------------------

    def token(self, text: str | Text) -> str:
        """Remember a text and return what stands for it in the drawing."""
        self.texts.append(text[self.language] if isinstance(text, Text) else text)
        return f"~{len(self.texts) - 1}~"

    def write(self, text: str | Text, x: float, y: float, **style: Any) -> None:
        """Write at a place in SVG units from the lower left corner."""
        style = {"color": _INK, "fontsize": SIZE, "va": "baseline", "ha": "left", **style}
        self.canvas.text(x / WIDTH, y / HEIGHT, self.token(text), **style)

    def _colours(self) -> list[tuple[str, tuple[float, ...]]]:
        """The colour and the dashes of every series; a band takes the colour of the line that follows it."""
        inked = [one for one in self.figure.series if isinstance(one, Line | Points | Bars | Band)]
        chosen: dict[int, int] = {}
        count = 0
        for one, following in pairwise([*inked, None]):
            if one is None or getattr(one, "faint", False):
                continue
            chosen[id(one)] = count
            if not (isinstance(one, Band) and isinstance(following, Line) and not following.faint):
                count += 1
        return [
            (_SERIES[chosen[id(one)] % len(_SERIES)], _DASHES[chosen[id(one)] // len(_SERIES) % len(_DASHES)])
            if id(one) in chosen
            else (_INK, ())
            for one in self.figure.series
        ]

    # -- marks -----------------------------------------------------------------------------------------

    def _bare_axes(self) -> None:
        axes, figure = self.axes, self.figure
        heat = self._on_colour()
        for side in ("top", "right") if figure.square or heat else ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        for spine in axes.spines.values():
            spine.set(color=_INK, linewidth=0.8)
        axes.tick_params(length=4, width=0.8, color=_INK, labelcolor=_INK, labelsize=SIZE - 1, pad=4)
        axes.set_axisbelow(True)
        if not heat:
            axes.grid(axis="x" if self.sideways else "y", color=_INK, alpha=0.13, linewidth=0.8)
            axes.tick_params(axis="x" if self.sideways else "y", length=0 if not figure.square else 4)
        if self.sideways:
            axes.tick_params(axis="both", length=0)
        if figure.log_x:
            axes.set_xscale("log")
        if figure.log_y:
            axes.set_yscale("log")

    def _series(self) -> None:
        bars = [one for one in self.figure.series if isinstance(one, Bars)]
        halo = self._on_colour()
        for one, (colour, dashes) in zip(self.figure.series, self.colours, strict=True):
            match one:
                case Line():
                    style: dict[str, Any] = {"color": colour, "linewidth": 2.0, "solid_capstyle": "round"}
                    if one.faint:
                        style |= {"linewidth": 1.0, "alpha": 0.45}
                    if dashes:
                        style["dashes"] = dashes
                    if halo:
                        self.axes.plot(one.x, one.y, color="#ffffff", linewidth=5.0, solid_capstyle="round")
                    self.axes.plot(one.x, one.y, **style)
                case Points():
                    many = len(one.x) > 1500
                    self.axes.plot(
                        one.x,
                        one.y,
                        linestyle="none",
                        marker="o",
                        markersize=max(2.6, min(6.0, 70 / math.sqrt(len(one.x)))),
                        markeredgewidth=1.0 if halo else 0.0,
                        markeredgecolor="#ffffff",
                        color=_rastered(colour) if many else colour,
                        alpha=0.35 if one.faint else max(0.25, min(0.85, 12 / math.sqrt(len(one.x)))),
                        rasterized=many,
                    )
                case Band():
                    self.axes.fill_between(one.x, one.low, one.high, color=colour, alpha=0.18, linewidth=0)
                case Bars():
                    self._bars(one, bars.index(one), len(bars), colour)
                case Heat():
                    self._heat(one)
                case Rule():
                    line = self.axes.axvline if one.axis == "x" else self.axes.axhline
                    line(one.at, color=_INK, linewidth=1.0, alpha=0.6, dashes=(4.0, 3.0))

    def _on_colour(self) -> bool:
        """Whether the ground is a heat map, on which marks need a white edge."""
        return any(isinstance(one, Heat) for one in self.figure.series)

    def _bars(self, one: Bars, index: int, count: int, colour: str) -> None:
        if isinstance(one.x[0], float):
            steps = np.diff(np.sort(one.x))
            width = 0.96 * float(steps.min()) if len(steps) else 0.8
            self.axes.bar(one.x, one.y, width=width, color=colour, alpha=0.85 if count == 1 else 0.6)
            return
        width = min(0.76, 0.1 + 0.1 * len(one.x)) / count
        places = np.arange(len(one.x)) + (index - (count - 1) / 2) * width
        if self.sideways:
            self.axes.barh(places, one.y, height=0.92 * width, color=colour)
        else:
            self.axes.bar(places, one.y, width=0.92 * width, color=colour)
        if count > 1 or len(one.x) > 12:
            return
        for place, value in zip(places, one.y, strict=True):
            away = 4 if value >= 0 else -4
            spot, offset, ha, va = (place, value), (0, away), "center", "bottom" if value >= 0 else "top"
            if self.sideways:
                spot, offset, ha, va = (value, place), (away, 0), "left" if value >= 0 else "right", "center"
            text = self.token(shown(value, digits=3))
            style: Any = {"ha": ha, "va": va, "color": _INK, "fontsize": SIZE - 1}
            self.axes.annotate(text, spot, xytext=offset, textcoords="offset points", **style)

    def _heat(self, one: Heat) -> None:
        z = np.asarray(one.z)
        signed = z.min() < 0 < z.max()
        bound = float(np.abs(z).max())
        limits: Any = {"edgecolors": "face", "linewidth": 0.4}  # hide the seams between cells
        limits |= {"vmin": -bound, "vmax": bound} if signed else {"vmin": float(z.min()), "vmax": float(z.max())}
        x, y = (_edges(side) for side in (one.x, one.y))
        mesh = self.axes.pcolormesh(x, y, z, cmap="RdBu_r" if signed else "cividis", rasterized=z.size > 2500, **limits)
        self.heat = mesh
        if isinstance(one.x[0], float) or z.size > 144:
            return
        for row, values in enumerate(z):
            for column, value in enumerate(values):
                red, green, blue, _ = mesh.cmap(mesh.norm(value))
                bright = 0.3 * red + 0.59 * green + 0.11 * blue > 0.55
                number = shown(int(value) if value == int(value) else float(value), digits=2)
                ink = "#111111" if bright else "#ffffff"
                self.axes.text(column, row, self.token(number), ha="center", va="center", color=ink, fontsize=SIZE - 1)

    # -- axes ------------------------------------------------------------------------------------------

    def _limits(self) -> None:
        axes, figure = self.axes, self.figure
        if self._on_colour():
            axes.margins(0)
            if isinstance(_names(figure, "y"), tuple):
                axes.invert_yaxis()
            return
        bars = any(isinstance(one, Bars) for one in figure.series)
        axes.margins(x=0.02, y=0.1 if bars else 0.06)
        if bars:
            axes.spines["bottom"].set_visible(figure.log_y)
        if self.sideways:
            axes.margins(x=0.12 if min(self.axes.get_xlim()) < 0 else 0.08, y=0.02)
            axes.invert_yaxis()
        if bars and not (figure.log_x if self.sideways else figure.log_y):
            (axes.axvline if self.sideways else axes.axhline)(0, color=_INK, linewidth=0.8)

    def _ticks(self) -> None:
        from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

        figure, axes = self.figure, self.axes
        sides = (axes.yaxis, axes.xaxis) if self.sideways else (axes.xaxis, axes.yaxis)
        for axis, name, log, most in ((sides[0], "x", figure.log_x, 8), (sides[1], "y", figure.log_y, 6)):
            axis.set_minor_locator(NullLocator())
            names = _names(figure, name)
            if names is not None:
                axis.set_ticks(range(len(names)), labels=[self.token(one) for one in names])
                axis.set_tick_params(length=0)
            elif log:
                low, high = sorted(axis.get_view_interval())
                axis.set_major_locator(
                    LogLocator(subs=(1.0, 2.0, 5.0) if high < 300 * low else (1.0,), numticks=2 * most)
                )
                axis.set_major_formatter(FuncFormatter(_Power(axis)))
            else:
                axis.set_major_locator(MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]))
                axis.set_major_formatter(FuncFormatter(_Plain(axis)))

    # -- margins, keys and labels ----------------------------------------------------------------------

    def _place(self) -> None:
        figure, axes = self.figure, self.axes
        left = 10 + max((text_width(one, SIZE - 1) for one in self._tick_texts(axes.yaxis)), default=0.0)
        bottom, top, right = 2.6 * LINE, HEIGHT - 0.9 * LINE, WIDTH - 14.0
        top -= self._keys(left, top)
        x, y = (figure.y, figure.x) if self.sideways else (figure.x, figure.y)
        named = self._end_labels()
        side = self._label_side(named)
        self.write(y, *((WIDTH, top) if side == "left" else (0.0, top)), ha="right" if side == "left" else "left")
        top -= 0.75 * LINE
        heat = next((one for one in figure.series if isinstance(one, Heat)), None)
        bar = _bar_width(heat) if heat else 0.0
        right -= bar
        if len(named) > MOST_LABELS:
            raise AtlasError(
                f"figure {figure.name!r} names {len(named)} lines; "
                f"name at most {MOST_LABELS} and leave the others faint"
            )
        margin = 10 + max((text_width(one.label[self.language]) for one in named if one.label), default=-10.0)
        left, right = (left, right - margin) if side == "right" else (left, right)
        if side == "left":
            axes.yaxis.tick_right()
            axes.spines[["left", "right"]].set_visible(False)
            ticks, left = left, margin + 6
            right -= ticks - 10
        if heat and figure.square:
            right, bottom = self._square_cells(left, right, bottom, top)
        if heat:
            self._colour_bar(heat, right + 14, right + bar, bottom, top)
        axes.set_position((left / WIDTH, bottom / HEIGHT, (right - left) / WIDTH, (top - bottom) / HEIGHT))
        if figure.square and not heat:
            axes.set_aspect("equal", adjustable="datalim")
            axes.apply_aspect()
        self.write(x, (left + right) / 2, bottom - 2.15 * LINE, ha="center")
        self._write_end_labels(named, side, left, right, bottom, top)
        self._rule_labels(left, right, bottom, top)

    def _tick_texts(self, axis: Any) -> list[str]:
        names = _names(self.figure, "x" if self.sideways else "y")
        if names is not None:
            return [one[self.language] if isinstance(one, Text) else one for one in names]
        low, high = sorted(axis.get_view_interval())
        return [axis.get_major_formatter()(value, None) for value in axis.get_majorticklocs() if low <= value <= high]

    def _keys(self, left: float, top: float) -> float:
        """A row that names what has no end to stand at; returns its height."""
        keyed = [
            (one, colour)
            for one, (colour, _) in zip(self.figure.series, self.colours, strict=True)
            if one.label is not None and isinstance(one, Points | Bars | Band)
        ]
        x, y = 0.0, top
        for one, colour in keyed:
            assert one.label is not None
            width = 14 + text_width(one.label[self.language]) + 22
            if x and x + width > WIDTH:
                x, y = 0.0, y - LINE
            self._swatch(one, colour, x, y)
            self.write(one.label, x + 16, y, color=colour)
            x += width
        return top - y + 1.25 * LINE if keyed else 0.0

    def _swatch(self, one: Points | Bars | Band, colour: str, x: float, y: float) -> None:
        from matplotlib.lines import Line2D
        from matplotlib.patches import Rectangle

        place = self.canvas.transFigure
        if isinstance(one, Points):
            dot = [(x + 6) / WIDTH], [(y + 4.5) / HEIGHT]
            self.canvas.add_artist(
                Line2D(*dot, marker="o", markersize=7, markeredgewidth=0, color=colour, transform=place)
            )
        else:
            alpha = 0.3 if isinstance(one, Band) else 0.85
            corner = (x / WIDTH, y / HEIGHT)
            self.canvas.add_artist(
                Rectangle(corner, 12 / WIDTH, 9 / HEIGHT, color=colour, alpha=alpha, linewidth=0, transform=place)
            )

    def _square_cells(self, left: float, right: float, bottom: float, top: float) -> tuple[float, float]:
        """The right and lower ends that make one unit as long on both axes."""
        (x0, x1), (y0, y1) = self.axes.get_xlim(), self.axes.get_ylim()
        shape = abs(x1 - x0) / abs(y1 - y0)
        width = min(right - left, shape * (top - bottom))
        return left + width, top - width / shape

    def _colour_bar(self, heat: Heat, left: float, right: float, bottom: float, top: float) -> None:
        from matplotlib.ticker import FuncFormatter, MaxNLocator

        box = (left / WIDTH, bottom / HEIGHT, 10 / WIDTH, (top - bottom) / HEIGHT)
        bar = self.canvas.colorbar(self.heat, cax=self.canvas.add_axes(box))
        bar.outline.set_visible(False)
        bar.ax.tick_params(length=0, labelcolor=_INK, labelsize=SIZE - 1, pad=4)
        bar.ax.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
        bar.ax.yaxis.set_major_formatter(FuncFormatter(_Plain(bar.ax.yaxis)))
        if heat.label:
            long = text_width(heat.label[self.language]) > WIDTH - left
            at, ha = (right, "right") if long else (left, "left")
            self.write(heat.label, at, top + 0.75 * LINE, ha=ha)

    def _end_labels(self) -> list[Line]:
        return [one for one in self.figure.series if isinstance(one, Line) and one.label is not None]

    def _label_side(self, named: Sequence[Line]) -> str:
        """The side on which the labelled lines lie further apart."""
        if len(named) < 2:
            return "right"
        height = 260.0
        crowd = {}
        for side, pick in (("right", np.argmax), ("left", np.argmin)):
            ends = sorted(self._height(one.y[int(pick(one.x))]) * height for one in named)
            crowd[side] = sum(abs(a - b) for a, b in zip(ends, apart(ends, 0.0, height), strict=True))
        return "left" if crowd["left"] < 0.5 * crowd["right"] - 20 else "right"

    def _height(self, y: float) -> float:
        """Where a value lies on the vertical axis, from 0 to 1."""
        low, high = self.axes.get_ylim()
        if self.figure.log_y:
            return (math.log(y) - math.log(low)) / (math.log(high) - math.log(low))
        return (y - low) / (high - low)

    def _write_end_labels(
        self, named: Sequence[Line], side: str, left: float, right: float, bottom: float, top: float
    ) -> None:
        from matplotlib.lines import Line2D

        pick = np.argmax if side == "right" else np.argmin
        style = {id(one): colour for one, (colour, _) in zip(self.figure.series, self.colours, strict=True)}
        found = []
        for one in named:
            end = int(pick(one.x))
            x, y = self.axes.transData.transform((one.x[end], one.y[end]))
            found.append((float(y), float(x), one))
        found.sort(key=lambda item: item[0])
        places = apart([y for y, _, _ in found], bottom, top)
        for (y, x, one), place in zip(found, places, strict=True):
            colour = style[id(one)]
            edge = right + 8 if side == "right" else left - 8
            assert one.label is not None
            ha = "left" if side == "right" else "right"
            self.write(one.label, edge, place - 0.36 * SIZE, color=colour, ha=ha, alpha=0.7 if one.faint else None)
            if abs(place - y) > 3 or abs(x - edge) > 24:
                away = 3 if side == "right" else -3
                leader = [(x + away) / WIDTH, (edge - away) / WIDTH], [y / HEIGHT, place / HEIGHT]
                self.canvas.add_artist(
                    Line2D(*leader, color=colour, linewidth=0.7, alpha=0.6, transform=self.canvas.transFigure)
                )

    def _rule_labels(self, left: float, right: float, bottom: float, top: float) -> None:
        for one in self.figure.series:
            if not isinstance(one, Rule) or one.label is None:
                continue
            width = text_width(one.label[self.language], SIZE - 1)
            place = (one.at, self.axes.get_ylim()[0]) if one.axis == "x" else (self.axes.get_xlim()[0], one.at)
            x, y = self.axes.transData.transform(place)
            if one.axis == "x":
                ha = "left" if x + 5 + width < right else "right"
                self.write(
                    one.label, x + (5 if ha == "left" else -5), top - 0.2 * LINE, ha=ha, va="top", fontsize=SIZE - 1
                )
            else:
                self.write(one.label, right - 2, y + 4, ha="right", fontsize=SIZE - 1)


class _Plain:
    """Tick labels with just as many decimals as the step between ticks needs."""

    def __init__(self, axis: Any) -> None:
        self.axis = axis

    def __call__(self, value: float, position: int | None = None) -> str:
        ticks = self.axis.get_majorticklocs()
        step = abs(float(ticks[1] - ticks[0])) if len(ticks) > 1 else abs(value) or 1.0
        biggest = max(abs(float(ticks[0])), abs(float(ticks[-1])))
        if biggest and not 1e-4 <= biggest < 1e6:
            exponent = math.floor(math.log10(biggest))
            scaled = f"{value / 10.0**exponent:.3g}".replace("-", "−")
            return "0" if value == 0 else f"{scaled}·{power_of_ten(exponent)}"
        places = max(0, -math.floor(math.log10(step) + 1e-9))
        if abs(step * 10**places - round(step * 10**places)) > 1e-6:
            places += 1
        return f"{round(value, places) + 0.0:,.{places}f}".replace("-", "−")


class _Power:
    """Tick labels on a logarithmic axis: written out where all of them are short, else all as powers of ten."""

    def __init__(self, axis: Any) -> None:
        self.axis = axis

    def __call__(self, value: float, position: int | None = None) -> str:
        low, high = (math.log10(end) for end in sorted(self.axis.get_view_interval()))
        exponent = round(math.log10(value))
        if abs(math.log10(value) - exponent) > 1e-9:
            return f"{value:,.10g}"
        return f"{value:,.10g}" if low > -3.5 and high < 5.5 else power_of_ten(exponent)


def _rastered(colour: str) -> str:
    """The colour that a stand-in means where the marks become pixels, which no page can restyle."""
    return PALETTE[_SERIES.index(colour)][0] if colour in _SERIES else "#808080"


def _bar_width(heat: Heat) -> float:
    """The room that a colour bar takes, with its numbers."""
    z = np.asarray(heat.z)
    return 42 + max(text_width(shown(float(value), digits=3), SIZE - 1) for value in (z.min(), z.max()))


def _names(figure: Figure, side: str) -> tuple[str | Text, ...] | None:
    """The categories on an axis, if it has any."""
    for one in figure.series:
        names = getattr(one, side, ()) if isinstance(one, Heat) or (isinstance(one, Bars) and side == "x") else ()
        if names and not isinstance(names[0], float):
            return tuple(names)
    return None


def _long_names(figure: Figure) -> bool:
    """Whether the bars must lie down, because their names would not fit side by side."""
    if not any(isinstance(one, Bars) for one in figure.series):
        return False
    names = _names(figure, "x") or ()
    spoken = [one if isinstance(one, str) else max(one.en, one.zh, key=text_width) for one in names]
    widest = max(map(text_width, spoken), default=0.0)
    return widest * len(names) > 0.8 * WIDTH


def _edges(centres: Sequence[Any]) -> np.ndarray:
    """The borders of cells from their centres."""
    if not isinstance(centres[0], float):
        return np.arange(len(centres) + 1) - 0.5
    if len(centres) == 1:
        return np.array([centres[0] - 0.5, centres[0] + 0.5])
    middle = np.asarray(centres)
    between = (middle[1:] + middle[:-1]) / 2
    return np.concatenate([[2 * middle[0] - between[0]], between, [2 * middle[-1] - between[-1]]])


def apart(places: Sequence[float], low: float, high: float) -> list[float]:
    """Sorted places pushed apart to a line's height, each as near as can be to where it was, within low and high."""
    step = min(1.18 * SIZE, (high - low) / max(1, len(places)))
    blocks: list[list[float]] = []  # [sum of wished starts, count]; a block is a run of labels that touch
    for at, place in enumerate(places):
        blocks.append([place - at * step, 1.0])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] > blocks[-1][0] / blocks[-1][1]:
            total, count = blocks.pop()
            blocks[-1][0] += total
            blocks[-1][1] += count
    starts = [total / count for total, count in blocks for _ in range(int(count))]
    last = high - (len(places) - 1) * step
    return [min(max(start, low), last) + at * step for at, start in enumerate(starts)]


# -- the finished SVG ----------------------------------------------------------------------------------


def _finished(raw: bytes, texts: Sequence[str], figure: Figure, language: Language) -> str:
    ET.register_namespace("", _SVG)
    ET.register_namespace("xlink", _XLINK)
    root = ET.fromstring(raw)
    _drop(root, f"{{{_SVG}}}metadata")
    _drop(root, f"{{{_SVG}}}style")
    used = set(re.findall(r"url\(#([^)]+)\)|href=\"#([^\"]+)\"", raw.decode()))
    targets = {one or other for one, other in used}
    for element in root.iter():
        element.tail = element.text = None if element.tag != f"{{{_SVG}}}text" else element.text
        element.tail = None
        if element.get("id") not in targets:
            element.attrib.pop("id", None)
        _attributes(element)
        if element.tag == f"{{{_SVG}}}text":
            element.text = re.sub(r"~(\d+)~", lambda found: texts[int(found[1])], element.text or "")
            element.attrib.pop("transform", None)
        if "d" in element.attrib:
            element.set("d", _shorter(element.get("d", "")))
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.set("viewBox", f"0 0 {WIDTH:g} {HEIGHT:g}")
    root.set("role", "img")
    root.set("lang", "zh-Hans" if language == "zh" else "en")
    root.set("aria-label", figure.title[language])
    root.set("font-family", _FONTS)
    root.set("stroke-linejoin", "round")
    root.set("class", "figure")
    return ET.tostring(root, encoding="unicode")


def _drop(root: ET.Element, tag: str) -> None:
    for parent in root.iter():
        for child in [one for one in parent if one.tag == tag]:
            parent.remove(child)


def _attributes(element: ET.Element) -> None:
    """Turn a ``style`` into attributes, which a page may override and a strict content policy allows."""
    style = element.attrib.pop("style", "")
    classes = []
    for name, _, value in (part.strip().partition(":") for part in style.split(";") if part.strip()):
        value = value.strip()
        if name == "font":  # a shorthand in older versions of matplotlib
            name, value = "font-size", (re.search(r"[\d.]+px", value) or [f"{SIZE}px"])[0]
        if name == "font-family":
            continue
        if value == _INK:
            value = "currentColor"
        elif value in _SERIES:
            number = _SERIES.index(value)
            classes += [f"s{number + 1}", name]
            value = PALETTE[number][0]
        element.set(name, value.removesuffix("px") if name == "font-size" else value)
    if element.tag == f"{{{_SVG}}}text" and "fill" not in element.attrib:
        element.set("fill", "currentColor")
    if classes:
        element.set("class", " ".join(dict.fromkeys(classes)))


def _shorter(path: str) -> str:
    """A path with two decimals and on one line."""
    return re.sub(r"-?\d+\.\d+", lambda found: f"{float(found[0]):.2f}".rstrip("0").rstrip("."), " ".join(path.split()))
