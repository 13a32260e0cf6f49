"""The slips that learners make, recognised by what they do to the answer: a sign, a factor, a transpose, a constant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from mlatlas.atlas.judge.compare import agree
from mlatlas.atlas.text import Text

Array = np.ndarray[Any, np.dtype[Any]]
POWERS = {1: "{}", -1: "1/{}", 2: "{}**2", -2: "1/{}**2", 0.5: "sqrt({})", -0.5: "1/sqrt({})"}
HALVES = (0.5, 2.0)  # factors too common to be explained by a size that happens to be two


def slip(typed: Sequence[Any], answers: Sequence[Any], problems: Sequence[Mapping[str, Any]]) -> Text | None:
    """What was done to the answer, if it is the same on every problem; ``problems`` hold the names offered."""
    left, right = [np.asarray(one, float) for one in typed], [np.asarray(one, float) for one in answers]
    if all(answer.ndim == 2 for answer in right) and _equal(left, [answer.T for answer in right]):
        return Text("It is the transpose of the answer.", "你写的是答案的转置。")
    if any(a.shape != b.shape or not np.isfinite(a).all() for a, b in zip(left, right, strict=True)):
        return None
    return _factor(left, right, problems) or _constant(left, right)


def _equal(left: Sequence[Array], right: Sequence[Array]) -> bool:
    return all(agree(a, b).holds for a, b in zip(left, right, strict=True))


def _factor(typed: list[Array], answers: list[Array], problems: Sequence[Mapping[str, Any]]) -> Text | None:
    some = [k for k, answer in enumerate(answers) if np.any(answer)]
    factors = np.array([np.sum(typed[k] * answers[k]) / np.sum(answers[k] ** 2) for k in some])
    if not some or not np.all(factors) or not np.all(np.sign(factors) == np.sign(factors[0])):
        return None
    if not _equal([typed[k] for k in some], [factor * answers[k] for factor, k in zip(factors, some, strict=True)]):
        return None
    sizes, negative = np.abs(factors), factors[0] < 0
    if negative and np.allclose(sizes, 1):
        return Text("Its sign is wrong.", "符号反了。")
    what = _what(sizes, [problems[k] for k in some])
    if what is None:
        return None
    sign = Text(", with the wrong sign", "，而且符号反了") if negative else Text("", "")
    return Text(f"It is {what.en} times the answer{sign.en}.", f"你写的是答案的 {what.zh} 倍{sign.zh}。")


def _what(factors: Array, problems: Sequence[Mapping[str, Any]]) -> Text | None:
    """The factor in words: a number, or a quantity of the problem, or both."""
    fixed = np.allclose(factors, factors[0], rtol=1e-6)
    number = _number(float(factors[0]))
    if fixed and np.any(np.isclose(factors[0], HALVES)):
        return Text(number, number)
    for name, values in _quantities(problems):
        for power, form in POWERS.items():
            if np.all(values > 0) and not np.allclose(values, 1) and np.allclose(factors, values**power, rtol=1e-6):
                named = Text(form.format(name.en), form.format(name.zh))
                return Text(f"{number} (that is, {named.en})", f"{number}（即 {named.zh}）") if fixed else named
    return Text(number, number) if fixed else None


def _number(value: float) -> str:
    fraction = Fraction(value).limit_denominator(12)
    return str(fraction) if np.isclose(float(fraction), value, rtol=1e-6) else f"{value:.6g}"


def _quantities(problems: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Text, Array]]:
    """The numbers that a factor may be made of: those with a name, then the lengths of arrays."""
    shapes = {name: np.shape(value) for name, value in problems[0].items()}
    for name, shape in shapes.items():
        if not shape:
            yield Text(name, name), np.array([float(problem[name]) for problem in problems])
    for name, shape in shapes.items():
        for axis in range(len(shape)):
            lengths = np.array([float(np.shape(problem[name])[axis]) for problem in problems])
            part, part_zh = ("length", "长度") if len(shape) == 1 else (("rows", "行数"), ("columns", "列数"))[axis > 0]
            yield Text(f"(the {part} of {name})", f"（{name} 的{part_zh}）"), lengths


def _constant(typed: list[Array], answers: list[Array]) -> Text | None:
    shifts = np.concatenate([np.ravel(a - b) for a, b in zip(typed, answers, strict=True)])
    if np.max(np.abs(shifts)) < 1e-6 or not np.allclose(shifts, shifts[0], rtol=1e-6):
        return None
    number = _number(abs(float(shifts[0])))
    more, more_zh = ("more", "多") if shifts[0] > 0 else ("less", "少")
    return Text(f"Everywhere it is {number} {more} than the answer.", f"处处比答案{more_zh} {number}。")
