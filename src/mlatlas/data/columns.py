"""What the columns of a user's table hold: inferred, said in words, and held against later tables.

A column is a number, a category, a date (in days since 1970), or it is left out for a reason. What was inferred is a
`Schema`; another table is read by it, and whatever does not fit is found and named, never guessed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np

from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.text import Text
from mlatlas.data.files import Block, TableFile, near, polars

if TYPE_CHECKING:
    import polars as pl

    Series: TypeAlias = pl.Series

Rows: TypeAlias = np.ndarray[Any, np.dtype[np.intp]]

Kind = Literal["number", "category", "date"]
KINDS: tuple[Kind, ...] = get_args(Kind)
MISSING = ("", "NA", "N/A", "NaN", "nan", "null", "NULL")  # how files spell that a value is missing
MOST_CATEGORIES = 1000
FEW_CLASSES = 20  # different numbers up to which a target may be meant as classes
HUGE = 1e100  # the squares of larger numbers overflow

_DATE = r"^\d{4}(-\d{2}-\d{2}|/\d{2}/\d{2})([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$"
_CODE = r"^[+-]?0\d"  # a number that begins with a zero is a code, as of a place or an article
_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Column:
    """One column that is used; ``missing`` counts rows, ``low`` and ``high`` bound numbers and days."""

    name: str
    kind: Kind
    missing: int = 0
    categories: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 0.0


@dataclass(frozen=True)
class Schema:
    """The columns that predict, in the order of the table, and the target that they predict."""

    columns: tuple[Column, ...]
    target: Column
    dropped: tuple[str, ...] = ()
    missing: tuple[str, ...] = MISSING

    def names(self, *kinds: Kind) -> list[str]:
        """The names of the columns of these kinds."""
        return [one.name for one in self.columns if one.kind in kinds]

    def to_json(self) -> str:
        """The schema as text."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Schema:
        """The inverse of `to_json`; ValueError, KeyError or TypeError where the text is no schema."""
        data = json.loads(text)
        columns, target = [_column(one) for one in data["columns"]], _column(data["target"])
        if len({one.name for one in columns}) != len(columns):
            raise ValueError("a column is named twice")
        words = (tuple(map(str, data["dropped"])), tuple(map(str, data["missing"])))
        return cls(tuple(columns), target, *words)


def _column(data: Mapping[str, Any]) -> Column:
    one = Column(**{**data, "categories": tuple(map(str, data["categories"]))})
    numbers = (one.missing, one.low, one.high)
    if not (isinstance(one.name, str) and one.kind in KINDS and all(isinstance(n, int | float) for n in numbers)):
        raise ValueError(f"{data!r} is no column")
    return one


@dataclass(frozen=True)
class Wishes:
    """What the reader says about the columns beyond what is inferred."""

    kinds: Mapping[str, Kind] = field(default_factory=dict)
    drop: Sequence[str] = ()


@dataclass(frozen=True)
class Reading:
    """A table whose columns are known: typed values with a target in every row, and what is to be said of each column."""

    schema: Schema
    frame: pl.DataFrame  # numbers and dates as Float64, categories as String; null where missing
    lines: np.ndarray[Any, np.dtype[np.int64]]
    said: tuple[tuple[str, Text, Text], ...]  # name, what it was taken as, why or how
    without_target: int = 0

    @property
    def X(self) -> pl.DataFrame:
        """What predicts."""
        return self.frame.drop(self.schema.target.name)

    @property
    def y(self) -> np.ndarray[Any, np.dtype[Any]]:
        """What is predicted: numbers, or the names of classes."""
        values = self.frame[self.schema.target.name]
        return values.to_numpy() if self.schema.target.kind == "number" else np.array(values.to_list(), dtype=str)

    def split(self, share: float = 0.25, seed: int = 0) -> tuple[Rows, Rows]:
        """The numbers of the rows to fit and of those held out, at random; of every class the same share, but never all."""
        y, random = self.y, np.random.default_rng(seed)
        groups = [np.arange(len(y))]
        if self.schema.target.kind == "category":
            groups = [np.flatnonzero(y == one) for one in self.schema.target.categories]
        fitted, held_out = [], []
        for rows in map(random.permutation, groups):
            count = min(round(share * len(rows)), len(rows) - 1)
            held_out.append(rows[:count])
            fitted.append(rows[count:])
        return np.sort(np.concatenate(fitted)), np.sort(np.concatenate(held_out))


