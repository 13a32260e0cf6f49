"""``mlatlas race [CONCEPT]``: time ours against the peer to the same answer, over sizes; losses are shown too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlatlas.atlas.cli._terminal import Lang, console, language, progress
from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.text import Language, Text

if TYPE_CHECKING:
    from mlatlas.atlas.judge.racing import Outcome
    from mlatlas.atlas.map import Room

LINE = Text(
    "{sign} {race} · {size}: {ratio}× {peer}, {result} ({ours} against {theirs} ms; {certifies} {certificates}{memory}{first})",
    "{sign} {race} · {size}：{peer} 的 {ratio} 倍，{result}（{ours} 对 {theirs} 毫秒；{certifies} {certificates}{memory}{first}）",
)
MEMORY = Text("; memory +{ours:.0f} against +{theirs:.0f} MB", "；内存 +{ours:.0f} 对 +{theirs:.0f} MB")
FIRST = Text("; first call {seconds:.1f} s longer", "；首次调用多 {seconds:.1f} 秒")
NOTICEABLE = 0.2  # seconds of compilation that are worth a word
RESULTS = {
    "won": Text("won", "胜"),
    "even": Text("even", "平"),
    "lost": Text("lost", "负"),
    "void": Text("void", "无效"),
}
SIGNS = {"won": "▲", "even": "=", "lost": "▼", "void": "✗"}
STYLES = {"won": "green", "even": "none", "lost": "yellow", "void": "red"}
NO_RACE = Text("{concept} has no race.", "{concept} 没有比赛。")


def command(
    concept: Annotated[str | None, typer.Argument(help="The room to race; all of them by default.")] = None,
    sizes: Annotated[
        str | None, typer.Option("--sizes", help="Sizes, with commas between; all but tiny by default.")
    ] = None,
    threads: Annotated[int, typer.Option("--threads", min=1, help="Threads for both sides.")] = 2,
    seconds: Annotated[float, typer.Option("--seconds", min=0.0, help="How long each side runs at each size.")] = 2.0,
    lang: Lang = None,
) -> None:
    """Race the peers of one room or of all."""
    from mlatlas.atlas.judge.room import races_of
    from mlatlas.atlas.map import open_atlas

    tongue, atlas, out = language(lang), open_atlas(), console()
    rooms = [atlas.room(concept)] if concept else [room for room in atlas.order() if races_of(room)]
    for room in rooms:
        if not races_of(room):
            out.print(NO_RACE[tongue].format(concept=room.concept.id))
            continue
        outcomes = race_and_store(room, sizes, threads, seconds)
        out.print(room.concept.title[tongue], style="bold")
        for one in outcomes:
            out.print(line(room, one, tongue), style=STYLES[one["result"]], soft_wrap=True)


def race_and_store(room: Room, sizes: str | None, threads: int, seconds: float) -> list[dict[str, Any]]:
    """Run the races of a room at these sizes, keep the outcomes beside those of other sizes, and return the new ones."""
    from mlatlas.atlas.judge.racing import run_race
    from mlatlas.atlas.judge.room import finite, peers_of, races_of
    from mlatlas.atlas.store import Store

    races = races_of(room)
    known = dict.fromkeys(size for race in races for size in race.sizes)
    wanted = (
        [size for size in known if size != "tiny"] if sizes is None else list(_named(sizes, room.concept.id, known))
    )
    plan = [
        (race, peer, size)
        for race in races
        for peer in peers_of(room)
        for size in race.sizes
        if size in wanted and peer.installed
    ]
    found = []
    with progress() as bar:
        task = bar.add_task(room.concept.id, total=len(plan))
        for race, peer, size in plan:
            bar.update(task, description=f"{room.concept.id} · {race.name} · {size}")
            outcome = run_race(race, _ours(room), peer, size, threads=threads, seconds=seconds)
            found += [finite(flat(outcome))] if outcome else []
            bar.advance(task)
    store = Store()
    before = store.latest("race", room.concept.id)
    kept = before.payload["outcomes"] if before and before.digest == room.digest else []
    new = {(one["race"], one["peer"], one["size"]) for one in found}
    kept = [one for one in kept if (one["race"], one["peer"], one["size"]) not in new]
    store.save("race", room.concept.id, room.digest, {"outcomes": kept + found})
    return found


def _named(sizes: str, concept: str, known: Iterable[str]) -> Iterator[str]:
    """The sizes in a text with commas between, of which a name may hold one."""
    parts = sizes.split(",")
    while parts:
        ends = [end for end in range(len(parts), 0, -1) if ",".join(parts[:end]).strip() in known]
        if not ends:
            raise AtlasError(f"--sizes of {concept} must be among {'; '.join(known)}; got {parts[0].strip()!r}.")
        yield ",".join(parts[: ends[0]]).strip()
        parts = parts[ends[0] :]


def _ours(room: Room) -> Any:
    from mlatlas.atlas.judge.subject import ours

    return ours(room)


def flat(outcome: Outcome) -> dict[str, Any]:
    """An outcome as plain data, with its result."""
    return {**asdict(outcome), "shape": [str(part) for part in outcome.shape], "result": outcome.result}


def line(room: Room, outcome: dict[str, Any], tongue: Language) -> str:
    """One outcome in a line: ratio with its spread, times, certificates, memory, and why it does not count where it does not."""
    from mlatlas.atlas.judge.room import races_of

    race = next(one for one in races_of(room) if one.name == outcome["race"])
    ours, theirs = outcome["ours"], outcome["theirs"]
    memory = first = ""
    if ours["memory"] is not None and theirs["memory"] is not None:
        memory = MEMORY[tongue].format(ours=ours["memory"] / 1e6, theirs=theirs["memory"] / 1e6)
    if ours["first"] > NOTICEABLE:
        first = FIRST[tongue].format(seconds=ours["first"])
    said = LINE[tongue].format(
        sign=SIGNS[outcome["result"]],
        race=race.text[tongue],
        size=f"{outcome['size']} ({' × '.join(outcome['shape'])})",
        ratio=ratio(outcome),
        peer=outcome["peer"],
        result=RESULTS[outcome["result"]][tongue],
        ours=f"{1e3 * ours['seconds']:.3g}",
        theirs=f"{1e3 * theirs['seconds']:.3g}",
        certifies=race.certificate_text[tongue],
        certificates=f"{_e(ours['certificate'])} / {_e(theirs['certificate'])}",
        memory=memory,
        first=first,
    )
    return f"{said} · {outcome['reason']}" if outcome["reason"] else said


def ratio(outcome: dict[str, Any]) -> str:
    """How many times faster than the peer, with the spread over the pairs."""
    return f"{outcome['ratio']:.2f} ({outcome['low']:.2f}–{outcome['high']:.2f})"


def _e(value: float | None) -> str:
    return "–" if value is None else f"{value:.0e}"
