"""``mlatlas run CONCEPT --data FILE``: the concept's estimator on a table of the reader's own."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from mlatlas.atlas.cli._terminal import console, sentence
from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.text import Language, Text

if TYPE_CHECKING:
    from mlatlas.atlas.lab.tables import Request
    from mlatlas.data.columns import Kind

PANEL = "With a table of your own"
Kinds = Annotated[
    list[str] | None,
    typer.Option("--as", metavar="COLUMN=KIND", help="Take it as number, category or date.", rich_help_panel=PANEL),
]
Drop = Annotated[
    list[str] | None, typer.Option("--drop", metavar="COLUMN", help="Leave a column out.", rich_help_panel=PANEL)
]
Missing = Annotated[
    list[str] | None,
    typer.Option("--missing", metavar="WORD", help="Also means a missing value.", rich_help_panel=PANEL),
]
Encoding = Annotated[str, typer.Option("--encoding", help="Of a text file, such as gb18030.", rich_help_panel=PANEL)]
Rows = Annotated[
    int | None, typer.Option("--rows", help="Keep a random sample of so many rows.", rich_help_panel=PANEL)
]

BASIS = Text("The model that is kept is fitted to all rows.", "保存的模型用全部样本拟合。")
SAVED = Text(
    "Model: {path}  (mlatlas predict {path} NEW.csv -o OUT.csv)",
    "模型：{path}（mlatlas predict {path} 新表.csv -o 结果.csv）",
)
WARNS = Text("The fit warns: {told}", "拟合时有警告：{told}")


def assignments(given: Iterable[str], option: str, example: str) -> dict[str, str]:
    """``NAME=VALUE`` options; the last equals sign divides, since names of columns are the reader's."""
    found: dict[str, str] = {}
    for one in given:
        name, equals, value = (part.strip() for part in one.rpartition("="))
        if not (equals and name and value):
            raise AtlasError(f"{option} must be written as {example}; got {one!r}")
        if name in found:
            raise AtlasError(f"{option} gives {name!r} twice; keep one")
        found[name] = value
    return found


def kinds(given: Iterable[str]) -> dict[str, Kind]:
    """``--as COLUMN=KIND``."""
    from mlatlas.data.columns import KINDS, Kind

    found = assignments(given, "--as", "COLUMN=category")
    for name, kind in found.items():
        if kind not in get_args(Kind):
            raise AtlasError(f"--as {name}: a column is taken as one of {', '.join(KINDS)}; got {kind!r}")
    return found  # type: ignore[return-value]


def run_table(concept: str, request: Request, save: Path | None, out: Path, tongue: Language) -> None:
    """Read, fit, judge, show, report and keep."""
    from mlatlas.atlas.cli.run import WRITTEN, drawn, follow, show_result
    from mlatlas.atlas.lab import RunResult, write_report
    from mlatlas.atlas.lab.saved import check_path, save_model
    from mlatlas.atlas.lab.tables import Study
    from mlatlas.atlas.map import open_atlas
    from mlatlas.atlas.store import Stamp

    atlas = open_atlas()
    if save is not None:
        check_path(save)
    study = Study(atlas, atlas.room(concept), request)
    study.read()
    events = study.run()
    columns = next(events)
    screen = console(wide=True)
    screen.print(drawn(columns, tongue))  # type: ignore[arg-type]
    result = RunResult(request.seed, {})
    title = f"{study.offer.name} · {request.path.name}"
    result.add(columns)
    follow(result.follow(events), Text(title, title), out, tongue)
    told, result.tables = result.tables, [one for one in result.tables if one is not columns]
    show_result(console(), result, tongue)
    result.tables = told
    for note in study.notes:
        screen.print(sentence(WARNS[tongue].format(told=note), "yellow"))
    if save is not None:
        save_model(atlas, study, save)
    section = study.section(result)
    path = write_report(out / "report.html", section.title, [section], stamp=Stamp.now().line, language=tongue)
    screen.print(WRITTEN[tongue].format(path=path), soft_wrap=True, style="bold")
    if save is not None:
        screen.print(BASIS[tongue], soft_wrap=True)
        screen.print(SAVED[tongue].format(path=save), soft_wrap=True, style="bold")
