"""Threads for kernels that let go of the interpreter's lock, with BLAS held to one thread beside them.

Rows are cut into parts by their number alone, never by the number of threads, so that sums over parts come out the same
to the last digit however many threads there are.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
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
    """Runs a function of a range of rows on every part of a table, on so many threads: the caller's and others."""

    def __init__(self, threads: int) -> None:
        self._threads = threads

    def __call__(self, work: Callable[[int, int], T], parts: Parts) -> list[T]:
        """What `work(a, b)` returns for each part, in their order."""
        done: dict[int, T] = {}
        left = deque(enumerate(parts))

        def take() -> None:
            while True:
                try:
                    i, (a, b) = left.popleft()
                except IndexError:
                    return
                done[i] = work(a, b)

        others = [_helpers().submit(take) for _ in range(min(self._threads, len(parts)) - 1)]
        try:
            take()
        finally:
            left.clear()  # after an error nobody goes on
            started = [other for other in others if not other.cancel()]
            wait(started)
        for other in started:
            other.result()
        return [done[i] for i in range(len(parts))]


@contextmanager
def team(n_jobs: int | None) -> Iterator[Team]:
    """A team of so many threads: None for as many as Numba is set to, -1 for one a core."""
    with _libraries().limit(limits=1, user_api="blas"):
        yield Team(numba.get_num_threads() if n_jobs is None else effective_n_jobs(n_jobs))


@cache
def _helpers() -> ThreadPoolExecutor:
    """Threads that stay, since to start one takes as long as a small task. A forked child, which has none, works alone."""
    return ThreadPoolExecutor(max(1, (os.cpu_count() or 1) - 1), thread_name_prefix="mlatlas")


def cut_in_parts(n: int, work: float, least: float = 2e5) -> Parts:
    """Cut n rows that take so much work in all into equal parts a … b − 1 that each take at least `least`."""
    count = max(1, min(MOST_PARTS, n, int(work / least)))
    return [(n * p // count, n * (p + 1) // count) for p in range(count)]


@cache
def _libraries() -> Any:
    return ThreadpoolController()
