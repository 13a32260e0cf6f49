"""What every page of the site shares: the reader's language, templates, forms, and where the atlas and the store are.

A handler takes the request and returns ``render(request, "lab.html", ...)``; its template begins with
``{% extends "site.html" %}`` and fills the blocks ``title`` and ``main`` (and ``head`` for scripts of its own). In
every template stand

- ``lang`` ("en" or "zh"), ``tag`` (language -> value of a ``lang`` attribute) and ``words``;
- ``say("English", "中文")``, the text in the reader's language;
- ``atlas``, and ``title(id)``, ``url(id)`` and ``region(id)``: a concept's title, its address, its region's CSS class.

There is no inline script and no ``style`` attribute anywhere: the content policy forbids both. Scripts and styles are
files in ``static/``, and the address of one is ``static("map.js")``.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse

from mlatlas.atlas.map import Atlas
from mlatlas.atlas.text import LANGUAGES, Language, Text
from mlatlas.atlas.web.page import common, templates

if TYPE_CHECKING:
    from mlatlas.atlas.store import Store

STATIC = Path(__file__).parent / "static"
COOKIE = "mlatlas-lang"


def atlas_of(request: Request) -> Atlas:
    """The atlas that the application shows."""
    return request.app.state.atlas  # type: ignore[no-any-return]


def store_of(request: Request) -> Store:
    """The reader's verdicts, races, runs and drills."""
    return request.app.state.store  # type: ignore[no-any-return]


def language_of(request: Request) -> Language:
    """The reader's language: ``?lang=``, then the cookie that the last ``?lang=`` left, then the browser's wish."""
    for wish in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if wish in LANGUAGES:
            return wish
    for wish in request.headers.get("accept-language", "").lower().split(","):
        if wish.strip().startswith(LANGUAGES):
            return "zh" if wish.strip().startswith("zh") else "en"
    return "en"


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a posted form; of a field that was sent twice the last one. The guard has limited its size."""
    text = (await request.body()).decode("utf-8", "replace")
    return {name: values[-1] for name, values in parse_qs(text, keep_blank_values=True, max_num_fields=100).items()}


def render(request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """The page that a template makes, in the reader's language."""
    lang = language_of(request)
    atlas = atlas_of(request)
    shared = {
        **common(lang),
        "atlas": atlas,
        "path": request.url.path,
        "other_language": _same_page(request, "en" if lang == "zh" else "zh"),
        "say": lambda en, zh: Text(en, zh)[lang],
        "title": lambda id: atlas.concepts[id].title[lang],
        "region": lambda id: f"r-{atlas.concepts[id].region}",
        "url": concept_url,
        "static": static_url,
    }
    response = HTMLResponse(templates().get_template(template).render({**shared, **context}), status)
    if request.query_params.get("lang") == lang:
        response.set_cookie(COOKIE, lang, max_age=31_536_000, samesite="lax")
    response.headers["Vary"] = "Accept-Language, Cookie"
    return response


def concept_url(id: str) -> str:
    """The address of a concept's page."""
    return f"/concepts/{id}"


@cache
def static_url(name: str) -> str:
    """The address of a file of ours; it changes with the file, so that a browser may keep what it has."""
    return f"/static/{name}?{(STATIC / name).stat().st_mtime_ns // 1_000_000:x}"


def _same_page(request: Request, lang: Language) -> str:
    """The address of this page in another language, all else as it is."""
    query = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return f"{request.url.path}?{urlencode([*query, ('lang', lang)])}"
