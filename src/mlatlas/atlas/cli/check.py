"""``mlatlas check [CONCEPT]``: judge the checks, laws, mutants and peers of one room or of all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mlatlas.atlas.cli._terminal import Lang, console, language
from mlatlas.atlas.text import Text

if TYPE_CHECKING:
    from mlatlas.atlas.judge.matrix import Cell
    from mlatlas.atlas.map import Atlas, Room

NOTHING_RED = Text("Nothing is red.", "没有红色。")
RED = Text("{count} red, listed above.", "{count} 处为红色，见上。")


def command(
    concept: Annotated[str | None, typer.Argument(help="The room to judge; all of them by default.")] = None,
    mutate: Annotated[
        int, typer.Option("--mutate", min=0, help="Also try so many random mutations of the implementation.")
    ] = 0,
    seed: Annotated[int, typer.Option(help="Which random mutations.")] = 0,
    lang: Lang = None,
) -> None:
    """Judge what a room claims, by computing; status 1 when something is red."""
    from mlatlas.atlas.judge.matrix import COLUMNS
    from mlatlas.atlas.map import open_atlas

    tongue, atlas, out = language(lang), open_atlas(), console()
    rooms = [atlas.room(concept)] if concept else list(atlas.order())
    red = 0
    for room in rooms:
        cells = judged(atlas, room)
        bad = [(name, cell) for name, cell in cells.items() if name != "races" and cell.state in ("bad", "stale")]
        shown = ", ".join(
            f"{COLUMNS[name][tongue]} {cell.text}" for name, cell in cells.items() if name not in ("languages", "races")
        )
        out.print(
            f"{'✗' if bad else '✓'} {room.concept.title[tongue]}: {shown}",
            style="red" if bad else "none",
            soft_wrap=True,
        )
        for name, cell in bad:
            for reason in cell.reasons:
                red += 1
                out.print(f"    {COLUMNS[name][tongue]} · {reason}", style="red", soft_wrap=True)
        if mutate:
            _report_survivors(room, mutate, seed)
    out.print(RED[tongue].format(count=red) if red else NOTHING_RED[tongue])
    if red:
        raise typer.Exit(1)


def judged(atlas: Atlas, room: Room, draws: int | None = None) -> dict[str, Cell]:
    """Judge one room with a progress bar and return its cells; a verdict on all draws is kept, a quick one is not."""
    from mlatlas.atlas.cli._terminal import progress
    from mlatlas.atlas.judge.matrix import newest, row
    from mlatlas.atlas.judge.room import finite, judge_room, steps
    from mlatlas.atlas.store import Record, Stamp, Store

    store = Store()
    with progress() as bar:
        task = bar.add_task(room.concept.id, total=steps(room))

        def tick(step: str) -> None:
            bar.update(task, advance=1, description=f"{room.concept.id} · {step}")

        payload = finite(judge_room(atlas, room, tick, draws))
    if draws is None:
        verdict = store.save("verdict", room.concept.id, room.digest, payload)
    else:
        verdict = Record("verdict", room.concept.id, room.digest, payload, Stamp.now())
    return row(atlas, room, verdict, newest(store, "race", room))


def _report_survivors(room: Room, count: int, seed: int) -> None:
    from mlatlas.atlas.judge.mutation import survivors

    out = console()
    tried, alive = survivors(room, count, seed)
    out.print(f"    {tried - len(alive)} of {tried} random mutations killed")
    for one in alive:
        out.print(f"    survives · {one}", style="yellow", soft_wrap=True)
