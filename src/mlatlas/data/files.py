"""Tables in files of the user's own: CSV, JSON Lines and Parquet, read in blocks of rows, each row with its place.

Text stays text here; what a column holds is inferred in `columns`. The two text formats are parsed by the standard
library, which counts lines: an error can say on which line of the file it is, and nothing is repaired in silence.
"""

from __future__ import annotations

import codecs
import csv
import itertools
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from mlatlas.atlas.errors import AtlasError

if TYPE_CHECKING:
    import polars as pl

    Frame: TypeAlias = pl.DataFrame

BLOCK = 50_000  # rows that are read at once
SEPARATORS = (",", ";", "\t", "|")
FORMATS = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
GROWTH = {"csv": 14, "jsonl": 8, "parquet": 60}  # memory for each byte of the file, about, as measured


@dataclass(frozen=True)
class Block:
    """Some rows of a file: their values and the line (of Parquet: the row) of each; ``nested`` columns hold no scalars."""

    frame: Frame
    lines: np.ndarray[Any, np.dtype[np.int64]]
    nested: frozenset[str] = frozenset()


class TableFile:
    """One file of the user's, opened by what its name ends in; nothing is read before `columns` or `blocks`."""

    def __init__(self, path: Path, encoding: str = "utf-8") -> None:
        try:
            if not path.exists():
                meant = near(path.name, [one.name for one in path.parent.iterdir()]) if path.parent.is_dir() else None
                raise AtlasError(f"there is no file {path}; {f'did you mean {meant}?' if meant else 'check the path'}")
            if not path.is_file():
                raise AtlasError(f"{path} is not a file; give a table ending in {_endings()}")
            if path.suffix.lower() not in FORMATS:
                raise AtlasError(
                    f"{path} must end in {_endings()}; got {path.suffix or 'no ending'!r}. Save the table as one of them"
                )
            self.bytes = path.stat().st_size
            with path.open("rb") as file:
                start = file.read(4)
        except OSError as error:
            raise AtlasError(f"{path} cannot be read ({error.strerror}); check its name and permissions") from None
        self.path, self.format, self.encoding = path, FORMATS[path.suffix.lower()], _known(encoding)
        if not start:
            raise AtlasError(f"{path} is empty; it must hold a line of column names and rows under it")
        if (
            self.format != "parquet"
            and start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
            and self.encoding == "utf-8"
        ):
            raise AtlasError(f"{path} is written in UTF-16; read it with --encoding utf-16")
        if self.encoding == "utf-8":
            self.encoding = "utf-8-sig"  # which drops a byte order mark if there is one
        polars()

    @property
    def unit(self) -> str:
        """What rows are counted in: a Parquet file has no lines."""
        return "row" if self.format == "parquet" else "line"

    @property
    def memory(self) -> int:
        """About how many bytes it takes to hold and fit the whole table."""
        return GROWTH[self.format] * self.bytes

    @cached_property
    def separator(self) -> str:
        """What separates the fields of a CSV file: what makes the most of its first line."""
        with self._text() as file:
            first = next((line for line in file if line.strip()), "")
        counts = [_fields(first, one) for one in SEPARATORS]
        return SEPARATORS[int(np.argmax(counts))]

    def blocks(self, size: int = BLOCK) -> Iterator[Block]:
        """The rows in order, at most ``size`` at once; memory is that of a block."""
        readers: dict[str, Callable[[int], Iterator[Block]]]
        readers = {"csv": self._csv_blocks, "jsonl": self._json_blocks, "parquet": self._parquet_blocks}
        try:
            yield from readers[self.format](size)
        except UnicodeError:
            raise self._undecodable() from None
        except OSError as error:
            raise AtlasError(f"{self.path} cannot be read ({error.strerror or error}); check the disk") from None

    def read(self, rows: int | None = None, seed: int = 0) -> Block:
        """All rows; or, with ``rows``, a random sample of so many in their order, in one pass and the memory of two."""
        blocks = self.blocks()
        if rows is not None:
            blocks = iter([_sampled(blocks, rows, np.random.default_rng(seed))])
        whole = joined(list(blocks))
        if not whole.frame.height:
            raise AtlasError(f"{self.path} has column names but no rows; add rows")
        return whole

    # ---- CSV -------------------------------------------------------------------------------------------------------

    def _csv_blocks(self, size: int) -> Iterator[Block]:
        separator = self.separator
        with self._text() as file:
            reader = csv.reader(file, delimiter=separator, skipinitialspace=True, strict=True)
            rows = self._csv_rows(reader)
            header = next(rows, (0, []))[1]
            if not any(name.strip() for name in header):
                raise AtlasError(f"{self.path} has no column names; its first line must name the columns")
            names = self._names(header)
            empty = True
            while part := list(itertools.islice(rows, size)):
                for line, row in part:
                    if len(row) != len(names):
                        raise self._ragged(line, row, names)
                values = zip(*(row for _, row in part), strict=True)
                yield self._block(dict(zip(names, values, strict=True)), [line for line, _ in part])
                empty = False
            if empty:
                yield self._block(dict.fromkeys(names, ()), [])

    def _csv_rows(self, reader: Any) -> Iterator[tuple[int, list[str]]]:
        """Line and fields of every row; empty lines are passed over, but where there is one column."""
        width = 0
        while True:
            line = reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                why = "a quotation mark is opened and never closed" if "end of data" in str(error) else str(error)
                raise AtlasError(
                    f"{self.path}, line {line}: {why}; write a quotation mark inside a field twice"
                ) from None
            if row or width == 1:
                width = width or len(row)
                yield line, row or [""]

    def _names(self, header: list[str]) -> list[str]:
        """The names of the columns; one without gets a name by its place, as a row index that was saved along has none."""
        names = [name.strip() or f"column {at}" for at, name in enumerate(header, 1)]
        for at, name in enumerate(names):
            if name in names[:at]:
                raise AtlasError(
                    f"{self.path}, line 1: columns {names.index(name) + 1} and {at + 1} are both named {name!r}; rename one"
                )
        return names

    def _ragged(self, line: int, row: list[str], names: list[str]) -> AtlasError:
        hint = "put a field that holds the separator between quotation marks"
        if len(row) < len(names):
            hint = "the line may have been cut; complete it, leaving missing values empty"
        return AtlasError(
            f"{self.path}, line {line}: {_count(len(row), 'field')} where the first line names "
            f"{_count(len(names), 'column')}; {hint}"
        )

    # ---- JSON Lines ------------------------------------------------------------------------------------------------

    def _json_blocks(self, size: int) -> Iterator[Block]:
        names: dict[str, None] = {}
        with self._text() as file:
            rows = self._json_rows(file)
            while part := list(itertools.islice(rows, size)):
                for _, row in part:
                    names |= dict.fromkeys(row)
                if not names:
                    raise AtlasError(
                        f'{self.path}, line {part[0][0]}: the object names no column; write {{"name": value}}'
                    )
                yield self._block(
                    {name: [row.get(name) for _, row in part] for name in names}, [line for line, _ in part]
                )

    def _json_rows(self, file: Iterable[str]) -> Iterator[tuple[int, dict[str, Any]]]:
        for line, text in enumerate(file, 1):
            if not text.strip():
                continue
            try:
                row = json.loads(text, object_pairs_hook=_Pairs, parse_int=str, parse_float=str, parse_constant=str)
            except json.JSONDecodeError as error:
                raise AtlasError(
                    f"{self.path}, line {line}, character {error.colno}: {error.msg}; each line must be one JSON object"
                ) from None
            except RecursionError:
                raise AtlasError(
                    f"{self.path}, line {line}: values are nested too deeply; write plain values"
                ) from None
            if not isinstance(row, _Pairs):
                raise AtlasError(
                    f'{self.path}, line {line}: each line must be one JSON object such as {{"age": 42}}; got {text.strip()!r:.40}'
                )
            yield line, dict(zip(self._keys(row, line), (value for _, value in row), strict=True))

    def _keys(self, row: _Pairs, line: int) -> list[str]:
        keys = [key.strip() or "column without a name" for key, _ in row]
        if len(set(keys)) < len(keys):
            twice = next(key for key in keys if keys.count(key) > 1)
            raise AtlasError(f"{self.path}, line {line}: {twice!r} is given twice; keep one")
        return keys

    # ---- Parquet ---------------------------------------------------------------------------------------------------

    def _parquet_blocks(self, size: int) -> Iterator[Block]:
        pl = polars()
        try:
            lazy = pl.scan_parquet(self.path, glob=False)
            height = lazy.select(pl.len()).collect().item()
            if not lazy.collect_schema().names():
                raise AtlasError(f"{self.path} holds no columns; write a table with some")
            for start in range(0, max(height, 1), size):
                frame = lazy.slice(start, size).collect()
                yield _plain_block(frame, np.arange(start + 1, start + 1 + frame.height))
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
            why = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise AtlasError(f"{self.path} is no readable Parquet file ({why[:120]}); write it anew") from None

    # ---- text ------------------------------------------------------------------------------------------------------

    def _text(self) -> Any:
        return self.path.open(encoding=self.encoding, newline="" if self.format == "csv" else None)

    def _block(self, columns: dict[str, Iterable[Any]], lines: list[int]) -> Block:
        """Columns of strings and None as a block; lists and objects are named as nested."""
        pl = polars()
        nested = set()
        series = []
        for name, values in columns.items():
            try:
                series.append(pl.Series(name, values, dtype=pl.String, strict=True))
            except (TypeError, pl.exceptions.PolarsError):
                values = list(values)
                if any(isinstance(value, list) for value in values):
                    nested.add(name)
                series.append(pl.Series(name, list(map(_scalar, values)), dtype=pl.String))
        return Block(pl.DataFrame(series), np.array(lines, dtype=np.int64), frozenset(nested))

    def _undecodable(self) -> AtlasError:
        """Where the first bytes stand that are not of the encoding."""
        encoding = self.encoding.removesuffix("-sig")
        remedy = "save the file as UTF-8, or name its encoding, such as --encoding gb18030 or --encoding latin-1"
        with self.path.open("rb") as file:
            for line, content in enumerate(file, 1):
                try:
                    content.decode(encoding)
                except UnicodeDecodeError as error:
                    return AtlasError(
                        f"{self.path}, line {line}, byte {error.start + 1}: 0x{content[error.start]:02X} is not {encoding}; {remedy}"
                    )
                except UnicodeError:
                    break
        return AtlasError(f"{self.path} is not text in {encoding}, or holds half a character (\\ud800); {remedy}")


