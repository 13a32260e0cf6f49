"""Every built room holds what it claims: nothing in its row of the matrix is red."""

from __future__ import annotations

import io
from contextlib import redirect_stdout

import pytest

from mlatlas.atlas.judge.matrix import row
from mlatlas.atlas.judge.room import finite, judge_room
from mlatlas.atlas.lab import open_lab
from mlatlas.atlas.map import open_atlas
from mlatlas.atlas.store import Record, Stamp

ATLAS = open_atlas()
ROOMS = [pytest.param(room, id=room.concept.id) for room in ATLAS.order()]


@pytest.mark.parametrize("room", ROOMS)
def test_nothing_is_red(room):
    room.validate()
    payload = finite(judge_room(ATLAS, room))
    verdict = Record("verdict", room.concept.id, room.digest, payload, Stamp.now())
    cells = row(ATLAS, room, verdict, None)
    assert {name: cell.reasons for name, cell in cells.items() if cell.state != "good" and cell.reasons} == {}
    if room.exports:
        assert payload["known"]
        assert payload["laws"]
        assert payload["peers"]


@pytest.mark.parametrize("room", ROOMS)
def test_the_script_of_the_lab_does_the_same(room):
    lab = open_lab(room)
    result = lab.gather(seed=1)
    names: dict[str, object] = {}
    with redirect_stdout(io.StringIO()):
        exec(compile(result.script.code, f"{room.concept.id} script", "exec"), names)
    shared = [metric for metric in result.metrics if metric.name in names]
    assert shared, "the script assigns none of the lab's metrics by its name"
    for metric in shared:
        assert names[metric.name] == pytest.approx(metric.value, rel=1e-9), metric.name


@pytest.mark.parametrize("room", ROOMS)
def test_the_lab_draws_the_same_for_the_same_seed(room):
    lab = open_lab(room)
    first, second = lab.gather(seed=2), lab.gather(seed=2)
    assert [metric.value for metric in first.metrics] == [metric.value for metric in second.metrics]
