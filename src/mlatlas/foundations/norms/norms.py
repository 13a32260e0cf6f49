"""Norms of vectors and matrices, and their proximal operators

    prox_{t f}(z) = argmin_w ½‖w − z‖² + t f(w),

the point that pays for being far from z and for being large. With σ the singular values of a matrix,

    ‖x‖₁ = Σ|xᵢ|,  ‖x‖₂ = √Σxᵢ²,  ‖x‖∞ = max|xᵢ|,  ‖A‖_F = ‖σ‖₂,  ‖A‖₂ = ‖σ‖∞,  ‖A‖_* = ‖σ‖₁,

and "‖x‖₀", the number of non-zeros, which is called a norm and is none. All arithmetic is in float64.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import svd, svdvals
from scipy.linalg.blas import dasum, dnrm2

Floats = NDArray[np.float64]


def l0_norm(x: ArrayLike) -> int:
    """The number of entries that are not zero. No norm: doubling x does not double it, and it is not continuous. O(n)."""
    return int(np.count_nonzero(_numbers("x", x)))


def l1_norm(x: ArrayLike) -> float:
    """‖x‖₁ = Σ|xᵢ| over all entries. O(n) time, no copy of float64 input.

    Raises:
        ValueError: x is empty, or holds NaN, infinities, text or complex numbers. So do all functions here.
    """
    return float(dasum(_numbers("x", x).ravel()))


def l2_norm(x: ArrayLike) -> float:
    """‖x‖₂ = √Σxᵢ² over all entries, scaled so that squares neither overflow nor vanish. O(n) time."""
    return float(dnrm2(_numbers("x", x).ravel()))


def linf_norm(x: ArrayLike) -> float:
    """‖x‖∞ = max|xᵢ| over all entries. O(n) time, no copy."""
    x = _numbers("x", x)
    return float(max(x.max(), -x.min()))


def frobenius_norm(A: ArrayLike) -> float:
    """‖A‖_F = √Σ aᵢⱼ² of a matrix (n, p). O(n p) time."""
    return l2_norm(_matrix("A", A))


def spectral_norm(A: ArrayLike) -> float:
    """‖A‖₂ = σ₁, how much A stretches the vector that it stretches most. O(n p min(n, p)) time."""
    return float(svdvals(_matrix("A", A), check_finite=False)[0])


def nuclear_norm(A: ArrayLike) -> float:
    """‖A‖_* = Σσᵢ, the L1 norm of the singular values. O(n p min(n, p)) time.

    Source: Fazel 2002, Matrix Rank Minimization with Applications.
    """
    return float(svdvals(_matrix("A", A), check_finite=False).sum())


def prox_l0(z: ArrayLike, t: float) -> Floats:
    """The hard threshold, argmin_w ½‖w − z‖² + t‖w‖₀: entries with |zᵢ| ≤ √(2t) become zero, the others stay.

    Where |zᵢ| = √(2t) both are minima, and zero is returned. O(n).
    """
    z, t = _numbers("z", z), _step(t)
    return np.where(np.abs(z) > np.sqrt(2 * t), z, 0.0)


def prox_l1(z: ArrayLike, t: float) -> Floats:
    """The soft threshold, argmin_w ½‖w − z‖² + t‖w‖₁ = sign(z) max(|z| − t, 0), entry by entry. O(n).

    Source: Donoho 1995, De-noising by soft-thresholding.
    """
    z, t = _numbers("z", z), _step(t)
    return np.asarray(np.sign(z) * np.maximum(np.abs(z) - t, 0.0))  # (soft-threshold)


def prox_squared_l2(z: ArrayLike, t: float) -> Floats:
    """Shrinkage, argmin_w ½‖w − z‖² + t‖w‖₂² = z/(1 + 2t). O(n)."""
    return np.asarray(_numbers("z", z) / (1.0 + 2.0 * _step(t)))  # (shrinkage)


def prox_l2(z: ArrayLike, t: float) -> Floats:
    """The block soft threshold, argmin_w ½‖w − z‖² + t‖w‖₂ = max(1 − t/‖z‖₂, 0) z: the whole vector or nothing. O(n).

    Source: Yuan, Lin 2006, Model selection and estimation in regression with grouped variables.
    """
    z, t = _numbers("z", z), _step(t)
    length = l2_norm(z)
    return np.asarray(z * (max(length - t, 0.0) / length if length else 0.0))  # (block-threshold)


def prox_linf(z: ArrayLike, t: float) -> Floats:
    """argmin_w ½‖w − z‖² + t‖w‖∞: what is left of z after projecting it on the L1 ball of radius t. O(n log n).

    Source: Moreau 1965; Parikh, Boyd 2014, Proximal Algorithms, section 6.5.
    """
    z = _numbers("z", z)
    return z - project_l1_ball(z, t)  # (moreau)


def prox_nuclear(Z: ArrayLike, t: float) -> Floats:
    """argmin_W ½‖W − Z‖_F² + t‖W‖_*: the soft threshold on the singular values of a matrix. O(n p min(n, p)).

    Source: Cai, Candès, Shen 2010, A singular value thresholding algorithm for matrix completion.
    """
    U, s, Vt = svd(_matrix("Z", Z), full_matrices=False, check_finite=False)
    return np.asarray(U * prox_l1(s, t) @ Vt)  # (singular-value-threshold)


def project_l1_ball(z: ArrayLike, radius: float) -> Floats:
    """The nearest point of {w : ‖w‖₁ ≤ radius}: z itself, or its soft threshold at the level that meets the radius. O(n log n).

    Source: Duchi, Shalev-Shwartz, Singer, Chandra 2008, Efficient projections onto the L1-ball.
    """
    z, radius = _numbers("z", z), _step(radius, "radius")
    size = np.abs(z).ravel()
    if size.sum() <= radius:
        return z.copy()
    ordered = np.sort(size)[::-1]
    levels = (np.cumsum(ordered) - radius) / np.arange(1, len(ordered) + 1)
    return prox_l1(z, float(levels[np.flatnonzero(ordered >= levels)[-1]]))


def _numbers(name: str, value: ArrayLike) -> Floats:
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} must hold real numbers; got dtype {array.dtype}. Convert it to float.")
    if array.size == 0:
        raise ValueError(f"{name} must hold at least one number; got shape {array.shape}.")
    x = array.astype(np.float64, copy=False)
    if not np.isfinite(x.min() + x.max()) and not np.isfinite(x).all():
        raise ValueError(f"{name} must be finite; got {x[~np.isfinite(x)][0]}. Remove or replace such entries.")
    return x


def _matrix(name: str, value: ArrayLike) -> Floats:
    A = _numbers(name, value)
    if A.ndim != 2:
        raise ValueError(f"{name} must be a matrix with two axes; got {A.ndim}. Reshape it.")
    return A


def _step(t: float, name: str = "t") -> float:
    if not (np.ndim(t) == 0 and np.isreal(t) and 0 <= t < np.inf):
        raise ValueError(f"{name} must be a finite number from 0 on; got {t!r}.")
    return float(t)
