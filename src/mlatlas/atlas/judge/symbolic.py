"""Symbolic checks: SymPy reduces the difference between truth and answer to zero, or nothing symbolic is claimed."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy

from mlatlas.atlas.judge.check import FLOOR, ZERO, CheckVerdict, blind_to, compare, in_words, usual_size
from mlatlas.atlas.judge.compare import TOLERANCE
from mlatlas.atlas.judge.draw import Draw, Rejected, shrink
from mlatlas.atlas.judge.operators import symbolic_names
from mlatlas.atlas.judge.source import Source

Array = np.ndarray[Any, np.dtype[Any]]
NOT_REDUCED = "SymPy did not reduce the difference to zero, so agreement on numbers is all that is claimed"
ROADS_TO_ZERO = (
    sympy.expand,
    sympy.simplify,
    lambda difference: sympy.simplify(difference.doit().rewrite(sympy.exp)),
    lambda difference: sympy.simplify(sympy.expand_log(sympy.expand_func(difference.doit()))),
)


class Symbolic:
    """A symbolic check that has run: arrays of expressions, and what they are worth on drawn numbers."""

    def __init__(self, source: Source) -> None:
        values = source.run(symbolic_names())
        self.names = {
            name: _array(values[name]) for name in source.assigned if name in values and _symbols(values[name])
        }
        self.truth, self.answer = (_expressions(name, values[name]) for name in ("truth", "answer"))
        parts = [self.truth, self.answer, *self.names.values()]
        free = set().union(*(entry.free_symbols for part in parts for entry in part.flat))
        self.symbols = sorted(free, key=lambda symbol: str(symbol.name))

    def values(self, draw: Draw) -> dict[str, Any]:
        """The names, truth and answer in numbers drawn to the symbols' assumptions; rejected where not real."""
        at = {symbol: _number(symbol, draw) for symbol in self.symbols}
        parts = {**self.names, "truth": self.truth, "answer": self.answer}
        return {name: _evaluated(part, at) for name, part in parts.items()}

    def faults(self) -> str:
        """Why the expressions themselves are refused, if they are."""
        if self.truth.shape != self.answer.shape:
            return f"truth and answer differ: shapes {self.truth.shape} and {self.answer.shape}"
        for name, part in (("truth", self.truth), ("answer", self.answer)):
            if any(entry.has(sympy.nan, sympy.zoo, sympy.oo, -sympy.oo) for entry in part.flat):
                return f"{name} is not finite"
        return ""

    def reduces(self) -> bool:
        """Whether every entry of the difference is reduced to zero."""
        return all(_vanishes(left - right) for left, right in zip(self.truth.flat, self.answer.flat, strict=True))


def run_symbolic(source: Source, draws: int) -> CheckVerdict:
    """Judge a symbolic check; where the difference is not reduced to zero it is at most numeric."""
    label = source.label
    try:
        one = Symbolic(source)
        if fault := one.faults():
            return CheckVerdict(label, "symbolic", False, np.inf, reasons=(fault,))
        samples = _samples(one, draws)
    except Exception as raised:
        reason = source.blame(raised)
        return CheckVerdict(label, "symbolic", False, np.inf, reasons=(reason,))
    floor = FLOOR * usual_size([values["truth"] for _, values in samples])
    error = 0.0
    if not any(np.any(values["answer"]) for _, values in samples):
        return CheckVerdict(label, "symbolic", False, reasons=(ZERO,))
    for seed, values in samples:
        gap = compare(values["truth"], values["answer"], TOLERANCE, floor)
        error = max(error, gap.gap)
        if not gap.holds:
            smallest = one.values(shrink(lambda draw: _differs(one, draw, floor), seed))
            reason = f"truth and answer differ: relative gap {gap.gap:.1e}"
            return CheckVerdict(label, "symbolic", False, error, draws, TOLERANCE, (reason,), in_words(smallest))
    if blind := tuple(blind_to([values for _, values in samples], TOLERANCE, floor)):
        return CheckVerdict(label, "symbolic", False, error, draws, TOLERANCE, blind)
    if one.reduces():
        return CheckVerdict(label, "symbolic", True, 0.0, draws)
    return CheckVerdict(label, "numeric", True, error, draws, TOLERANCE, (NOT_REDUCED,))


def _samples(one: Symbolic, draws: int) -> list[tuple[int, dict[str, Any]]]:
    found = []
    for seed in range(10 * draws):
        try:
            found.append((seed, one.values(Draw(seed))))
        except Rejected:
            continue
        if len(found) == draws:
            return found
    raise ArithmeticError(
        f"truth and answer are real and finite on only {len(found)} of {10 * draws} draws of the symbols"
    )


def _differs(one: Symbolic, draw: Draw, floor: float) -> bool:
    values = one.values(draw)
    return not compare(values["truth"], values["answer"], TOLERANCE, floor).holds


def _vanishes(difference: Any) -> bool:
    return difference == 0 or any(road(difference) == 0 for road in ROADS_TO_ZERO)


def _symbols(value: Any) -> bool:
    """Whether a value is a symbol, or a matrix or sequence of symbols: something a reader may use."""
    entries = value if isinstance(value, sympy.MatrixBase | list | tuple) else [value]
    return len(entries) > 0 and all(isinstance(entry, sympy.Symbol) for entry in entries)


def _array(value: Any) -> Array:
    """An expression, or a matrix or sequence of them, as an array; a single column is a vector."""
    if isinstance(value, sympy.MatrixBase):
        array = np.array(value.tolist(), dtype=object)
        return array[:, 0] if array.shape[1] == 1 else array
    return np.array(value, dtype=object)


def _expressions(name: str, value: Any) -> Array:
    array = _array(value)
    entries = [sympy.sympify(entry) for entry in array.flat]
    if not entries or not all(isinstance(entry, sympy.Expr) for entry in entries):
        raise TypeError(f"{name} is no SymPy expression, nor a matrix of them")
    array = np.empty(array.shape, dtype=object)
    for index, entry in zip(np.ndindex(*array.shape), entries, strict=True):
        array[index] = entry
    return array


def _number(symbol: Any, draw: Draw) -> Any:
    if symbol.is_integer:
        return sympy.Integer(draw.integer(1 if symbol.is_positive else 0 if symbol.is_nonnegative else -3, 7))
    if symbol.is_negative:
        return sympy.Float(-draw.positive())
    free = symbol.is_real and symbol.is_nonnegative is None
    return sympy.Float(draw.normal() if free else draw.positive())


def _evaluated(part: Array, at: dict[Any, Any]) -> Any:
    values = [complex(sympy.N(entry.subs(at))) for entry in part.flat]
    if not np.isfinite(values).all() or np.abs(np.imag(values)).max() > 1e-9 * (1 + np.abs(values).max()):
        raise Rejected
    numbers = np.real(values).reshape(part.shape)
    return numbers if part.ndim else float(numbers)
