"""What is known of a room, as its page shows it: verdicts, laws with their figures, races drawn, what was mastered."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mlatlas.atlas.judge.drill import mastered
from mlatlas.atlas.judge.matrix import newest
from mlatlas.atlas.map import Room
from mlatlas.atlas.store import Record, Store

Percent = float  # along the time axis of a race


@dataclass(frozen=True)
class Heat:
    """One size of a race: both times, where they lie on the axis, and who won."""

    size: str
    ours: str
    theirs: str
    ours_at: Percent
    theirs_at: Percent
    ratio: str
    result: str  # won, even, lost or void
    reason: str


@dataclass(frozen=True)
class Chart:
    """A race against one peer, drawn over a logarithmic axis of time that its sizes share."""

    race: str  # the name of the function that does the work
    peer: str
    threads: int
    ticks: tuple[tuple[Percent, str], ...]
    heats: tuple[Heat, ...]


@dataclass(frozen=True)
class Findings:
    """Everything that judged a room as it is now; ``stale`` says that there is only a judgement of another state."""

    checks: Mapping[str, Any] = field(default_factory=dict)  # label -> verdict
    witnesses: Mapping[str, Any] = field(default_factory=dict)  # name of a law, known answer or mutant -> verdict
    peers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # peer -> name of a law -> verdict
    charts: tuple[Chart, ...] = ()
    judged: Record | None = None
    raced: Record | None = None
    stale: bool = False
    mastered: frozenset[str] = frozenset()


def findings_of(store: Store, room: Room, checks: Mapping[str, Any] | None = None) -> Findings:
    """What this machine found, or as long as it has not, what came with the package; ``checks`` where they are newer."""
    id = room.concept.id
    verdict, race = newest(store, "verdict", room), newest(store, "race", room)
    judged = verdict if verdict and verdict.digest == room.digest else None
    raced = race if race and race.digest == room.digest else None
    payload = judged.payload if judged else {"checks": (), "laws": (), "known": (), "mutants": (), "peers": {}}
    return Findings(
        checks={one["label"]: one for one in payload["checks"]} if checks is None else checks,
        witnesses={one["name"]: one for kind in ("laws", "known", "mutants") for one in payload[kind]},
        peers={
            name: {one["name"]: one for one in peer["verdicts"]}
            for name, peer in payload["peers"].items()
            if "verdicts" in peer
        },
        charts=_charts(raced.payload["outcomes"]) if raced else (),
        judged=judged,
        raced=raced,
        stale=(verdict is not None and judged is None) or (race is not None and raced is None),
        mastered=frozenset(mastered(record.payload for record in store.history("drill", id))),
    )


def _charts(outcomes: list[dict[str, Any]]) -> tuple[Chart, ...]:
    races = dict.fromkeys((one["race"], one["peer"]) for one in outcomes)
    return tuple(_chart([one for one in outcomes if (one["race"], one["peer"]) == race]) for race in races)


def _chart(outcomes: list[dict[str, Any]]) -> Chart:
    seconds = [one[side]["seconds"] for one in outcomes for side in ("ours", "theirs")]
    low, high = math.floor(math.log10(min(seconds))), math.ceil(math.log10(max(seconds)))
    high = max(high, low + 1)

    def at(time: float) -> Percent:
        return 100 * (math.log10(time) - low) / (high - low)

    step = math.ceil((high - low) / 5)
    return Chart(
        outcomes[0]["race"],
        outcomes[0]["peer"],
        outcomes[0]["threads"],
        tuple((at(10.0**power), duration(10.0**power)) for power in range(low, high + 1, step)),
        tuple(
            Heat(
                " × ".join(_grouped(part) for part in one["shape"]),
                duration(one["ours"]["seconds"]),
                duration(one["theirs"]["seconds"]),
                at(one["ours"]["seconds"]),
                at(one["theirs"]["seconds"]),
                f"{one['ratio']:.2g} ({one['low']:.2g}–{one['high']:.2g})",
                one["result"],
                one["reason"],
            )
            for one in outcomes
        ),
    )


def _grouped(part: str) -> str:
    return f"{int(part):,}" if part.isdecimal() else part


def duration(seconds: float) -> str:
    """A time in the unit that suits it, with three digits."""
    units = {"s": 1.0, "ms": 1e-3, "µs": 1e-6}
    unit = next((unit for unit, size in units.items() if seconds >= size * 0.9995), "µs")
    return f"{seconds / units[unit]:.3g} {unit}"
