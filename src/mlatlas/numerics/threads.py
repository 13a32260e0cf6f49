"""Threads for kernels that let go of the interpreter's lock, with BLAS held to one thread beside them.

Rows are cut into parts by their number alone, never by the number of threads, so that sums over parts come out the same
to the last digit however many threads there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

import numba
import scipy.linalg.cython_blas  # noqa: F401  # what a compiled np.dot calls: loaded before its threads are limited
from joblib import effective_n_jobs
from threadpoolctl import ThreadpoolController

T = TypeVar("T")
Parts = list[tuple[int, int]]

MOST_PARTS = 8  # of a table: a few a thread, so that none waits long for the last


class Team:
    """Runs a function of a range of rows on every part of a table, on so many threads."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._pool: ThreadPoolExecutor | None = None

    def __call__(self, work: Callable[[int, int], T], parts: Parts) -> list[T]:
        """What `work(a, b)` returns for each part, in their order."""
        if self._threads == 1 or len(parts) == 1:
            return [work(a, b) for a, b in parts]
        self._pool = self._pool or ThreadPoolExecutor(self._threads)
        return list(self._pool.map(work, *zip(*parts, strict=True)))

    def close(self) -> None:
        """Wait for the threads and end them."""
        if self._pool is not None:
            self._pool.shutdown()


@contextmanager
def team(n_jobs: int | None) -> Iterator[Team]:
    """A team of so many threads: None for as many as Numba is set to, -1 for one a core."""
    one = Team(numba.get_num_threads() if n_jobs is None else effective_n_jobs(n_jobs))
    with _libraries().limit(limits=1, user_api="blas"):
        try:
            yield one
        finally:
            one.close()


def cut_in_parts(n: int, work: float, least: float = 2e5) -> Parts:
    """Cut n rows that take so much work in all into equal parts a … b − 1 that each take at least `least`."""
    count = max(1, min(MOST_PARTS, n, int(work / least)))
    return [(n * p // count, n * (p + 1) // count) for p in range(count)]


@cache
def _libraries() -> Any:
    return ThreadpoolController()
