"""``mlatlas tour``: walk the built places in the order of their prerequisites; at each run the lab, judge and race."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlatlas.atlas.cli._terminal import Lang, console, language
from mlatlas.atlas.text import Language, Text

if TYPE_CHECKING:
    from mlatlas.atlas.judge.matrix import Cell
    from mlatlas.atlas.lab import RunResult
    from mlatlas.atlas.map import Atlas, Room

BUDGET_DRAWS = 5  # problems for each law and check, so that a room stays within its five seconds
TITLE = Text("A tour of the atlas", "地图巡览")
LEDE = Text(
    "Every built place in the order of its prerequisites: what its lab showed on real data, and what the judge found.",
    "按先修次序走遍已建成的每一处：实验在真实数据上说明了什么，评判又发现了什么。",
)
LINE = Text(
    "{title} · {data} · {learned} · checks {checks}, laws {laws}, mutants {mutants}; {peers}{races} · {seconds:.0f} s",
    "{title} · {data} · {learned} · 推导验证 {checks}，定律 {laws}，变异体 {mutants}；{peers}{races} · {seconds:.0f} 秒",
)
RATIO = Text("; {ratio}× as fast as {peer} ({race}, {size})", "；速度为 {peer} 的 {ratio} 倍（{race}，{size}）")
NO_LAB = Text("✗ {title} · has no lab yet", "✗ {title} · 尚无实验")
CLOSING = Text(
    "{rooms} places, {red} red, {seconds:.0f} s. Report: {path}",
    "{rooms} 处，红 {red} 处，{seconds:.0f} 秒。报告：{path}",
)

SERVE = Text("make serve shows the atlas in the browser.", "make serve 在浏览器里打开图集。")


def command(
    everything: Annotated[
        bool,
        typer.Option("--all", help="All draws and every size of every race, and keep the verdicts; takes minutes."),
    ] = False,
    out: Annotated[Path, typer.Option("--out", help="The folder for the report.")] = Path("reports/tour"),
    lang: Lang = None,
) -> None:
    """Walk the built places of the map on real data and write one report with pictures."""
    from mlatlas.atlas.lab import write_report
    from mlatlas.atlas.map import open_atlas
    from mlatlas.atlas.store import Stamp

    tongue, atlas, began = language(lang), open_atlas(), time.perf_counter()
    sections, red = [], 0
    for room in atlas.order():
        if not room.has("lab.py"):
            console().print(NO_LAB[tongue].format(title=room.concept.title[tongue]), style="red", soft_wrap=True)
            red += 1
            continue
        section, cells = _visit(atlas, room, everything, tongue)
        sections.append(section)
        red += sum(cell.state == "bad" for cell in cells.values())
    path = write_report(out / "report.html", TITLE, sections, lede=LEDE, stamp=Stamp.now().line, language=tongue)
    seconds = time.perf_counter() - began
    console().print(
        CLOSING[tongue].format(rooms=len(sections), red=red, seconds=seconds, path=path.resolve()),
        style="bold",
        soft_wrap=True,
    )
    console().print(SERVE[tongue])
    if red:
        raise typer.Exit(1)


def _visit(atlas: Atlas, room: Room, everything: bool, tongue: Language) -> tuple[Any, dict[str, Cell]]:
    """Run the lab, judge and race one room; print its line; return its section of the report and its cells."""
    from mlatlas.atlas.cli.check import judged
    from mlatlas.atlas.cli.race import race_and_store
    from mlatlas.atlas.judge.matrix import race_cell
    from mlatlas.atlas.lab import open_lab, section

    began = time.perf_counter()
    lab = open_lab(room)
    result = lab.blank()
    _run(room, result, tongue)
    outcomes = race_and_store(room, None if everything else "small", threads=2, seconds=2.0 if everything else 0.1)
    cells = judged(atlas, room, draws=None if everything else BUDGET_DRAWS)
    cells["races"] = race_cell(outcomes)
    bad = [(name, cell) for name, cell in cells.items() if cell.state == "bad"]
    out = console()
    line = _line(room, lab.data, result, cells, outcomes, time.perf_counter() - began, tongue)
    out.print(f"{'✗' if bad else '✓'} {line}", style="red" if bad else "none", soft_wrap=True)
    for name, cell in bad:
        for reason in cell.reasons:
            out.print(f"    {name} · {reason}", style="red", soft_wrap=True)
    return section(room.concept.id, room.concept.title, lab, result, _report_cells(cells)), cells


def _run(room: Room, result: RunResult, tongue: Language) -> None:
    from mlatlas.atlas.cli.run import run_and_store
    from mlatlas.atlas.lab import open_lab

    run_and_store(room, open_lab(room), result, None, tongue)


def _line(
    room: Room,
    data: Text,
    result: RunResult,
    cells: dict[str, Cell],
    outcomes: list[dict[str, Any]],
    seconds: float,
    tongue: Language,
) -> str:
    from mlatlas.atlas.cli.race import ratio
    from mlatlas.atlas.judge.room import races_of

    names = {race.name: race.text for race in races_of(room)}
    races = "".join(
        RATIO[tongue].format(ratio=ratio(one), peer=one["peer"], race=names[one["race"]][tongue], size=one["size"])
        for one in outcomes[:1]
    )
    return LINE[tongue].format(
        title=room.concept.title[tongue],
        data=data[tongue],
        learned=result.learned.text[tongue] if result.learned else "–",
        races=races,
        seconds=seconds,
        **{name: cells[name].text for name in ("checks", "laws", "mutants", "peers")},
    )


def _report_cells(cells: dict[str, Cell]) -> list[Any]:
    from mlatlas.atlas.judge.matrix import COLUMNS
    from mlatlas.atlas.lab import Cell as Field

    marks = {"good": "good", "bad": "bad", "stale": "warn", "empty": "none"}
    told = {
        name: cell for name, cell in cells.items() if name != "languages"
    }  # a page that lacks one is not read at all
    return [Field(COLUMNS[name], cell.text, marks[cell.state]) for name, cell in told.items()]  # type: ignore[arg-type]
