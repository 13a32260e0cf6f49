"""Losses of one sample, each with its gradient, in four families by what they look at.

    residual    r = f − y         squared r²              absolute |r|          Huber c (r − c/2), c = clip(r, −δ, δ)
    margin      m = y f, y = ±1   log  ln(1 + e⁻ᵐ)        hinge (θ − m)₊        squared hinge (θ − m)₊²
                                  exponential e⁻ᵐ         focal σ(−m)^γ ln(1 + e⁻ᵐ)
    scores      z (k classes)     cross-entropy  ln Σⱼ exp(zⱼ) − z_y
    embeddings  a, p, n           triplet (‖a−p‖² − ‖a−n‖² + μ)₊       contrastive ½‖a−b‖² or ½(μ − ‖a−b‖)₊²

Nothing is averaged: the mean over samples is the cost, and the cost with its penalty the objective. All losses take
O(size) time, and beside the two results a block that fits into cache.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]

BLOCK = 2**14  # numbers treated at a time: what fits into cache with a few temporaries
TABLE = 2**17  # the same for a table of scores, which has none


class Loss(NamedTuple):
    """The losses of all samples, and the derivative of each with respect to what it was given."""

    value: Any
    gradient: Any


# ---- of a residual r = f − y -----------------------------------------------------------------------------


def squared_loss(residual: ArrayLike) -> Loss:
    """Squared error r², and its derivative 2r. Its expectation is least at the mean.

    Args:
        residual: r = f − y, prediction less truth, of any shape.

    Returns:
        `Loss`: value and gradient of that shape, numbers for a number; float32 for float32 input, else float64.

    Raises:
        ValueError: NaN, infinities, complex numbers or text.

    Source: Hastie, Tibshirani, Friedman 2009, section 10.6.
    """
    return _entrywise(_squared, "residual", residual)


def absolute_loss(residual: ArrayLike) -> Loss:
    """Absolute error |r|, and its derivative sign(r), which at the kink r = 0 is taken to be 0.

    Its expectation is least at the median. Arguments, shapes and errors are those of `squared_loss`.

    Source: Hastie, Tibshirani, Friedman 2009, section 10.6.
    """
    return _entrywise(_absolute, "residual", residual)


def huber_loss(residual: ArrayLike, *, delta: float = 1.0) -> Loss:
    """Huber's loss, ½r² where |r| ≤ δ and δ(|r| − ½δ) beyond, and its derivative, r cut off at ±δ.

    Args:
        residual: r = f − y, of any shape.
        delta: where the parabola passes into its tangents, in the unit of r; positive.

    Shapes and errors are those of `squared_loss`; and ValueError for a delta that is not positive and finite.

    Source: Huber 1964, Robust Estimation of a Location Parameter, Annals of Mathematical Statistics 35.
    """
    return _entrywise(_huber, "residual", residual, _positive("delta", delta))


# ---- of a margin m = y f, y = ±1 -------------------------------------------------------------------------


def logistic_loss(margin: ArrayLike) -> Loss:
    """Log loss ln(1 + e⁻ᵐ), in nats, and its derivative −σ(−m) = −1/(1 + eᵐ).

    It is −ln σ(m), the surprise at the label of a model that gives it the probability σ(m) = 1/(1 + e⁻ᵐ). Both results
    keep their relative accuracy for all m, without overflow.

    Args:
        margin: m = y f with y = ±1, of any shape.

    Returns:
        `Loss`: value and derivative with respect to m. The derivative with respect to f is y times that.

    Raises:
        ValueError: NaN, infinities, complex numbers or text.

    Source: Hastie, Tibshirani, Friedman 2009, section 10.6.
    """
    return _entrywise(_logistic, "margin", margin)


def hinge_loss(margin: ArrayLike, *, threshold: float = 1.0) -> Loss:
    """Hinge loss (θ − m)₊, and its derivative: −1 where m ≤ θ, and 0 beyond.

    At the kink m = θ every number in [−1, 0] is a subgradient; −1 is taken. With θ = 1 it is the loss of the support
    vector machine, with θ = 0 that of the perceptron. Arguments, shapes and errors are those of `logistic_loss`; and
    ValueError for a threshold that is not finite.

    Source: Hastie, Tibshirani, Friedman 2009, section 12.3.2.
    """
    return _entrywise(_hinge, "margin", margin, _finite("threshold", threshold))


def squared_hinge_loss(margin: ArrayLike, *, threshold: float = 1.0) -> Loss:
    """Squared hinge loss (θ − m)₊², and its derivative −2(θ − m)₊, which is continuous.

    Arguments, shapes and errors are those of `hinge_loss`.

    Source: Hastie, Tibshirani, Friedman 2009, section 12.3.2.
    """
    return _entrywise(_squared_hinge, "margin", margin, _finite("threshold", threshold))


def exponential_loss(margin: ArrayLike) -> Loss:
    """Exponential loss e⁻ᵐ, and its derivative −e⁻ᵐ: the loss that AdaBoost lowers.

    For m below about −709.78 it exceeds the largest double, and is infinite. Arguments, shapes and errors are those of
    `logistic_loss`.

    Source: Friedman, Hastie, Tibshirani 2000, Additive Logistic Regression, Annals of Statistics 28.
    """
    return _entrywise(_exponential, "margin", margin)


def focal_loss(margin: ArrayLike, *, gamma: float = 2.0) -> Loss:
    """Focal loss −(1 − p)^γ ln p with p = σ(m), and its derivative −(1 − p)^γ (1 − p − γ p ln p).

    With γ = 0 it is the log loss; a larger γ plays down samples that are right already. The weight α that the paper
    gives to a class is a weight of the sample: multiply by it.

    Args:
        margin: m = y f with y = ±1, of any shape.
        gamma: γ ≥ 0.

    Shapes and errors are those of `logistic_loss`; and ValueError for a gamma that is negative or not finite.

    Source: Lin, Goyal, Girshick, He, Dollár 2017, Focal Loss for Dense Object Detection.
    """
    return _entrywise(_focal, "margin", margin, _positive("gamma", gamma, or_zero=True))


# ---- of scores -------------------------------------------------------------------------------------------


def cross_entropy_loss(scores: ArrayLike, labels: ArrayLike) -> Loss:
    """Cross-entropy of softmax, ln Σⱼ exp(zⱼ) − z_y, in nats, and its gradient softmax(z) − 1[j = y].

    Args:
        scores: z, of shape (n, k): a row for each sample, a column for each class; not probabilities.
        labels: y, of shape (n,): integers from 0 to k − 1.

    Returns:
        `Loss`: value of shape (n,), gradient of shape (n, k).

    Both keep their relative accuracy where the label leads by far, and do not overflow.

    Raises:
        ValueError: scores that are not a table of finite real numbers with at least one column, labels that are not
            one integer from 0 to k − 1 for each row.

    Source: Bishop 2006, Pattern Recognition and Machine Learning, section 4.3.4.
    """
    z = _reals("scores", scores)
    if z.ndim != 2 or z.shape[1] == 0:
        raise ValueError(f"scores must have shape (n, k), a column for each class; got {z.shape}. Pass a 2-D array.")
    y = _classes(labels, *z.shape)
    value, gradient = np.empty(len(z), z.dtype), np.empty_like(z)
    step = max(1, TABLE // z.shape[1])
    for at in range(0, len(z), step):
        rows = slice(at, at + step)
        value[rows] = _cross_entropy(z[rows], y[rows], gradient[rows])
    return Loss(value, gradient)


# ---- of embeddings ---------------------------------------------------------------------------------------


def triplet_loss(anchor: ArrayLike, positive: ArrayLike, negative: ArrayLike, *, margin: float = 1.0) -> Loss:
    """Triplet loss (‖a − p‖² − ‖a − n‖² + μ)₊: zero once n is farther from a than p is, by μ in squared distance.

    Args:
        anchor, positive, negative: a, p and n, of one shape (..., d): a vector on the last axis, and any before it.
        margin: μ > 0, in squared units of the embedding.

    Returns:
        `Loss`: value of shape (...), gradient of shape (3, ..., d) with respect to a, p and n.

    Raises:
        ValueError: shapes that differ, numbers that are not finite and real, a margin that is not positive.

    Source: Schroff, Kalenichenko, Philbin 2015, FaceNet.
    """
    a, p, n = _vectors(anchor=anchor, positive=positive, negative=negative)
    excess = np.sum((a - p) ** 2, axis=-1) - np.sum((a - n) ** 2, axis=-1) + _positive("margin", margin)
    gradient = np.where((excess > 0)[..., None], np.stack([n - p, p - a, a - n]) * 2, 0)  # (triplet)
    return Loss(_plain(np.maximum(excess, 0)), gradient)


def contrastive_loss(left: ArrayLike, right: ArrayLike, same: ArrayLike, *, margin: float = 1.0) -> Loss:
    """Contrastive loss: ½d² for a pair that belongs together, ½(μ − d)₊² for one that does not, d = ‖a − b‖.

    Args:
        left, right: a and b, of one shape (..., d): a vector on the last axis, and any number of axes before it.
        same: of shape (...), whether the pair belongs together: booleans.
        margin: μ > 0, the distance beyond which a pair that does not belong together is left alone.

    Returns:
        `Loss`: value of shape (...), gradient of shape (2, ..., d) with respect to a and b. Where a = b do not belong
        together every direction is as good as another, and the gradient is taken to be zero.

    Raises:
        ValueError: shapes that differ, numbers that are not finite and real, a `same` that is not of booleans, a margin
            that is not positive.

    Source: Hadsell, Chopra, LeCun 2006, Dimensionality Reduction by Learning an Invariant Mapping.
    """
    a, b = _vectors(left=left, right=right)
    together = np.asarray(same)
    if together.dtype != bool or together.shape != a.shape[:-1]:
        raise ValueError(
            f"same must hold a boolean for each pair, shape {a.shape[:-1]}; got dtype {together.dtype} and shape "
            f"{together.shape}. Compare the labels of both sides."
        )
    d = np.linalg.norm(a - b, axis=-1)
    short = np.maximum(_positive("margin", margin) - d, 0)
    pull = np.where(together, 1, -np.divide(short, d, out=np.zeros_like(d), where=d > 0))
    force = pull[..., None] * (a - b)  # (contrastive)
    return Loss(_plain(np.where(together, d, short) ** 2 / 2), np.stack([force, -force]))


# ---- formulas --------------------------------------------------------------------------------------------


def _squared(r: Array) -> tuple[Array, Array]:
    return r**2, 2 * r


def _absolute(r: Array) -> tuple[Array, Array]:
    return np.abs(r), np.sign(r)


def _huber(r: Array, delta: float) -> tuple[Array, Array]:
    c = np.clip(r, -delta, delta)
    return c * (r - c / 2), c  # (huber)


def _logistic(m: Array) -> tuple[Array, Array]:
    e = np.exp(-np.abs(m))
    return np.maximum(-m, 0) + np.log1p(e), -np.where(m < 0, 1, e) / (1 + e)  # (log-loss)


def _hinge(m: Array, threshold: float) -> tuple[Array, Array]:
    return np.maximum(threshold - m, 0), np.where(m <= threshold, -1, 0)  # (hinge)


def _squared_hinge(m: Array, threshold: float) -> tuple[Array, Array]:
    short = np.minimum(m - threshold, 0)
    return short**2, 2 * short


def _exponential(m: Array) -> tuple[Array, Array]:
    e = np.exp(-m)
    return e, -e


def _focal(m: Array, gamma: float) -> tuple[Array, Array]:
    s, g = _logistic(m)  # −ln p and p − 1
    weight = (-g) ** gamma
    return weight * s, weight * (g - gamma * (1 + g) * s)  # (focal)


def _cross_entropy(z: Array, y: NDArray[np.intp], e: Array) -> Array:
    """Value (n,) for scores z (n, k) and labels y (n,), and the gradient into e (n, k).

    With e = exp(z − max z), e_y and others = Σ_{j ≠ y} eⱼ apart, the loss is ln(1 + others) where z_y is the largest and
    the gradient of z_y always −others/(e_y + others): neither cancels, however small the others are.
    """
    own = np.arange(len(y)), y
    np.subtract(z, z.max(1, keepdims=True), out=e)
    lag = -e[own]  # max z − z_y
    e_y = np.exp(e, out=e)[own]
    e[own] = 0
    others = e.sum(1)
    e /= (e_y + others)[:, None]
    e[own] = -others / (e_y + others)  # (cross-entropy-gradient)
    return np.asarray(lag + np.log1p(others + (e_y - 1)))  # (cross-entropy)


def _entrywise(formula: Callable[..., tuple[Array, Array]], name: str, argument: ArrayLike, *parameters: float) -> Loss:
    """Value and derivative for every entry, a block at a time."""
    x = _reals(name, argument)
    flat = x.reshape(-1)
    value, gradient = np.empty_like(flat), np.empty_like(flat)
    with np.errstate(over="ignore"):  # a loss above the largest number is infinite
        for at in range(0, flat.size, BLOCK):
            block = slice(at, at + BLOCK)
            value[block], gradient[block] = formula(flat[block], *parameters)
    return Loss(_plain(value.reshape(x.shape)), _plain(gradient.reshape(x.shape)))


def _plain(array: Array) -> Any:
    """A number for an array without axes."""
    return array if array.ndim else array[()]


# ---- input -----------------------------------------------------------------------------------------------


def _reals(name: str, value: ArrayLike) -> Array:
    """The value as an array of finite float32 or float64."""
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} must hold real numbers; got dtype {array.dtype}. Convert it to float.")
    if array.dtype != np.float32:
        array = array.astype(np.float64, copy=False)
    if not np.isfinite(array).all():
        worst = array.ravel()[int(np.argmin(np.isfinite(array)))]
        raise ValueError(f"{name} must be finite; got {worst}. Drop such samples, or find where they arise.")
    return array


def _vectors(**given: ArrayLike) -> list[Array]:
    """Arrays of vectors, all of one shape."""
    arrays = [_reals(name, value) for name, value in given.items()]
    if len({array.shape for array in arrays}) > 1 or arrays[0].ndim == 0:
        shapes = " and ".join(str(array.shape) for array in arrays)
        raise ValueError(f"{', '.join(given)} must hold vectors, in arrays of one shape; got {shapes}. Pair them up.")
    return arrays


def _classes(labels: ArrayLike, n: int, k: int) -> NDArray[np.intp]:
    y = np.asarray(labels)
    if y.dtype.kind not in "iu" or y.shape != (n,):
        raise ValueError(
            f"labels must hold one integer for each of {n} rows; got dtype {y.dtype} and shape {y.shape}. "
            "Number the classes from 0."
        )
    if y.size and not 0 <= y.min() <= y.max() < k:
        wrong = y[(y < 0) | (y >= k)][0]
        raise ValueError(
            f"labels must lie from 0 to {k - 1}, a column of scores each; got {wrong}. Number them from 0."
        )
    return y.astype(np.intp, copy=False)


def _finite(name: str, value: Any) -> float:
    if not (isinstance(value, Real) and math.isfinite(value)):
        raise ValueError(f"{name} must be a finite number; got {value!r}. Leave it out for the default.")
    return float(value)


def _positive(name: str, value: Any, *, or_zero: bool = False) -> float:
    number = _finite(name, value)
    if number < 0 or (number == 0 and not or_zero):
        raise ValueError(f"{name} must be {'at least zero' if or_zero else 'positive'}; got {value!r}.")
    return number
