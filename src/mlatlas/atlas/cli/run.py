"""``mlatlas run CONCEPT``: the lab of one room on real data, figures to file, and the Python that does the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlatlas.atlas.cli._table import (
    PANEL,
    Drop,
    Encoding,
    Kinds,
    Missing,
    Rows,
    assignments,
    kinds as as_kinds,
    run_table,
)
from mlatlas.atlas.cli._terminal import Lang, console, language, sentence
from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.text import Language, Text

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from mlatlas.atlas.lab import Event, Lab, RunResult
    from mlatlas.atlas.lab.events import Table
    from mlatlas.atlas.map import Room

STARTING = Text("starting", "开始")
KNOBS = Text("Knobs of {concept}, turned with --set NAME=VALUE", "{concept} 的旋钮，用 --set 名称=取值 调节")
NO_KNOBS = Text("The lab of {concept} has no knobs but its seed.", "{concept} 的实验除随机种子外没有旋钮。")
HEADINGS = (Text("name", "名称"), Text("what it is", "含义"), Text("value", "取值"), Text("default", "默认"))
SAME = Text("The same in Python", "用 Python 重做")
WRITTEN = Text("Report: {path}", "报告：{path}")
STOPPED = Text("Interrupted; what was done is kept.", "已中断；完成的部分已保留。")


def command(
    concept: Annotated[str, typer.Argument(help="The room whose lab to run, such as lasso.")],
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KNOB=VALUE", help="Turn a knob; may be given many times.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Another seed, another draw of what is random.")] = 0,
    out: Annotated[
        Path | None, typer.Option("--out", help="The folder for report and figures; by default a new one in reports/.")
    ] = None,
    knobs: Annotated[bool, typer.Option("--knobs", "--list", help="Show the knobs and run nothing.")] = False,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data", metavar="FILE", help="A table of your own: CSV, JSON Lines or Parquet.", rich_help_panel=PANEL
        ),
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", metavar="COLUMN", help="The column to predict.", rich_help_panel=PANEL)
    ] = None,
    estimator: Annotated[
        str | None, typer.Option("--estimator", metavar="NAME", help="Which of the concept's.", rich_help_panel=PANEL)
    ] = None,
    as_: Kinds = None,
    drop: Drop = None,
    missing: Missing = None,
    encoding: Encoding = "utf-8",
    rows: Rows = None,
    held_out: Annotated[
        float, typer.Option("--held-out", help="The share of rows on which to judge.", rich_help_panel=PANEL)
    ] = 0.25,
    save: Annotated[
        Path | None,
        typer.Option("--save", metavar="FILE.skops", help="Keep the model for predict.", rich_help_panel=PANEL),
    ] = None,
    lang: Lang = None,
) -> None:
    """Run the lab of CONCEPT on real data, with its knobs, figures and a report; or its estimator on your own table."""
    tongue = language(lang)
    if data is None:
        own = {
            "--target": target,
            "--estimator": estimator,
            "--as": as_,
            "--drop": drop,
            "--missing": missing,
            "--encoding": encoding != "utf-8",
            "--rows": rows,
            "--held-out": held_out != 0.25,
            "--save": save,
        }
        for option, value in own.items():
            if value:
                raise AtlasError(
                    f"{option} goes with --data FILE, a table of your own; give one, or leave {option} out"
                )
    else:
        from mlatlas.atlas.lab.tables import Request

        if target is None:
            raise AtlasError(f"--data {data} needs --target COLUMN, the column to predict")
        if knobs:
            raise AtlasError(
                "--knobs shows the knobs of the lab; with --data leave it out, and set parameters with --set"
            )
        request = Request(
            path=data,
            target=target,
            estimator=estimator,
            settings=assignments(set_ or (), "--set", "PARAMETER=VALUE"),
            kinds=as_kinds(as_ or ()),
            drop=tuple(drop or ()),
            missing=tuple(missing or ()),
            encoding=encoding,
            rows=rows,
            held_out=held_out,
            seed=seed,
        )
        return run_table(concept, request, save, _new_folder(concept) if out is None else out, tongue)
    from mlatlas.atlas.lab import KnobError, open_lab
    from mlatlas.atlas.map import open_atlas

    room = open_atlas().room(concept)
    lab = open_lab(room)
    if knobs:
        return _show_knobs(console(), concept, lab, tongue)
    try:
        result = lab.blank(seed, **lab.parse(set_ or ()))
    except KnobError as error:
        raise AtlasError(error.text[tongue]) from None
    folder = _new_folder(concept) if out is None else out
    try:
        run_and_store(room, lab, result, folder, tongue)
    except BaseException:
        if not result.empty:
            _write(room, lab, result, folder, tongue)
        raise
    path = _write(room, lab, result, folder, tongue)
    show_result(console(), result, tongue)
    console().print(WRITTEN[tongue].format(path=path), soft_wrap=True, style="bold")
    return None


def run_and_store(room: Room, lab: Lab, result: RunResult, folder: Path | None, tongue: Language) -> None:
    """Fill ``result`` by running the lab with live progress, write its figures, and keep it even when interrupted."""
    from mlatlas.atlas.store import Store

    try:
        follow(result.follow(lab.run(result.seed, **result.knobs)), room.concept.title, folder, tongue)
    except KeyboardInterrupt:
        if not result.empty:
            from rich.console import Console

            Console(stderr=True).print(STOPPED[tongue], soft_wrap=True)
        raise
    finally:
        if not result.empty:
            Store().save("run", room.concept.id, room.digest, result.to_json())


def follow(events: Iterator[Event], titled: Text, folder: Path | None, tongue: Language) -> None:
    """Go through events with live progress, and write the figures as they come."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

    from mlatlas.atlas.lab import Figure, Progress as Step, draw
    from mlatlas.atlas.writing import write_text

    screen = Console(stderr=True, markup=False, highlight=False)
    bar = Progress(
        SpinnerColumn(finished_text="✓"),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=screen,
        transient=True,
    )
    title = titled[tongue]
    with bar:
        task = bar.add_task(f"{title} · {STARTING[tongue]}", total=1.0)
        for event in events:
            match event:
                case Step():
                    bar.update(task, completed=event.done, description=f"{title} · {event.text[tongue]}")
                    if not screen.is_terminal:
                        screen.print(f"{event.done:4.0%} {title} · {event.text[tongue]}", soft_wrap=True)
                case Figure() if folder is not None:
                    write_text(folder / f"{event.name}.svg", draw(event, tongue), "choose another folder with --out")


