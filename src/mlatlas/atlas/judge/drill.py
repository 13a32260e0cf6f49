"""A drill is a check whose answer the reader supplies: it is judged by computing, on fresh draws, against the truth."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.judge.check import FLOOR, compare, in_words, is_data, numbers, shown, tolerance_of, usual_size
from mlatlas.atlas.judge.compare import TOLERANCE, Comparison
from mlatlas.atlas.judge.draw import Draw, Rejected, shrink
from mlatlas.atlas.judge.expression import ExpressionError, evaluate
from mlatlas.atlas.judge.operators import numeric_names
from mlatlas.atlas.judge.slips import slip
from mlatlas.atlas.judge.source import Source
from mlatlas.atlas.text import Text

if TYPE_CHECKING:
    from mlatlas.atlas.judge.symbolic import Symbolic
    from mlatlas.atlas.map import Room
    from mlatlas.atlas.map.page import Block, Check

DRAWS = 25
SHOWN = 1  # the seed of the problem whose shapes are shown beside the prompt
Outcome = Literal["right", "wrong", "refused"]


@dataclass(frozen=True)
class Problem:
    """One drawn problem: the names that the reader may use, what the definition gives, and what the page says."""

    names: dict[str, Any]
    truth: Any
    answer: Any


@dataclass(frozen=True)
class Reply:
    """What is said to a typed answer; a wrong one comes with the smallest problem on which it is wrong."""

    outcome: Outcome
    text: Text
    problem: str = ""  # the counterexample: names and values
    truth: str = ""  # what the definition gives there
    typed: str = ""  # what was typed gives there


@dataclass(frozen=True)
class Drill:
    """One check as an exercise; ``before`` is what the page says up to its equation."""

    check: Check
    before: tuple[Block, ...] = field(default=(), repr=False)

    @property
    def label(self) -> str:
        """The label of the equation."""
        return self.check.label

    @property
    def prompt(self) -> str:
        """The equation in LaTeX with its answer hidden."""
        return hidden(self.check.latex)

    @cached_property
    def source(self) -> Source:
        """The check's source."""
        return Source(self.check.label, self.check.source)

    @cached_property
    def symbolic(self) -> Symbolic | None:
        """The check once run in SymPy, if it is a symbolic one."""
        if self.check.level == "numeric":
            return None
        from mlatlas.atlas.judge.symbolic import Symbolic

        return Symbolic(self.source)

    @cached_property
    def offered(self) -> tuple[str, ...]:
        """The names that a reader may use: not what a defining operator yields, nor what was computed to be the answer."""
        if self.symbolic is not None:
            return tuple(self.symbolic.names)
        few = [self._values(draw) for draw in self._draws(SHOWN, 3)]
        return tuple(name for name in self.source.assigned if all(_usable(values.get(name)) for values in few)
                     and not self.source.defined_by_operator(name)
                     and (name in self.source.drawn or not all(_same(values["truth"], values[name]) for values in few)))

    def problem(self, draw: Draw) -> Problem:
        """One problem; Rejected where the draw does not satisfy the hypotheses."""
        values = self._values(draw)
        return Problem({name: values[name] for name in self.offered}, values["truth"], values["answer"])

    def _values(self, draw: Draw) -> dict[str, Any]:
        if self.symbolic is not None:
            return self.symbolic.values(draw)
        with np.errstate(all="ignore"):
            values = self.source.run({**numeric_names(), "draw": draw})
        return values | {name: numbers(name, values[name]) for name in ("truth", "answer")}

    def _seeds(self, first: int, count: int) -> list[int]:
        """Seeds from ``first`` on whose draws satisfy the hypotheses."""
        found = []
        for seed in range(first, first + 20 * count):
            try:
                self._values(Draw(seed))
            except Rejected:
                continue
            found.append(seed)
            if len(found) == count:
                return found
        raise AtlasError(f"the check ({self.label}) finds hardly any problem that it allows; mlatlas check says more.")

    def judge(self, text: str, seed: int | None = None) -> Reply:
        """Whether what was typed equals the truth on fresh problems; ``seed`` repeats a judgement."""
        first = secrets.randbelow(2**40) if seed is None else seed
        seeds = self._seeds(first, DRAWS)
        problems = [self.problem(Draw(one)) for one in seeds]
        try:
            typed = [evaluate(text, problem.names) for problem in problems]
        except ExpressionError as error:
            return Reply("refused", error.text)
        floor = FLOOR * usual_size([problem.truth for problem in problems])
        gaps = [self._gap(problem, value, floor) for problem, value in zip(problems, typed, strict=True)]
        wrong = next((k for k, gap in enumerate(gaps) if not gap.holds), None)
        if wrong is None:
            return Reply("right", _right(len(problems), max(gap.gap for gap in gaps)))
        known = slip(typed, [problem.answer for problem in problems], [problem.names for problem in problems])
        return self._wrong(text, seeds[wrong], gaps[wrong], floor, known)

    def _gap(self, problem: Problem, value: Any, floor: float) -> Comparison:
        return compare(problem.truth, np.asarray(value, dtype=float), self.check.tolerance or TOLERANCE, floor)

    def _wrong(self, text: str, seed: int, found: Comparison, floor: float, known: Text | None) -> Reply:
        def fails(draw: Draw) -> bool:
            problem = self.problem(draw)
            gap = self._gap(problem, evaluate(text, problem.names), floor)
            return not gap.holds and gap.reason.split()[:1] == found.reason.split()[:1]

        smallest = self.problem(shrink(fails, seed))
        value = evaluate(text, smallest.names)
        why = known or _why(found, smallest.truth, value)
        return Reply("wrong", why, in_words(smallest.names), shown(smallest.truth), shown(value))
