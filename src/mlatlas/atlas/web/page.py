"""A concept's page as HTML: a whole file that needs nothing else, or the article alone for a larger document."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import jinja2
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers.python import PythonLexer

from mlatlas.atlas.map import RELATIONS, SECTIONS, Atlas, Block, Room, Section
from mlatlas.atlas.map.inventory import grounds, regions
from mlatlas.atlas.map.mathematics import located, mathml
from mlatlas.atlas.map.prose import parser, tokens
from mlatlas.atlas.text import Language, Text
from mlatlas.atlas.web.findings import Findings

HERE = Path(__file__).parent
WORDS: dict[str, Text] = {
    "aliases": Text("Also called", "又称"),
    "atlas": Text("The executable atlas of machine learning", "可执行的机器学习图集"),
    "claim": Text("Claim", "论断"),
    "code": Text("Code", "代码"),
    "contents": Text("Contents", "目录"),
    "draws": Text("{} draws", "{} 次抽样"),
    "error": Text("largest error {}", "最大误差 {}"),
    "fails": Text("The check fails", "检验未通过"),
    "given": Text("Given", "前提"),
    "half-true": Text("half-true", "半对"),
    "false": Text("false", "错误"),
    "true": Text("true", "正确"),
    "known": Text("Known answers", "已知答案"),
    "laws": Text("Laws", "定律"),
    "mutants": Text("Mutants", "变异体"),
    "mutants_why": Text(
        "Bugs put in on purpose; each must be caught by a law.", "故意放进去的错误；每一个都必须被某条定律抓住。"
    ),
    "needs": Text("What to know first", "先修"),
    "not_built": Text("planned, not built yet", "计划中，尚未建成"),
    "numeric": Text("Numeric check", "数值检验"),
    "ok_numeric": Text("Checked numerically", "已数值检验"),
    "ok_symbolic": Text("Checked symbolically", "已符号检验"),
    "question": Text("Question", "提问"),
    "skip": Text("Skip to the text", "跳到正文"),
    "sources": Text("Sources", "来源"),
    "symbolic": Text("Symbolic check", "符号检验"),
    "used_by": Text("What builds on it", "后续"),
    "without": Text("Fails without it, on", "缺了它就不成立，反例取自"),
    "against": Text("against", "对"),
    "apart": Text("smallest gap", "最小差距"),
    "broken": Text("broken, gap", "不成立，差距"),
    "colon": Text(": ", "："),
    "drill": Text("Drill", "练习"),
    "drill_all": Text("Drill the derivation", "练习推导"),
    "gap": Text("largest gap", "最大差距"),
    "here": Text("on this machine", "本机"),
    "killed_by": Text("Caught by", "被抓住，靠的是"),
    "lab": Text("Open the lab", "打开实验"),
    "mastered": Text("mastered", "已掌握"),
    "on_map": Text("On the map", "在地图上"),
    "pointing": Text("Laws of later places that lead here", "后续概念中指向这里的定律"),
    "peer_holds": Text("keeps it", "成立"),
    "peer_finding": Text("breaks it, a listed finding", "不成立（已列为发现）"),
    "peer_broken": Text("breaks it", "不成立"),
    "peer_not_offered": Text("does not offer it", "未提供"),
    "peer_finding_not_seen": Text("keeps it, though listed as breaking it", "成立（虽曾列为不成立）"),
    "races": Text("Races", "比赛"),
    "races_why": Text(
        "Time to the same answer, on a logarithmic axis: further left is faster. In brackets the spread over repeated pairs.",
        "达到同一答案所需的时间，横轴取对数：越靠左越快。括号内是多次成对比较的波动范围。",
    ),
    "route": Text("Route to here", "到此处的路线"),
    "run_here": Text("Run it here", "在本机运行"),
    "shipped": Text("shipped", "随软件附带"),
    "stale": Text(
        "Some of what was judged or raced is of an earlier state of this place and is not shown; mlatlas check judges it anew.",
        "部分评判或比赛针对的是这里较早的状态，不再显示；mlatlas check 可重新评判。",
    ),
    "survives": Text("Not caught", "未被抓住"),
    "times": Text("{} times as fast", "速度之比 {}"),
    "won": Text("won", "胜"),
    "even": Text("even", "平"),
    "lost": Text("lost", "负"),
    "void": Text("void", "无效"),
    "planned_why": Text(
        "This place is planned and not built yet. It is to deliver:", "这里尚在计划中，还没有建成。将交付："
    ),
    "asked": Text("What it will have to answer", "将要回答的问题"),
    "judged_there": Text("What it will have to judge", "将要评判的论断"),
}
Link = Callable[[str], str]  # concept id -> address


def page_html(
    atlas: Atlas, room: Room, lang: Language, findings: Findings | None = None, link: Link | None = None
) -> str:
    """The page as one HTML file with its style inside.

    ``findings`` say what was judged; a check without a verdict is shown as not judged. ``link`` gives the address of
    another concept, or "".
    """
    body = page_body(atlas, room, lang, findings, link)
    document = templates().get_template("document.html")
    return document.render(body=Markup(body), style=Markup(stylesheet()), title=room.page.title[lang], **common(lang))


def page_body(
    atlas: Atlas,
    room: Room,
    lang: Language,
    findings: Findings | None = None,
    link: Link | None = None,
    served: bool = False,
) -> str:
    """The page as an ``<article>``, to be put into a document that carries `stylesheet`.

    A page that is ``served`` leads to the lab and the drills, and each check can be run from it.
    """
    page = room.page
    return (
        templates()
        .get_template("article.html")
        .render(
            atlas=atlas,
            room=room,
            page=page,
            tags=room.tags,
            found=findings or Findings(),
            served=served,
            link=link or (lambda id: ""),
            parts=_parts(page.blocks),
            prose=lambda block: _at(page.name, block, lambda: prose_html(block.markdown)),
            equation=lambda block: _at(page.name, block, lambda: Markup(mathml(block.latex, display=True))),
            laws={kind: [law for law in room.laws if law.kind == kind] for kind in ("law", "known", "mutant")},
            pointing=atlas.laws_about(room.concept.id),
            listings=[_listing(room, path) for path in room.implementation],
            region=regions()[room.concept.region],
            **common(lang),
        )
    )


def overview_body(atlas: Atlas, lang: Language, link: Link) -> str:
    """The page of the atlas as a whole, as an ``<article>``."""
    page = atlas.overview
    return (
        templates()
        .get_template("overview_article.html")
        .render(
            atlas=atlas,
            page=page,
            tags={},
            found=Findings(),
            served=False,
            link=link,
            parts=_parts(page.blocks),
            prose=lambda block: _at(page.name, block, lambda: prose_html(block.markdown)),
            equation=lambda block: _at(page.name, block, lambda: Markup(mathml(block.latex, display=True))),
            **common(lang),
        )
    )


@cache
def stylesheet() -> str:
    """The style of a page that is a file of its own."""
    return region_style() + (HERE / "static" / "page.css").read_text(encoding="utf-8")


@cache
def region_style() -> str:
    """The accent of every region, as a class."""
    accent = "oklch(var(--lightness) var(--chroma) var(--hue))"
    return "".join(f".r-{id} {{ --hue: {ground.hue:g}; --accent: {accent}; }}\n" for id, ground in grounds().items())


@lru_cache(4096)
def prose_html(markdown: str) -> Markup:
    """A page's Markdown as HTML, its mathematics as MathML."""
    found = tokens(markdown)
    for block in found:
        if block.type == "math_block":
            block.type, block.content = "html_block", mathml(block.content, display=True)
        inline = block.children or []
        for token, after in zip(inline, (*inline[1:], Token("text", "", 0)), strict=False):
            if token.type.startswith("math_inline"):
                math = mathml(token.content, display=token.type == "math_inline_double")
                mark = _CLOSING.match(after.content) if after.type == "text" else None
                if mark:  # no line ends between a formula and the mark after it
                    math, after.content = f'<span class="whole">{math}{mark[0]}</span>', after.content[mark.end() :]
                token.type, token.content = "html_inline", math
    options = OptionsDict({**parser().options, "highlight": _highlighted})  # type: ignore[typeddict-item]
    return Markup(parser().renderer.render(found, options, {}))


