"""Judge the checks of a page: ``truth``, ``answer`` and ``code`` must agree on fresh draws, and be able to disagree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mlatlas.atlas.judge.calculus import Estimate
from mlatlas.atlas.judge.compare import TOLERANCE, Comparison, agree
from mlatlas.atlas.judge.draw import Draw, Rejected, shrink
from mlatlas.atlas.judge.operators import numeric_names
from mlatlas.atlas.judge.source import RESULTS, Source

if TYPE_CHECKING:
    from mlatlas.atlas.judge.subject import Subject
    from mlatlas.atlas.map.page import Check

Array = np.ndarray[Any, np.dtype[Any]]
DRAWS = 25
FLOOR = 1e-3  # a value this much smaller than is usual on the draws is measured against the usual size
STANDARD_ERRORS = 5.0  # by which a simulated truth may be off
PAIRS = (("truth", "answer"), ("truth", "code"), ("answer", "code"))

ZERO = "the answer is zero on every draw, so neither its sign nor its size is checked; write it so that it is not"

MUTATIONS: dict[str, Callable[[Array], Array]] = {
    "multiplied by 1.1": lambda answer: 1.1 * answer,
    "negated": lambda answer: -answer,
    "shifted by a tenth of its size": lambda answer: answer + 0.1 * np.max(np.abs(answer), initial=0.0),
    "transposed": lambda answer: answer.T,
    "reversed": lambda answer: answer[::-1] if answer.ndim else answer,
}


@dataclass(frozen=True)
class CheckVerdict:
    """Whether a check holds, at which level, and with which figures.

    ``error`` is the largest relative difference between any two of truth, answer and code; ``reasons`` say why a check
    that is not ``ok`` is refused or fails; ``counterexample`` is the smallest problem on which two values differ.
    """

    label: str
    level: Literal["numeric", "symbolic"]
    ok: bool
    error: float = 0.0
    draws: int = 0
    tolerance: float = 0.0
    reasons: tuple[str, ...] = ()
    counterexample: str = ""


def run_check(block: Check, subject: Subject | None = None, draws: int = DRAWS) -> CheckVerdict:
    """Judge one check with this subject behind its ``code``."""
    source = Source(block.label, block.source)
    if faults := tuple(source.faults(block.level == "symbolic")):
        return CheckVerdict(block.label, block.level, False, reasons=faults)
    if block.level == "symbolic":
        from mlatlas.atlas.judge.symbolic import run_symbolic

        return run_symbolic(source, draws)
    return _Numeric(source, subject, block.tolerance or TOLERANCE).verdict(draws if "draw" in source.names else 1)


class _Failed(Exception):
    """The check fails for a reason that is no counterexample."""


@dataclass(frozen=True)
class _Numeric:
    source: Source
    subject: Subject | None
    tolerance: float

    def verdict(self, draws: int) -> CheckVerdict:
        label, error = self.source.label, 0.0
        try:
            samples = self.samples(draws)
            floor = usual_size([values["truth"] for _, values in samples]) * FLOOR
            allowed = max(tolerance_of(values["truth"], self.tolerance, floor) for _, values in samples)
            if not any(np.any(values["answer"]) for _, values in samples):
                return CheckVerdict(label, "numeric", False, error, draws, allowed, (ZERO,))
            for seed, values in samples:
                for pair, gap in self.gaps(values, floor):
                    error = max(error, gap.gap)
                    if not gap.holds:
                        reason = f"{pair[0]} and {pair[1]} differ: {gap.reason or f'relative gap {gap.gap:.1e}'}"
                        smallest = self.smallest(seed, pair, bool(gap.reason), floor)
                        return CheckVerdict(label, "numeric", False, error, draws, allowed, (reason,), smallest)
            if blind := tuple(blind_to([values for _, values in samples], self.tolerance, floor)):
                return CheckVerdict(label, "numeric", False, error, draws, allowed, blind)
        except _Failed as failure:
            return CheckVerdict(label, "numeric", False, np.inf, draws, self.tolerance, (str(failure),))
        return CheckVerdict(label, "numeric", True, error, draws, allowed)

    def samples(self, draws: int) -> list[tuple[int, dict[str, Any]]]:
        """Seeds with the values of the check on draws that satisfy its hypotheses."""
        found = []
        for seed in range(10 * draws):
            try:
                found.append((seed, self.run(Draw(seed))))
            except Rejected:
                continue
            except Exception as error:
                raise _Failed(self.source.blame(error)) from error
            if len(found) == draws:
                return found
        raise _Failed(
            f"only {len(found)} of {10 * draws} draws satisfy what the check requires; draw them so that more do"
        )

    def run(self, draw: Draw) -> dict[str, Any]:
        """The values of the check on one draw, its results as arrays of numbers."""
        with np.errstate(all="ignore"):
            values = self.source.run({**numeric_names(), "draw": draw, "subject": self.subject})
        return values | {name: numbers(name, values[name]) for name in RESULTS if name in values}

    def gaps(self, values: dict[str, Any], floor: float) -> Iterator[tuple[tuple[str, str], Comparison]]:
        for left, right in PAIRS:
            if right in values:
                yield (left, right), compare(values[left], values[right], self.tolerance, floor)

    def smallest(self, seed: int, pair: tuple[str, str], broken: bool, floor: float) -> str:
        """The smallest problem on which the same two values differ in the same way."""

        def fails(draw: Draw) -> bool:
            gap = dict(self.gaps(self.run(draw), floor))[pair]
            return not gap.holds and bool(gap.reason) == broken

        values = self.run(shrink(fails, seed))
        return in_words({name: value for name, value in values.items() if is_data(value)})


def blind_to(samples: list[dict[str, Any]], tolerance: float, floor: float) -> Iterator[str]:
    """What could be done to the answer without the check noticing."""
    answers = [(values["truth"], np.asarray(values["answer"])) for values in samples]
    for name, mutate in MUTATIONS.items():
        changed = [(truth, mutate(answer)) for truth, answer in answers if _differ(answer, mutate(answer))]
        if changed and all(compare(truth, mutant, tolerance, floor).holds for truth, mutant in changed):
            yield f"this check cannot fail: the answer {name} passes too; lower the tolerance or draw wider"


def _differ(answer: Array, mutant: Array) -> bool:
    return not agree(answer, mutant, tolerance=1e-9).holds


def compare(truth: Any, other: Any, tolerance: float, floor: float) -> Comparison:
    """Truth against another value, relative to the larger of them, or to ``floor`` where both are smaller."""
    left, right = (side.mean if isinstance(side, Estimate) else side for side in (truth, other))
    return agree(left, right, scale=floor, tolerance=tolerance_of(truth, tolerance, floor))


def numbers(name: str, value: Any) -> Any:
    """A result as an array of real numbers, or the estimate it is."""
    if isinstance(value, Estimate):
        return Estimate(numbers(name, value.mean), numbers(name, value.error))
    array = np.asarray(value)
    if array.dtype.kind not in "biuf" and not (array.dtype.kind == "c" and not np.any(array.imag)):
        raise TypeError(f"{name} is {array.dtype}, not real numbers; return an array of them")
    return array.real.astype(float)


def tolerance_of(truth: Any, tolerance: float, floor: float) -> float:
    """The tolerance, widened for a simulated truth to what its standard error allows."""
    if not isinstance(truth, Estimate):
        return tolerance
    scale = max(float(np.max(np.abs(truth.mean))), floor, np.finfo(float).tiny)
    return max(tolerance, STANDARD_ERRORS * float(np.max(truth.error)) / scale)


def usual_size(truths: list[Any]) -> float:
    """The largest entry of truth, averaged over the draws."""
    sizes = [
        float(np.max(np.abs(truth.mean if isinstance(truth, Estimate) else truth), initial=0.0)) for truth in truths
    ]
    return float(np.mean([size for size in sizes if np.isfinite(size)] or [0.0]))


def is_data(value: Any) -> bool:
    """Whether a value is a number or an array of them, and can be shown."""
    return isinstance(value, bool | int | float | np.ndarray | np.number | Estimate | list | tuple)


def in_words(values: dict[str, Any]) -> str:
    """Names and values in one line."""
    return ", ".join(f"{name} = {shown(value)}" for name, value in values.items())


def shown(value: Any) -> str:
    """A number or an array in one line, to six digits."""
    if isinstance(value, Estimate):
        return f"{shown(value.mean)} ± {shown(value.error)}"
    try:
        text = np.array2string(np.asarray(value), precision=6, separator=", ", threshold=60, suppress_small=True)
    except ValueError:
        text = repr(value)
    return " ".join(text.split())
