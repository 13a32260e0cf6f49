"""``mlatlas map``: the regions and their places, built or planned."""

from __future__ import annotations

from mlatlas.atlas.cli._terminal import BEGUN, BUILT, PLANNED, STYLES, Lang, console, language, sentence
from mlatlas.atlas.map import Atlas, open_atlas
from mlatlas.atlas.text import Text

KEY = Text(f"{BUILT} built   {BEGUN} begun   {PLANNED} planned", f"{BUILT} 已建成   {BEGUN} 已动工   {PLANNED} 计划中")
NEEDS = Text("   ← what to know first", "   ← 需要先懂的")
SUMMARY = Text(
    "{built} of {all} places built; {settled} of {asked} questions and claims settled.\n"
    "mlatlas show ID reads a place, mlatlas route ID leads to it.",
    "共 {all} 处，已建成 {built} 处；{asked} 个问题与论断，已解答 {settled} 个。\n"
    "mlatlas show ID 阅读一处，mlatlas route ID 给出路线。",
)


def mark(atlas: Atlas, id: str) -> str:
    """The sign of a place: built, begun (a skeleton, or code without a page), or planned."""
    if id in atlas.rooms:
        return BEGUN if atlas.rooms[id].page.unwritten else BUILT
    return BEGUN if id in atlas.unfinished else PLANNED


def command(lang: Lang = None) -> None:
    """Show the map: every region with its places, built or planned, and what each needs."""
    from rich.cells import cell_len
    from rich.text import Text as Line

    from mlatlas.atlas.map.inventory import regions

    tongue, atlas, out = language(lang), open_atlas(), console()
    out.print(KEY[tongue] + NEEDS[tongue], style="dim")
    titles = max(cell_len(concept.title[tongue]) for concept in atlas.concepts.values())
    for region, title in regions().items():
        places = [concept for concept in atlas.concepts.values() if concept.region == region]
        built = sum(mark(atlas, place.id) == BUILT for place in places)
        out.print()
        out.print(Line.assemble((title[tongue], "bold cyan"), (f"  {region} · {built}/{len(places)}", "dim")))
        for place in places:
            sign = mark(atlas, place.id)
            line = Line(f"  {sign} {place.title[tongue]}", STYLES[sign])
            line.append(" " * (titles + 2 - cell_len(place.title[tongue])), "none")
            line.append(place.id, "green" if sign == BUILT else "dim")
            if needs := atlas.needs(place.id):
                line.append("  ← " + " ".join(needs), "dim")
            out.print(line, soft_wrap=True)
    settled = len(atlas.settled)
    built = sum(mark(atlas, id) == BUILT for id in atlas.concepts)
    asked = len(atlas.questions) + len(atlas.claims)
    summary = SUMMARY[tongue].format(built=built, all=len(atlas.concepts), asked=asked, settled=settled)
    out.print()
    out.print(sentence(summary))
