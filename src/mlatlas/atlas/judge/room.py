"""Everything that a room claims, judged: the payload that is stored, exported and shown in the matrix."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mlatlas.atlas.judge.check import run_check
from mlatlas.atlas.judge.peers import Objective, Peer, Race
from mlatlas.atlas.judge.racing import run_race
from mlatlas.atlas.judge.subject import Subject, ours
from mlatlas.atlas.judge.verdict import (
    DRAWS,
    Verdict,
    declared,
    idle_laws,
    judge_known,
    judge_law,
    judge_mutants,
    witnesses,
)
from mlatlas.atlas.judge.witness import Law

if TYPE_CHECKING:
    from mlatlas.atlas.map import Atlas, Room

Tick = Callable[[str], None]


def steps(room: Room) -> int:
    """How often ``judge_room`` ticks."""
    found = witnesses(room)
    return len(room.page.checks) + len(found.known) + len(found.laws) + len(found.mutants) + len(peers_of(room))


def judge_room(atlas: Atlas, room: Room, tick: Tick = lambda step: None, draws: int | None = None) -> dict[str, Any]:
    """Judge the page's checks, the known answers, the laws, the mutants, every installed peer, and the lab.

    With ``draws`` the laws and checks are judged on so many problems only, a mutant is tried until it is killed, so
    that no law is called idle, and the lab is left out.
    """
    quick = {} if draws is None else {"draws": draws}
    subject, found = ours(room), witnesses(room)
    other = others(atlas)
    checks = []
    for block in room.page.checks:
        checks.append(asdict(run_check(block, subject, **quick)))
        tick(f"check {block.label}")
    known = []
    for answer in found.known:
        known.append(judge_known(answer, subject))
        tick(f"known answer {answer.name}")
    laws = []
    for law in found.laws:
        laws.append(judge_law(law, subject, other(law), **quick))
        tick(f"law {law.name}")
    mutants = judge_mutants(found, subject, other, lambda: tick("mutant"), every=draws is None)
    idle = idle_laws(found.laws, mutants) if draws is None else ()
    peers = {}
    for peer in peers_of(room):
        peers[peer.name] = judge_peer(peer, room, other, **quick)
        tick(f"peer {peer.name}")
    return {
        "checks": checks,
        "known": [asdict(one) for one in known],
        "laws": [{**asdict(one), "idle": one.name in idle} for one in laws],
        "mutants": [asdict(one) for one in mutants],
        "peers": peers,
        "lab": judge_lab(room) if draws is None else "",
    }


def judge_lab(room: Room) -> str | None:
    """Run the lab as it comes: an empty string when it ends well, otherwise why not; None where there is no lab."""
    if not room.has("lab.py"):
        return None
    from mlatlas.atlas.lab import open_lab

    try:
        open_lab(room).gather()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def others(atlas: Atlas) -> Callable[[Law], Subject]:
    """For each law, the concept that it points to as a subject; one that is not built offers nothing."""

    def other(law: Law) -> Subject:
        return ours(atlas.rooms[law.of]) if law.of in atlas.rooms else Subject({})

    return other


def peers_of(room: Room) -> tuple[Peer, ...]:
    """The peers that the room's ``peer.py`` declares."""
    return declared(importlib.import_module(f"{room.module}.peer"), Peer) if room.has("peer.py") else ()


def races_of(room: Room) -> tuple[Race, ...]:
    """The races that the room's ``peer.py`` declares."""
    return declared(importlib.import_module(f"{room.module}.peer"), Race) if room.has("peer.py") else ()


def objectives_of(room: Room) -> tuple[Objective, ...]:
    """What the room's estimators make small, as its ``peer.py`` declares."""
    return declared(importlib.import_module(f"{room.module}.peer"), Objective) if room.has("peer.py") else ()


def judge_peer(peer: Peer, room: Room, other: Callable[[Law], Subject], draws: int = DRAWS) -> dict[str, Any]:
    """The room's laws and known answers with the peer as their subject, and both answers to each tiny race."""
    if not peer.installed:
        return {"skipped": f"{peer.requires} is not installed"}
    subject, found = peer.subject(), witnesses(room)
    judged = [
        *(judge_law(law, subject, other(law), draws) for law in found.laws),
        *(judge_known(known, subject) for known in found.known),
    ]
    tiny = [run_race(race, ours(room), peer, "tiny", seconds=0) for race in races_of(room)]
    races = [outcome for outcome in tiny if outcome]
    return {
        "verdicts": [{**asdict(one), "state": state_of(one, peer, few=draws < DRAWS)} for one in judged],
        "agreement": max((one.agreement for one in races), default=None),
        "unequal": [f"{one.race}: {one.reason}" for one in races if one.reason],
    }


def state_of(verdict: Verdict, peer: Peer, few: bool = False) -> str:
    """How a verdict on a peer is to be read: holds, not offered, a listed finding, or broken without being listed.

    That a finding was not seen on a few problems does not speak against it: it may take a rarer one.
    """
    if verdict.holds:
        return "finding not seen" if verdict.name in peer.findings and not few else "holds"
    if not verdict.offered:
        return "not offered"
    return "finding" if verdict.name in peer.findings else "broken"


def finite(payload: Any) -> Any:
    """The payload with infinities and NaN as None, so that it is valid JSON."""
    if isinstance(payload, dict):
        return {key: finite(value) for key, value in payload.items()}
    if isinstance(payload, list | tuple):
        return [finite(value) for value in payload]
    return None if isinstance(payload, float) and not math.isfinite(payload) else payload
