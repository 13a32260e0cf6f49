"""Predictions of a saved model for another table, block by block, written as a whole or not at all."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.lab.saved import Model
from mlatlas.atlas.text import Text
from mlatlas.atlas.writing import whole
from mlatlas.data.columns import Fit, Reader, listed, shown_name
from mlatlas.data.files import Block, TableFile


@dataclass(frozen=True)
class Predicted:
    """How many rows were read and predicted, and what did not fit."""

    rows: int
    predicted: int
    said: tuple[Text, ...]


def predict_file(
    model: Model,
    data: Path,
    out: Path,
    carried: Sequence[str] = (),
    missing: Sequence[str] = (),
    encoding: str = "utf-8",
) -> Predicted:
    """Write a CSV file with a line for each row of ``data``, in their order: the columns ``carried`` over, the prediction,
    and for classes their probabilities where the model has any. A row that the model cannot judge has empty fields.
    Memory is that of a block of rows.
    """
    if out.suffix != ".csv":
        raise AtlasError(f"--out must name a file that ends in .csv; got {str(out)!r}")
    file = TableFile(data, encoding)
    if out.resolve() == data.resolve():
        raise AtlasError(f"--out would replace the table {data}; choose another file")
    reader = Reader(data, file.unit, (*model.schema.missing, *missing))
    fit = Fit(model.schema, reader)
    heads = _heads(model, carried)
    rows = predicted = 0
    with whole(out, "choose another file for --out") as part, part.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(heads)
        for block in file.blocks():
            typed, known = fit.typed(block)
            kept = _carried(reader, block, carried)
            told = _told(model, typed, known, data)
            writer.writerows([*left, *right] for left, right in zip(kept, told, strict=True))
            rows, predicted = rows + len(known), predicted + int(known.sum())
        if not rows:
            raise AtlasError(f"{data} has column names but no rows; add rows")
    return Predicted(rows, predicted, tuple(fit.said()))


def _heads(model: Model, carried: Sequence[str]) -> list[str]:
    """The names of the columns that are written."""
    target = model.schema.target.name
    heads = [*carried, f"predicted {target}", *(f"p({one})" for one in model.classes)]
    if len(set(heads)) < len(heads):
        twice = next(one for one in heads if heads.count(one) > 1)
        raise AtlasError(f"two columns of the output would be named {twice!r}; carry it over once, or rename it")
    return heads


def _carried(reader: Reader, block: Block, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """The columns that are carried over, row by row, as they are written in the table."""
    for name in names:
        if name not in block.frame.columns:
            raise AtlasError(f"--with: {reader.path} has no column {name!r}; there are {listed(block.frame.columns)}")
        if name in block.nested:
            raise AtlasError(f"--with: column {name!r} holds lists or objects, which have no place in a CSV file")
    columns = [reader.texts(block.frame[name]).to_list() for name in names]
    return zip(*columns, strict=True) if columns else iter([()] * block.frame.height)


def _told(model: Model, typed: Any, known: Any, data: Path) -> Iterator[list[Any]]:
    """The prediction of each row, or empty fields."""
    answers: list[list[Any]] = []
    if known.any():
        X = typed.filter(known)
        try:
            columns = [model.pipeline.predict(X)]
            if model.classes:
                columns += list(model.pipeline.predict_proba(X).T)
            if model.schema.target.kind == "number" and not np.isfinite(columns[0]).all():
                raise AtlasError(f"{data}: predictions overflow; look for numbers that are far too large")
            answers = [list(row) for row in zip(*(one.tolist() for one in columns), strict=True)]
        except AtlasError:
            raise
        except Exception as error:  # whatever a model that was put together wrongly makes a library raise
            raise AtlasError(
                f"the model does not work on its own columns ({type(error).__name__}: {shown_name(str(error))}); fit and save it anew"
            ) from error
    following = iter(answers)
    return (next(following) if one else [""] * (1 + len(model.classes)) for one in known)
