"""``mlatlas drill [CONCEPT]``: derivation steps with their answer hidden, judged by computing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlatlas.atlas.cli._terminal import Lang, console, language, plain, prose, sentence
from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.text import Language, Text

if TYPE_CHECKING:
    from rich.console import Console

    from mlatlas.atlas.judge.drill import Drill, Reply
    from mlatlas.atlas.map import Room

STYLES = {"right": "bold green", "wrong": "bold red", "refused": "yellow"}
STATUS = {"right": 0, "wrong": 1, "refused": 2}
HINT, SKIP, QUIT = ("hint", "提示"), ("skip", "跳过"), ("quit", "exit", "退出")
HOW = Text(
    "Type the right-hand side, such as transpose(X) @ y / n; or hint, skip, quit.",
    "请输入等式右边，例如 transpose(X) @ y / n；也可以输入 提示、跳过、退出。",
)
NAMES = Text("You may use", "可以使用")
NUMBER, ON, TRUTH, TYPED = (
    Text("number", "数"),
    Text("On", "例如"),
    Text("the definition gives", "按定义应为"),
    Text("yours", "你的"),
)
SHOWN = Text("The answer was shown; come back to it later.", "答案已经给出；以后再来做一次。")
ALL_MASTERED = Text("Every derivation step of every built place is mastered.", "所有已建成之处的推导都已掌握。")
STANDING = Text("{known} of {all} steps of {concept} are mastered.", "{concept}：{all} 步推导中已掌握 {known} 步。")


def command(
    concept: Annotated[str | None, typer.Argument(help="The place; by default the next one not yet mastered.")] = None,
    label: Annotated[str | None, typer.Option("--label", help="Only the equation with this label.")] = None,
    answer: Annotated[
        str | None, typer.Option("--answer", help="Judge this answer and end; needs one equation.")
    ] = None,
    lang: Lang = None,
) -> None:
    """Derive by heart: an equation with its right-hand side hidden, your answer judged on fresh problems.

    With --answer the status is 0 for right, 1 for wrong and 2 for refused.
    """
    tongue, out = language(lang), console()
    if concept is None and (label is not None or answer is not None):
        raise AtlasError("--label and --answer belong to one place; name it: mlatlas drill CONCEPT --label LABEL.")
    room = _room(concept)
    if room is None:
        return out.print(ALL_MASTERED[tongue])
    if answer is not None:
        drill = _only(room, label)
        reply = drill.judge(answer)
        _keep(room, drill, reply.outcome, 1, 0, revealed=False)
        _say(out, reply, tongue)
        raise typer.Exit(STATUS[reply.outcome])
    _session(out, room, _chosen(room, label), tongue)
    return None


def _room(concept: str | None) -> Room | None:
    """The room asked for, or the first on the route with a step that is not mastered."""
    from mlatlas.atlas.map import open_atlas

    atlas = open_atlas()
    if concept is not None:
        return atlas.room(concept)
    return next((room for room in atlas.order() if {check.label for check in room.page.checks} - _mastered(room)), None)


def _mastered(room: Room) -> set[str]:
    from mlatlas.atlas.judge.drill import mastered
    from mlatlas.atlas.store import Store

    labels = {check.label for check in room.page.checks}
    return labels & mastered(record.payload for record in Store().history("drill", room.concept.id))


def _chosen(room: Room, label: str | None) -> list[Drill]:
    """The drill of the label; without one those not mastered, or all of them when there are none left."""
    from mlatlas.atlas.judge.drill import drills

    found = list(drills(room.page))
    labels = ", ".join(drill.label for drill in found)
    if not found:
        raise AtlasError(f"The page of {room.concept.id} has no check to drill; choose another place.")
    if label is not None:
        found = [drill for drill in found if drill.label == label]
        if not found:
            raise AtlasError(f"--label {label}: {room.concept.id} has no such check; it has {labels}.")
        return found
    known = _mastered(room)
    return [drill for drill in found if drill.label not in known] or found


def _only(room: Room, label: str | None) -> Drill:
    from mlatlas.atlas.judge.drill import drills

    if label is None and len(found := drills(room.page)) > 1:
        labels = ", ".join(drill.label for drill in found)
        raise AtlasError(f"--answer needs --label to say which equation of {room.concept.id} it answers: {labels}.")
    return _chosen(room, label)[0]


def _session(out: Console, room: Room, todo: list[Drill], tongue: Language) -> None:
    """One drill after another, until the reader has enough."""
    out.print(room.page.title[tongue], style="bold")
    out.print(sentence(HOW[tongue], "dim"))
    said: set[int] = set()
    for drill in todo:
        _pose(out, drill, said, tongue)
        said |= {block.line for block in drill.before}
        if not _asked(out, room, drill, tongue):
            break
    counts = {"known": len(_mastered(room)), "all": len(room.page.checks), "concept": room.concept.id}
    out.print(STANDING[tongue].format(**counts))


def _pose(out: Console, drill: Drill, said: set[int], tongue: Language) -> None:
    """The way to the equation as far as it is new, the equation with its answer hidden, and the names to use."""
    from rich.padding import Padding

    from mlatlas.atlas.map import Equation, Prose

    for block in drill.before:
        if block.line in said:
            continue
        if isinstance(block, Equation):
            out.print(Padding(plain(block.latex), (1, 0, 0, 4)))
        elif isinstance(block, Prose) and block.lang in (None, tongue):
            out.print()
            out.print(prose(block.markdown))
    out.print(Padding(plain(drill.prompt), (1, 0, 0, 4)), style="bold")
    names = ", ".join(_named(name, value, tongue) for name, value in drill.example.names.items())
    out.print(sentence(f"{NAMES[tongue]}: {names}", "dim"))


def _named(name: str, value: Any, tongue: Language) -> str:
    shape = getattr(value, "shape", ())
    return f"{name} ({'×'.join(map(str, shape)) or NUMBER[tongue]})"


def _asked(out: Console, room: Room, drill: Drill, tongue: Language) -> bool:
    """Ask until the answer is right or the reader goes on; False when the reader quits."""
    tries = shown = 0
    while True:
        try:
            text = out.input("> ").strip()
        except EOFError:
            text = QUIT[0]
        if text.lower() in SKIP + QUIT:
            if tries or shown:
                _keep(room, drill, "wrong", tries, shown, shown == len(drill.hints))
            return text.lower() in SKIP
        if text.lower() in HINT:
            shown = min(shown + 1, len(drill.hints))
            out.print(drill.hints[shown - 1][tongue], style="cyan", soft_wrap=True)
            continue
        tries += 1
        with out.status(""):
            reply = drill.judge(text)
        _say(out, reply, tongue)
        if reply.outcome == "right":
            revealed = shown == len(drill.hints)
            _keep(room, drill, "right", tries, shown, revealed)
            if revealed:
                out.print(SHOWN[tongue])
            return True


def _say(out: Console, reply: Reply, tongue: Language) -> None:
    out.print(reply.text[tongue], style=STYLES[reply.outcome], soft_wrap=True)
    if reply.problem:
        out.print(f"  {ON[tongue]} {reply.problem}", soft_wrap=True)
        out.print(f"  {TRUTH[tongue]} {reply.truth}", soft_wrap=True)
        out.print(f"  {TYPED[tongue]} {reply.typed}", soft_wrap=True)


def _keep(room: Room, drill: Drill, outcome: str, tries: int, hints: int, revealed: bool) -> None:
    from mlatlas.atlas.store import Store

    payload = {"label": drill.label, "outcome": outcome, "tries": tries, "hints": hints, "revealed": revealed}
    Store().save(kind="drill", concept=room.concept.id, digest=room.digest, payload=payload)
