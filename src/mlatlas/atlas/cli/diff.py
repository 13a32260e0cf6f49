"""``mlatlas diff CONCEPT --data FILE``: why ours and another implementation answer differently on a reader's table."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mlatlas.atlas.cli._table import PANEL, Drop, Encoding, Kinds, Missing, Rows, assignments, kinds
from mlatlas.atlas.cli._terminal import Lang, console, language, progress, sentence
from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.text import Language, Text

if TYPE_CHECKING:
    from rich.console import Console

    from mlatlas.atlas.lab.comparing import Told

COMPARING = Text("comparing", "比较")


def command(
    concept: Annotated[str, typer.Argument(help="The place whose estimator is compared, such as ridge.")],
    data: Annotated[
        Path, typer.Option("--data", metavar="FILE", help="CSV, JSON Lines or Parquet.", rich_help_panel=PANEL)
    ],
    target: Annotated[
        str, typer.Option("--target", metavar="COLUMN", help="The column to predict.", rich_help_panel=PANEL)
    ],
    theirs: Annotated[
        str | None,
        typer.Option(
            "--theirs",
            metavar="MODULE:NAME",
            help="What to compare with: a class, a function that returns an estimator, or an estimator; mine.py:MyRidge too. "
            "By default each peer of the place.",
        ),
    ] = None,
    estimator: Annotated[
        str | None, typer.Option("--estimator", metavar="NAME", help="Which of the concept's.")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PARAMETER=VALUE", help="Of ours, and of theirs where it has one of this name."),
    ] = None,
    theirs_set: Annotated[
        list[str] | None, typer.Option("--theirs-set", metavar="PARAMETER=VALUE", help="Of theirs alone.")
    ] = None,
    format: Annotated[
        Literal["text", "markdown"], typer.Option("--format", help="Markdown can be pasted into an issue.")
    ] = "text",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="Also write a report with a picture there.")
    ] = None,
    scale: Annotated[
        bool, typer.Option("--scale", help="Standardise numbers for both, as run does.", rich_help_panel=PANEL)
    ] = False,
    as_: Kinds = None,
    drop: Drop = None,
    missing: Missing = None,
    encoding: Encoding = "utf-8",
    rows: Rows = None,
    seconds: Annotated[float, typer.Option("--seconds", min=1, help="How long to search for reasons.")] = 120.0,
    seed: Annotated[int, typer.Option("--seed", help="Of both, and of the sample.")] = 0,
    lang: Lang = None,
) -> None:
    """Why do they answer differently? Parameters translated, one objective at both answers, reasons by what they explain."""
    from mlatlas.atlas.lab.comparing import compare, objective_of, opponents
    from mlatlas.atlas.lab.tables import Request, Study
    from mlatlas.atlas.map import open_atlas

    tongue, atlas, begun = language(lang), open_atlas(), perf_counter()
    request = Request(
        path=data,
        target=target,
        estimator=estimator,
        settings=assignments(set_ or (), "--set", "PARAMETER=VALUE"),
        kinds=kinds(as_ or ()),
        drop=tuple(drop or ()),
        missing=tuple(missing or ()),
        encoding=encoding,
        rows=rows,
        seed=seed,
    )
    own = assignments(theirs_set or (), "--theirs-set", "PARAMETER=VALUE")
    study = Study(atlas, atlas.room(concept), request)
    study.read()
    objective_of(study.room, study.offer.name)
    found = []
    with progress() as bar:
        task = bar.add_task(COMPARING[tongue], total=None)

        def tick(said: Text) -> None:
            bar.update(task, advance=1, description=f"{COMPARING[tongue]} · {said[tongue]}")

        for one in opponents(study.room, study.offer.name, theirs):
            found.append(compare(study, one, scale=scale, own=own, seconds=seconds, tick=tick))
    for told in found:
        if format == "markdown":
            typer.echo(told.markdown(tongue), nl=False)
        else:
            _say(console(), told, tongue)
    if out is not None:
        _report(out, found, study.room.concept.id, perf_counter() - begun, tongue)


def _say(screen: Console, told: Told, tongue: Language) -> None:
    from mlatlas.atlas.cli.run import drawn

    wide = console(wide=True)
    wide.print(told.title[tongue], style="bold", soft_wrap=True)
    for said in told.sentences:
        screen.print(sentence(said[tongue]))
    for table in told.tables:
        wide.print()
        wide.print(drawn(table, tongue))


def _report(out: Path, found: list[Told], concept: str, seconds: float, tongue: Language) -> None:
    from mlatlas.atlas.cli.run import WRITTEN
    from mlatlas.atlas.lab import write_report
    from mlatlas.atlas.store import Stamp

    if out.exists() and not out.is_dir():
        raise AtlasError(f"--out {out} is not a folder; name another")
    sections = [one.section(f"{concept}-{at}", seconds) for at, one in enumerate(found, 1)]
    path = write_report(out / "report.html", found[0].title, sections, stamp=Stamp.now().line, language=tongue)
    typer.echo(WRITTEN[tongue].format(path=path), err=True)