class Reader:
    """Reads the columns of one table; errors name its ``path`` and lines."""

    def __init__(self, path: object, unit: str, words: Iterable[str] = MISSING) -> None:
        self.path, self.unit, self.words = path, unit, list(words)

    # ---- values ----------------------------------------------------------------------------------------------------

    def clean(self, values: Series) -> Series:
        """Text without white space at its ends, and null for the words that say missing; other types as they are."""
        pl = polars()
        if values.dtype != pl.String:
            return values.fill_nan(None) if values.dtype == pl.Float64 else values
        values = values.str.strip_chars()
        return values.set(values.is_in(self.words), None)

    def numbers(self, values: Series) -> Series:
        """Finite numbers; null where a value is none."""
        pl = polars()
        if values.dtype in (pl.Date, pl.Datetime):
            return pl.Series(values.name, [None] * len(values), dtype=pl.Float64)
        found = values.cast(pl.Float64, strict=False)
        return found.set(~found.is_finite() | (found.abs() > HUGE), None)

    def dates(self, values: Series) -> Series:
        """Days since 1970 of dates as 2026-11-26, 2026/11/26 or with a time of day; null where a value is none."""
        pl = polars()
        nothing = pl.Series(values.name, [None] * len(values), dtype=pl.Float64)
        if values.dtype == pl.Float64:
            return nothing
        if values.dtype == pl.String:
            like = values.str.contains(_DATE).fill_null(False)
            if not like.any():
                return nothing
            days = {text: _days(text) for text in values.filter(like).unique()}
            return values.replace_strict(days, default=None, return_dtype=pl.Float64)
        if getattr(values.dtype, "time_zone", None):
            values = values.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        return values.cast(pl.Datetime("us")).cast(pl.Int64).cast(pl.Float64) / (_DAY / timedelta(microseconds=1))

    def texts(self, values: Series) -> Series:
        """Values as they are written; whole numbers without a point."""
        pl = polars()
        if values.dtype == pl.Float64:
            told = [None if value is None else repr(value).removesuffix(".0") for value in values]
            return pl.Series(values.name, told, dtype=pl.String)
        return values.cast(pl.String)

    def typed(self, column: Column, values: Series, lines: Any) -> Series:
        """Cleaned values of the column's kind; AtlasError with the line of the first that is of another."""
        if column.kind == "category":
            return self.texts(values)
        found = self.numbers(values) if column.kind == "number" else self.dates(values)
        if (stranger := _first(found.is_null() & values.is_not_null())) is not None:
            value = self.texts(values)[stranger]
            rule = {"number": "a finite number", "date": "a date such as 2026-11-26"}[column.kind]
            raise AtlasError(
                f"{self.path}, {self.unit} {lines[stranger]}, column {column.name!r}: it must hold {rule}; got {value!r:.60}. "
                f"Mend it, or say that this word means a missing value with --missing {_quoted(value)}"
            )
        return found

    # ---- inference -------------------------------------------------------------------------------------------------

    def infer(self, block: Block, target: str, wishes: Wishes, wanted: Kind | None = None) -> Reading:
        """The columns of the table; ``wanted`` is the kind that the target must have, None for what it seems to be."""
        self._check_wishes(block, target, wishes)
        held = self.clean(block.frame[target])
        kept = held.is_not_null()
        if not kept.any():
            raise AtlasError(
                f"{self.path}: the target {target!r} holds nothing but missing values; choose another --target"
            )
        frame, lines = block.frame.filter(kept), block.lines[kept.to_numpy()]
        goal, goal_values = self._target(held.filter(kept), lines, wishes.kinds.get(target), wanted)
        columns, values, dropped, said = [], [], [], []
        for name in frame.columns:
            if name == target:
                continue
            cleaned = self.clean(frame[name])
            found = self._unwanted(block, name, wishes) or self._column(cleaned, lines, wishes.kinds.get(name))
            if isinstance(found, Text):
                dropped.append(name)
                said.append((name, LEFT_OUT, found))
            else:
                column, typed = found
                columns.append(column)
                values.append(typed)
                said.append((name, TAKEN[column.kind], self._described(column, cleaned, lines)))
        if not columns:
            raise AtlasError(
                f"{self.path}: no column is left to predict {target!r} from; keep one with --as COLUMN=category"
            )
        schema = Schema(tuple(columns), goal, tuple(dropped), tuple(self.words))
        table = polars().DataFrame([*values, goal_values])
        return Reading(schema, table, lines, tuple(said), int((~kept).sum()))

    def _unwanted(self, block: Block, name: str, wishes: Wishes) -> Text | None:
        """Why a column is left out whatever its values are like."""
        if name in wishes.drop:
            return Text("as you asked", "按你的要求")
        if name in block.nested:
            return Text("it holds lists or objects", "其中是列表或对象")
        if name not in wishes.kinds and _counts_rows(self.numbers(self.clean(block.frame[name]))):
            return Text("it numbers the rows", "只是行号")
        return None

    def _check_wishes(self, block: Block, target: str, wishes: Wishes) -> None:
        names = block.frame.columns
        for option, name in (
            ("--target", target),
            *(("--drop", one) for one in wishes.drop),
            *(("--as", one) for one in wishes.kinds),
        ):
            if name not in names:
                meant = near(name, names)
                hint = f"did you mean {meant!r}?" if meant else f"there are {listed(names)}"
                raise AtlasError(f"{option}: {self.path} has no column {name!r}; {hint}")
            if name in wishes.drop and (name == target or name in wishes.kinds):
                raise AtlasError(f"--drop: column {name!r} is asked for elsewhere too; drop it or use it")
        if target in block.nested:
            raise AtlasError(f"{self.path}: the target {target!r} holds lists or objects; predict a number or a class")
        for name in wishes.kinds:
            if name in block.nested:
                raise AtlasError(f"--as: column {name!r} holds lists or objects; only plain values can be used")

    def _target(self, held: Series, lines: Any, wish: Kind | None, wanted: Kind | None) -> tuple[Column, Series]:
        """The target as classes or as a number: as the reader wishes, as the model wants, or as it looks."""
        name, where, kind = held.name, f"{self.path}: the target {held.name!r}", wish or wanted
        strange = self.numbers(held).is_null()
        numeric = not strange.any()
        if kind == "date" or (wish != "category" and not numeric and self._is_date(held)):
            raise AtlasError(f"{where} holds dates; predict a number, such as the days until then, or a class")
        kind = kind or ("number" if numeric else "category")
        different = held.n_unique()
        if different == 1:
            what = {"category": "one class", "number": "one number"}[kind]
            raise AtlasError(f"{where} holds only {what}, {self.texts(held)[0]!r:.60}; there is nothing to tell apart")
        if kind == "number" and strange.sum() > len(held) / 2:
            told = listed(_in_order(self.texts(held)))
            raise AtlasError(
                f"{where} holds words ({told}), and the model predicts numbers; choose a model for classes"
            )
        if kind == "number":
            values = self.typed(Column(name, kind), held, lines)
            return Column(name, kind, low=float(values.min()), high=float(values.max())), values
        if different > MOST_CATEGORIES or (numeric and wish is None and different > FEW_CLASSES):
            remedy = (
                f"or insist with --as {_quoted(name)}=category"
                if different <= MOST_CATEGORIES
                else "or group its values"
            )
            what = "numbers" if numeric else "values"
            raise AtlasError(
                f"{where} holds {different:,} different {what} in {len(held):,} rows, too many for classes; "
                f"choose a model that predicts numbers, another --target, {remedy}"
            )
        texts = self.texts(held)
        return Column(name, kind, categories=_in_order(texts)), texts

    def _column(self, values: Series, lines: Any, wanted: Kind | None) -> tuple[Column, Series] | Text:
        """The column and its typed values, or why it is left out."""
        name, missing, n = values.name, values.null_count(), len(values)
        present = values.drop_nulls()
        if not len(present):
            return Text("nothing but missing values", "全部缺失")
        different = present.n_unique()
        if different == 1 and not missing and wanted is None:
            return Text(f"always {self.texts(present)[0]!r:.40}", f"恒为 {self.texts(present)[0]!r:.40}")
        kind = wanted or self._kind(present)
        if kind != "category":
            found = self.typed(Column(name, kind), values, lines)
            low, high = float(found.min()), float(found.max())
            return Column(name, kind, missing, low=low, high=high), found
        if different > MOST_CATEGORIES:
            if wanted:
                raise AtlasError(
                    f"--as {name}=category: column {name!r} has {different:,} different values and may have "
                    f"{MOST_CATEGORIES:,}; group them, or leave it out with --drop {_quoted(name)}"
                )
            return self._too_many(present, different, n, lines[values.is_not_null().to_numpy()])
        if wanted is None and different > FEW_CLASSES and different > n / 2:
            return self._too_many(present, different, n, lines[values.is_not_null().to_numpy()])
        texts = self.texts(values)
        return Column(name, "category", missing, _in_order(texts.drop_nulls())), texts

    def _kind(self, present: Series) -> Kind:
        pl = polars()
        if present.dtype == pl.Float64:
            return "number"
        if self._is_date(present):
            return "date"
        if self.numbers(present).is_null().any() or present.str.contains(_CODE).any():
            return "category"
        return "number"

    def _is_date(self, present: Series) -> bool:
        return not bool(self.dates(present).is_null().any())

    def _too_many(self, present: Series, different: int, n: int, lines: Any) -> Text:
        en, zh = (
            f"{different:,} different values in {n:,} rows: no category",
            f"{n:,} 行中有 {different:,} 个不同的值，不成类别",
        )
        hint = self._nearly(present, lines)
        return Text(f"{en}{hint.en}", f"{zh}{hint.zh}")

    def _nearly(self, present: Series, lines: Any) -> Text:
        """Where numbers would have been found but for a few values, the first of these."""
        strange = self.numbers(present).is_null()
        count = int(strange.sum())
        if not 0 < count <= len(present) / 2:
            return Text("", "")
        at = _first(strange)
        value = self.texts(present)[at]
        return Text(
            f"; all but {count:,} are numbers, the first other is {value!r:.40} on {self.unit} {lines[at]}: "
            f"--missing {_quoted(value)} makes it missing",
            f"；除 {count:,} 个之外都是数，第一个例外是第 {lines[at]} 行的 {value!r:.40}：用 --missing {_quoted(value)} 把它当作缺失",
        )

    def _described(self, column: Column, cleaned: Series, lines: Any) -> Text:
        """What the column holds and how its missing values are treated, in words."""
        n = f"{column.missing:,}"
        if column.kind == "category":
            names = listed(column.categories)
            told = Text(f"{len(column.categories)}: {names}", f"{len(column.categories)} 种：{names}")
            treated = Text(f"; {n} missing, a category of their own", f"；缺失 {n} 个，自成一类")
            present = cleaned.is_not_null()
            hint = self._nearly(cleaned.filter(present), lines[present.to_numpy()])
            told = Text(told.en + hint.en, told.zh + hint.zh)
        else:
            ends = [
                f"{one:.6g}" if column.kind == "number" else str(np.datetime64(int(one // 1), "D"))
                for one in (column.low, column.high)
            ]
            told = Text(f"{ends[0]} to {ends[1]}", f"{ends[0]} 到 {ends[1]}")
            treated = Text(
                f"; {n} missing, replaced by the median and marked by a column of their own",
                f"；缺失 {n} 个，以中位数代替，另设一列标明",
            )
        return Text(told.en + treated.en, told.zh + treated.zh) if column.missing else told


LEFT_OUT = Text("left out", "舍去")
TAKEN: dict[Kind, Text] = {
    "number": Text("number", "数"),
    "category": Text("category", "类别"),
    "date": Text("date, in days", "日期（按天计）"),
}


# ---- another table under the same schema ---------------------------------------------------------------------------


@dataclass
class Strangers:
    """Rows of one column that hold what the model has never seen; a few values and the first line stand for all."""

    rows: int = 0
    line: int = 0
    values: list[str] = field(default_factory=list)

    @property
    def told(self) -> str:
        """How many rows, in words."""
        return f"{self.rows:,} row{'s' if self.rows != 1 else ''}"

    def add(self, lines: Any, values: Iterable[str]) -> None:
        """Count rows that were found."""
        self.line = self.line or int(lines[0])
        self.rows += len(lines)
        self.values += [one for one in dict.fromkeys(values) if one not in self.values][: 3 - len(self.values)]


class Fit:
    """How another table fits a schema: columns by name, and in the rows what the model has never seen."""

    def __init__(self, schema: Schema, reader: Reader) -> None:
        self.schema, self.reader = schema, reader
        self.extra: dict[str, None] = {}
        self.reordered = False
        self.unseen: dict[str, Strangers] = {}
        self.missing: dict[str, Strangers] = {}
        self.outside: dict[str, Strangers] = {}
        self._checked = False

    def typed(self, block: Block) -> tuple[pl.DataFrame, np.ndarray[Any, np.dtype[np.bool_]]]:
        """The columns of the schema with their types, and which rows the model can say something about."""
        pl = polars()
        self._check_names(block)
        known = np.ones(block.frame.height, dtype=bool)
        columns = []
        for column in self.schema.columns:
            if column.name not in block.frame.columns:
                values = pl.Series(column.name, [None] * block.frame.height, dtype=pl.String)
            else:
                values = self.reader.clean(block.frame[column.name])
            if column.name in block.nested:
                raise AtlasError(
                    f"{self.reader.path}: column {column.name!r} holds lists or objects and was a {column.kind}; "
                    "give plain values"
                )
            typed = self.reader.typed(column, values, block.lines)
            known &= self._known(column, typed, block.lines)
            columns.append(typed)
        return pl.DataFrame(columns), known

    def _check_names(self, block: Block) -> None:
        names, wanted = block.frame.columns, [one.name for one in self.schema.columns]
        if not self._checked and (lacking := [one for one in wanted if one not in names]):
            meant = near(lacking[0], [one for one in names if one not in wanted])
            hint = f"did you mean {meant!r} as {lacking[0]!r}? Rename it" if meant else "add it, with its values"
            raise AtlasError(f"{self.reader.path} lacks {listed(lacking)}, which the model was fitted with; {hint}")
        self._checked = True
        known = {*wanted, *self.schema.dropped, self.schema.target.name}
        self.extra |= dict.fromkeys(one for one in names if one not in known)
        self.reordered |= [one for one in names if one in wanted] != [one for one in wanted if one in names]

    def _known(self, column: Column, typed: Series, lines: Any) -> Any:
        absent = typed.is_null().to_numpy()
        known = np.ones(len(typed), dtype=bool)
        if not column.missing and absent.any():
            known &= ~absent
            self.missing.setdefault(column.name, Strangers()).add(lines[absent], ())
        if column.kind == "category":
            strange = ~(typed.is_in(list(column.categories)).fill_null(True).to_numpy())
            if strange.any():
                known &= ~strange
                self.unseen.setdefault(column.name, Strangers()).add(lines[strange], typed.filter(strange).to_list())
        else:
            values = typed.to_numpy()
            far = (values < column.low) | (values > column.high)
            if far.any():
                self.outside.setdefault(column.name, Strangers()).add(lines[far], ())
        return known

    def said(self) -> Iterator[Text]:
        """Everything that was found, a sentence each."""
        unit = {"line": Text("line", "行"), "row": Text("row", "行")}[self.reader.unit]
        if self.extra:
            told = listed(list(self.extra))
            yield Text(f"Unknown to the model and not used: {told}.", f"模型不认识、未使用的列：{told}。")
        if self.reordered:
            yield Text("The columns stand in another order; they were found by name.", "列的次序不同，已按列名对应。")
        for name, one in self.unseen.items():
            told = listed(one.values)
            yield Text(
                f"{shown_name(name)}: a category that the model has never seen, in {one.told} ({told}; first on {unit.en} "
                f"{one.line}). There is no prediction there.",
                f"{shown_name(name)}：{one.rows:,} 行出现模型没见过的类别（{told}；首见第 {one.line} {unit.zh}），不作预测。",
            )
        for name, one in self.missing.items():
            yield Text(
                f"{shown_name(name)}: a value is missing, where the model was fitted without a gap, in {one.told} (first on {unit.en} "
                f"{one.line}). There is no prediction there.",
                f"{shown_name(name)}：{one.rows:,} 行缺失，而拟合时此列没有缺失（首见第 {one.line} {unit.zh}），不作预测。",
            )
        for name, one in self.outside.items():
            yield Text(
                f"{shown_name(name)}: beyond the range that the model was fitted on, in {one.told} (first on {unit.en} "
                f"{one.line}). The prediction extrapolates there.",
                f"{shown_name(name)}：{one.rows:,} 行超出拟合时的范围（首见第 {one.line} {unit.zh}），其预测是外推。",
            )


# ---- small things --------------------------------------------------------------------------------------------------


def natural(labels: Iterable[str]) -> list[str]:
    """Labels in the order that a reader expects: numbers by size, then words."""

    def key(label: str) -> tuple[int, float, str]:
        try:
            value = float(label)
        except ValueError:
            return 1, 0.0, label
        return (0, value, label) if np.isfinite(value) else (1, 0.0, label)

    return sorted(labels, key=key)


def _in_order(texts: Series) -> tuple[str, ...]:
    return tuple(natural(texts.unique().to_list()))


def _first(found: Series) -> int | None:
    at = found.arg_max() if found.any() else None
    return None if at is None else int(at)


def _days(text: str) -> float | None:
    """Days from 1970 to a moment; without a zone it is taken as of Greenwich."""
    try:
        moment = datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        return None
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) / _DAY


def _counts_rows(values: Series) -> bool:
    """Whether the values are 0, 1, 2, … or 1, 2, 3, …"""
    if values.null_count() or len(values) < 3 or values[0] not in (0.0, 1.0):
        return False
    return bool((values.diff().drop_nulls() == 1.0).all())


def shown_name(name: str) -> str:
    """A name from the reader's table, fit to be shown: nothing that moves a terminal's cursor, and not too long."""
    plain = "".join(one if one.isprintable() else "·" for one in name).strip() or "·"
    return plain if len(plain) <= 40 else plain[:39] + "…"


def listed(names: Sequence[str], most: int = 6) -> str:
    """The first few names."""
    told = ", ".join(map(shown_name, names[:most]))
    return told + (f", … ({len(names)} in all)" if len(names) > most else "")


def _quoted(word: str) -> str:
    import shlex

    return shlex.quote(shown_name(word))


def read_table(
    path: str | Path,
    target: str,
    *,
    kinds: Mapping[str, Kind] | None = None,
    drop: Sequence[str] = (),
    missing: Sequence[str] = (),
    encoding: str = "utf-8",
    rows: int | None = None,
    seed: int = 0,
    wanted: Kind | None = None,
) -> Reading:
    """Read a table of one's own from CSV, JSON Lines or Parquet, and infer what its columns hold.

    Parameters:
        path: the file; what its name ends in says which format it has.
        target: the column to predict.
        kinds: for some columns, whether they are taken as "number", "category" or "date".
        drop: columns to leave out.
        missing: words that mean a missing value, besides the empty one, NA, N/A, NaN, nan, null and NULL.
        encoding: of text.
        rows: to keep a random sample of so many rows, for which the file is read once.
        seed: of that sample.
        wanted: what the target must be, "number" or "category"; None for what it looks like.

    Raises:
        AtlasError: with file, line or column, rule, value and remedy.
    """
    file = TableFile(Path(path), encoding)
    reader = Reader(file.path, file.unit, (*MISSING, *missing))
    return reader.infer(file.read(rows, seed), target, Wishes(kinds or {}, drop), wanted)
