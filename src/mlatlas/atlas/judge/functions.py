"""The functions that a reader may call in an expression: how many arguments each takes, and what a call will cost."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from mlatlas.atlas.judge.grammar import refuse
from mlatlas.atlas.judge.operators import ARRAYS, ELEMENTWISE, MATRICES, REDUCTIONS

Array = np.ndarray[Any, np.dtype[Any]]

FUNCTIONS: dict[str, Callable[..., Any]] = {**ELEMENTWISE, **REDUCTIONS, **ARRAYS, **MATRICES}
ALONG = {*REDUCTIONS, "cumsum", "cumprod", "sort", "argsort", "stack", "concatenate"}  # take an axis
JOINING = {"stack", "concatenate"}  # take several arrays in brackets
COUNTS = {
    "eye": (0, 1),
    "zeros": (0,),
    "ones": (0,),
    "arange": (0, 1),
    "one_hot": (0, 1),
}  # arguments that are integers
CONDITIONS = {"where", "any", "all", "sum", "mean"}  # may be given a condition
ARGUMENTS: dict[str, tuple[int, int]] = {
    **dict.fromkeys(FUNCTIONS, (1, 1)),
    **dict.fromkeys((*ALONG, "eye", "arange", "norm"), (1, 2)),
    **dict.fromkeys(("maximum", "minimum", "logaddexp", "dot", "outer", "one_hot", "solve"), (2, 2)),
    "where": (3, 3),
}


def call(name: str, args: list[Array], options: dict[str, Any]) -> Array:
    """Call a function whose cost has been accounted for."""
    counts = (1,) if name in ALONG else COUNTS.get(name, ())
    given: list[Any] = []
    for k, arg in enumerate(args):
        if k in counts:
            whole = integers(arg)
            given.append(whole if name == "one_hot" and k == 0 else whole.tolist())
        elif name in CONDITIONS:
            given.append(arg)
        else:
            given.append(floats(arg))
    result = np.asarray(FUNCTIONS[name](*given, **options))
    return result if result.dtype == bool else result.astype(float)


def cost(name: str, args: list[Array]) -> tuple[float, float]:
    """The elements of the result or of the largest array on the way, and the work for each."""
    first = args[0]
    match name:
        case "eye":
            return math.prod(_sides(args[0])) * math.prod(_sides(args[-1])), 1.0
        case "zeros" | "ones":
            return math.prod(_sides(first)), 1.0
        case "arange":
            return max(float(args[-1]) - (float(first) if len(args) > 1 else 0.0), 1.0), 1.0
        case "one_hot":
            return first.size * math.prod(_sides(args[1])) + math.prod(_sides(args[1])) ** 2, 1.0
        case "outer":
            return args[0].size * args[1].size, 1.0
        case "diag" if first.ndim == 1:
            return first.size**2, 1.0
        case "dot":
            return max(first.size, args[1].size) if 1 in (first.ndim, args[1].ndim) else first.size * args[1].shape[
                -1
            ], 1.0
        case _ if name in MATRICES:
            if first.ndim != 2:
                refuse(f"{name} takes a matrix, not {first.ndim} axes", f"{name} 需要矩阵，而不是 {first.ndim} 维数组")
            columns = args[1].size / len(args[1]) if len(args) > 1 and args[1].ndim else 0.0
            return first.size + columns * len(first), max(first.shape)
        case _ if name in ELEMENTWISE:
            return joint(*args), 3.0
    return first.size, 5.0


def joint(*args: Array) -> int:
    """The size of what arrays broadcast to."""
    return math.prod(np.broadcast_shapes(*(arg.shape for arg in args)))


def floats(value: Array) -> Array:
    """Conditions as zeros and ones."""
    return value.astype(float) if value.dtype == bool else value


def integers(value: Array) -> Array:
    """Whole numbers, as indices, lengths and axes must be."""
    if (
        value.dtype == bool
        or not np.isfinite(value).all()
        or np.any(value != np.round(value))
        or np.any(np.abs(value) > 1e9)
    ):
        refuse("an index, a length or an axis is a whole number", "下标、长度和轴须是整数")
    return value.astype(np.int64)


def _sides(value: Array) -> list[int]:
    """The sides of a shape, which is one number or a few in brackets."""
    sides: list[int] = np.atleast_1d(integers(value)).tolist()
    if len(sides) > 4 or min(sides) < 0:
        refuse("a shape is at most four lengths, none negative", "形状至多四个长度，且不能为负")
    return sides
