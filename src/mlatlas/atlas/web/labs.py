"""Labs in the browser: knobs, the queue, a run as it happens, and what it showed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any, cast
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, FastAPI
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request

from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.lab import Figure, Knob, KnobError, Lab, Learned, Metric, Script, Table, shown, sketch_lab
from mlatlas.atlas.lab.drawing import STYLE
from mlatlas.atlas.lab.experiment import lab_module
from mlatlas.atlas.lab.knobs import checked_seed
from mlatlas.atlas.lab.runner import Runner
from mlatlas.atlas.lab.runs import Logged, Run, State
from mlatlas.atlas.map import Atlas, Room
from mlatlas.atlas.text import Language, Text
from mlatlas.atlas.web.page import common, templates
from mlatlas.atlas.web.site import atlas_of, form_of, language_of, render

STATES: dict[State, Text] = {
    "queued": Text("waiting", "排队中"),
    "running": Text("running", "运行中"),
    "done": Text("finished", "已完成"),
    "failed": Text("failed", "失败"),
    "cancelled": Text("cancelled", "已取消"),
    "interrupted": Text("interrupted", "被中断"),
}
SEED = Knob("Seed of what is random", "随机种子", low=0, high=2**31 - 1, name="seed", kind="int", default=0)
SLOTS: dict[type[Any], str] = {
    Metric: "metrics",
    Figure: "figures",
    Table: "tables",
    Learned: "learned",
    Script: "script",
}
EVERY = 0.2  # seconds between two looks at a run that is being watched


@asynccontextmanager
async def _at_work(app: FastAPI) -> AsyncIterator[None]:
    """The queue is worked on while the server lives; a `Runner` that was put into the state before is kept."""
    if not hasattr(app.state, "runner"):
        app.state.runner = Runner(app.state.store)
    app.state.runner.start()
    try:
        yield
    finally:
        app.state.runner.stop()


router = APIRouter(lifespan=_at_work)


@router.get("/figures.css")
def figure_style() -> Response:
    """The colours of figures, light and dark."""
    return Response(STYLE, media_type="text/css")


# ---- the knobs


@dataclass(frozen=True)
class Field:
    """One knob as a form shows it: the text in it, and why that cannot be."""

    knob: Knob
    text: str
    fault: Text | None = None


@router.get("/concepts/{id}/lab")
def lab_page(request: Request, id: str) -> HTMLResponse:
    """The lab with its knobs as the address sets them, and the runs there have been."""
    room = atlas_of(request).room(id)
    fields, _, _ = _read(sketch_lab(room), request.query_params)
    return _lab_page(request, room, fields)


@router.post("/concepts/{id}/lab")
def start(request: Request, id: str, form: Annotated[dict[str, str], Depends(form_of)]) -> Response:
    """Queue a run with the knobs of the form."""
    room = atlas_of(request).room(id)
    fields, knobs, seed = _read(sketch_lab(room), form)
    if any(field.fault for field in fields):
        return _lab_page(request, room, fields, 422)
    return _to(_runner(request).ask(id, lab_module(room), room.digest, seed, knobs))


def _lab_page(request: Request, room: Room, fields: list[Field], status: int = 200) -> HTMLResponse:
    runs = _runner(request).runs.latest(room.concept.id, limit=20)
    return render(
        request, "lab.html", status, room=room, lab=sketch_lab(room), fields=fields, runs=runs, **_words(request)
    )


def _read(lab: Lab, given: Mapping[str, str]) -> tuple[list[Field], dict[str, Any], int]:
    """The fields of the form, the knobs as JSON writes them, and the seed, from what an address or a form gives."""
    fields, values = [], {}
    for knob in (*lab.knobs.values(), SEED):
        text, fault = given.get(knob.name, _written(knob.plain(knob.default))), None
        try:
            values[knob.name] = knob.plain(knob.parse(text))
        except KnobError as error:
            fault = error.text
        fields.append(Field(knob, text, fault))
    seed = values.pop("seed", 0)
    return fields, values, checked_seed(seed)


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


# ---- runs


@router.get("/runs")
def runs_page(request: Request) -> HTMLResponse:
    """All runs: what is being worked on, what waits, what is done."""
    runner = _runner(request)
    return render(request, "runs.html", runs=runner.runs.latest(limit=200), places=runner.places, **_words(request))


@router.get("/runs/{number}")
def run_page(request: Request, number: int) -> HTMLResponse:
    """One run: its settings, how far it is, and what it has shown so far."""
    runner, run = _runner(request), _run(request, number)
    lab = _lab_of(atlas_of(request), run)
    logged = runner.runs.events(number)
    waiting = runner.runs.waiting() if run.state == "queued" else []
    return render(
        request,
        "run.html",
        run=run,
        lab=lab,
        changed=lab is not None and atlas_of(request).rooms[run.concept].digest != run.digest,
        settings=list(_settings(run, lab, language_of(request))),
        again=_address(run),
        before=waiting.index(number) if number in waiting else 0,
        places=runner.places,
        last=logged[-1].number if logged else 0,
        slots={slot: [one for one in logged if type(one.event) is kind] for kind, slot in SLOTS.items()},
        fragment=lambda one: _fragment(one, language_of(request)),
        **_words(request),
    )


@router.get("/runs/{number}/events")
async def events(request: Request, number: int, after: int = 0) -> StreamingResponse:
    """The run as a stream of server-sent events: progress, each thing that it yields as HTML, and its end."""
    _run(request, number)
    seen = request.headers.get("last-event-id", "")
    return StreamingResponse(
        _stream(request, number, int(seen) if seen.isdecimal() else after), media_type="text/event-stream"
    )


async def _stream(request: Request, number: int, after: int) -> AsyncIterator[str]:
    runs, language = _runner(request).runs, language_of(request)
    before: Run | None = None
    while True:
        run = await asyncio.to_thread(runs.find, number)
        assert run is not None
        for one in await asyncio.to_thread(runs.events, number, after):
            after = one.number
            named = {"figure": one.event.name} if isinstance(one.event, Figure) else {}
            yield _message({"slot": SLOTS[type(one.event)], "html": _fragment(one, language), **named}, after)
        if not run.open:
            yield _message({"end": run.state}, after)
            return
        if before is None or (run.state, run.progress) != (before.state, before.progress):
            yield _message({"done": run.progress and run.progress.done, "text": _doing(run)[language]}, after)
        before = run
        await asyncio.sleep(EVERY)


def _message(data: dict[str, Any], id: int) -> str:
    return f"id: {id}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


@router.post("/runs/{number}/cancel")
def cancel(request: Request, number: int) -> RedirectResponse:
    """Cancel a run; what it has shown is kept."""
    _run(request, number)
    _runner(request).cancel(number)
    return _to(number)


@router.post("/runs/{number}/again")
def again(request: Request, number: int) -> RedirectResponse:
    """Queue the same again, with the lab as it is now."""
    run = _run(request, number)
    room = atlas_of(request).room(run.concept)
    knobs = sketch_lab(room).settings(run.knobs)  # a lab that has changed may refuse them
    plain = {name: sketch_lab(room).knobs[name].plain(value) for name, value in knobs.items()}
    return _to(_runner(request).ask(run.concept, lab_module(room), room.digest, run.seed, plain))


# ---- parts


def _runner(request: Request) -> Runner:
    return cast(Runner, request.app.state.runner)


def _run(request: Request, number: int) -> Run:
    run = _runner(request).runs.find(number)
    if run is None:
        raise HTTPException(404, Text(f"There is no run {number}.", f"没有第 {number} 次运行。")[language_of(request)])
    return run


def _to(number: int) -> RedirectResponse:
    return RedirectResponse(f"/runs/{number}", 303)


def _lab_of(atlas: Atlas, run: Run) -> Lab | None:
    """The lab as it is now, if it is still there."""
    try:
        return sketch_lab(atlas.rooms[run.concept])
    except (KeyError, AtlasError):
        return None


def _settings(run: Run, lab: Lab | None, language: Language) -> Iterable[tuple[str, str]]:
    """What each knob is called and was set to."""
    known = lab.knobs if lab else {}
    for name, value in {**run.knobs, "seed": run.seed}.items():
        knob = SEED if name == "seed" else known.get(name)
        label = knob.labels.get(str(value)) if knob else None
        yield knob.text[language] if knob else name, shown(label or value, language) if name != "seed" else str(value)


def _address(run: Run) -> str:
    """The address of the lab with the knobs as this run had them."""
    values = {**run.knobs, "seed": run.seed}
    return f"/concepts/{run.concept}/lab?{urlencode({name: _written(value) for name, value in values.items()})}"


def _doing(run: Run) -> Text:
    """What a run is at."""
    if run.state == "running":
        return run.progress.text if run.progress else Text("starting", "正在启动")
    return STATES[run.state]


def _fragment(one: Logged, language: Language) -> Markup:
    """One event as HTML."""
    template = templates().get_template("lab_event.html")
    drawing = Markup(one.drawn.get(language, ""))
    kind = SLOTS[type(one.event)]
    return Markup(template.render(event=one.event, kind=kind, drawing=drawing, shown=shown, **common(language)))


def _words(request: Request) -> dict[str, Any]:
    language = language_of(request)
    return {
        "states": {state: text[language] for state, text in STATES.items()},
        "doing": lambda run: _doing(run)[language],
        "address": _address,
        "settings_of": lambda run: ", ".join(f"{name} = {_written(value)}" for name, value in run.knobs.items()),
    }
