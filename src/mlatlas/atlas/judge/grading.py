"""Grade an implementation that is not ours: known answers, laws, parity with ours, bad input, and whose bug it has.

The work is done in a process of its own, one step at a time. A step that takes too long, or ends the process, costs that
process its life; the next step gets another.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from queue import Queue
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mlatlas.atlas import confine
from mlatlas.atlas.confine import Limits
from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.judge.candidate import Candidate, exports_of, load
from mlatlas.atlas.judge.compare import Comparison, atmost
from mlatlas.atlas.judge.likeness import Failure, Likeness, Trial, recognise
from mlatlas.atlas.judge.peers import Race
from mlatlas.atlas.judge.racing import EPSILON
from mlatlas.atlas.judge.room import others, races_of
from mlatlas.atlas.judge.spoiling import Spoiled, answers, spoiled_calls
from mlatlas.atlas.judge.subject import NotOffered, Subject, ours
from mlatlas.atlas.judge.verdict import DRAWS, attempt, judge_known, judge_law, trials, witnesses
from mlatlas.atlas.judge.witness import Known, Law, Mutant

if TYPE_CHECKING:
    from mlatlas.atlas.map import Atlas, Room

Kind = Literal["known", "law", "parity", "bad input"]
State = Literal["holds", "fails", "not offered", "not judged"]
DEATHS = 3  # processes lost before the rest is left alone
ROUNDING = 1e-8  # certificates that are smaller than a millionth of this are as good as zero
SEEDS = 3  # problems of each race on which the answers are compared


@dataclass(frozen=True)
class Step:
    """One thing to be judged: a known answer, a law, the parity on the problems of a race, or bad input to an export."""

    kind: Kind
    name: str


@dataclass(frozen=True)
class Mark:
    """What came of a step."""

    step: Step
    state: State
    reason: str = ""
    counterexample: str = ""  # the smallest problem on which it fails, or what ours says of bad input
    lent: tuple[str, ...] = ()  # what the step asked of ours, since it is not offered
    died: bool = False  # it cost the process its life


def steps_of(room: Room, exports: Sequence[str]) -> list[Step]:
    """What there is to judge, read without running anything of the room."""
    return [
        *(Step("known", header.name) for header in room.laws if header.kind == "known"),
        *(Step("law", header.name) for header in room.laws if header.kind == "law"),
        *(Step("parity", name) for name in room.races),
        *(Step("bad input", name) for name in exports),
    ]


class Grader:
    """Judges an implementation, ``exports`` by our names, by what a room demands of its own."""

    def __init__(self, atlas: Atlas, room: Room, exports: Mapping[str, Any], draws: int = DRAWS) -> None:
        self.room, self.draws, self.exports = room, draws, exports
        self.found, self.ours, self.other = witnesses(room), ours(room), others(atlas)
        self.subject = Candidate(exports, vars(self.ours))

    def mark(self, step: Step) -> Mark:
        """Take one step."""
        if step.kind == "bad input":
            return self._bad_input(step)
        self.subject.asked()
        if step.kind == "parity":
            failure, reason, smallest = self._parity(
                next(race for race in races_of(self.room) if race.name == step.name)
            )
        else:
            failure, reason, smallest = self._witness(step.name)
        own, lent = self.subject.asked()
        if failure == "vacuous":
            return Mark(step, "not judged", reason)
        if failure == "not offered":
            return Mark(step, failure, reason)
        if not own:
            return Mark(step, "not offered", ", ".join(lent))
        if failure == "raises" and lent:  # it may be ours that cannot work with what is offered
            return Mark(step, "not offered", f"{', '.join(lent)} (with ours instead: {reason})")
        return Mark(step, "fails" if failure else "holds", reason, smallest, tuple(lent))

    def likeness(self, avoid: Sequence[str] = ()) -> Likeness:
        """The known mutants that it behaves like; what is to be avoided ended the process before."""
        every = {one.name: one for one in self.found.judging if one.name not in avoid}
        seen = {name: list(self.trials(one, self.subject)) for name, one in every.items()}

        def trials_of(mutant: Mutant) -> Callable[[str], Iterator[Trial]]:
            mutated = vars(mutant.subject(self.ours))
            subject = Subject({**vars(self.ours), **{name: mutated[name] for name in self.exports}})
            return lambda name: self.trials(every[name], subject)

        return recognise(seen, {mutant.name: trials_of(mutant) for mutant in self.found.mutants})

    def trials(self, one: Law | Known, subject: Subject) -> Iterator[Trial]:
        """A subject, this or another, under a law or known answer on a few problems."""
        return trials(one, subject, self.other(one) if isinstance(one, Law) else subject)

    def _witness(self, name: str) -> tuple[Failure, str, str]:
        one = next(one for one in self.found.judging if one.name == name)
        if isinstance(one, Law):
            verdict = judge_law(one, self.subject, self.other(one), self.draws)
        else:
            verdict = judge_known(one, self.subject)
        return verdict.failure, verdict.reason, verdict.counterexample

    def _parity(self, race: Race) -> tuple[Failure, str, str]:
        """The answers to small problems of a race, by its certificate: its goal is reached, or ours is no better."""
        size = race.sizes["tiny"]
        for seed in range(SEEDS):
            problem = race.problem(np.random.default_rng(seed), *size)
            reached = _certified(race, self.ours, problem)
            goal = max(reached if race.goal is None else max(race.goal, reached), EPSILON)
            one, failure, reason = attempt(partial(self._compare, race, problem, goal))
            if failure:
                why = f"certificate {one.left:.1e}, where ours reaches {reached:.1e}" if one else reason
                return failure, why if failure == "not offered" else f"{why}, at size {size}", ""
        return "", "", ""

    def _compare(self, race: Race, problem: Any, goal: float) -> Comparison:
        return atmost(_certified(race, self.subject, problem), goal, scale=ROUNDING)

    def _bad_input(self, step: Step) -> Mark:
        said = [(one, self._answers(one)) for one in spoiled_calls(self.found, self.ours, self.other, step.name)]
        if not said:
            return Mark(step, "not judged", "no law calls it with an argument that can be spoiled")
        taken = [one for one, answered in said if answered]
        if taken:
            what = "; ".join(dict.fromkeys(one.what for one in taken))
            return Mark(step, "fails", f"answers as though nothing were wrong: {what}", taken[0].ours)
        if all(answered is None for _, answered in said):
            return Mark(step, "not offered", step.name)
        return Mark(step, "holds")

    def _answers(self, spoiled: Spoiled) -> bool | None:
        try:
            return answers(spoiled, self.subject)
        except NotOffered:
            return None


def _certified(race: Race, subject: Subject, problem: Any) -> float:
    """The certificate of the answer at the tightest tolerance."""
    return float(race.certificate(problem, race.work(subject, problem, race.tolerances[-1])))


# ---- in a process of its own


@dataclass
class Report:
    """What an implementation was graded."""

    exports: dict[str, str] = field(default_factory=dict)  # ours -> the name that stands for it
    steps: list[Step] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    likeness: Likeness | None = None  # None where it could not be computed

    def marked(self, state: State, kind: Kind | None = None) -> list[Mark]:
        """The marks with a state, of one kind or of all."""
        return [mark for mark in self.marks if mark.state == state and kind in (None, mark.step.kind)]


@dataclass(frozen=True)
class Job:
    """What a child is asked: to take the steps that are left, and then to say which mutants the subject behaves like."""

    concept: str
    folder: str  # to work in
    source: str
    names: Sequence[str]
    done: int  # steps
    avoid: Sequence[str]  # laws and known answers that cost a process its life


def grade(
    room: Room, source: str, names: Sequence[str], limits: Limits, tick: Callable[[Report], None] = lambda report: None
) -> Report:
    """Grade what a file or module defines; AtlasError where it cannot be loaded or stands for nothing."""
    report = Report()
    for _ in range(DEATHS):
        avoid = [mark.step.name for mark in report.marks if mark.state == "fails" and mark.died]
        job = Job(room.concept.id, os.getcwd(), source, names, len(report.marks), avoid)
        why = _follow(job, limits, report, lambda: tick(report))
        if not why:
            return report
        if not report.steps:
            raise AtlasError(f"{source}: it {why} while it was loaded.")
        if len(report.marks) == len(report.steps):
            return report
        report.marks.append(Mark(report.steps[len(report.marks)], "fails", f"it {why}", died=True))
    rest = report.steps[len(report.marks) :]
    report.marks += [Mark(step, "not judged", f"{DEATHS} processes were lost before") for step in rest]
    return report


def _follow(job: Job, limits: Limits, report: Report, tick: Callable[[], None]) -> str:
    """Take down what a child says; why it died before it was done, or nothing."""
    nowhere = os.sep  # a folder without modules, since Python looks for them where it is started
    child = confine.spawn(__name__, limits.arguments(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=nowhere)
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdin.write(json.dumps(asdict(job)) + "\n")
        child.stdin.flush()
        for line in child.stdout:
            said: dict[str, Any] = json.loads(line)
            match said:
                case {"error": error}:
                    raise AtlasError(error)
                case {"exports": exports, "steps": steps}:
                    report.exports, report.steps = exports, [Step(**step) for step in steps]
                case {"mark": mark}:
                    report.marks.append(Mark(**{**mark, "step": Step(**mark["step"]), "lent": tuple(mark["lent"])}))
                case {"likeness": likeness}:
                    report.likeness = Likeness(**{name: tuple(mutants) for name, mutants in likeness.items()})
                    return ""
            tick()
        return _why(child.wait(), limits.seconds)
    finally:
        confine.kill(child.pid)
        child.wait()
        child.stdin.close()
        child.stdout.close()


def _why(code: int, seconds: float) -> str:
    if code == -signal.SIGALRM:
        return f"took more than {seconds:.3g} seconds and was stopped"
    return f"ended the process with status {code}" if code >= 0 else f"died of {signal.Signals(-code).name}"


# ---- the child


def _main(memory: str, seconds: str) -> None:
    """Do one job and say what comes of each step, one JSON object a line."""
    jobs: Queue[str] = Queue()
    confine.confine(Limits(int(memory), 0.0), jobs.put)
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever is printed on the way is no answer

    def say(**what: Any) -> None:
        print(json.dumps(what, ensure_ascii=False), file=out, flush=True)

    job = Job(**json.loads(jobs.get()))
    os.chdir(job.folder)
    sys.stdin = open(os.devnull)  # noqa: SIM115 - until the process ends
    try:
        grader, exports = _loaded(job, float(seconds))
    except AtlasError as error:
        return say(error=str(error))
    steps = steps_of(grader.room, list(exports))
    say(exports=exports, steps=[asdict(step) for step in steps])
    for step in steps[job.done :]:
        confine.allow(float(seconds))
        say(mark=asdict(_mark(grader, step)))
    confine.allow(10 * float(seconds))
    say(likeness=asdict(grader.likeness(job.avoid)))
    return None


def _loaded(job: Job, seconds: float) -> tuple[Grader, dict[str, str]]:
    """The grader of what the job names, and which name stands for which export."""
    from mlatlas.atlas.map import open_atlas

    atlas = open_atlas()
    room = atlas.room(job.concept)
    ship = vars(ours(room))
    witnesses(room)  # compiled and imported while nobody counts the seconds
    confine.allow(seconds)
    exports = exports_of(load(job.source), job.source, job.names, ship)
    names = {name: getattr(value, "__name__", name) for name, value in exports.items()}
    return Grader(atlas, room, exports), names


def _mark(grader: Grader, step: Step) -> Mark:
    try:
        return grader.mark(step)
    except (SystemExit, KeyboardInterrupt) as error:
        return Mark(step, "fails", f"it raises {type(error).__name__}")
    except Exception as error:
        return Mark(step, "fails", f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    _main(*sys.argv[1:])
