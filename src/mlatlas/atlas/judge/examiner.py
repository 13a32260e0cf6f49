"""A process that computes what the browser asks about drills and checks: bounded, replaceable, one question at a time.

The server holds an `Examiner`; its child is this module, which reads questions and writes answers, one JSON object a
line. A question that takes too long costs the child its life, and the next question gets another child.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from queue import Queue
from typing import TYPE_CHECKING, Any

from mlatlas.atlas import confine
from mlatlas.atlas.confine import Limits
from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.text import Text

if TYPE_CHECKING:
    from mlatlas.atlas.judge.drill import Drill


class Unanswered(Exception):
    """The child died over a question: why, in both languages."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


class Examiner:
    """Asks a child process, which is started when it is needed."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits(seconds=60.0)
        self._turn = threading.Lock()
        self._child: subprocess.Popen[str] | None = None

    def warm(self) -> None:
        """Start the child, so that it is ready when asked."""
        with self._turn:
            self._ready()

    def ask(self, do: str, **details: Any) -> Any:
        """The child's answer; `Unanswered` when it died, AtlasError for what the author of a page can mend."""
        with self._turn:
            child = self._ready()
            assert child.stdin is not None
            assert child.stdout is not None
            try:
                child.stdin.write(json.dumps({"do": do, **details}) + "\n")
                child.stdin.flush()
            except BrokenPipeError:
                pass  # it is dead; the empty line below says so
            line = child.stdout.readline()
            if not line:
                raise Unanswered(self._why(child.wait()))
        answer = json.loads(line)
        if "error" in answer:
            raise AtlasError(answer["error"])
        return answer["answer"]

    def close(self) -> None:
        """End the child."""
        child = self._child
        if child is not None:
            confine.kill(child.pid)
            with self._turn:
                self._gone(child)

    def __enter__(self) -> Examiner:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ready(self) -> subprocess.Popen[str]:
        if self._child is not None and self._child.poll() is not None:
            self._gone(self._child)
        if self._child is None:
            self._child = confine.spawn(
                __name__, self.limits.arguments(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        return self._child

    def _gone(self, child: subprocess.Popen[str]) -> None:
        child.wait()
        for stream in (child.stdin, child.stdout):
            if stream is not None:
                stream.close()
        self._child = None

    def _why(self, code: int) -> Text:
        if code == -signal.SIGALRM:
            seconds = f"{self.limits.seconds:.3g}"
            return Text(f"It took more than {seconds} seconds and was stopped.", f"计算超过 {seconds} 秒，已中止。")
        return Text("The process that computed it ended; try again.", "计算进程意外结束，请重试。")


# ---- the child


def _pose(check: dict[str, Any]) -> Any:
    """The names that a reader may use, with their shapes, and the hints."""
    drill = _drill(json.dumps(check))
    names = [[name, list(getattr(value, "shape", ()))] for name, value in drill.example.names.items()]
    return {"names": names, "hints": [asdict(hint) for hint in drill.hints]}


def _judge(check: dict[str, Any], text: str) -> Any:
    """The reply to what was typed."""
    return asdict(_drill(json.dumps(check)).judge(text))


def _check(root: str, concept: str, label: str) -> Any:
    """The verdict on one check of a page, with what ships behind its ``code``."""
    from mlatlas.atlas.judge.check import run_check
    from mlatlas.atlas.judge.room import finite
    from mlatlas.atlas.judge.subject import ours
    from mlatlas.atlas.map import open_atlas

    room = open_atlas(Path(root)).room(concept)
    block = next(check for check in room.page.checks if check.label == label)
    return finite(asdict(run_check(block, ours(room))))


@lru_cache(64)
def _drill(check: str) -> Drill:
    from mlatlas.atlas.judge.drill import Drill
    from mlatlas.atlas.map import Check

    return Drill(Check(**json.loads(check)))


def _main(memory: str, seconds: str) -> None:
    """Answer questions until the parent is gone."""
    questions: Queue[str] = Queue()
    confine.confine(Limits(int(memory), 0.0), questions.put)
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever is printed on the way is no answer
    import mlatlas.atlas.judge.drill  # noqa: F401  while nobody waits yet

    answers: dict[str, Callable[..., Any]] = {"pose": _pose, "judge": _judge, "check": _check}
    while True:
        question: dict[str, Any] = json.loads(questions.get())
        confine.allow(float(seconds))
        try:
            answer = {"answer": answers[question.pop("do")](**question)}
        except Exception as error:
            what = str(error) if isinstance(error, AtlasError) else f"{type(error).__name__}: {error}"
            answer = {"error": what}
        confine.allow(0.0)
        print(json.dumps(answer, ensure_ascii=False), file=out, flush=True)


if __name__ == "__main__":
    _main(*sys.argv[1:])
