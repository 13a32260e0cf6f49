"""Which functions a check's ``code`` runs: a line that names an equation must be among what the check has judged."""

from __future__ import annotations

import sys
import threading
from types import FrameType
from typing import TYPE_CHECKING, Any

from mlatlas.atlas.judge.draw import Draw, Rejected
from mlatlas.atlas.judge.operators import numeric_names
from mlatlas.atlas.judge.source import Source

if TYPE_CHECKING:
    from mlatlas.atlas.judge.subject import Subject
    from mlatlas.atlas.map.page import Check

Function = tuple[str, int, str]  # file name, first line (that of a decorator, if there is one), name
_seen: set[Function] = set()  # shared, because the threads of a pool keep the recorder they were started with


def functions_run(block: Check, subject: Subject, draws: int = 3) -> set[Function]:
    """The functions that run while ``code``, and whatever it is computed from, is evaluated on a few draws.

    Compiled functions leave no trace: run it with NUMBA_DISABLE_JIT=1, in a process of its own.
    """
    source = Source(block.label, block.source)
    watched = {name for name in source.needs if name == "code" or source.depends("code", name)}
    _seen.clear()
    done = 0
    for seed in range(10 * draws):
        try:
            _run(source, watched, {**numeric_names(), "draw": Draw(seed), "subject": subject})
        except Rejected:
            continue
        done += 1
        if done == draws:
            break
    return {function for function in _seen if function[0] != source.filename}


def _run(source: Source, watched: set[str], names: dict[str, Any]) -> None:
    space = source.space(names)
    for stored, code in source.compiled:
        if stored & watched:
            threading.setprofile(_record)
            sys.setprofile(_record)
        try:
            exec(code, space)
        finally:
            sys.setprofile(None)
            threading.setprofile(None)


def _record(frame: FrameType, event: str, argument: Any) -> None:
    if event == "call":
        _seen.add((frame.f_code.co_filename, frame.f_code.co_firstlineno, frame.f_code.co_name))
