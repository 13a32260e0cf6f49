"""The drill in the browser: a derivation step with its answer hidden, shown as mathematics while it is typed, and judged.

What was shown so far travels in the form, so that a page works without scripts and a closed one costs nothing.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, FastAPI
from fastapi.responses import HTMLResponse, JSONResponse
from markupsafe import Markup
from starlette.requests import Request

from mlatlas.atlas.confine import Limits
from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.judge.drill import Reply, before, mastered
from mlatlas.atlas.judge.examiner import Examiner, Unanswered
from mlatlas.atlas.judge.formula import ELSE, formula
from mlatlas.atlas.judge.functions import FUNCTIONS
from mlatlas.atlas.judge.grammar import ExpressionError
from mlatlas.atlas.judge.hiding import HIDDEN, hidden
from mlatlas.atlas.map import Atlas, Block, Check, Equation, Prose, Room
from mlatlas.atlas.map.mathematics import mathml
from mlatlas.atlas.store import Store
from mlatlas.atlas.text import Language, Text
from mlatlas.atlas.web.checks import asked, find_check
from mlatlas.atlas.web.page import prose_html
from mlatlas.atlas.web.site import atlas_of, form_of, language_of, render, store_of

SECONDS = 20.0  # for one answer


@asynccontextmanager
async def _ready(app: FastAPI) -> AsyncIterator[None]:
    with Examiner(Limits(seconds=SECONDS)) as app.state.examiner:
        app.state.poses = {}
        yield


router = APIRouter(lifespan=_ready)


# ---- what is mastered


def mastery(atlas: Atlas, store: Store) -> dict[str, tuple[int, int]]:
    """For each place that has drills: how many of its steps the reader has mastered, and how many there are."""
    known = _known(store)
    steps = {id: {check.label for check in room.page.checks} for id, room in atlas.rooms.items()}
    return {id: (len(labels & known.get(id, set())), len(labels)) for id, labels in steps.items() if labels}


def _known(store: Store) -> dict[str, set[str]]:
    """Concept -> the labels mastered there."""
    payloads: dict[str, list[dict[str, Any]]] = {}
    with store.reading() as connection:
        rows = connection.execute("SELECT concept, payload FROM record WHERE kind = 'drill'") if connection else ()
        for concept, payload in rows:
            payloads.setdefault(concept, []).append(json.loads(payload))
    return {concept: mastered(found) for concept, found in payloads.items()}


# ---- pages


@dataclass(frozen=True)
class Pose:
    """What a reader may use, with shapes, and what is revealed step by step."""

    names: dict[str, tuple[int, ...]]
    hints: tuple[Text, ...]


@router.get("/concepts/{id}/drill")
def drill_list(request: Request, id: str) -> HTMLResponse:
    """The steps of a place, and which are mastered."""
    room = atlas_of(request).room(id)
    return render(request, "drills.html", room=room, **_steps(request, room))


@router.get("/concepts/{id}/drill/{label}")
def drill_page(request: Request, id: str, label: str) -> HTMLResponse:
    """One step with its answer hidden."""
    room = atlas_of(request).room(id)
    return _drill_page(request, room, find_check(request, room, label))


@router.post("/concepts/{id}/drill/{label}")
def answer(request: Request, id: str, label: str, form: Annotated[dict[str, str], Depends(form_of)]) -> HTMLResponse:
    """Judge what was typed, or reveal one hint more."""
    room = atlas_of(request).room(id)
    check = find_check(request, room, label)
    all_hints = len(_pose(request, check).hints)
    hints, tries, typed = min(_count(form, "hints"), all_hints), _count(form, "tries"), form.get("answer", "")
    if form.get("do") == "hint":
        return _drill_page(request, room, check, typed, min(hints + 1, all_hints), tries)
    said = _judged(request, check, typed)
    revealed = hints == all_hints
    if said.outcome != "refused":
        tries += 1
        payload = {"label": label, "outcome": said.outcome, "tries": tries, "hints": hints, "revealed": revealed}
        store_of(request).save("drill", id, room.digest, payload)
    return _drill_page(request, room, check, typed, hints, tries, said)


@router.get("/concepts/{id}/drill/{label}/formula")
def formula_of(request: Request, id: str, label: str, text: str = "") -> JSONResponse:
    """The equation with what has been typed so far in its place, as MathML; or why that is no expression."""
    room = atlas_of(request).room(id)
    shown, fault = _equation(request, find_check(request, room, label), text)
    return JSONResponse({"math": shown} if fault is None else {"fault": fault[language_of(request)]})


def _drill_page(
    request: Request,
    room: Room,
    check: Check,
    typed: str = "",
    hints: int = 0,
    tries: int = 0,
    said: Reply | None = None,
) -> HTMLResponse:
    pose = _pose(request, check)
    equation, fault = _equation(request, check, typed)
    steps = _steps(request, room)
    right = said is not None and said.outcome == "right"
    return render(
        request,
        "drill.html",
        room=room,
        check=check,
        way=list(_way(room, check, language_of(request))),
        equation=Markup(mathml(check.latex, display=True)) if right else equation,
        fault=None if said else fault,
        names=pose.names,
        functions=sorted(FUNCTIONS),
        hints=pose.hints[:hints],
        more=len(pose.hints) - hints,
        revealed=hints == len(pose.hints),
        tries=tries,
        typed=typed,
        said=said,
        next=_next(steps["steps"], check.label, steps["mastered"]),
        **steps,
    )


def _next(steps: list[tuple[str, Markup]], label: str, known: set[str]) -> str | None:
    """The first step after this one that is not mastered, from the beginning again after the last."""
    labels = [one for one, _ in steps]
    at = labels.index(label) + 1
    return next((one for one in labels[at:] + labels[: at - 1] if one not in known), None)


def _steps(request: Request, room: Room) -> dict[str, Any]:
    """All steps of a place with their questions, and the labels of those mastered."""
    steps = [(check.label, Markup(mathml(hidden(check.latex), display=False))) for check in room.page.checks]
    known = _known(store_of(request)).get(room.concept.id, set())
    return {"steps": steps, "mastered": known & {label for label, _ in steps}}


def _way(room: Room, check: Check, lang: Language) -> list[Markup]:
    """What the page says on the way to the equation."""

    def shown(block: Block) -> Markup | None:
        match block:
            case Prose() if block.lang in (None, lang):
                return prose_html(block.markdown)
            case Equation():
                return Markup(mathml(block.latex, display=True))
        return None

    return [html for block in before(room.page.blocks, check) if (html := shown(block)) is not None]


def _equation(request: Request, check: Check, typed: str) -> tuple[Markup, Text | None]:
    """The equation as MathML, with what was typed instead of its answer where it can be read, and why it cannot."""
    asked = hidden(check.latex)
    if not typed.strip():
        return Markup(mathml(asked, display=True)), None
    scalars = [name for name, shape in _pose(request, check).names.items() if not shape]
    try:
        latex = formula(typed, scalars, ELSE[language_of(request)])
        return Markup(mathml(asked.replace(HIDDEN, f"{{{latex}}}"), display=True)), None
    except ExpressionError as error:
        fault: Text | None = error.text
    except AtlasError:  # LaTeX that MathML cannot say; the answer may be right all the same
        fault = None
    return Markup(mathml(asked, display=True)), fault


def _pose(request: Request, check: Check) -> Pose:
    """What may be used, computed once while the server lives."""
    poses: dict[Check, Pose] = request.app.state.poses
    if check not in poses:
        found = asked(request, _examiner(request), "pose", check=asdict(check))
        names = {name: tuple(shape) for name, shape in found["names"]}
        poses[check] = Pose(names, tuple(Text(**hint) for hint in found["hints"]))
    return poses[check]


def _judged(request: Request, check: Check, typed: str) -> Reply:
    try:
        said = _examiner(request).ask("judge", check=asdict(check), text=typed)
    except Unanswered as error:
        return Reply("refused", error.text)
    return Reply(**{**said, "text": Text(**said["text"])})


def _examiner(request: Request) -> Examiner:
    return cast(Examiner, request.app.state.examiner)


def _count(form: Mapping[str, str], name: str) -> int:
    """A small number that travels in the form."""
    text = form.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 4 else 0
