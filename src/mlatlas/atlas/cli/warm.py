"""``mlatlas warm``: compile the kernels of every room ahead, with a progress bar."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from mlatlas.atlas.cli._terminal import Lang, console, language, progress
from mlatlas.atlas.text import Text

DONE = Text("{rooms} rooms are warm after {seconds:.1f} s.", "{rooms} 个概念已预热，用时 {seconds:.1f} 秒。")


def command(
    concept: Annotated[str | None, typer.Argument(help="The room to warm; all of them by default.")] = None,
    lang: Lang = None,
) -> None:
    """Compile ahead: run every race's work once at its tiny size. Compiled kernels are cached for later processes."""
    import numpy as np

    from mlatlas.atlas.judge.room import races_of
    from mlatlas.atlas.judge.subject import ours
    from mlatlas.atlas.map import open_atlas

    atlas = open_atlas()
    rooms = [atlas.room(concept)] if concept else list(atlas.order())
    started = time.perf_counter()
    with progress() as bar:
        task = bar.add_task("", total=len(rooms))
        for room in rooms:
            bar.update(task, description=room.concept.id)
            for race in races_of(room):
                problem = race.problem(np.random.default_rng(0), *race.sizes["tiny"])
                race.work(ours(room), problem, race.tolerances[0])
            bar.advance(task)
    seconds = time.perf_counter() - started
    console().print(DONE[language(lang)].format(rooms=len(rooms), seconds=seconds))
