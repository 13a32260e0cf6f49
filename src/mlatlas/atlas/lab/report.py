"""A report: one HTML file that needs nothing else, in both languages, for the dark and the light."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mlatlas.atlas.lab.drawing import STYLE, draw
from mlatlas.atlas.lab.events import Figure, Metric, Table, shown
from mlatlas.atlas.text import LANGUAGES, Language, Text
from mlatlas.atlas.writing import write_text

if TYPE_CHECKING:
    from jinja2 import Template

    from mlatlas.atlas.lab.experiment import Lab, RunResult

Mark = Literal["good", "bad", "warn", "none"]
SIGNS: dict[Mark, str] = {"good": "✓", "bad": "✗", "warn": "!", "none": "–"}


@dataclass(frozen=True)
class Cell:
    """One field of the matrix of what holds: a title, what was found, and whether that is good."""

    title: Text
    value: str | Text
    mark: Mark
    note: Text | None = None


@dataclass(frozen=True)
class Section:
    """One place of the report, as plain data. ``seconds`` is the time of the run, ``settings`` its knobs."""

    id: str
    title: Text
    summary: Text
    data: Text | None = None
    learned: Text | None = None
    metrics: tuple[Metric, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    cells: tuple[Cell, ...] = ()
    settings: tuple[tuple[Text, Any], ...] = ()
    script: str = ""
    seconds: float | None = None
    note: Text | None = None


_INTERRUPTED = Text(
    en="This run was interrupted; what is here is what was done by then.",
    zh="这次运行被中断；这里是中断之前完成的部分。",
)


def section(id: str, title: Text, lab: Lab, result: RunResult, cells: Sequence[Cell] = ()) -> Section:
    """The section of one run of a lab."""
    knobs = [(lab.knobs[name], value) for name, value in result.knobs.items()]
    return Section(
        id=id,
        title=title,
        summary=lab.title,
        data=lab.data,
        learned=result.learned.text if result.learned else None,
        metrics=tuple(result.metrics),
        figures=tuple(result.figures),
        tables=tuple(result.tables),
        cells=tuple(cells),
        settings=(
            *((knob.text, knob.labels.get(value, value) if knob.labels else value) for knob, value in knobs),
            (Text("seed", "随机种子"), result.seed),
        ),
        script=result.script.code if result.script else "",
        seconds=result.seconds,
        note=None if result.complete else _INTERRUPTED,
    )


def write_report(
    path: Path,
    title: Text,
    sections: Sequence[Section],
    *,
    lede: Text | None = None,
    stamp: str = "",
    language: Language = "en",
) -> Path:
    """Write the sections as one HTML file that opens in ``language`` and can be switched; ``stamp`` is its foot."""
    page = _template().render(
        title=title,
        lede=lede,
        sections=sections,
        columns=_columns(sections),
        stamp=stamp,
        language=language,
        languages=LANGUAGES,
        signs=SIGNS,
        shown=shown,
        drawn=_drawn,
        highlighted=_highlighted,
        style=STYLE,
        code_style=_code_style(),
    )
    write_text(path, page, "choose another folder with --out")
    return path


def _columns(sections: Sequence[Section]) -> list[Text]:
    """The titles of all cells, in the order in which they first come."""
    return list(dict.fromkeys(cell.title for one in sections for cell in one.cells))


def _drawn(figure: Figure, language: Language) -> Any:
    from markupsafe import Markup

    return Markup(draw(figure, language))


def _highlighted(code: str) -> Any:
    from markupsafe import Markup
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    return Markup(highlight(code, PythonLexer(), HtmlFormatter(cssclass="code")))


@cache
def _code_style() -> str:
    from pygments.formatters import HtmlFormatter

    light, dark = (HtmlFormatter(style=name).get_style_defs(".code") for name in ("xcode", "github-dark"))
    return f"{light}\n@media screen and (prefers-color-scheme: dark) {{ {dark} }}"


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2")
