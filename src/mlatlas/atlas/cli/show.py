"""``mlatlas show CONCEPT``: a page in the terminal, or as one HTML file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlatlas.atlas.cli._terminal import Lang, console, language, plain, prose, sentence
from mlatlas.atlas.cli.map import mark
from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.map import (
    RELATIONS,
    SECTIONS,
    Atlas,
    Block,
    Check,
    ClaimBlock,
    Equation,
    LawHeader,
    Prose,
    QuestionBlock,
    Room,
    Section,
    open_atlas,
)
from mlatlas.atlas.map.inventory import claims, questions
from mlatlas.atlas.map.mathematics import located
from mlatlas.atlas.text import Language, Text

if TYPE_CHECKING:
    from rich.console import Console

NEEDS, USED_BY, SOURCES = Text("Needs", "先修"), Text("Used by", "通向"), Text("Sources", "来源")
LAWS, KNOWN, MUTANTS = Text("Laws", "定律"), Text("Known answers", "已知答案"), Text("Mutants", "变异体")
GIVEN, WITHOUT = Text("given", "前提"), Text("fails without it, on", "缺了它就不成立，反例取自")
QUESTION, CLAIM = Text("Question", "提问"), Text("Claim", "论断")
VERDICTS = {
    "true": (Text("true", "正确"), "green"),
    "half-true": (Text("half-true", "半对"), "yellow"),
    "false": (Text("false", "错误"), "red"),
}
LEVELS = {"numeric": Text("checked numerically", "数值检验"), "symbolic": Text("checked symbolically", "符号检验")}
CODE = Text("Code", "代码")
PLANNED = Text("Planned, not built yet. It is to deliver: {delivers}.", "计划中，尚未建成。将交付：{delivers}。")
WRITTEN = Text("Written: {path}", "已写入：{path}")


def command(
    concept: Annotated[str, typer.Argument(help="The place to read, such as lasso.")],
    html: Annotated[Path | None, typer.Option("--html", help="Write the page to this HTML file instead.")] = None,
    lang: Lang = None,
) -> None:
    """Read a page: idea, derivation with its checks, questions, claims, laws and sources."""
    tongue, atlas, out = language(lang), open_atlas(), console()
    if atlas.concept(concept).id not in atlas.rooms:
        return _planned(out, atlas, concept, tongue)
    room = atlas.room(concept)
    if html is not None:
        from mlatlas.atlas.store import Store
        from mlatlas.atlas.web.findings import findings_of
        from mlatlas.atlas.web.page import page_html

        try:
            html.write_text(page_html(atlas, room, tongue, findings_of(Store(), room)), encoding="utf-8")
        except OSError as error:
            raise AtlasError(f"--html {html}: the file cannot be written ({error.strerror}); name another.") from None
        return out.print(WRITTEN[tongue].format(path=html), soft_wrap=True)
    _heading(out, room.page.title[tongue], "bold", "═")
    _roads(out, atlas, room, tongue)
    _blocks(out, room, room.page.blocks, tongue)
    _laws(out, atlas, room, tongue)
    _code(out, room, tongue)
    _heading(out, SOURCES[tongue], "bold cyan")
    for source in room.page.sources:
        _item(out, source)
    return None


def _planned(out: Console, atlas: Atlas, id: str, lang: Language) -> None:
    """What the inventory says of a place that has no page."""
    concept = atlas.concept(id)
    _heading(out, f"{mark(atlas, id)} {concept.title[lang]}", "bold", "═")
    out.print(sentence(PLANNED[lang].format(delivers=concept.delivers)))
    for title, ids in ((NEEDS, concept.needs), (USED_BY, atlas.used_by(id))):
        if ids:
            out.print(f"{title[lang]}: {', '.join(ids)}")
    for item in atlas.unanswered(id):
        out.print(sentence(f"{item.id}  {item.text[lang]}", "dim"))


def _heading(out: Console, title: str, style: str, rule: str = "─") -> None:
    from rich.cells import cell_len

    out.print(f"\n{title}\n{rule * cell_len(title)}", style=style)


def _item(out: Console, text: str, style: str = "none", indent: int = 2, sign: str = "•") -> None:
    """A line with a hanging indent."""
    from rich.padding import Padding
    from rich.table import Table

    row = Table.grid(padding=(0, 1))
    row.add_row(sign, sentence(text, style))
    out.print(Padding(row, (0, 0, 0, indent)))


def _roads(out: Console, atlas: Atlas, room: Room, lang: Language) -> None:
    """What comes before the place, and what comes after."""
    other = room.page.title["zh" if lang == "en" else "en"]
    out.print(sentence(" · ".join((other, *room.page.aliases)), "dim"))
    if room.page.needs:
        out.print(f"\n{NEEDS[lang]}", style="bold")
    for id, reason in room.page.needs.items():
        _item(out, f"{id}: {reason[lang]}", sign=mark(atlas, id))
    if later := atlas.used_by(room.concept.id):
        out.print(f"\n{USED_BY[lang]}", style="bold")
        _item(out, ", ".join(later), sign="→")


def _blocks(out: Console, room: Room, blocks: Iterable[Block], lang: Language) -> None:
    """One block after the other; LaTeX that cannot be read is told with its line."""
    for block in blocks:
        with located(room.page.name, block.line):
            _block(out, room, block, lang)


def _block(out: Console, room: Room, block: Block, lang: Language) -> None:
    from rich.padding import Padding
    from rich.table import Table

    match block:
        case Section():
            _heading(out, SECTIONS[block.name][lang], "bold cyan")
        case Prose() if block.lang in (None, lang):
            out.print()
            out.print(prose(block.markdown))
        case Equation():
            row = Table.grid(expand=True, padding=(0, 1))
            row.add_column(ratio=1)
            row.add_column(justify="right", style="dim")
            row.add_row(plain(block.latex), f"({block.label})" if block.label else "")
            out.print(Padding(row, (1, 0, 0, 4)), style="bold")
        case Check():
            out.print(Padding(_check(block, lang), (0, 0, 0, 4)), style="green", no_wrap=True, overflow="ellipsis")
        case QuestionBlock() | ClaimBlock():
            _settled(out, room, block, lang)


def _check(block: Check, lang: Language) -> str:
    """``checked numerically: truth = ...`` on one line."""
    import ast

    for node in ast.parse(block.source).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "truth":
            return f"▸ {LEVELS[block.level][lang]}: truth = {ast.unparse(node.value)}"
    return f"▸ {LEVELS[block.level][lang]}"


def _settled(out: Console, room: Room, block: QuestionBlock | ClaimBlock, lang: Language) -> None:
    """A question or a claim with a bar down its side, and what the page says to it."""
    if isinstance(block, QuestionBlock):
        title, text, colour = QUESTION[lang], questions()[block.id].text, "cyan"
    else:
        verdict, colour = VERDICTS[block.verdict]
        title, text = f"{CLAIM[lang]} · {verdict[lang]}", claims()[block.id].text
    out.print(f"\n▌ {title} · {block.id}", style=colour)
    _item(out, text[lang], f"bold {colour}", indent=0, sign="▌")
    _blocks(out, room, block.blocks, lang)


def _code(out: Console, room: Room, lang: Language) -> None:
    """How to import what the room exports, and which lines are which equations."""
    if room.exports:
        _heading(out, CODE[lang], "bold cyan")
        _item(out, f"from {room.module.rpartition('.')[0]} import {', '.join(room.exports)}")
    for label, places in room.tags.items():
        lines = ", ".join(f"{path.name}:{line}" for path, line in places)
        _item(out, f"({label}) {lines}", "dim")


def _laws(out: Console, atlas: Atlas, room: Room, lang: Language) -> None:
    """Laws with their hypotheses, known answers and mutants; then the laws of later rooms that point here."""
    kinds = {kind: [law for law in room.laws if law.kind == kind] for kind in ("law", "known", "mutant")}
    pointing = atlas.laws_about(room.concept.id)
    if kinds["law"] or pointing:
        _heading(out, LAWS[lang], "bold cyan")
    for law in kinds["law"]:
        _law(out, law, law.of, lang)
    for id, law in pointing:
        _law(out, law, id, lang)
    for kind, title in (("known", KNOWN), ("mutant", MUTANTS)):
        if kinds[kind]:
            _heading(out, title[lang], "bold cyan")
        for law in kinds[kind]:
            _item(out, law.text[lang])


def _law(out: Console, law: LawHeader, other: str | None, lang: Language) -> None:
    from rich.text import Text as Line

    towards = f" ↔ {other}" if other else ""
    relation = RELATIONS[law.relation or "property"][lang]
    out.print()
    out.print(Line.assemble("  ", (relation + towards, "bold magenta"), (f"  {law.name}", "dim")))
    _item(out, law.text[lang], indent=2, sign=" ")
    hypothesis = f"{GIVEN[lang]} {law.given}" + (f"; {WITHOUT[lang]} {law.without}" if law.without else "")
    _item(out, f"{hypothesis}. {law.source or ''}", "dim", indent=2, sign=" ")