class _Pairs(list[tuple[str, Any]]):
    """The pairs of a JSON object, so that a key given twice is seen."""


def polars() -> Any:
    """Polars, which the extra ``tables`` brings."""
    try:
        import polars
    except ImportError:
        raise AtlasError("tables of your own need polars; pip install 'mlatlas[tables]'") from None
    return polars


def joined(blocks: list[Block]) -> Block:
    """The blocks as one; a column that begins later has no values before."""
    pl = polars()
    if len(blocks) == 1:
        return blocks[0]
    frames = [one.frame for one in blocks if one.frame.width]
    return Block(
        pl.concat(frames, how="diagonal") if frames else pl.DataFrame(),
        np.concatenate([one.lines for one in blocks] or [np.empty(0, np.int64)]),
        frozenset[str]().union(*(one.nested for one in blocks)),
    )


def free_memory() -> int:
    """Bytes that this machine can give without paging."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            return next(1024 * int(line.split()[1]) for line in file if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _sampled(blocks: Iterator[Block], rows: int, random: np.random.Generator) -> Block:
    """A uniform sample without replacement: the rows with the smallest of random keys, which one pass can keep."""
    kept, keys = Block(polars().DataFrame(), np.empty(0, np.int64)), np.empty(0)
    for block in blocks:
        kept = joined([kept, block]) if kept.frame.width else block
        keys = np.concatenate([keys, random.random(block.frame.height)])
        chosen = np.sort(np.argsort(keys, kind="stable")[:rows])
        kept, keys = Block(kept.frame[chosen], kept.lines[chosen], kept.nested | block.nested), keys[chosen]
    return kept


def _plain_block(frame: Frame, rows: Any) -> Block:
    """Parquet's types as those that are told apart here: text, numbers, truth values, times."""
    pl = polars()
    nested, columns = set(), []
    for one in frame.iter_columns():
        kind = one.dtype
        if kind.is_numeric():
            one = one.cast(pl.Float64)
        elif isinstance(kind, pl.Categorical | pl.Enum) or kind in (pl.Boolean, pl.Null):
            one = one.cast(pl.String)
        elif not (kind == pl.String or kind in (pl.Date, pl.Datetime)):
            nested.add(one.name)
            one = pl.Series(one.name, [None] * len(one), dtype=pl.String)
        columns.append(one)
    names = [one.name.strip() or f"column {at}" for at, one in enumerate(columns, 1)]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise AtlasError(f"two columns are named {twice!r}; rename one")
    return Block(
        pl.DataFrame([one.alias(name) for one, name in zip(columns, names, strict=True)]),
        np.asarray(rows, dtype=np.int64),
        frozenset(name.strip() for name in nested),
    )


def _scalar(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else None


def _fields(line: str, separator: str) -> int:
    try:
        return len(next(csv.reader([line], delimiter=separator, skipinitialspace=True, strict=True), []))
    except csv.Error:
        return 0


def _known(encoding: str) -> str:
    try:
        name = codecs.lookup(encoding).name
        if not isinstance("".encode(name), bytes):
            raise LookupError
    except (LookupError, TypeError, ValueError):
        raise AtlasError(
            f"--encoding must name an encoding such as utf-8, gb18030 or latin-1; got {encoding!r}"
        ) from None
    return name


def _endings() -> str:
    *most, last = (one for one in FORMATS if one not in (".txt", ".ndjson"))
    return f"{', '.join(most)} or {last}"


def near(name: str, names: Iterable[str]) -> str | None:
    """The name that was probably meant, however it is capitalised."""
    import difflib

    folded = {one.casefold(): one for one in names}
    return next((folded[one] for one in difflib.get_close_matches(name.casefold(), folded, n=1)), None)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number != 1 else ''}"
