"""An experiment with viterbi on real data."""

from __future__ import annotations

from collections.abc import Iterator

from mlatlas.atlas.lab import Event, Learned, lab
from mlatlas.atlas.text import Text


@lab(en="…", zh="…", data=Text("…", "…"))
def experiment(*, seed: int = 0) -> Iterator[Event]:
    """The knobs are the parameters; the events are what is shown."""
    yield Learned(en="…", zh="…")
