"""Whatever a table or a model file holds, the answer is a result or one AtlasError, and never a traceback.

500 tables in the test suite, always the same ones; ``make fuzz`` draws ten thousand new ones (MLATLAS_FUZZ).
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, event, given, settings, strategies as st

from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.lab import Figure, draw
from mlatlas.atlas.lab.estimators import offers
from mlatlas.atlas.lab.predicting import predict_file
from mlatlas.atlas.lab.saved import load_model, save_model
from mlatlas.atlas.lab.tables import Request, Study
from mlatlas.atlas.map import open_atlas
from mlatlas.data.columns import KINDS

ATLAS = open_atlas()
CONCEPTS = [room.concept.id for room in ATLAS.order() if offers(room)]
TABLES = int(os.environ.get("MLATLAS_FUZZ", "500"))
FUZZ = settings(
    max_examples=TABLES,
    derandomize="MLATLAS_FUZZ" not in os.environ,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

numbers = st.one_of(st.integers(-99, 99), st.floats(-1e4, 1e4, width=32)).map(str)
words = st.sampled_from(["red", "green", "blue", "x", "yes", "no"])
dates = st.dates().map(str)
odd = st.one_of(
    st.text(max_size=6),
    st.sampled_from(["", "NA", "nan", "inf", "-inf", "1e999", "1e150", "1e-320", "0x10", "007", "1,5", "1_000", "\0", '"', "'", "\n", "\r\n", "$x^2$", "<b>", "~0~", "2020-13-45", "9999-12-31", "0001-01-01T00:00+14:00", "é", "\u202e", "=1+1"]),
)  # fmt: skip
names = st.one_of(st.sampled_from(["a", "b", "y", "when", "", " "]), st.text(max_size=5), odd)
missing = st.sampled_from(["", "NA", "null"])


@st.composite
def a_column(draw: Any, rows: int, target: bool = False) -> list[str]:
    """Values of one kind, now and then something else."""
    kinds = [numbers, words] if target else [numbers, numbers, words, words, dates, odd, st.just("7")]
    few = draw(st.lists(draw(st.sampled_from(kinds)), min_size=2, max_size=8))
    values = [few[k % len(few)] for k in draw(st.lists(st.integers(0, 7), min_size=rows, max_size=rows))]
    for _ in range(draw(st.sampled_from([0] * 6 + [1, 3]))):
        if rows:
            values[draw(st.integers(0, rows - 1))] = draw(st.one_of(missing, odd))
    return values


def as_csv(heads: list[str], columns: list[list[str]], separator: str) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator="\n")
    writer.writerows([heads, *zip(*columns, strict=True)])
    return out.getvalue().encode("utf-8", "surrogatepass")


def as_jsonl(heads: list[str], columns: list[list[str]], plain: bool) -> bytes:
    def value(text: str) -> Any:
        try:
            return text if plain else json.loads(text)
        except (ValueError, RecursionError):
            return text or None

    rows = ({name: value(text) for name, text in zip(heads, row, strict=True)} for row in zip(*columns, strict=True))
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def as_parquet(heads: list[str], columns: list[list[str]], kind: str) -> bytes:
    out = io.BytesIO()
    series = []
    for k, (name, values) in enumerate(dict(zip(heads, columns, strict=True)).items()):
        one = pl.Series(name, [text.encode("utf-8", "replace").decode() for text in values], dtype=pl.String)
        if k % 2 == 0:
            one = {
                "numbers": lambda s: s.cast(pl.Float32, strict=False),
                "integers": lambda s: s.cast(pl.Int64, strict=False),
                "dates": lambda s: s.str.to_date("%Y-%m-%d", strict=False),
                "moments": lambda s: s.str.to_datetime("%Y-%m-%d", strict=False, time_zone="Asia/Shanghai"),
                "truth": lambda s: s == "yes",
                "lists": lambda s: s.str.split(""),
                "categories": lambda s: s.cast(pl.Categorical),
            }[kind](one)
        series.append(one)
    pl.DataFrame(series).write_parquet(out)
    return out.getvalue()


@st.composite
def a_table(draw: Any) -> tuple[str, bytes, list[str]]:
    """The ending of a file, its bytes, and the names of its columns."""
    rows = draw(st.sampled_from([0, 9, *[12, 20, 33] * 4]))
    heads = draw(st.lists(names, min_size=2, max_size=4, unique_by=str.strip))
    if draw(st.integers(0, 20)) == 20:
        heads[0] = heads[-1]
    columns = [draw(a_column(rows, target=k == 0)) for k in range(len(heads))]
    ending = draw(st.sampled_from([".csv", ".csv", ".jsonl", ".parquet"]))
    if ending == ".csv":
        content = as_csv(heads, columns, draw(st.sampled_from([",", ",", ";", "\t", "|"])))
    elif ending == ".jsonl":
        content = as_jsonl(heads, columns, draw(st.booleans()))
    else:
        kinds = ["numbers", "integers", "dates", "moments", "truth", "lists", "categories"]
        content = as_parquet(heads, columns, draw(st.sampled_from(kinds)))
    return ending, draw(damaged(content)), heads


@st.composite
def damaged(draw: Any, content: bytes) -> bytes:
    """The bytes, one time in nine with some of them changed, cut out or put in."""
    for _ in range(draw(st.sampled_from([0] * 8 + [2]))):
        at = draw(st.integers(0, len(content)))
        content = content[:at] + draw(st.binary(max_size=3)) + content[at + draw(st.integers(0, 4)) :]
    return content


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Where the tables of this module are written, one after the other."""
    return tmp_path_factory.mktemp("fuzz")


