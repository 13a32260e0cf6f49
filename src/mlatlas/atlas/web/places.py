"""The map, a concept's page, the route to it, and the laws between two places."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from starlette.requests import Request

from mlatlas.atlas.map import Atlas, LawHeader, Room
from mlatlas.atlas.map.inventory import regions
from mlatlas.atlas.store import Store
from mlatlas.atlas.text import LANGUAGES, Language
from mlatlas.atlas.web import cartography
from mlatlas.atlas.web.checks import verdicts
from mlatlas.atlas.web.drills import mastery
from mlatlas.atlas.web.findings import findings_of
from mlatlas.atlas.web.page import overview_body, page_body
from mlatlas.atlas.web.site import atlas_of, concept_url, language_of, render, store_of

router = APIRouter()


@dataclass(frozen=True)
class Bridge:
    """The laws between two places, on the map."""

    ends: tuple[str, str]
    path: str
    spot: cartography.Point
    relations: tuple[str, ...]


@router.get("/")
def front(request: Request) -> HTMLResponse:
    """The map."""
    atlas, store, lang = atlas_of(request), store_of(request), language_of(request)
    return render(request, "map.html", map=_drawn(atlas, lang), mastered=_mastered(atlas, store))


@cache
def _drawn(atlas: Atlas, lang: Language) -> dict[str, object]:
    """What does not change while the atlas stands: areas, places, roads and bridges."""
    bridges: dict[tuple[str, str], list[str]] = {}
    for room in atlas.order():
        for law in room.laws:
            if law.of and law.of != room.concept.id and law.relation:
                bridges.setdefault((room.concept.id, law.of), []).append(law.relation)
    return {
        "size": cartography.size(),
        "regions": [
            (id, title[lang], cartography.coast(id), cartography.name_spot(id)) for id, title in regions().items()
        ],
        "roads": [
            (need, id, cartography.road(need, id), atlas.concepts[need].region == atlas.concepts[id].region)
            for id in atlas.concepts
            for need in atlas.needs(id)
        ],
        "bridges": [
            Bridge(ends, *cartography.bridge(*ends), tuple(dict.fromkeys(found))) for ends, found in bridges.items()
        ],
        "places": [
            (id, cartography.spot(id), cartography.name_lines(concept.title[lang], lang), words_for(atlas, id))
            for id, concept in atlas.concepts.items()
        ],
        "leading": cartography.LEADING,
        "dot": cartography.DOT,
    }


def words_for(atlas: Atlas, id: str) -> str:
    """Everything a place may be searched by: its id, its titles in both languages, and the aliases of its page."""
    titles = [atlas.concepts[id].title[lang] for lang in LANGUAGES]
    page = atlas.rooms[id].page if id in atlas.rooms else None
    more = [*page.aliases, *(page.title[lang] for lang in LANGUAGES)] if page else []
    return " · ".join(dict.fromkeys([id, id.replace("-", " "), *titles, *more])).lower()


def _mastered(atlas: Atlas, store: Store) -> set[str]:
    """The places whose every drill the reader has answered."""
    return {id for id, (known, steps) in mastery(atlas, store).items() if known == steps}


@router.get("/concepts/{id}")
def concept(request: Request, id: str) -> HTMLResponse:
    """A concept's page, or what is planned of one that is not built."""
    atlas, store, lang = atlas_of(request), store_of(request), language_of(request)
    found = atlas.concept(id)
    body = None
    if id in atlas.rooms:
        room = atlas.room(id)
        findings = findings_of(store, room, verdicts(store, room))
        body = Markup(page_body(atlas, room, lang, findings, concept_url, served=True))
    return render(
        request,
        "concept.html",
        concept=found,
        body=body,
        open=atlas.unanswered(id),
        region_title=regions()[found.region][lang],
    )


@router.get("/route/{id}")
def route(request: Request, id: str, known: Annotated[list[str] | None, Query(alias="from")] = None) -> HTMLResponse:
    """What to visit on the way to a place from what one knows, in order, and why."""
    atlas = atlas_of(request)
    start = [atlas.concept(one).id for one in known or []]
    target = atlas.concept(id)
    steps = atlas.route(id, start)
    reasons = {step: _reasons(atlas, step, steps) for step in steps}
    return render(
        request, "route.html", target=target, steps=steps, known=start, reasons=reasons, ancestors=atlas.ancestors(id)
    )


def _reasons(atlas: Atlas, step: str, steps: tuple[str, ...]) -> list[tuple[str, object]]:
    """Which later steps need this one, and why, where their page says it."""
    return [
        (later, atlas.rooms[later].page.needs[step] if later in atlas.rooms else None)
        for later in steps
        if step in atlas.needs(later)
    ]


@router.get("/laws")
def laws(request: Request, a: str = "", b: str = "") -> HTMLResponse:
    """The laws between two places, in both directions; of one place with any other; or all that join two places."""
    atlas = atlas_of(request)
    chosen = {atlas.concept(id).id for id in (a, b) if id}
    found: list[tuple[Room, LawHeader]] = [
        (room, law)
        for room in atlas.order()
        for law in room.laws
        if law.kind == "law" and law.of and chosen <= {room.concept.id, law.of}
    ]
    rooms = {room.concept.id: room for room, _ in found}
    seen = {id: findings_of(store_of(request), room).witnesses for id, room in rooms.items()}
    return render(request, "laws.html", found=found, a=a, b=b, seen=seen)


@router.get("/overview")
def overview(request: Request) -> HTMLResponse:
    """The page of the atlas as a whole, which answers what is asked of it and not of one place."""
    body = overview_body(atlas_of(request), language_of(request), concept_url)
    return render(request, "overview.html", body=Markup(body))
