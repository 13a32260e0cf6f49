"""Processes of our own that work for the browser: bounded in memory and time, and gone when their parent is.

The parent holds the other end of the child's standard input. However the parent dies, the system closes that end, and
the child, which reads there, kills itself with all that it has started.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Any

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def _half_of_memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


@dataclass(frozen=True)
class Limits:
    """What a process may use: memory that it writes, in bytes, and seconds by the clock."""

    memory: int = field(default_factory=_half_of_memory)
    seconds: float = 1800.0

    def arguments(self) -> list[str]:
        """The limits for the command line of a child."""
        return [str(self.memory), str(self.seconds)]


def spawn(
    module: str, arguments: list[str], *, threads: int = 1, stdout: int | IO[Any] = subprocess.DEVNULL, **options: Any
) -> subprocess.Popen[str]:
    """Start ``python -m module`` in a process group of its own, its mathematics on so many threads."""
    environment = {**os.environ, **dict.fromkeys(THREADS, str(threads))}
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=stdout,
        env=environment,
        start_new_session=True,
        text=True,
        **options,
    )


def kill(process: int) -> None:
    """Kill a child and everything that it has started."""
    try:
        os.killpg(process, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def confine(limits: Limits, heard: Callable[[str], object] = len) -> None:
    """Put this process under limits and make it die with its parent; ``heard`` is given what the parent says."""
    for what, most in ((resource.RLIMIT_DATA, limits.memory), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))
    allow(limits.seconds)
    threading.Thread(target=_listen, args=(heard,), daemon=True).start()


def allow(seconds: float) -> None:
    """From now on so many seconds, then SIGALRM ends the process, whatever it is doing; 0 lifts the limit."""
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _listen(heard: Callable[[str], object]) -> None:
    for line in sys.stdin:
        heard(line)
    kill(os.getpgrp())
