"""``mlatlas route CONCEPT``: what to visit on the way, in order, and why."""

from __future__ import annotations

from typing import Annotated

import typer

from mlatlas.atlas.cli._terminal import STYLES, Lang, console, language, sentence
from mlatlas.atlas.cli.map import KEY, mark
from mlatlas.atlas.map import Atlas, open_atlas
from mlatlas.atlas.text import Language, Text

KNOWN = Text("{target} lies behind you already.", "{target} 已经在你身后了。")


def command(
    concept: Annotated[str, typer.Argument(help="Where to go, such as lasso.")],
    known: Annotated[
        list[str] | None, typer.Option("--from", help="What you know already; may be given again.")
    ] = None,
    lang: Lang = None,
) -> None:
    """Show the order in which to visit what CONCEPT needs, and why each step is needed."""
    from rich.padding import Padding
    from rich.text import Text as Line

    tongue, atlas, out = language(lang), open_atlas(), console()
    steps = atlas.route(concept, known or ())
    if not steps:
        out.print(KNOWN[tongue].format(target=atlas.concept(concept).title[tongue]))
        return
    out.print(KEY[tongue], style="dim")
    for number, id in enumerate(steps, start=1):
        sign = mark(atlas, id)
        line = Line(f"{number:3} {sign} {atlas.concept(id).title[tongue]}", STYLES[sign])
        line.append(f"  {id}", "green" if id in atlas.rooms else "dim")
        out.print(line, soft_wrap=True)
        if reason := _reason(atlas, id, steps, tongue):
            out.print(Padding(sentence(reason), (0, 0, 0, 6)))


def _reason(atlas: Atlas, id: str, steps: tuple[str, ...], lang: Language) -> str | None:
    """Why the first built place after this one needs it."""
    for later in steps:
        if later in atlas.rooms and id in atlas.rooms[later].page.needs:
            return f"→ {later}: {atlas.rooms[later].page.needs[id][lang]}"
    return None
