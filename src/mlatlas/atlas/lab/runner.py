"""Work through the queue of runs: as many at once as there are cores, each lab in a process of its own.

A server is known by a file that it keeps locked while it lives. The system lets go of the lock however the server ends,
so that the next one can tell which runs nobody works on any more.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import signal
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from mlatlas.atlas import confine
from mlatlas.atlas.confine import Limits
from mlatlas.atlas.lab.runs import Run, Runs
from mlatlas.atlas.store import Store, cores
from mlatlas.atlas.text import Text

LOCKS = "serving-{}.lock"
PATIENCE = 2.0  # seconds after which the queue is looked at again, in case another server left something there


class Runner:
    """The runs of one server, and the threads that see them through."""

    def __init__(self, store: Store, places: int | None = None, limits: Limits | None = None) -> None:
        self.runs, self.places, self.limits = Runs(store), places or cores(), limits or Limits()
        self.name = secrets.token_hex(8)
        self._wake = threading.Condition()
        self._stopping = threading.Event()
        self._busy: dict[int, int] = {}  # run -> process
        self._threads = [threading.Thread(target=self._work, name=f"lab {k}", daemon=True) for k in range(self.places)]
        self._lock: IO[str] | None = None

    def start(self) -> None:
        """Mark what was interrupted, and begin to work through what is queued."""
        self._lock = _lock_file(self._folder, self.name).open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.sweep()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop what runs, which is thereby interrupted; what is queued stays so."""
        with self._wake:
            self._stopping.set()
            self._wake.notify_all()
            for process in self._busy.values():
                confine.kill(process)
        for thread in self._threads:
            thread.join()
        if self._lock is not None:
            _lock_file(self._folder, self.name).unlink(missing_ok=True)
            self._lock.close()

    def ask(self, concept: str, module: str, digest: str, seed: int, knobs: Mapping[str, Any]) -> int:
        """Queue a run; returns its number."""
        id = self.runs.ask(concept, module, digest, seed, knobs)
        with self._wake:
            self._wake.notify()
        return id

    def cancel(self, id: int) -> bool:
        """Cancel a run; false when it had ended already."""
        run = self.runs.find(id)
        done = self.runs.cancel(id)
        if done and run is not None and run.process is not None:
            confine.kill(run.process)
        return done

    def sweep(self) -> None:
        """Mark the runs of servers that are gone as interrupted."""
        gone = {host for host in self.runs.hosts() - {self.name} if not _alive(self._folder, host)}
        self.runs.interrupt(gone)
        for host in gone:
            _lock_file(self._folder, host).unlink(missing_ok=True)

    @property
    def _folder(self) -> Path:
        return self.runs.store.path.parent

    def _work(self) -> None:
        """See one run after another through."""
        while not self._stopping.is_set():
            run = self.runs.claim(self.name)
            if run is not None:
                self._see_through(run)
                continue
            with self._wake:
                if not self._stopping.is_set():
                    self._wake.wait(PATIENCE)

    def _see_through(self, run: Run) -> None:
        with tempfile.TemporaryFile("w+") as errors:
            with self._wake:
                if self._stopping.is_set():
                    self.runs.end(run.id, "interrupted")
                    return
                threads = max(1, self.places // (len(self._busy) + 1))
                child = confine.spawn(
                    "mlatlas.atlas.lab.worker",
                    [str(self.runs.store.path), str(run.id), *self.limits.arguments()],
                    threads=threads,
                    stderr=errors,
                )
                self._busy[run.id] = child.pid
            if not self.runs.started(run.id, child.pid):  # cancelled before it began
                confine.kill(child.pid)
            code = child.wait()
            confine.kill(child.pid)  # what it may have left behind
            with self._wake:
                del self._busy[run.id]
            if self._stopping.is_set():
                self.runs.end(run.id, "interrupted")
            else:
                self.runs.end(run.id, "failed", self._why(code, errors))
            if child.stdin is not None:
                child.stdin.close()

    def _why(self, code: int, errors: IO[str]) -> Text:
        """Why a process ended without saying so itself."""
        if code == -signal.SIGALRM:
            most = f"{self.limits.seconds / 60:.3g}"
            return Text(f"It took more than the {most} minutes allowed.", f"运行超过了允许的 {most} 分钟。")
        errors.seek(0)
        last = (errors.read().strip().splitlines() or [""])[-1][:500]
        name = signal.Signals(-code).name if code < 0 else str(code)
        return Text(f"Its process ended with {name}. {last}".strip(), f"进程以 {name} 结束。{last}")


def _lock_file(folder: Path, host: str) -> Path:
    return folder / LOCKS.format(host)


def _alive(folder: Path, host: str) -> bool:
    """Whether the server of this name still holds its lock."""
    try:
        file = os.open(_lock_file(folder, host), os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False
