"""A drill is a check whose answer the reader supplies: it is judged by computing, on fresh draws, against the truth."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.judge.check import FLOOR, compare, in_words, numbers, shown, usual_size
from mlatlas.atlas.judge.compare import TOLERANCE, Comparison
from mlatlas.atlas.judge.draw import Draw, Rejected, shrink
from mlatlas.atlas.judge.expression import evaluate
from mlatlas.atlas.judge.grammar import ExpressionError
from mlatlas.atlas.judge.hiding import hidden
from mlatlas.atlas.judge.operators import numeric_names
from mlatlas.atlas.judge.slips import slip
from mlatlas.atlas.judge.source import Source
from mlatlas.atlas.text import Text

if TYPE_CHECKING:
    from mlatlas.atlas.judge.symbolic import Symbolic
    from mlatlas.atlas.map.page import Block, Check, Page

DRAWS = 25
SHOWN = 1  # the first seed of the problem whose shapes are shown beside the prompt
Outcome = Literal["right", "wrong", "refused"]


@dataclass(frozen=True)
class Problem:
    """One drawn problem: the names that the reader may use, what the definition gives, and what the page says."""

    seed: int
    names: dict[str, Any]
    truth: Any
    answer: Any


@dataclass(frozen=True)
class Reply:
    """What is said to a typed answer; a wrong one comes with the smallest problem found on which it is wrong."""

    outcome: Outcome
    text: Text
    problem: str = ""  # names and values of the counterexample
    truth: str = ""  # what the definition gives there
    typed: str = ""  # what was typed gives there


@dataclass(frozen=True)
class Drill:
    """One check as an exercise; ``before`` is what the page says on the way to its equation."""

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
    def example(self) -> Problem:
        """The problem whose names and shapes are shown."""
        return self._problems(SHOWN, 1)[0]

    @property
    def hints(self) -> tuple[Text, ...]:
        """What is revealed, one step at a time: the shape, the names that occur, the answer."""
        answer = self.source.written("answer", self.offered)
        used = ", ".join(name for name in self.offered if name in Source(self.label, answer).names)
        shape = _shape(np.shape(self.example.answer))
        return (
            Text(f"The answer is {shape.en}.", f"答案是{shape.zh}。"),
            Text(f"It is made of {used}.", f"它由 {used} 构成。"),
            Text(f"The answer: {answer}", f"答案：{answer}"),
        )

    def judge(self, text: str, seed: int | None = None) -> Reply:
        """Whether what was typed equals the truth on fresh problems; ``seed`` repeats a judgement."""
        try:
            evaluate(text, self.example.names)  # what is refused is refused before anything is drawn
            problems = self._problems(secrets.randbelow(2**40) if seed is None else seed, DRAWS)
            typed = [evaluate(text, problem.names) for problem in problems]
        except ExpressionError as error:
            return Reply("refused", error.text)
        floor = FLOOR * usual_size([problem.truth for problem in problems])
        gaps = [self._gap(problem, value, floor) for problem, value in zip(problems, typed, strict=True)]
        wrong = next((k for k, gap in enumerate(gaps) if not gap.holds), None)
        if wrong is None:
            largest = f"{max(gap.gap for gap in gaps):.0e}"
            en = f"Right, on {len(gaps)} fresh problems; the largest relative difference is {largest}."
            return Reply("right", Text(en, f"正确：在 {len(gaps)} 道新题上都成立，最大相对误差 {largest}。"))
        known = slip(typed, [problem.answer for problem in problems], [problem.names for problem in problems])
        return self._wrong(text, problems[wrong].seed, gaps[wrong], floor, known)

    def _wrong(self, text: str, seed: int, found: Comparison, floor: float, known: Text | None) -> Reply:
        def fails(draw: Draw) -> bool:
            problem = self._problem(draw)
            gap = self._gap(problem, evaluate(text, problem.names), floor)
            return not gap.holds and bool(gap.reason) == bool(found.reason)

        smallest = self._problem(shrink(fails, seed))
        value = evaluate(text, smallest.names)
        why = known or _why(np.shape(smallest.answer), np.asarray(value))
        return Reply("wrong", why, in_words(smallest.names), shown(smallest.truth), shown(value))

    def _gap(self, problem: Problem, value: Any, floor: float) -> Comparison:
        return compare(problem.truth, np.asarray(value, dtype=float), self.check.tolerance or TOLERANCE, floor)

    # ---- problems

    @cached_property
    def source(self) -> Source:
        """The source of the check."""
        return Source(self.check.label, self.check.source)

    @cached_property
    def _symbolic(self) -> Symbolic | None:
        if self.check.level == "numeric":
            return None
        from mlatlas.atlas.judge.symbolic import Symbolic

        return Symbolic(self.source)

    @cached_property
    def offered(self) -> tuple[str, ...]:
        """The names that a reader may use: not what a defining operator yields, nor what is the answer already."""
        if self._symbolic is not None:
            return tuple(self._symbolic.names)
        few = [values for _, values in self._drawn(SHOWN, 3)]
        return tuple(
            name
            for name in self.source.assigned
            if all(_usable(values.get(name)) for values in few)
            and not self.source.defined_by_operator(name)
            and (name in self.source.drawn or not all(_same(values["truth"], values[name]) for values in few))
        )

    def _problems(self, first: int, count: int) -> list[Problem]:
        return [self._posed(seed, values) for seed, values in self._drawn(first, count)]

    def _problem(self, draw: Draw) -> Problem:
        return self._posed(draw.seed, self._values(draw))

    def _posed(self, seed: int, values: dict[str, Any]) -> Problem:
        return Problem(seed, {name: values[name] for name in self.offered}, values["truth"], values["answer"])

    def _drawn(self, first: int, count: int) -> list[tuple[int, dict[str, Any]]]:
        """Seeds from ``first`` on with the values of the check, without those that do not satisfy its hypotheses."""
        found = []
        for seed in range(first, first + 20 * count):
            try:
                found.append((seed, self._values(Draw(seed))))
            except Rejected:
                continue
            if len(found) == count:
                return found
        raise AtlasError(f"the check ({self.label}) allows hardly any problem; run mlatlas check on its concept.")

    def _values(self, draw: Draw) -> dict[str, Any]:
        """The values of the check without its code, which a drill never needs."""
        if self._symbolic is not None:
            return self._symbolic.values(draw)
        with np.errstate(all="ignore"):
            values = self.source.run({**numeric_names(), "draw": draw})
        return values | {name: numbers(name, values[name]) for name in ("truth", "answer")}


def drills(page: Page) -> tuple[Drill, ...]:
    """The drills of a page, in its order."""
    return tuple(Drill(check, before(page.blocks, check)) for check in page.checks)


def mastered(payloads: Iterable[dict[str, Any]]) -> set[str]:
    """The labels once answered rightly without being shown the answer, from the stored drills of a concept."""
    return {payload["label"] for payload in payloads if payload["outcome"] == "right" and not payload["revealed"]}


def before(blocks: Iterable[Block], check: Check) -> tuple[Block, ...]:
    """What is said on the way to the equation: the blocks of the check's section, or of the question or claim it settles, up to its equation."""
    from mlatlas.atlas.map.page import Check as CheckBlock, ClaimBlock, Equation, QuestionBlock, Section

    found: list[Block] = []
    for block in blocks:
        if isinstance(block, Equation) and block.label == check.label:
            return tuple(found)
        if isinstance(block, QuestionBlock | ClaimBlock) and check in block.blocks:
            return before(block.blocks, check)
        if isinstance(block, Section):
            found = []
        elif not isinstance(block, CheckBlock | QuestionBlock | ClaimBlock):
            found.append(block)
    return tuple(found)