def _highlighted(source: str, language: str, _: str) -> str:
    """The code of a fence; nothing, so that it is only escaped, for what is not Python."""
    return str(code_html(source)) if language in ("python", "py") else ""


_CLOSING = re.compile("[,.;:!?)\\]’”，。；：？！、）》」]+")


@lru_cache(1024)
def code_html(source: str) -> Markup:
    """Python with spans for Pygments' token classes, without a block around it."""
    return Markup(highlight(source, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True)))


def _listing(room: Room, path: Path) -> tuple[str, Markup]:
    """The name of a file and its lines; a line that is an equation leads back to it."""
    labels: dict[int, list[str]] = {}
    for label, places in room.tags.items():
        for place, number in places:
            if place == path:
                labels.setdefault(number, []).append(label)
    tagged = tuple((number, tuple(found)) for number, found in labels.items())
    return path.name, _lines(path.name, path.read_text(encoding="utf-8").rstrip("\n"), tagged)


@lru_cache(1024)
def _lines(file: str, text: str, tagged: tuple[tuple[int, tuple[str, ...]], ...]) -> Markup:
    """The lines of a listing, each with its anchor; labels are letters, digits, - and _."""
    labels = dict(tagged)
    html = []
    for number, line in enumerate(str(code_html(text)).rstrip("\n").split("\n"), start=1):
        mine = labels.get(number, ())
        kind = f' tagged" data-equations="{" ".join(mine)}' if mine else ""
        back = "".join(f'<a class="back" href="#eq-{label}">↑ {label}</a>' for label in mine)
        html.append(f'<span class="line{kind}" id="{escape(file)}-{number}">{line}{back}\n</span>')
    return Markup("".join(html))


def _parts(blocks: tuple[Block, ...]) -> list[tuple[Section | None, list[Block]]]:
    """The blocks under their headings."""
    parts: list[tuple[Section | None, list[Block]]] = [(None, [])]
    for block in blocks:
        if isinstance(block, Section):
            parts.append((block, []))
        else:
            parts[-1][1].append(block)
    return [part for part in parts if part[0] or part[1]]


def _at(page: str, block: Block, render: Callable[[], Markup]) -> Markup:
    with located(page, block.line):
        return render()


def common(lang: Language) -> dict[str, Any]:
    """What every template needs to know of the language."""
    return {
        "lang": lang,
        "tag": {"en": "en", "zh": "zh-Hans"},
        "words": {name: text[lang] for name, text in WORDS.items()},
        "sections": {name: text[lang] for name, text in SECTIONS.items()},
        "relations": {name: text[lang] for name, text in RELATIONS.items()},
    }


@cache
def templates() -> jinja2.Environment:
    """The templates beside this file; what is not in them is an error, and everything is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["code"] = code_html
    environment.filters["sentence"] = _sentence
    environment.tests["a"] = lambda block, name: type(block).__name__ == name
    return environment


def _sentence(text: str) -> Markup:
    """A line of plain text with ``$mathematics$``, such as the reason for a prerequisite."""
    html = str(prose_html(text)).strip()
    return Markup(html.removeprefix("<p>").removesuffix("</p>"))
