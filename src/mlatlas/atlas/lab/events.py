"""What a lab yields: progress, metrics, tables, figures, the sentence learned and the script that does the same.

Everything here is plain data that survives a round trip through JSON, so that a run can be stored, replayed in the
browser and printed in a report. Arrays become tuples of floats; a value that is not finite is refused.
"""

from __future__ import annotations

import ast
import math
import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.text import LANGUAGES, Language, Text

Numbers: TypeAlias = Any  # what an author passes: any sequence or array of numbers; stored as a tuple of floats
Names: TypeAlias = Any  # numbers, or the names of categories as text

NAME = re.compile(r"[a-z][a-z0-9_-]*")


def _set(event: Any, **values: Any) -> None:
    for name, value in values.items():
        object.__setattr__(event, name, value)


def check_text(text: Any, what: str) -> None:
    """Refuse a text that lacks one of the languages."""
    if not isinstance(text, Text):
        raise AtlasError(f"{what} is {text!r}, which has one language at most; write Text(en=..., zh=...)")
    for language in LANGUAGES:
        if not isinstance(text[language], str) or not text[language].strip():
            raise AtlasError(f"{what} has no text in {language!r}; write it in both languages")


def _numbers(values: Numbers, what: str) -> tuple[float, ...]:
    values = values.tolist() if hasattr(values, "tolist") else values
    try:
        numbers = tuple(float(value) for value in values)
    except (TypeError, ValueError):
        raise AtlasError(f"{what} must be a one-dimensional sequence of numbers; got {_brief(values)}") from None
    for at, number in enumerate(numbers):
        if not math.isfinite(number):
            raise AtlasError(f"{what} holds {number} at position {at}; leave such points out or say why they arise")
    return numbers


def _names(values: Names, what: str) -> tuple[Any, ...]:
    values = values.tolist() if hasattr(values, "tolist") else tuple(values)
    if values and all(isinstance(value, str | Text) for value in values):
        return tuple(str(value) if isinstance(value, str) else value for value in values)
    return _numbers(values, what)


def _same_length(what: str, **sides: tuple[Any, ...]) -> None:
    lengths = {name: len(side) for name, side in sides.items()}
    if len(set(lengths.values())) > 1 or 0 in lengths.values():
        told = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise AtlasError(f"{what} needs as many values on each side, and at least one; {told}")


