"""The command line: ``main``, and one file a verb. A file ``verb.py`` here with a function ``command`` is a verb."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import typer

from mlatlas.atlas.errors import AtlasError


def app() -> typer.Typer:
    """The application, with every verb found in this folder."""
    application = typer.Typer(
        name="mlatlas",
        help="The executable atlas of machine learning.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    application.callback()(_options)
    for path in sorted(Path(__file__).parent.glob("[!_]*.py")):
        verb = importlib.import_module(f"{__name__}.{path.stem}")
        application.command(path.stem)(verb.command)
    return application


def _version(wanted: bool) -> None:
    if wanted:
        from mlatlas import __version__

        typer.echo(f"mlatlas {__version__}")
        raise typer.Exit


def _options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
) -> None:
    """The executable atlas of machine learning: a map whose places run and whose roads are laws."""


def main() -> None:
    """Run one verb; what the reader can mend is one sentence and exit status 2, an interruption is 130."""
    try:
        app()()
    except AtlasError as error:
        plain = "".join(
            one if one.isprintable() or one == "\n" else "·" for one in str(error)
        )  # names of others' making
        typer.echo(f"mlatlas: {plain}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
