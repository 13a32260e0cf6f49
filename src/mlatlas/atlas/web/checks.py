"""Checks of a page run on this machine: a button beside each equation, and the verdicts that the page shows.

The button is a form that posts to ``/concepts/ID/checks/LABEL`` and leads back to the check on its page.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request

from mlatlas.atlas.confine import Limits
from mlatlas.atlas.judge.examiner import Examiner, Unanswered
from mlatlas.atlas.judge.matrix import newest
from mlatlas.atlas.map import Check, Room
from mlatlas.atlas.store import Stamp, Store
from mlatlas.atlas.text import Text
from mlatlas.atlas.web.site import atlas_of, concept_url, language_of, store_of

SECONDS = 120.0  # for one check


@asynccontextmanager
async def _ready(app: FastAPI) -> AsyncIterator[None]:
    with Examiner(Limits(seconds=SECONDS)) as app.state.checker:
        yield


router = APIRouter(lifespan=_ready)


@dataclass(frozen=True)
class Judged:
    """The verdict on one check, and when and on what it was reached; ``stamp`` is None for what came with the package."""

    ok: bool
    level: str
    error: float | None  # None where it is not finite
    draws: int
    reasons: tuple[str, ...]
    counterexample: str
    stamp: Stamp | None


def verdicts(store: Store, room: Room) -> dict[str, Judged]:
    """Label -> newest verdict on the check as the room is now: of a run here, of ``mlatlas check``, or shipped."""
    found: dict[str, Judged] = {}
    since = ""
    whole = newest(store, "verdict", room)
    if whole is not None and whole.digest == room.digest:
        own = whole != store.shipped("verdict", room.concept.id)
        since = whole.stamp.time if own else ""
        found = {one["label"]: _judged(one, whole.stamp if own else None) for one in whole.payload["checks"]}
    for record in reversed(store.history("check", room.concept.id)):
        if record.digest == room.digest and record.stamp.time >= since:
            found[record.payload["label"]] = _judged(record.payload, record.stamp)
    return found


def _judged(payload: dict[str, Any], stamp: Stamp | None) -> Judged:
    names = ("ok", "level", "error", "draws", "counterexample")
    return Judged(**{name: payload[name] for name in names}, reasons=tuple(payload["reasons"]), stamp=stamp)


@router.post("/concepts/{id}/checks/{label}")
def judge(request: Request, id: str, label: str) -> RedirectResponse:
    """Judge one check now, keep the verdict, and show it on the page."""
    room = atlas_of(request).room(id)
    check = find_check(request, room, label)
    root = str(atlas_of(request).root)
    verdict = asked(request, request.app.state.checker, "check", root=root, concept=id, label=check.label)
    store_of(request).save("check", id, room.digest, verdict)
    return RedirectResponse(f"{concept_url(id)}#check-{label}", 303)


def find_check(request: Request, room: Room, label: str) -> Check:
    """The check of this label; 404 where the page has none."""
    for check in room.page.checks:
        if check.label == label:
            return check
    why = Text(f"{room.concept.id} has no check ({label}).", f"{room.concept.id} 没有名为 ({label}) 的检验。")
    raise HTTPException(404, why[language_of(request)])


def asked(request: Request, examiner: Examiner, do: str, **details: Any) -> Any:
    """What an examiner answers; 503 where its process died over the question."""
    try:
        return examiner.ask(do, **details)
    except Unanswered as error:
        raise HTTPException(503, error.text[language_of(request)]) from None