def _new_folder(concept: str) -> Path:
    """A folder of its own for this run, named by the concept and the time."""
    from datetime import datetime
    from itertools import count

    name = f"{concept}-{datetime.now():%Y%m%d-%H%M%S}"
    names = (Path("reports") / (f"{name}-{number}" if number else name) for number in count())
    return next(folder for folder in names if not folder.exists())


def _write(room: Room, lab: Lab, result: RunResult, folder: Path, tongue: Language) -> Path:
    from mlatlas.atlas.lab import section, write_report
    from mlatlas.atlas.store import Stamp

    one = section(room.concept.id, room.concept.title, lab, result)
    return write_report(folder / "report.html", room.concept.title, [one], stamp=Stamp.now().line, language=tongue)


def _show_knobs(out: Console, concept: str, lab: Lab, tongue: Language) -> None:
    from rich.table import Table as Drawn

    if not lab.knobs:
        return out.print(NO_KNOBS[tongue].format(concept=concept))
    drawn = Drawn(title=KNOBS[tongue].format(concept=concept), title_justify="left", box=None, pad_edge=False)
    for heading in HEADINGS:
        drawn.add_column(heading[tongue])
    for knob in lab.knobs.values():
        choices = ", ".join(f"{name} ({label[tongue]})" for name, label in knob.labels.items())
        drawn.add_row(knob.name, knob.text[tongue], choices or knob.rule[tongue], str(knob.plain(knob.default)))
    return out.print(drawn)


def show_result(out: Console, result: RunResult, tongue: Language) -> None:
    """What a run yielded, in the terminal."""
    from rich.padding import Padding
    from rich.syntax import Syntax
    from rich.table import Table as Drawn

    from mlatlas.atlas.lab import shown

    metrics = Drawn.grid(padding=(0, 2))
    metrics.add_column()
    metrics.add_column(justify="right")
    for metric in result.metrics:
        metrics.add_row(metric.text[tongue], shown(metric.value), shown(metric.unit, tongue))
    out.print()
    out.print(metrics)
    for table in result.tables:
        out.print()
        out.print(drawn(table, tongue))
    for figure in result.figures:
        out.print()
        out.print(sentence(f"{figure.title[tongue]}  ({figure.name}.svg)", "bold"))
        out.print(Padding(sentence(figure.caption[tongue]), (0, 0, 0, 2)))
    assert result.learned is not None
    assert result.script is not None
    out.print()
    out.print(sentence(result.learned.text[tongue], "bold cyan"))
    out.print(f"\n{SAME[tongue]}", style="bold")
    code = Syntax("", "python", theme="ansi_dark", background_color="default").highlight(result.script.code)
    out.print(code, soft_wrap=True)


def drawn(table: Table, tongue: Language) -> RenderableType:
    """A table for the terminal."""
    from rich.table import Table as Drawn
    from rich.text import Text as Line

    from mlatlas.atlas.lab import shown

    screen = Drawn(title=table.text[tongue], title_justify="left", box=None, pad_edge=False)
    for at, column in enumerate(table.columns):
        numeric = any(isinstance(row[at], int | float) and not isinstance(row[at], bool) for row in table.rows)
        screen.add_column(column[tongue], justify="right" if numeric else "left")
    for row in table.rows:
        screen.add_row(*(Line(shown(item, tongue)) for item in row))
    return screen
