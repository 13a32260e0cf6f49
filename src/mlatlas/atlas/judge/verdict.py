"""Judge a subject by a room's laws and known answers, and a room by everything it claims."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from mlatlas.atlas.judge.compare import Comparison
from mlatlas.atlas.judge.draw import Draw, Rejected, shrink
from mlatlas.atlas.judge.likeness import Failure, Trial
from mlatlas.atlas.judge.subject import NotOffered, Subject
from mlatlas.atlas.judge.witness import Known, Law, Mutant, Problems

if TYPE_CHECKING:
    from mlatlas.atlas.map import Room

DRAWS = 20  # problems on which a law is judged
MUTANT_DRAWS = 6  # problems on which a mutant may be caught
T = TypeVar("T")


@dataclass(frozen=True)
class Verdict:
    """Whether a law or a known answer holds for a subject, with its figures and the smallest problem on which it does not."""

    name: str
    holds: bool
    gap: float  # the largest one on problems that satisfy the hypothesis
    apart: float | None = None  # the smallest one on problems that do not
    failure: Failure = ""
    reason: str = ""
    counterexample: str = ""

    @property
    def offered(self) -> bool:
        """False when the subject lacks an export that the law asks for."""
        return self.failure != "not offered"


def attempt(compare: Callable[[], Comparison]) -> Trial:
    """One comparison with its kind of failure: a gap, a result that is no number, or an exception.

    Warnings are silenced: a subject may warn of what the comparison then measures.
    """
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            one = compare()
    except NotOffered as error:
        return Trial(None, "not offered", str(error))
    except Exception as error:
        return Trial(None, "raises", f"{type(error).__name__}: {error}")
    if one.reason:
        return Trial(one, "not a number", one.reason)
    return Trial(one) if one.holds else Trial(one, "gap", f"gap {one.gap:.1e}")


def judge_law(law: Law, subject: Subject, other: Subject, draws: int = DRAWS) -> Verdict:
    """Judge one law on many problems with its hypothesis, and on as many without it."""
    worst, judged = 0.0, 0
    for seed, problem in _problems(law.given, draws):
        judged += 1
        one, failure, reason = attempt(partial(law.compare, problem, subject, other))
        worst = max(worst, one.gap if one else 0.0)
        if failure == "not offered":
            return Verdict(law.name, False, 0.0, None, failure, reason)
        if failure:
            smallest = _smallest(law, law.given, seed, subject, other, failure)
            return Verdict(law.name, False, worst, None, failure, reason, smallest)
    if judged < max(1, draws // 2):
        return Verdict(law.name, False, worst, None, "vacuous", _too_few(judged, draws, "satisfy"))
    if law.without is None:
        return Verdict(law.name, True, worst)
    return _without_hypothesis(law, law.without, subject, other, draws, worst)


def _without_hypothesis(
    law: Law, without: Problems, subject: Subject, other: Subject, draws: int, worst: float
) -> Verdict:
    apart, judged = np.inf, 0
    for _, problem in _problems(without, draws):
        judged += 1
        one, failure, reason = attempt(partial(law.compare, problem, subject, other))
        if failure == "not offered":
            return Verdict(law.name, False, worst, None, failure, reason)
        if one is None or failure == "not a number":
            return Verdict(
                law.name, False, worst, None, failure, f"without the hypothesis: {reason}; no counterexample"
            )
        apart = min(apart, one.gap)
        if not one.apart:
            reason = (
                f"without the hypothesis the gap is only {one.gap:.1e}, so the hypothesis is not what makes it hold"
            )
            return Verdict(law.name, False, worst, apart, "needless hypothesis", reason, described(problem))
    if judged < max(1, draws // 2):
        return Verdict(law.name, False, worst, None, "vacuous", _too_few(judged, draws, "lack"))
    return Verdict(law.name, True, worst, float(apart))


def judge_known(known: Known, subject: Subject) -> Verdict:
    """Judge one known answer."""
    one, failure, reason = attempt(lambda: known.compare(subject))
    return Verdict(known.name, not failure, one.gap if one else 0.0, None, failure, reason)


@dataclass(frozen=True)
class Kill:
    """What became of a mutant under one law: killed, survived, or failing for the wrong reason."""

    killed: bool
    wrong_reason: str = ""


def trials(witness: Law | Known, subject: Subject, other: Subject) -> Iterator[Trial]:
    """The subject under a known answer, or under a law on a few problems; each is made when it is asked for."""
    if isinstance(witness, Known):
        yield attempt(lambda: witness.compare(subject))
        return
    for _, problem in _problems(witness.given, MUTANT_DRAWS):
        yield attempt(partial(witness.compare, problem, subject, other))


def try_mutant(witness: Law | Known, subject: Subject, other: Subject) -> Kill:
    """A mutant dies of a finite gap of at least a hundred tolerances; an exception or NaN is the wrong reason."""
    wrong = ""
    for trial in trials(witness, subject, other):
        if trial.killed:
            return Kill(True)
        if trial.failure in ("raises", "not a number"):
            wrong = trial.reason
    return Kill(False, wrong)


def _problems(generator: Problems, draws: int) -> Iterator[tuple[int, Any]]:
    """So many problems with their seeds, as far as four times as many draws satisfy what the generator requires."""
    accepted = 0
    for seed in range(4 * draws):
        problem = _problem(generator, Draw(seed))
        if problem is not None:
            accepted += 1
            yield seed, problem
        if accepted == draws:
            return


def _too_few(judged: int, draws: int, hypothesis: str) -> str:
    return f"only {judged} of {4 * draws} draws {hypothesis} the hypothesis; draw problems so that {draws} do"


def _problem(generator: Problems, draw: Draw) -> Any | None:
    try:
        return generator(draw)
    except Rejected:
        return None


def _smallest(law: Law, generator: Problems, seed: int, subject: Subject, other: Subject, failure: Failure) -> str:
    """The smallest problem that fails in the same way, in words."""

    def fails(draw: Draw) -> bool:
        problem = _problem(generator, draw)
        if problem is None:
            return False
        return attempt(lambda: law.compare(problem, subject, other))[1] == failure

    draw = shrink(fails, seed)
    problem = generator(draw)
    one, _, reason = attempt(lambda: law.compare(problem, subject, other))
    sides = f"; sides {described((one.left, one.right))}" if one and one.left is not None else f"; {reason}"
    return described(problem) + sides


def described(problem: Any) -> str:
    """A problem in one line: every array and number that it consists of."""
    if isinstance(problem, tuple):
        return ", ".join(described(part) for part in problem)
    return np.array2string(np.asarray(problem), precision=9, separator=", ", threshold=60).replace("\n", "")


# ---- a whole room ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Witnesses:
    """What ``laws.py`` declares."""

    laws: tuple[Law, ...]
    known: tuple[Known, ...]
    mutants: tuple[Mutant, ...]

    @property
    def judging(self) -> tuple[Law | Known, ...]:
        """The known answers, which take little time, and then the laws."""
        return (*self.known, *self.laws)


def witnesses(room: Room) -> Witnesses:
    """Collect the declarations of a room's ``laws.py``; a room without one declares nothing."""
    if not room.has("laws.py"):
        return Witnesses((), (), ())
    module = importlib.import_module(f"{room.module}.laws")
    return Witnesses(declared(module, Law), declared(module, Known), declared(module, Mutant))


