"""The matrix of what holds: for each room a cell for each kind of claim, red where something does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mlatlas.atlas.text import Text

if TYPE_CHECKING:
    from mlatlas.atlas.map import Atlas, Room
    from mlatlas.atlas.store import Record, Store

State = Literal["good", "bad", "stale", "empty"]

COLUMNS: dict[str, Text] = {
    "languages": Text("languages", "语言"),
    "checks": Text("checks", "推导验证"),
    "known": Text("known answers", "已知答案"),
    "laws": Text("laws", "定律"),
    "mutants": Text("mutants killed", "杀死的变异体"),
    "peers": Text("peers agree", "与同类库一致"),
    "races": Text("races", "比赛"),
    "lab": Text("lab", "实验"),
    "answers": Text("questions and claims", "问题与论断"),
}


@dataclass(frozen=True)
class Cell:
    """One cell: good, bad (red), stale (judged in another state of the room) or empty (nothing to judge)."""

    state: State
    text: str
    reasons: tuple[str, ...] = ()


def _share(items: list[tuple[str, bool, str]], note: str = "") -> Cell:
    """Of (name, good, reason): how many are good, and why the others are not."""
    if not items:
        return Cell("empty", "–")
    bad = tuple(f"{name}: {reason}" for name, good, reason in items if not good)
    text = f"{len(items) - len(bad)}/{len(items)}{note}"
    return Cell("bad" if bad else "good", text, bad)


def row(atlas: Atlas, room: Room, verdict: Record | None, race: Record | None) -> dict[str, Cell]:
    """The room's cells from its newest verdict and races; a missing verdict is red."""
    unanswered = atlas.unanswered(room.concept.id)
    answered = len(room.page.answered)
    cells = {
        "languages": Cell("good", "en zh"),  # a page that lacks a translation is not read at all
        "answers": _share(
            [(ident, True, "") for ident in room.page.answered]
            + [(one.id, False, "not settled on the page") for one in unanswered]
        ),
    }
    if verdict is None:
        cells |= {name: Cell("bad", "?", ("never judged",)) for name in COLUMNS if name not in (*cells, "races")}
    else:
        cells |= _fresh(_verdict_cells(verdict.payload), verdict, room)
    races = Cell("empty", "–") if race is None else race_cell(race.payload["outcomes"])
    cells["races"] = races if race is None else _fresh({"races": races}, race, room)["races"]
    if not answered and not unanswered:
        cells["answers"] = Cell("empty", "–")
    return {name: cells[name] for name in COLUMNS}


def _fresh(cells: dict[str, Cell], record: Record, room: Room) -> dict[str, Cell]:
    """The cells as they are, or marked stale when they judged another state of the room."""
    if record.digest == room.digest:
        return cells
    reason = "judged in another state of the room; run mlatlas check"
    return {
        name: Cell("stale" if cell.state == "good" else cell.state, cell.text, (*cell.reasons, reason))
        for name, cell in cells.items()
    }


def _verdict_cells(payload: Mapping[str, Any]) -> dict[str, Cell]:
    checks = payload["checks"]
    symbolic = sum(one["level"] == "symbolic" for one in checks)
    note = f" ({symbolic} symbolic)" if symbolic else ""
    laws = [(one["name"], one["holds"] and not one["idle"], _law_reason(one)) for one in payload["laws"]]
    lab = payload["lab"]
    return {
        "checks": _share([(one["label"], one["ok"], "; ".join(one["reasons"])) for one in checks], note),
        "known": _share([(one["name"], one["holds"], one["reason"]) for one in payload["known"]]),
        "laws": _share(laws),
        "mutants": _share([(one["name"], bool(one["killed_by"]), _survival(one)) for one in payload["mutants"]]),
        "peers": peers_cell(payload["peers"]),
        "lab": Cell("empty", "–") if lab is None else Cell("bad", "0/1", (lab,)) if lab else Cell("good", "1/1"),
    }


def _law_reason(law: Mapping[str, Any]) -> str:
    return "kills no mutant, so it is no law" if law["holds"] else f"{law['reason']} {law['counterexample']}".strip()


def _survival(mutant: Mapping[str, Any]) -> str:
    return f"only crashes: {mutant['wrong_reason']}" if mutant["wrong_reason"] else "survives every law"


def peers_cell(peers: Mapping[str, Any]) -> Cell:
    """Of every peer: the largest difference between the answers, and the findings."""
    if not peers:
        return Cell("empty", "–")
    parts, bad = [], []
    for name, peer in peers.items():
        if "skipped" in peer:
            parts.append(f"{name}: –")
            bad.append(f"{name}: {peer['skipped']}")
            continue
        states = [(one["name"], one["state"], one["reason"]) for one in peer["verdicts"]]
        bad += [
            f"{name}, {law}: {state} {reason}"
            for law, state, reason in states
            if state in ("broken", "finding not seen")
        ]
        bad += [f"{name}, {reason}" for reason in peer["unequal"]]
        findings = sum(state == "finding" for _, state, _ in states)
        agreement = "–" if peer["agreement"] is None else f"{peer['agreement']:.0e}"
        parts.append(f"{name} {agreement}" + (f", {findings} finding{'s' * (findings > 1)}" if findings else ""))
    return Cell("bad" if bad else "good", "; ".join(parts), tuple(bad))


def race_cell(outcomes: list[dict[str, Any]]) -> Cell:
    """Races won, even and lost; a race that does not count is red."""
    results = [one["result"] for one in outcomes]
    void = tuple(
        f"{one['race']} {one['size']} against {one['peer']}: {one['reason']}" for one in outcomes if one["reason"]
    )
    parts = [f"{results.count(kind)} {kind}" for kind in ("won", "even", "lost", "void") if kind in results]
    return Cell("bad" if void else "good", ", ".join(parts) or "–", void)


def newest(store: Store, kind: Literal["verdict", "race"], room: Room) -> Record | None:
    """This machine's newest record of a room, unless only the shipped one judged the room as it is now."""
    concept = room.concept.id
    own, shipped = store.latest(kind, concept), store.shipped(kind, concept)
    if own is None or (own.digest != room.digest and shipped is not None and shipped.digest == room.digest):
        return shipped
    return own
