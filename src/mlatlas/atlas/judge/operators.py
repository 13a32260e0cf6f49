"""The names that a check may use: mathematics on arrays, and the operators that define things.

All but the defining operators are NumPy under the names of mathematics. SymPy loads when a symbolic check asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

import numpy as np

from mlatlas.atlas.judge import calculus

Array = np.ndarray[Any, np.dtype[Any]]
Function = Callable[..., Any]


def singular_values(A: Any) -> Array:
    """The singular values, largest first."""
    return np.linalg.svd(A, compute_uv=False)


def norm(x: Any, p: float = 2) -> float:
    """The p-norm of all entries: Euclidean for a vector, Frobenius for a matrix."""
    return float(np.linalg.norm(np.ravel(x), p))


def one_hot(labels: Any, k: int) -> Array:
    """Rows of the k×k identity, one for each label."""
    return np.asarray(np.eye(int(k))[np.asarray(labels, dtype=int)])


def transpose(x: Any) -> Array:
    """Rows become columns."""
    return np.asarray(x).T


def _gathering(function: Function) -> Function:
    """The function, which may also be given a generator."""

    @wraps(function)
    def gathered(values: Any, *args: Any, **options: Any) -> Any:
        return function(list(values) if isinstance(values, Iterator) else values, *args, **options)

    return gathered


def _named(module: Any, names: str) -> dict[str, Function]:
    return {name: getattr(module, name) for name in names.split()}


ELEMENTWISE = _named(
    np,
    """log log2 log1p exp expm1 sqrt square abs sign sin cos tan arctan sinh cosh tanh floor ceil
    maximum minimum where logaddexp""",
)
REDUCTIONS = {
    name: _gathering(function)
    for name, function in _named(np, "sum prod mean median var std max min argmax argmin any all").items()
}
ARRAYS = _named(np, "dot outer diag trace eye zeros ones arange stack concatenate cumsum cumprod sort argsort") | {
    "transpose": transpose,
    "one_hot": one_hot,
    "norm": norm,
}
MATRICES = _named(np.linalg, "inv pinv solve det eigvalsh") | {
    "rank": np.linalg.matrix_rank,
    "singular_values": singular_values,
}
CONSTANTS: dict[str, Any] = {"pi": np.pi, "e": np.e, "inf": np.inf}
DEFINING = _named(
    calculus, "derivative hessian integral expectation simulate minimise minimise_scalar subsets signs permutations"
)
MORE = {
    np: """array asarray linspace reshape ravel tile repeat unique bincount round isclose allclose diff kron cov einsum
    vstack hstack column_stack tril triu flatnonzero searchsorted quantile full newaxis""",
    np.linalg: "svd eigh qr cholesky slogdet lstsq matrix_power cond",
}


def numeric_names() -> dict[str, Any]:
    """Everything that a numeric check is offered besides ``draw`` and ``subject``."""
    from scipy import special

    more = {special: "logsumexp xlogy expit gamma gammaln digamma erf ndtr beta comb", **MORE}
    names = ELEMENTWISE | REDUCTIONS | ARRAYS | MATRICES | CONSTANTS | DEFINING
    return names | {name: function for module, few in more.items() for name, function in _named(module, few).items()}


def symbolic_names() -> dict[str, Any]:
    """Everything that a symbolic check is offered: SymPy, with ``symbol(name, positive=True)`` for its symbols."""
    import sympy

    names = _named(
        sympy,
        """Symbol symbols Function IndexedBase Idx Matrix eye zeros ones diag Rational Integer S pi E I oo log exp sqrt
        Abs sign sin cos tan atan sinh cosh tanh erf erfc gamma loggamma digamma polygamma beta binomial factorial Max
        Min Piecewise diff integrate summation Sum Product product limit series solve simplify expand factor Trace
        Derivative Integral Eq transpose""",
    )
    return names | {"symbol": sympy.Symbol, "derivative": sympy.diff, "integral": sympy.integrate}
