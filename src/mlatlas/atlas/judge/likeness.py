"""Whether two subjects fail alike: on the same problems, with the same figures. So a known mutant is recognised."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from mlatlas.atlas.judge.compare import Comparison, agree

Failure = Literal["", "gap", "not a number", "raises", "vacuous", "needless hypothesis", "not offered"]


class Trial(NamedTuple):
    """One comparison of one subject on one problem, and how it failed."""

    comparison: Comparison | None
    failure: Failure = ""
    reason: str = ""

    @property
    def killed(self) -> bool:
        """Whether it is a finite gap of at least a hundred tolerances."""
        return self.failure == "gap" and self.comparison is not None and self.comparison.apart


Trials = Mapping[str, Sequence[Trial]]  # by the name of the law or known answer


def same(one: Trial, two: Trial) -> bool | None:
    """Whether both fail with the same figures; None where the problem does not tell, as where one of them breaks."""
    if one.killed and two.killed:
        return _same_figures(one.comparison, two.comparison)
    if (one.killed and not two.failure) or (two.killed and not one.failure):
        return False
    return None


def _same_figures(one: Comparison | None, two: Comparison | None) -> bool:
    if one is None or two is None:
        return False
    left, right = one.parts or (one,), two.parts or (two,)
    return len(left) == len(right) and not any(map(_told_apart, left, right))


def _told_apart(one: Comparison, two: Comparison) -> bool:
    if not (one.apart and two.apart):
        return (one.apart and two.holds) or (one.holds and two.apart)
    scale = max(one.scale, two.scale)
    sides = [
        agree(a, b, scale=scale, tolerance=one.tolerance) for a, b in ((one.left, two.left), (one.right, two.right))
    ]
    return any(side.apart or side.reason for side in sides)


@dataclass(frozen=True)
class Likeness:
    """The known mutants that a subject behaves like, by name; of those alike, several only where nothing tells them apart."""

    whole: tuple[str, ...] = ()  # the same failures with the same figures
    part: tuple[str, ...] = ()  # it fails wherever one of these does, with the same figures, and elsewhere too
    rest: tuple[str, ...] = ()  # the laws and known answers with a failure that those in part do not explain
    laws: tuple[str, ...] = ()  # fails the same laws and known answers, with other figures


Mutants = Mapping[
    str, Callable[[str], Iterable[Trial]]
]  # of each, the trials under a law or known answer, when asked for
Pair = tuple[tuple[str, int], bool, bool | None]  # a problem of a law, whether it kills the mutant, what ``same`` says


def recognise(seen: Trials, mutants: Mutants) -> Likeness:
    """Which mutants behave as was ``seen``. What failed comes first: most mutants are ruled out by it."""
    failing = [name for name, trials in seen.items() if any(trial.killed for trial in trials)]
    order = [*failing, *(name for name in seen if name not in failing)]
    if whole := [name for name, trials in mutants.items() if _alike(_pairs(seen, order, trials))]:
        return Likeness(whole=tuple(whole))
    part: dict[str, set[tuple[str, int]]] = {}
    laws: list[str] = []
    for name, trials in mutants.items() if failing else ():
        pairs = [*_pairs(seen, failing, trials)]
        shared = {place for place, _, verdict in pairs if verdict}
        if not shared and _killing(pairs) != set(failing):
            continue
        pairs += _pairs(seen, order[len(failing) :], trials)
        if shared and not any(killed for _, killed, verdict in pairs if verdict is False):
            part[name] = shared
        elif _killing(pairs) == set(failing):
            laws.append(name)
    if not part:
        return Likeness(laws=tuple(laws))
    explained = set().union(*part.values())
    rest = [
        name for name in failing if any(one.killed and (name, at) not in explained for at, one in enumerate(seen[name]))
    ]
    largest = tuple(one for one in part if not any(part[one] < other for other in part.values()))
    return Likeness(part=largest, rest=tuple(rest))


def _pairs(seen: Trials, names: Iterable[str], trials: Callable[[str], Iterable[Trial]]) -> Iterator[Pair]:
    for name in names:
        for at, (mine, theirs) in enumerate(zip(seen[name], trials(name), strict=True)):
            yield (name, at), theirs.killed, same(mine, theirs)


def _alike(pairs: Iterable[Pair]) -> bool:
    """Whether no problem tells the two apart, and they fail on some."""
    shared = False
    for _, _, verdict in pairs:
        if verdict is False:
            return False
        shared |= verdict is True
    return shared


def _killing(pairs: Iterable[Pair]) -> set[str]:
    return {name for (name, _), killed, _ in pairs if killed}