def _usable(value: Any) -> bool:
    return isinstance(value, bool | int | float | np.ndarray | np.number) and np.asarray(value).dtype.kind in "biuf"


def _same(truth: Any, value: Any) -> bool:
    return compare(truth, value, 1e-9, 0.0).holds


def _shape(shape: tuple[int, ...]) -> Text:
    sides = "×".join(map(str, shape))
    kinds = {0: Text("a number", "一个数"), 1: Text(f"a vector of length {sides}", f"长度为 {sides} 的向量")}
    return kinds.get(len(shape), Text(f"a matrix {sides}", f" {sides} 的矩阵"))


def _why(shape: tuple[int, ...], typed: np.ndarray[Any, np.dtype[Any]]) -> Text:
    """What is wrong with an answer that is no known slip."""
    if typed.shape != shape:
        wanted, given = _shape(shape), _shape(typed.shape)
        return Text(f"It is {given.en}, but the answer is {wanted.en}.", f"你写的是{given.zh}，而答案是{wanted.zh}。")
    if not np.isfinite(typed).all():
        return Text(
            "It is not finite: it divides by zero, or leaves the domain of a function.",
            "结果不是有限数：除以了零，或超出了函数的定义域。",
        )
    return Text("It differs from what the definition gives.", "与按定义算出的值不同。")
