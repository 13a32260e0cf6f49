"""``mlatlas predict MODEL FILE -o OUT``: what a saved model says about the rows of another table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlatlas.atlas.cli._terminal import Lang, console, language, sentence
from mlatlas.atlas.text import Text

WRITTEN = Text(
    "{path}: predictions for {predicted:,} of {rows:,} rows.", "{path}：共 {rows:,} 行，其中 {predicted:,} 行有预测。"
)
MODEL = Text(
    "{estimator} for {target}, fitted to {rows} rows of {source}.",
    "{estimator}，预测 {target}，用 {source} 的 {rows} 行拟合。",
)
VERSIONS = Text("Fitted with other versions: {told}.", "拟合时的版本不同：{told}。")


def command(
    model: Annotated[Path, typer.Argument(help="A model that mlatlas run --save wrote.")],
    data: Annotated[Path, typer.Argument(help="The table: CSV, JSON Lines or Parquet.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The CSV file for the predictions, a line for each row.")],
    with_: Annotated[
        list[str] | None, typer.Option("--with", metavar="COLUMN", help="Carry a column over, such as an id.")
    ] = None,
    missing: Annotated[
        list[str] | None, typer.Option("--missing", metavar="WORD", help="Also means a missing value.")
    ] = None,
    encoding: Annotated[str, typer.Option("--encoding", help="Of a text file.")] = "utf-8",
    lang: Lang = None,
) -> None:
    """Predict the rows of a table in FILE with a saved MODEL; what does not fit its columns is said, never guessed."""
    from mlatlas.atlas.lab.predicting import predict_file
    from mlatlas.atlas.lab.saved import differences, load_model
    from mlatlas.atlas.map import open_atlas
    from mlatlas.data.columns import shown_name

    tongue, screen = language(lang), console()
    held = load_model(open_atlas(), model)
    screen.print(MODEL[tongue].format(target=shown_name(held.schema.target.name), **held.about), soft_wrap=True)
    if told := differences(held):
        screen.print(VERSIONS[tongue].format(told="; ".join(told)), soft_wrap=True, style="yellow")
    done = predict_file(held, data, out, with_ or (), missing or (), encoding)
    for text in done.said:
        screen.print(sentence(text[tongue], "yellow"))
    screen.print(
        WRITTEN[tongue].format(path=out, rows=done.rows, predicted=done.predicted), soft_wrap=True, style="bold"
    )
