"""``mlatlas grade CONCEPT FILE.py:NAME``: judge an implementation that is not ours by our laws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mlatlas.atlas.cli._terminal import Lang, console, language, progress, sentence
from mlatlas.atlas.text import Language, Text

if TYPE_CHECKING:
    from rich.console import Console

    from mlatlas.atlas.judge.grading import Kind, Mark, Report
    from mlatlas.atlas.judge.likeness import Likeness
    from mlatlas.atlas.map import Room

STANDS = Text("{name} stands for {export}.", "{name} 对应 {export}。")
KINDS: dict[Kind, Text] = {
    "known": Text("known answers", "已知答案"),
    "law": Text("laws", "定律"),
    "parity": Text("parity with ours", "与本实现一致"),
    "bad input": Text("bad input", "错误输入"),
}
KIND, COMMA = Text("{sign} {kind}: {counts}", "{sign} {kind}：{counts}"), Text(", ", "，")
COUNTS = Text("{good} of {judged} hold", "{judged} 项中成立 {good} 项")
ABSENT = Text("{count} not offered", "{count} 项未提供")
NOT_OFFERED = Text("not offered: {what}; so not judged: {steps}", "未提供：{what}；因此未评：{steps}")
LENT = Text("not offered, ours stood in: {what} in {steps}", "未提供而由本实现代替：{what}，用于 {steps}")
NOT_JUDGED = Text("not judged, {what}: {steps}", "未评（{what}）：{steps}")
SMALLEST = Text("smallest: ", "最小的问题：")
OURS = Text("ours says: ", "本实现的说明：")
WHOLE = Text("It behaves like a known mutant: it {mutants}.", "它的表现与一个已知变异体相同：{mutants}。")
PART = Text(
    "It fails wherever these known mutants fail, with the same figures: it {mutants}.",
    "凡是下述已知变异体出错之处，它都错得一模一样：{mutants}。",
)
REST = Text("That does not explain {laws}.", "这解释不了 {laws}。")
LAWS = Text(
    "It fails the same laws as a known mutant, though with other figures; perhaps it {mutants}.",
    "它违反的定律与某个已知变异体相同，但数值不同；也许是：{mutants}。",
)
OR, AND = Text("; or it ", "；或者："), Text("; it ", "；")
TOGETHER = Text("No law tells these apart.", "没有定律能区分这几种。")
UNKNOWN = Text("It behaves like none of the {count} known mutants.", "它与 {count} 个已知变异体都不相同。")
NOT_COMPARED = Text(
    "Whether it behaves like a known mutant could not be found out: the process ended before.",
    "未能判断它是否与某个已知变异体相同：进程提前结束。",
)
PASSES = Text(
    "All {judged} that could be judged hold; {absent} ask for what is not offered.",
    "能评的 {judged} 项全部成立；另有 {absent} 项用到未提供的内容。",
)
FAILS = Text("{count} fail, listed above.", "{count} 项不成立，见上。")
NOTHING = Text("Nothing could be judged: no law asks for what is offered.", "什么也没能评：没有定律用到所提供的内容。")
GIB = 2**30


def command(
    concept: Annotated[str, typer.Argument(help="The place whose laws judge.")],
    implementation: Annotated[
        str,
        typer.Argument(
            metavar="FILE.py:NAME",
            help="Yours: mine.py:MyLasso, several with commas, Lasso=Thing where the name does not say what it stands "
            "for; without names all that the file calls as we do; MODULE:NAME for an installed one.",
        ),
    ],
    seconds: Annotated[float, typer.Option("--seconds", min=0.1, help="How long one law may take.")] = 30.0,
    memory: Annotated[float, typer.Option("--memory", min=0.25, help="How many GiB it may use.")] = 4.0,
    lang: Lang = None,
) -> None:
    """Judge your own implementation: known answers, laws, parity with ours, bad input; status 1 when something fails.

    It runs in a process of its own, and what it prints is not shown. Where it behaves like a known bug, that is named.
    """
    from mlatlas.atlas.confine import Limits
    from mlatlas.atlas.judge.candidate import parse
    from mlatlas.atlas.judge.grading import grade
    from mlatlas.atlas.map import open_atlas

    tongue, out, room = language(lang), console(), open_atlas().room(concept)
    source, names = parse(implementation)
    with progress() as bar:
        task = bar.add_task(concept, total=None)

        def tick(report: Report) -> None:
            done = len(report.marks)
            name = report.steps[done].name if done < len(report.steps) else ""
            bar.update(task, total=len(report.steps) + 1, completed=done, description=f"{concept} · {name}")

        report = grade(room, source, names, Limits(int(memory * GIB), seconds), tick)
    _say(out, room, report, tongue)
    if report.marked("fails"):
        raise typer.Exit(1)
    if not report.marked("holds"):
        raise typer.Exit(2)


def _say(out: Console, room: Room, report: Report, tongue: Language) -> None:
    out.print(room.concept.title[tongue], style="bold")
    for export, name in report.exports.items():
        if export != name:
            out.print(STANDS[tongue].format(name=name, export=export))
    for kind, title in KINDS.items():
        _say_kind(out, room, report, kind, title[tongue], tongue)
    _say_unjudged(out, report, tongue)
    good, bad, absent = (len(report.marked(state)) for state in ("holds", "fails", "not offered"))
    if any(mark.step.kind in ("law", "known") for mark in report.marked("fails")):
        _say_likeness(out, room, report.likeness, tongue)
    if bad:
        out.print(FAILS[tongue].format(count=bad), style="red")
    elif good:
        out.print(PASSES[tongue].format(judged=good, absent=absent))
    else:
        out.print(NOTHING[tongue], style="red")


def _say_kind(out: Console, room: Room, report: Report, kind: Kind, title: str, tongue: Language) -> None:
    """How many hold, and each that fails with its smallest problem."""
    good, bad, absent = (len(report.marked(state, kind)) for state in ("holds", "fails", "not offered"))
    if not good + bad + absent:
        return
    counts = [COUNTS[tongue].format(good=good, judged=good + bad)] if good + bad else []
    counts += [ABSENT[tongue].format(count=absent)] if absent else []
    sign = "✗" if bad else "✓" if good else "–"
    out.print(
        KIND[tongue].format(sign=sign, kind=title, counts=COMMA[tongue].join(counts)), style="red" if bad else "none"
    )
    for mark in report.marked("fails", kind):
        _say_failure(out, room, mark, tongue)


def _say_failure(out: Console, room: Room, mark: Mark, tongue: Language) -> None:
    from rich.padding import Padding

    step = mark.step
    header = next((one for one in room.laws if one.name == step.name and step.kind == one.kind), None)
    said = header.text[tongue] if header else room.races[step.name][tongue] if step.kind == "parity" else ""
    out.print(Padding(sentence(f"{step.name} · {said}" if said else step.name, "red"), (0, 0, 0, 4)))
    out.print(f"      {mark.reason}", soft_wrap=True)
    if mark.counterexample:
        label = OURS if step.kind == "bad input" else SMALLEST
        out.print(f"      {label[tongue]}{mark.counterexample}", style="dim", soft_wrap=True)


def _say_unjudged(out: Console, report: Report, tongue: Language) -> None:
    """What was left out and why, and where ours stood in, one line a reason."""
    reasons: dict[tuple[Text, str], list[str]] = {}
    for mark in report.marks:
        if mark.state in ("not offered", "not judged"):
            line = NOT_OFFERED if mark.state == "not offered" else NOT_JUDGED
            reasons.setdefault((line, mark.reason), []).append(mark.step.name)
        elif mark.lent:
            reasons.setdefault((LENT, ", ".join(mark.lent)), []).append(mark.step.name)
    for (line, why), steps in reasons.items():
        said = line[tongue].format(what=why, steps=", ".join(dict.fromkeys(steps)))
        out.print(f"– {said}", style="yellow", soft_wrap=True)


def _say_likeness(out: Console, room: Room, likeness: Likeness | None, tongue: Language) -> None:
    if likeness is None:
        return out.print(NOT_COMPARED[tongue])
    mutants = {header.name: header.text[tongue] for header in room.laws if header.kind == "mutant"}
    for found, line, between in (
        (likeness.whole, WHOLE, OR),
        (likeness.part, PART, AND),
        (likeness.laws, LAWS, OR),
    ):
        if found:
            named = between[tongue].join(f"{mutants[name]} ({name})" for name in found)
            said = line[tongue].format(mutants=named)
            if len(found) > 1 and found is likeness.whole:
                said += f" {TOGETHER[tongue]}"
            if likeness.rest:
                said += f" {REST[tongue].format(laws=', '.join(likeness.rest))}"
            return out.print(sentence(said, "bold"))
    return out.print(UNKNOWN[tongue].format(count=len(mutants)))
