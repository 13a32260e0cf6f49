"""The runs of labs in the store's file: what was asked for, how far it came, and every event as it arrived.

A run is queued, then running, then one of done, failed, cancelled or interrupted, and that is final: each change names
the state that it expects, so that of two writers one wins. An interrupted run lost its process without a word.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.lab.events import Event, Figure, Progress, decode, encode
from mlatlas.atlas.store import Store
from mlatlas.atlas.text import Text

State = Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]
STATES: tuple[State, ...] = get_args(State)
OPEN: tuple[State, ...] = ("queued", "running")

_TABLES = """
CREATE TABLE IF NOT EXISTS run (
    id INTEGER PRIMARY KEY AUTOINCREMENT, concept TEXT NOT NULL, module TEXT NOT NULL, digest TEXT NOT NULL,
    seed INTEGER NOT NULL, knobs TEXT NOT NULL, state TEXT NOT NULL, asked TEXT NOT NULL, began TEXT, ended TEXT,
    host TEXT, process INTEGER, progress TEXT, message TEXT
);
CREATE TABLE IF NOT EXISTS event (
    run INTEGER NOT NULL, number INTEGER NOT NULL, figure TEXT, payload TEXT NOT NULL, drawn TEXT,
    PRIMARY KEY (run, number)
);
CREATE INDEX IF NOT EXISTS run_by_concept ON run (concept, id);
CREATE INDEX IF NOT EXISTS run_by_state ON run (state, id)
"""


@dataclass(frozen=True)
class Run:
    """One run as it stands; ``host`` names the server that works on it and ``process`` the process that does."""

    id: int
    concept: str
    module: str  # that holds the lab, mlatlas.linear.ridge.lab
    digest: str
    seed: int
    knobs: dict[str, Any]  # as JSON writes them
    state: State
    asked: datetime
    began: datetime | None
    ended: datetime | None
    host: str | None
    process: int | None
    progress: Progress | None
    message: Text | None  # why it failed

    @property
    def open(self) -> bool:
        """Whether it waits or runs."""
        return self.state in OPEN

    @property
    def seconds(self) -> float | None:
        """How long it ran, or has been running."""
        if self.began is None:
            return None
        return ((self.ended or datetime.now(UTC)) - self.began).total_seconds()


@dataclass(frozen=True)
class Logged:
    """One event of a run; a figure comes drawn in each language."""

    number: int  # from 1
    event: Event
    drawn: dict[str, str]


class Runs:
    """All runs in a store; any number of processes may read and write."""

    def __init__(self, store: Store) -> None:
        self.store = store
        with store.writing() as connection:
            for statement in _TABLES.split(";"):
                connection.execute(statement)

    # ---- what there is

    def find(self, id: int) -> Run | None:
        """One run."""
        return next(self._select("WHERE id = ?", id), None)

    def latest(self, concept: str | None = None, limit: int = 50) -> list[Run]:
        """The newest runs, of one concept or of all; open ones first."""
        where, values = ("", ()) if concept is None else ("WHERE concept = ?", (concept,))
        return list(
            self._select(f"{where} ORDER BY state NOT IN ('queued', 'running'), id DESC LIMIT {limit}", *values)
        )

    def waiting(self) -> list[int]:
        """The queue: which runs wait, the first to be worked on first."""
        return [run.id for run in self._select("WHERE state = 'queued' ORDER BY id")]

    def events(self, id: int, after: int = 0) -> list[Logged]:
        """What a run has yielded since event number ``after``."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT number, payload, drawn FROM event WHERE run = ? AND number > ? ORDER BY number", (id, after)
            )
            return [Logged(n, decode(json.loads(payload)), json.loads(drawn or "{}")) for n, payload, drawn in rows]

    # ---- what happens to a run

    def ask(self, concept: str, module: str, digest: str, seed: int, knobs: Mapping[str, Any]) -> int:
        """Queue a run; ``knobs`` are plain values. Returns its number."""
        with self.store.writing() as connection:
            done = connection.execute(
                "INSERT INTO run (concept, module, digest, seed, knobs, state, asked) VALUES (?, ?, ?, ?, ?, 'queued', ?)",
                (concept, module, digest, seed, json.dumps(dict(knobs), allow_nan=False), _now()),
            )
            assert done.lastrowid is not None
            return done.lastrowid

    def claim(self, host: str) -> Run | None:
        """Take the first run of the queue, if there is one; of two that try, one gets it."""
        with self.store.writing() as connection:
            row = connection.execute(
                "UPDATE run SET state = 'running', began = ?, host = ? WHERE id = "
                "(SELECT id FROM run WHERE state = 'queued' ORDER BY id LIMIT 1) RETURNING id",
                (_now(), host),
            ).fetchone()
        return None if row is None else self.find(row[0])

    def started(self, id: int, process: int) -> bool:
        """Note the process that works on a run; false when the run was cancelled meanwhile."""
        return self._change("UPDATE run SET process = ? WHERE id = ? AND state = 'running'", process, id)

    def advance(self, id: int, progress: Progress) -> bool:
        """Note how far a run has come; false when it is no longer wanted."""
        text = json.dumps(encode(progress), ensure_ascii=False)
        return self._change("UPDATE run SET progress = ? WHERE id = ? AND state = 'running'", text, id)

    def append(self, id: int, event: Event, drawn: Mapping[str, str] | None = None) -> bool:
        """Keep an event, a figure instead of the former of its name; false when the run is no longer wanted."""
        figure = event.name if isinstance(event, Figure) else None
        with self.store.writing() as connection:
            row = connection.execute(
                "INSERT INTO event (run, number, figure, payload, drawn) "
                "SELECT id, (SELECT coalesce(max(number), 0) + 1 FROM event WHERE run = id), ?, ?, ? "
                "FROM run WHERE id = ? AND state = 'running' RETURNING number",
                (
                    figure,
                    json.dumps(encode(event), ensure_ascii=False, allow_nan=False),
                    json.dumps(drawn, ensure_ascii=False) if drawn else None,
                    id,
                ),
            ).fetchone()
            if row is not None and figure is not None:
                former = "DELETE FROM event WHERE run = ? AND figure = ? AND number < ?"
                connection.execute(former, (id, figure, row[0]))
        return row is not None

    def end(self, id: int, state: State, message: Text | None = None) -> bool:
        """End a running run; false when it has ended already."""
        text = None if message is None else json.dumps(encode(message), ensure_ascii=False)
        query = "UPDATE run SET state = ?, ended = ?, message = ? WHERE id = ? AND state = 'running'"
        return self._change(query, state, _now(), text, id)

    def cancel(self, id: int) -> bool:
        """Cancel a run that waits or runs; whoever works on it must stop. False when it had ended already."""
        query = "UPDATE run SET state = 'cancelled', ended = ? WHERE id = ? AND state IN ('queued', 'running')"
        return self._change(query, _now(), id)

    def hosts(self) -> set[str]:
        """The servers that are said to work on a run."""
        return {run.host for run in self._select("WHERE state = 'running'") if run.host is not None}

    def interrupt(self, hosts: Iterable[str]) -> None:
        """Mark the runs of servers that are gone."""
        for host in hosts:
            query = "UPDATE run SET state = 'interrupted', ended = ? WHERE host = ? AND state = 'running'"
            self._change(query, _now(), host)

    # ---- the file

    def _change(self, query: str, *values: Any) -> bool:
        with self.store.writing() as connection:
            return connection.execute(query, values).rowcount > 0

    def _select(self, clause: str, *values: Any) -> Iterator[Run]:
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT id, concept, module, digest, seed, knobs, state, asked, began, ended, host, process, progress, "
                f"message FROM run {clause}",
                values,
            ).fetchall()
        for id, concept, module, digest, seed, knobs, state, asked, began, ended, host, process, done, message in rows:
            yield Run(
                id=id,
                concept=concept,
                module=module,
                digest=digest,
                seed=seed,
                knobs=json.loads(knobs),
                state=state,
                asked=datetime.fromisoformat(asked),
                began=began and datetime.fromisoformat(began),
                ended=ended and datetime.fromisoformat(ended),
                host=host,
                process=process,
                progress=done and decode(json.loads(done)),
                message=message and decode(json.loads(message)),
            )

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self.store.reading() as connection:
            if connection is None:
                raise AtlasError(f"{self.store.path} is gone; start the atlas again")
            yield connection


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