@contextmanager
def one_sentence() -> Iterator[list[str]]:
    """Let an AtlasError pass if it is one line, which is put into the list."""
    told: list[str] = []
    try:
        yield told
    except AtlasError as error:
        told.append(str(error))
    assert all(one.strip() and one.isprintable() for one in told), told


@FUZZ
@given(st.data())
def test_no_table_makes_a_traceback(folder, data):
    ending, content, heads = data.draw(a_table())
    path = folder / f"t{ending}"
    path.write_bytes(content)
    known = st.sampled_from([head.strip() or "column 1" for head in heads])
    request = Request(
        path,
        heads[0].strip() or "column 1" if data.draw(st.integers(0, 6)) else data.draw(st.one_of(known, names)),
        kinds=data.draw(st.one_of(*[st.just({})] * 5, st.dictionaries(known, st.sampled_from(KINDS), max_size=1))),
        drop=data.draw(st.one_of(*[st.just([])] * 5, st.lists(known, max_size=1))),
        missing=data.draw(st.one_of(*[st.just([])] * 5, st.lists(odd, max_size=2))),
        encoding=data.draw(st.sampled_from([*["utf-8"] * 12, "latin-1", "gb18030", "utf-16", "utf-7"])),
        rows=data.draw(st.sampled_from([None, None, None, 15])),
        held_out=data.draw(st.sampled_from([0.25, 0.25, 0.1, 0.9])),
        resamples=20,
    )
    concept = data.draw(st.sampled_from(CONCEPTS))
    with one_sentence() as refused:
        study = Study(ATLAS, ATLAS.room(concept), request)
        study.read()
        events = list(study.run())
    event("refused" if refused else "fitted")
    if refused:
        return
    if data.draw(st.integers(0, 15)) == 7:
        for one in events:
            if isinstance(one, Figure):
                draw(one, "zh")
    model, out = folder / "m.skops", folder / "out.csv"
    save_model(ATLAS, study, model)
    other = folder / f"new{ending}"
    other.write_bytes(data.draw(st.one_of(st.just(content), damaged(content))))
    with one_sentence() as refused:
        predict_file(load_model(ATLAS, model), other, out, (), (), request.encoding)
    event("not predicted" if refused else "predicted")
    assert not list(folder.glob(".*"))


@pytest.fixture(scope="module")
def whole(folder) -> bytes:
    """The bytes of a good model."""
    path = folder / "good.csv"
    path.write_text("a,b,y\n" + "".join(f"{k % 7},{'uv'[k % 2]},{k % 5}\n" for k in range(20)))
    study = Study(ATLAS, ATLAS.room(CONCEPTS[0]), Request(path, "y", resamples=5))
    study.read()
    list(study.run())
    save_model(ATLAS, study, folder / "good.skops")
    return (folder / "good.skops").read_bytes()


@settings(FUZZ, max_examples=TABLES // 10)
@given(st.data())
def test_no_damaged_model_makes_a_traceback(folder, whole, data):
    path = folder / "bad.skops"
    at = data.draw(st.integers(0, len(whole) - 1))
    path.write_bytes(
        whole[:at] + data.draw(st.binary(min_size=1, max_size=4)) + whole[at + data.draw(st.integers(0, 9)) :]
    )
    with one_sentence() as refused:
        predict_file(load_model(ATLAS, path), folder / "good.csv", folder / "out.csv")
    event("refused" if refused else "harmless")