def declared(module: ModuleType, kind: type[T]) -> tuple[T, ...]:
    """The objects of one kind that a module defines, in its order."""
    return tuple(value for value in vars(module).values() if isinstance(value, kind))


@dataclass(frozen=True)
class MutantVerdict:
    """Which laws and known answers kill a mutant; ``wrong_reason`` when it only crashes."""

    name: str
    killed_by: tuple[str, ...]
    wrong_reason: str = ""


def judge_mutants(
    found: Witnesses,
    ours: Subject,
    others: Callable[[Law], Subject],
    tick: Callable[[], None] = lambda: None,
    every: bool = True,
) -> tuple[MutantVerdict, ...]:
    """Try every mutant against every law and known answer, or only until one of them kills it."""
    verdicts = []
    for one in found.mutants:
        subject = one.subject(ours)
        killed: list[str] = []
        wrong = ""
        for witness in found.judging:
            kill = try_mutant(witness, subject, others(witness) if isinstance(witness, Law) else subject)
            killed += [witness.name] if kill.killed else []
            wrong = wrong or kill.wrong_reason
            if killed and not every:
                break
        verdicts.append(MutantVerdict(one.name, tuple(killed), "" if killed else wrong))
        tick()
    return tuple(verdicts)


def idle_laws(laws: Iterable[Law], mutants: Sequence[MutantVerdict]) -> tuple[str, ...]:
    """Laws that kill no mutant, and therefore are no laws."""
    busy = {name for mutant in mutants for name in mutant.killed_by}
    return tuple(law.name for law in laws if law.name not in busy)
