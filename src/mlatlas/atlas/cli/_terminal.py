"""What the verbs share: the language option, the console, and pages as Rich renderables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from mlatlas.atlas.text import Language, reader_language

if TYPE_CHECKING:
    from markdown_it.token import Token
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.progress import Progress
    from rich.segment import Segment

Lang = Annotated[Language | None, typer.Option("--lang", help="Language; by default the reader's own.")]

WIDTH = 100  # lines longer than this are hard to read
BUILT, BEGUN, PLANNED = "●", "◐", "·"
STYLES = {BUILT: "bold", BEGUN: "yellow", PLANNED: "dim"}


def language(lang: Language | None) -> Language:
    """The language asked for, otherwise the reader's."""
    return lang or reader_language()


def console(wide: bool = False) -> Console:
    """Standard output, no wider than is good to read (tables may be ``wide``); texts are printed without markup."""
    from rich.console import Console

    out = Console(markup=False, emoji=False, highlight=False)
    out.width = out.width if wide else min(out.width, WIDTH)
    return out


def progress() -> Progress:
    """A bar on standard error that is gone when the work is done; nothing where that is not a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    screen = Console(stderr=True, markup=False, emoji=False, highlight=False)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal)


def plain(latex: str) -> str:
    """A formula in the terminal; several lines where it is aligned."""
    from mlatlas.atlas.map.mathematics import unicode_math

    return unicode_math(latex)


def prose(markdown: str) -> Wrapped:
    """A page's Markdown with its mathematics as text, wrapped where Chinese may be wrapped."""
    from rich.markdown import Markdown

    from mlatlas.atlas.map.prose import tokens

    page = Markdown("", code_theme="ansi_dark")
    page.parsed = list(_readable(tokens(markdown)))
    return Wrapped(page)


def sentence(text: str, style: str = "none") -> Wrapped:
    """Plain text, wrapped where Chinese may be wrapped; formulas between dollars as text."""
    import re

    from rich.text import Text as Line

    text = re.sub(r"\$([^$]+)\$", lambda match: plain(match[1]), text)
    return Wrapped(Line(_breakable(text), style))


def _readable(found: list[Token]) -> Iterator[Token]:
    """The tokens with formulas as text, since Rich knows no mathematics."""
    from markdown_it.token import Token

    for token in found:
        if token.type == "math_block":
            text = Token("text", "", 0, content=plain(token.content))
            inline = Token("inline", "", 0, children=[text])
            yield from (Token("paragraph_open", "p", 1), inline, Token("paragraph_close", "p", -1))
        elif token.type.startswith("math_inline"):
            math = Token("text", "", 0, content=plain(token.content))
            yield from (Token("em_open", "em", 1), math, Token("em_close", "em", -1))
        else:
            if token.children:
                token.children = list(_readable(token.children))
            elif token.type == "text":
                token.content = _breakable(token.content)
            yield token


BREAK = "\x1f"  # white space without width: Rich breaks lines at it, and it is taken out of what is printed


def _breakable(text: str) -> str:
    """Chinese with the places marked where a line may end: not before a closing mark, not after an opening one."""
    import re

    from mlatlas.atlas.map.prose import CJK

    return re.sub(rf"(?<=[{CJK}])(?<![（《“‘「])(?=[^\s，。；：！？、）》”’」…—,.;:!?)\x1f])", BREAK, text)


class Wrapped:
    """A renderable with the marks of ``_breakable`` taken out again."""

    def __init__(self, inner: RenderableType) -> None:
        self.inner = inner

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        from rich.segment import Segment

        for segment in console.render(self.inner, options):
            yield Segment(segment.text.replace(BREAK, ""), segment.style, segment.control)
