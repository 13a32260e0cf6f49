"""What can be read as a list: the places, questions, claims, the matrix of what holds, glossary and notation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup
from starlette.requests import Request

from mlatlas.atlas.judge.matrix import COLUMNS, newest, row
from mlatlas.atlas.map import MAP, Atlas, Block, Claim, ClaimBlock, Equation, Prose, Question, QuestionBlock
from mlatlas.atlas.map.inventory import regions
from mlatlas.atlas.map.mathematics import mathml, unicode_math
from mlatlas.atlas.map.prose import tokens
from mlatlas.atlas.text import LANGUAGES, Text
from mlatlas.atlas.web.places import words_for
from mlatlas.atlas.web.site import atlas_of, concept_url, render, store_of

if TYPE_CHECKING:
    from collections.abc import Mapping

router = APIRouter()


def _matches(wish: str, *texts: str) -> bool:
    """Whether every word of the wish stands in one of the texts."""
    text = " ".join(texts).lower()
    return all(word in text for word in wish.lower().split())


@router.get("/list")
def places(request: Request, q: str = "") -> Response:
    """The map without its picture: every place with what it needs and what needs it; or those that a search finds."""
    atlas, wish = atlas_of(request), q.strip()
    exact = [id for id in atlas.concepts if wish.lower() in words_for(atlas, id).split(" · ")]
    if len(exact) == 1:
        return RedirectResponse(concept_url(exact[0]), 303)
    found = [id for id in atlas.concepts if _matches(wish, words_for(atlas, id))]
    asked = _asked(atlas, {**atlas.questions, **atlas.claims}, wish) if wish else []
    by_region = {
        region: [id for id in found if atlas.concepts[id].region == region]
        for region in regions()
        if any(atlas.concepts[id].region == region for id in found)
    }
    return render(request, "list.html", by_region=by_region, names=regions(), q=wish, asked=asked)


# ---- questions and claims


@dataclass(frozen=True)
class Asked:
    """A question or a claim, and where it is settled or will be."""

    id: str
    kind: str
    text: Text
    concept: str
    verdict: str | None  # of a claim that is settled
    settled: bool

    @property
    def url(self) -> str:
        """The address of the answer, or of the place that will give it."""
        page = "/overview" if self.concept == MAP else concept_url(self.concept)
        return f"{page}#{self.id}"


def _asked(atlas: Atlas, items: Mapping[str, Question | Claim], wish: str) -> list[Asked]:
    found = []
    for item in items.values():
        block = _answers(atlas).get(item.id)
        if _matches(wish, item.id, item.concept, item.text.en, item.text.zh):
            verdict = block.verdict if isinstance(block, ClaimBlock) else None
            kind = "question" if isinstance(item, Question) else "claim"
            found.append(Asked(item.id, kind, item.text, item.concept, verdict, block is not None))
    return found


def _answers(atlas: Atlas) -> dict[str, QuestionBlock | ClaimBlock]:
    pages = (atlas.overview, *(room.page for room in atlas.rooms.values()))
    return {id: block for page in pages for id, block in page.answered.items()}


@router.get("/questions")
def questions(request: Request, q: str = "") -> HTMLResponse:
    """All questions, each leading to its answer; the open ones are shown as open."""
    return _table(request, "question", atlas_of(request).questions, q)


@router.get("/claims")
def claims(request: Request, q: str = "") -> HTMLResponse:
    """All claims with their verdicts; the open ones are shown as open."""
    return _table(request, "claim", atlas_of(request).claims, q)


def _table(request: Request, kind: str, items: Mapping[str, Question | Claim], q: str) -> HTMLResponse:
    atlas = atlas_of(request)
    settled = sum(item in _answers(atlas) for item in items)
    found = _asked(atlas, items, q)
    return render(request, "asked.html", kind=kind, found=found, q=q, settled=settled, all=len(items))


# ---- status


@router.get("/status")
def status(request: Request) -> HTMLResponse:
    """The matrix of what holds, with the reasons of what does not."""
    atlas, store = atlas_of(request), store_of(request)
    matrix = {
        room.concept.id: row(atlas, room, newest(store, "verdict", room), newest(store, "race", room))
        for room in atlas.order()
    }
    states = [cell.state for cells in matrix.values() for cell in cells.values()]
    counts = {state: states.count(state) for state in ("bad", "stale")}
    return render(request, "status.html", matrix=matrix, columns=COLUMNS, counts=counts)


# ---- glossary and notation


@dataclass(frozen=True)
class Term:
    """A word of the field in both languages, or a formula's left-hand side, and where it stands."""

    text: Text
    concept: str
    anchor: str = ""
    symbol: Markup | None = None

    @property
    def url(self) -> str:
        """The address of the place, and in it of the equation."""
        return concept_url(self.concept) + (f"#{self.anchor}" if self.anchor else "")


@router.get("/glossary")
def glossary(request: Request) -> HTMLResponse:
    """Words and symbols, from the pages: titles, what a page sets in bold in both languages, and what equations define."""
    words, symbols = _glossary(atlas_of(request))
    return render(request, "glossary.html", terms=words, symbols=symbols)


@cache
def _glossary(atlas: Atlas) -> tuple[list[Term], list[Term]]:
    found: dict[str, Term] = {}
    for id, concept in atlas.concepts.items():
        found[concept.title.en.lower()] = Term(concept.title, id)
    for room in atlas.order():
        for text in _bold(room.page.blocks):
            found.setdefault(text.en.lower(), Term(text, room.concept.id))
    words = sorted(found.values(), key=lambda term: term.text.en.lower())
    symbols = [
        Term(room.page.title, room.concept.id, f"eq-{label}", Markup(mathml(left)))
        for room in atlas.order()
        for left, label in _defined(room.page.blocks)
    ]
    return words, symbols


def _flat(blocks: Iterable[Block]) -> Iterator[Block]:
    for block in blocks:
        yield block
        yield from _flat(getattr(block, "blocks", ()))


def _bold(blocks: Iterable[Block]) -> Iterator[Text]:
    """What is set in bold in a paragraph and, as often, in its translation."""
    for one, other in pairwise(_flat(blocks)):
        if isinstance(one, Prose) and isinstance(other, Prose) and (one.lang, other.lang) == LANGUAGES:
            en, zh = _strong(one.markdown), _strong(other.markdown)
            if len(en) == len(zh):
                yield from (Text(re.sub("^[Tt]he ", "", a), b) for a, b in zip(en, zh, strict=True))


def _strong(markdown: str) -> list[str]:
    """The terms set in bold: short, without formulas, and no sentences."""
    found = []
    for block in tokens(markdown):
        kids = block.children or []
        ends = [at for at, token in enumerate(kids) if token.type == "strong_close"]
        for begin in (at for at, token in enumerate(kids) if token.type == "strong_open"):
            inside = kids[begin + 1 : min(end for end in ends if end > begin)]
            text = "".join(token.content for token in inside)
            if (
                all(token.type == "text" for token in inside)
                and len(text) < 30
                and not re.search("[.,:?。，：？]", text)
            ):
                found.append(text)
    return [term for term in found if not re.match(r"(it|they|this|never|always|not)\b", term.lower())]


def _defined(blocks: Iterable[Block]) -> Iterator[tuple[str, str]]:
    """The left-hand sides of labelled equations that name one thing."""
    for block in _flat(blocks):
        if isinstance(block, Equation) and block.label:
            left, equals, _ = block.latex.partition("=")
            if equals and left.count("{") == left.count("}") and "&" not in left and len(unicode_math(left)) <= 16:
                yield left.strip(), block.label
