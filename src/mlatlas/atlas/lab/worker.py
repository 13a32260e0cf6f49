"""The process that runs one lab for the browser: ``python -m mlatlas.atlas.lab.worker STORE RUN MEMORY SECONDS``."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from mlatlas.atlas.confine import Limits, confine
from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.lab.drawing import draw
from mlatlas.atlas.lab.events import Figure, Progress
from mlatlas.atlas.lab.experiment import load_lab
from mlatlas.atlas.lab.knobs import KnobError
from mlatlas.atlas.lab.runs import Run, Runs
from mlatlas.atlas.store import Store
from mlatlas.atlas.text import LANGUAGES, Text

OFTEN = 0.1  # seconds between two notes of progress


def main(path: str, id: str, memory: str, seconds: str) -> int:
    """Run a claimed run to its end, keeping each event as it comes; returns the exit status."""
    limits = Limits(int(memory), float(seconds))
    confine(limits)
    runs = Runs(Store(Path(path)))
    run = runs.find(int(id))
    assert run is not None
    try:
        return 0 if _followed(runs, run) and runs.end(run.id, "done") else 1
    except MemoryError:
        most = f"{limits.memory / 2**30:.3g} GiB"
        why = Text(f"It needs more memory than the {most} allowed.", f"所需内存超过允许的 {most}。")
    except KnobError as error:
        why = error.text
    except AtlasError as error:
        why = Text(str(error), str(error))
    except Exception as error:
        why = Text(f"It broke off with {type(error).__name__}: {error}", f"中途出错，{type(error).__name__}：{error}")
    runs.end(run.id, "failed", why)
    return 1


def _followed(runs: Runs, run: Run) -> bool:
    """Keep all events of the run; false as soon as it is no longer wanted."""
    noted = 0.0
    for event in load_lab(run.module).run(run.seed, **run.knobs):
        match event:
            case Progress():
                if time.monotonic() - noted < OFTEN and event.done < 1.0:
                    continue
                noted = time.monotonic()
                wanted = runs.advance(run.id, event)
            case Figure():
                wanted = runs.append(run.id, event, {language: draw(event, language) for language in LANGUAGES})
            case _:
                wanted = runs.append(run.id, event)
        if not wanted:
            return False
    return True


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
