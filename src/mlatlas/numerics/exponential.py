"""An exponential that vectorises within a compiled loop, as the library's does not."""

import math

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, fastmath={"nnan", "contract"})  # type: ignore[untyped-decorator]
def exp(x: float) -> float:
    """Return exp(x) for x ≤ 0, to one unit in the last place; 0 below −700."""
    bounded = max(x, -700.0)
    n = math.floor(bounded * 1.4426950408889634 + 0.5)
    r = bounded - n * 6.93145751953125e-1 - n * 1.42860682030941723212e-6  # x = n log 2 + r, |r| ≤ ½ log 2
    p = 1.0 / 479001600
    p = p * r + 1.0 / 39916800
    p = p * r + 1.0 / 3628800
    p = p * r + 1.0 / 362880
    p = p * r + 1.0 / 40320
    p = p * r + 1.0 / 5040
    p = p * r + 1.0 / 720
    p = p * r + 1.0 / 120
    p = p * r + 1.0 / 24
    p = p * r + 1.0 / 6
    p = p * r + 0.5
    p = p * r + 1.0
    p = p * r + 1.0
    two_to_n = np.int64((np.int64(n) + np.int64(1023)) << np.int64(52)).view(np.float64)
    return p * two_to_n if x > -700.0 else 0.0
