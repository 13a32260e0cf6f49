"""Random mutations of a room's implementation: which of them no check, known answer or law notices.

Runs in a process of its own with Numba's compiler switched off, and forks a child for each mutation, so that a mutation
that hangs or crashes harms nobody. A survivor is either a change that makes no difference or a gap in the laws.
"""

from __future__ import annotations

import ast
import copy
import importlib
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlatlas.atlas.errors import AtlasError

if TYPE_CHECKING:
    from mlatlas.atlas.map import Atlas, Room

PATIENCE = 60  # seconds for one mutation, after which it counts as noticed: it hangs

SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Lt: ast.LtE, ast.LtE: ast.Lt,
    ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


@dataclass(frozen=True)
class Site:
    """One place in a module that can be changed, and the change."""

    path: Path
    line: int
    change: str
    apply: Callable[[ast.Module], None]


def sites(path: Path) -> list[Site]:
    """Every operator, comparison, truth value and number inside the functions of a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = []
    for at, node in enumerate(ast.walk(tree)):
        for change, mutate in _changes(node):
            found.append(Site(path, getattr(node, "lineno", 0), change, _at(at, mutate)))
    return found


def _changes(node: ast.AST) -> Iterator[tuple[str, Callable[[ast.AST], None]]]:
    if isinstance(node, ast.BinOp | ast.AugAssign | ast.BoolOp) and type(node.op) in SWAPS:
        new = SWAPS[type(node.op)]
        yield f"{type(node.op).__name__} -> {new.__name__}", lambda one: setattr(one, "op", new())
    if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        other = SWAPS[type(node.ops[0])]
        yield f"{type(node.ops[0]).__name__} -> {other.__name__}", lambda one: setattr(one, "ops", [other()])
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield "- removed", lambda one: setattr(one, "op", ast.UAdd())
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield f"{node.value} -> {not node.value}", lambda one: setattr(one, "value", not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield f"{node.value} -> {node.value + 1}", lambda one: setattr(one, "value", node.value + 1)  # type: ignore[operator]


def _at(index: int, mutate: Callable[[ast.AST], None]) -> Callable[[ast.Module], None]:
    return lambda tree: mutate(list(ast.walk(tree))[index])


def survivors(room: Room, count: int, seed: int = 0) -> tuple[int, list[str]]:
    """Try ``count`` random mutations; how many were tried, and in words those that nothing noticed."""
    if not hasattr(os, "fork"):
        raise AtlasError("random mutations need a system that can fork a process, such as Linux or macOS.")
    command = [sys.executable, "-m", __name__, room.concept.id, str(count), str(seed)]
    run = subprocess.run(
        command, env={**os.environ, "NUMBA_DISABLE_JIT": "1"}, capture_output=True, text=True, check=False
    )
    if run.returncode:
        raise AtlasError(f"the random mutations of {room.concept.id} could not be tried: {run.stderr.strip()[-500:]}")
    report = json.loads(run.stdout)
    return report["tried"], report["survivors"]


def _main(concept: str, count: int, seed: int) -> None:
    from mlatlas.atlas.map import open_atlas

    atlas = open_atlas()
    room = atlas.room(concept)
    importlib.import_module(f"{room.module}.laws")  # once, before the children
    if _noticed(atlas, room):
        raise AtlasError(f"{concept} is red as it is; mend it before mutating it.")
    every = [site for path in room.implementation for site in sites(path)]
    chosen = random.Random(seed).sample(every, min(count, len(every)))
    alive = [f"{one.path.name}:{one.line}: {one.change}" for one in chosen if not _killed(atlas, room, one)]
    print(json.dumps({"tried": len(chosen), "survivors": alive}))


def _killed(atlas: Atlas, room: Room, site: Site) -> bool:
    child = os.fork()
    if child == 0:
        signal.alarm(PATIENCE)
        os._exit(_verdict_on(atlas, room, site))
    return os.waitpid(child, 0)[1] != 0


def _verdict_on(atlas: Atlas, room: Room, site: Site) -> int:
    """0 when nothing notices the mutation, 1 when something does; runs in the child."""
    try:
        sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - until the child ends
        for path in (site.path, *(other for other in room.implementation if other != site.path)):
            tree = copy.deepcopy(ast.parse(path.read_text(encoding="utf-8")))
            if path == site.path:
                site.apply(tree)
            module = importlib.import_module(f"{room.module}.{path.stem}")
            exec(compile(ast.fix_missing_locations(tree), str(path), "exec"), module.__dict__)
        return int(_noticed(atlas, room))
    except BaseException:
        return 1


def _noticed(atlas: Atlas, room: Room) -> bool:
    from mlatlas.atlas.judge.check import run_check
    from mlatlas.atlas.judge.room import others
    from mlatlas.atlas.judge.subject import ours
    from mlatlas.atlas.judge.verdict import judge_known, judge_law, witnesses

    subject, found, other = ours(room), witnesses(room), others(atlas)
    return (
        any(not judge_known(known, subject).holds for known in found.known)
        or any(not judge_law(law, subject, other(law), draws=8).holds for law in found.laws)
        or any(not run_check(check, subject, draws=5).ok for check in room.page.checks if check.has_code)
    )


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
