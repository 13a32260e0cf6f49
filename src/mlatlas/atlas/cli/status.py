"""``mlatlas status``: the matrix of what holds and what does not; red cells are shown, not hidden."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlatlas.atlas.cli._terminal import Lang, console, language
from mlatlas.atlas.text import Text

STYLES = {"good": "none", "bad": "bold red", "stale": "yellow", "empty": "dim"}
CONCEPT = Text("concept", "概念")
UNFINISHED = Text("begun, without a page", "已动工，尚无页面")
SUMMARY = Text(
    "{rooms} of {planned} concepts built; {red} red, {stale} stale.",
    "{planned} 个概念中已建成 {rooms} 个；红 {red}，过期 {stale}。",
)


def command(
    as_json: Annotated[bool, typer.Option("--json", help="Print the matrix as JSON.")] = False,
    export: Annotated[Path | None, typer.Option("--export", help="Write verdicts and races to this folder.")] = None,
    lang: Lang = None,
) -> None:
    """Show for each concept what was judged and what is red."""
    from dataclasses import asdict

    from mlatlas.atlas.judge.matrix import COLUMNS, newest, row
    from mlatlas.atlas.map import open_atlas
    from mlatlas.atlas.store import Store

    tongue, atlas, store = language(lang), open_atlas(), Store()
    if export is not None:
        for file in store.export(export):
            console().print(str(file), soft_wrap=True)
        return
    matrix = {
        room.concept.id: row(atlas, room, newest(store, "verdict", room), newest(store, "race", room))
        for room in atlas.order()
    }
    if as_json:
        import json

        plain = {concept: {name: asdict(cell) for name, cell in cells.items()} for concept, cells in matrix.items()}
        typer.echo(json.dumps({"concepts": plain, "unfinished": atlas.unfinished}, ensure_ascii=False, indent=1))
        return
    from rich.table import Table
    from rich.text import Text as Line

    out = console(wide=True)
    drawn = Table(box=None, pad_edge=False)
    drawn.add_column(CONCEPT[tongue], no_wrap=True)
    for name in COLUMNS:
        drawn.add_column(COLUMNS[name][tongue])
    for concept, cells in matrix.items():
        drawn.add_row(concept, *(Line(cell.text, STYLES[cell.state]) for cell in cells.values()))
    out.print(drawn)
    for concept in atlas.unfinished:
        out.print(f"{concept} · {UNFINISHED[tongue]}", style=STYLES["bad"])
    for concept, cells in matrix.items():
        for name, cell in cells.items():
            for reason in cell.reasons:
                out.print(f"{concept} · {COLUMNS[name][tongue]} · {reason}", style=STYLES[cell.state], soft_wrap=True)
    states = [cell.state for cells in matrix.values() for cell in cells.values()]
    red = states.count("bad") + len(atlas.unfinished)
    out.print(
        SUMMARY[tongue].format(rooms=len(matrix), planned=len(atlas.concepts), red=red, stale=states.count("stale"))
    )