def _brief(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _check_name(name: Any, what: str) -> None:
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise AtlasError(f"{what} must be a short name of small letters, digits, '-' and '_'; got {name!r}")


@dataclass(frozen=True, kw_only=True)
class _Told:
    en: str
    zh: str

    def __post_init__(self) -> None:
        check_text(self.text, type(self).__name__)

    @property
    def text(self) -> Text:
        """What is said, in both languages."""
        return Text(self.en, self.zh)


@dataclass(frozen=True)
class Progress(_Told):
    """The fraction done, from 0 to 1, and what is being done now."""

    done: float

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0.0 <= self.done <= 1.0:
            raise AtlasError(f"Progress must lie between 0 and 1; got {self.done!r}")
        _set(self, done=float(self.done))


@dataclass(frozen=True)
class Metric(_Told):
    """One number with its name, and its unit where it has one: a symbol, or a Text where the unit is a word."""

    name: str
    value: float
    unit: str | Text = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_name(self.name, "the name of a Metric")
        if isinstance(self.unit, Text):
            check_text(self.unit, f"Metric {self.name!r}: its unit")
        _set(self, value=_numbers([self.value], f"Metric {self.name!r}")[0])


@dataclass(frozen=True)
class Table(_Told):
    """Rows under titled columns; a cell is a number, a string, a Text, a truth value or None (shown as a dash)."""

    columns: Sequence[Text]
    rows: Sequence[Sequence[Any]]

    def __post_init__(self) -> None:
        super().__post_init__()
        _set(self, columns=tuple(self.columns), rows=tuple(tuple(map(_cell, row)) for row in self.rows))
        for column in self.columns:
            check_text(column, f"a column of the table {self.en!r}")
        for at, row in enumerate(self.rows):
            if len(row) != len(self.columns):
                raise AtlasError(
                    f"row {at} of the table {self.en!r} has {len(row)} cells for {len(self.columns)} columns; "
                    "give one each"
                )


def _cell(value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float) and not math.isfinite(value):
        raise AtlasError(f"a table holds {value}; give None where there is no number")
    if value is None or isinstance(value, bool | int | float | str | Text):
        return value
    raise AtlasError(f"a table's cell must be a number, a string, a Text or None; got {_brief(value)}")


@dataclass(frozen=True)
class Line:
    """A curve through (x, y); a faint one is context, thin and grey."""

    x: Numbers
    y: Numbers
    label: Text | None = None
    faint: bool = False

    def __post_init__(self) -> None:
        _set(self, x=_numbers(self.x, "Line x"), y=_numbers(self.y, "Line y"))
        _same_length("Line", x=self.x, y=self.y)


@dataclass(frozen=True)
class Points:
    """Separate points (x, y); faint ones are context."""

    x: Numbers
    y: Numbers
    label: Text | None = None
    faint: bool = False

    def __post_init__(self) -> None:
        _set(self, x=_numbers(self.x, "Points x"), y=_numbers(self.y, "Points y"))
        _same_length("Points", x=self.x, y=self.y)


@dataclass(frozen=True)
class Bars:
    """Bars of height y over categories (strings or Texts), or over numbers (touching, as in a histogram)."""

    x: Names
    y: Numbers
    label: Text | None = None

    def __post_init__(self) -> None:
        _set(self, x=_names(self.x, "Bars x"), y=_numbers(self.y, "Bars y"))
        _same_length("Bars", x=self.x, y=self.y)


@dataclass(frozen=True)
class Band:
    """The translucent region between ``low`` and ``high``."""

    x: Numbers
    low: Numbers
    high: Numbers
    label: Text | None = None

    def __post_init__(self) -> None:
        _set(self, **{name: _numbers(getattr(self, name), f"Band {name}") for name in ("x", "low", "high")})
        _same_length("Band", x=self.x, low=self.low, high=self.high)
        if any(low > high for low, high in zip(self.low, self.high, strict=True)):
            raise AtlasError("Band low must nowhere exceed high; exchange them")


@dataclass(frozen=True)
class Heat:
    """A matrix z in colour, one row for each y and one column for each x; signed values diverge from zero."""

    x: Names
    y: Names
    z: Any
    label: Text | None = None

    def __post_init__(self) -> None:
        _set(self, x=_names(self.x, "Heat x"), y=_names(self.y, "Heat y"))
        rows = self.z.tolist() if hasattr(self.z, "tolist") else self.z
        _set(self, z=tuple(_numbers(row, f"row {at} of Heat z") for at, row in enumerate(rows)))
        _same_length("Heat", y=self.y, z=self.z)
        for row in self.z:
            _same_length("Heat", x=self.x, row=row)


@dataclass(frozen=True)
class Rule:
    """A straight reference line across the whole picture, at x = ``at`` or, with ``axis="y"``, at y = ``at``."""

    at: float
    label: Text | None = None
    axis: str = "x"

    def __post_init__(self) -> None:
        _set(self, at=_numbers([self.at], "Rule")[0])
        if self.axis not in ("x", "y"):
            raise AtlasError(f"Rule axis must be 'x' or 'y'; got {self.axis!r}")


Series: TypeAlias = Line | Points | Bars | Band | Heat | Rule
_SERIES = (Line, Points, Bars, Band, Heat, Rule)


@dataclass(frozen=True)
class Figure:
    """A picture by declaration: titles of the axes with their units, a caption, and series drawn in the order given.

    ``square`` makes one unit as long on both axes. ``name`` becomes the name of the file; a figure that is yielded again
    under its name takes the place of the former, so that a curve can be watched as it grows.
    """

    name: str
    title: Text
    x: Text
    y: Text
    caption: Text
    series: Sequence[Series]
    log_x: bool = False
    log_y: bool = False
    square: bool = False

    def __post_init__(self) -> None:
        _check_name(self.name, "the name of a Figure")
        for part in ("title", "x", "y", "caption"):
            check_text(getattr(self, part), f"figure {self.name!r}: its {part}")
        _set(self, series=tuple(self.series))
        if not self.series:
            raise AtlasError(f"figure {self.name!r} has no series; give at least one Line, Points, Bars, Band or Heat")
        for one in self.series:
            if not isinstance(one, _SERIES):
                raise AtlasError(
                    f"figure {self.name!r}: {_brief(one)} is no series; give Line, Points, Bars, Band, Heat"
                )
            if one.label is not None:
                check_text(one.label, f"figure {self.name!r}: a label")
        self._check_log()

    def _check_log(self) -> None:
        for axis, log, sides in (("x", self.log_x, ("x",)), ("y", self.log_y, ("y", "low", "high"))):
            values = [
                value
                for one in self.series
                for value in (_side(one, axis, sides))
                if log and isinstance(value, float) and value <= 0
            ]
            if values:
                raise AtlasError(
                    f"figure {self.name!r}: log_{axis} needs positive values; got {values[0]:g}. Leave such points out"
                )


def _side(one: Series, axis: str, sides: tuple[str, ...]) -> Iterable[Any]:
    if isinstance(one, Rule):
        return (one.at,) if one.axis == axis else ()
    return (value for side in sides for value in getattr(one, side, ()))


@dataclass(frozen=True)
class Learned(_Told):
    """One sentence that says what this run showed, with its numbers."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for language in LANGUAGES:
            if not any(character.isdigit() for character in self.text[language]):
                raise AtlasError(f"Learned must state its numbers; {self.text[language]!r} has none")


@dataclass(frozen=True)
class Script:
    """Python that does the same with the values of the knobs filled in; it must be valid Python."""

    code: str

    def __post_init__(self) -> None:
        code = textwrap.dedent(self.code).strip("\n") + "\n"
        try:
            ast.parse(code)
        except SyntaxError as error:
            raise AtlasError(f"Script is not valid Python: line {error.lineno}: {error.msg}") from None
        if not code.strip():
            raise AtlasError("Script is empty; give the Python that does the same")
        _set(self, code=code)


Event: TypeAlias = Progress | Metric | Table | Figure | Learned | Script
EVENTS = (Progress, Metric, Table, Figure, Learned, Script)

_KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in (*EVENTS, *_SERIES, Text)}


def encode(value: Any) -> Any:
    """An event, or anything made of events and plain values, as what JSON can hold."""
    kind = type(value)
    if _KINDS.get(kind.__name__) is kind:
        return {"kind": kind.__name__, **{one.name: encode(getattr(value, one.name)) for one in fields(kind)}}
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    return value


def decode(value: Any) -> Any:
    """The inverse of `encode`."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if isinstance(value, dict):
        kind = _KINDS.get(value.get("kind", ""))
        if kind is None:
            raise AtlasError(
                f"a stored run holds a {value.get('kind')!r}, which this version does not know; run the lab again"
            )
        return kind(**{name: decode(item) for name, item in value.items() if name != "kind"})
    return value


_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def power_of_ten(exponent: int) -> str:
    """10 with a raised exponent."""
    return "10" + str(exponent).translate(_SUPERSCRIPTS)


def shown(value: Any, language: Language = "en", digits: int = 4) -> str:
    """A value as a reader wants it: four significant digits, thousands marked, a true minus sign, powers of ten."""
    if value is None:
        return "–"
    if isinstance(value, Text):
        return value[language]
    if isinstance(value, bool):
        return {"en": ("no", "yes"), "zh": ("否", "是")}[language][value]
    if isinstance(value, int):
        return f"{value:,}".replace("-", "−")
    if isinstance(value, float):
        return _shown_float(value, digits)
    return str(value)


def _shown_float(value: float, digits: int) -> str:
    if value == 0 or 1e-4 <= abs(value) < 1e6:
        places = digits - 1 - math.floor(math.log10(abs(value))) if value else 0
        text = f"{value:,.{max(places, 0)}f}"
        if value == int(value) and "." in text:
            text = text.split(".")[0]
        return text.replace("-", "−")
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{mantissa.replace('-', '−')} × {power_of_ten(int(exponent))}"
