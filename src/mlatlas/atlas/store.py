"""Verdicts, races, runs and drills in one SQLite file of the user's, and the exported ones that come with the package.

``MLATLAS_HOME`` names another folder than the user's data folder. Reading creates nothing; nothing is ever deleted.
"""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, get_args

from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.writing import write_text

Kind = Literal["verdict", "race", "run", "drill", "check"]
KINDS: tuple[Kind, ...] = get_args(Kind)
EXPORTED: tuple[Kind, ...] = ("verdict", "race")
RESULTS = Path(__file__).parent / "results"

_APPLICATION = 0x6D6C6174  # "mlat", SQLite's mark of whose file this is
_SCHEMA = 1
_PATIENCE = 60.0  # seconds to wait for another process that is writing
_TABLE = """
CREATE TABLE IF NOT EXISTS record (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, concept TEXT NOT NULL,
    digest TEXT NOT NULL, payload TEXT NOT NULL, stamp TEXT NOT NULL
)"""
_INDEX = "CREATE INDEX IF NOT EXISTS by_concept ON record (kind, concept, id)"


@dataclass(frozen=True)
class Stamp:
    """When, on what and with which versions something was computed."""

    time: str  # ISO 8601, UTC
    processor: str
    cores: int
    python: str
    versions: dict[str, str]

    @property
    def line(self) -> str:
        """The stamp on one line, for the foot of a report."""
        versions = ", ".join(f"{package} {version}" for package, version in self.versions.items())
        moment = self.time[:16].replace("T", " ")
        return f"{moment} UTC · {self.processor} · {self.cores} cores · Python {self.python} · {versions}"

    @classmethod
    def now(cls) -> Stamp:
        """The stamp of this moment and this machine."""
        moment = datetime.now(UTC).isoformat(timespec="seconds")
        return cls(moment, _processor(), cores(), platform.python_version(), dict(_versions()))


@dataclass(frozen=True)
class Record:
    """One stored result; ``digest`` is that of the room's files when it was computed."""

    kind: Kind
    concept: str
    digest: str
    payload: Any
    stamp: Stamp


@cache
def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine() or "unknown"


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _versions() -> tuple[tuple[str, str], ...]:
    found = []
    for package in ("mlatlas", "numpy", "scipy", "numba", "scikit-learn"):
        try:
            found.append((package, metadata.version(package)))
        except metadata.PackageNotFoundError:
            continue
    return tuple(found)


def home() -> Path:
    """The folder of the user's results: ``MLATLAS_HOME``, or the system's place for a user's data."""
    from platformdirs import user_data_dir

    return Path(os.environ.get("MLATLAS_HOME") or user_data_dir("mlatlas", appauthor=False))


class Store:
    """The user's records in ``atlas.sqlite``; any number of processes may save at once."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = home() / "atlas.sqlite" if path is None else path

    def save(self, kind: Kind, concept: str, digest: str, payload: Any) -> Record:
        """Keep one record, stamped now. The payload is anything that JSON can hold."""
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}; got {kind!r}")
        try:
            text = _dump(payload)
        except (TypeError, ValueError) as error:
            raise AtlasError(f"the {kind} of {concept} cannot be stored: {error}; give plain finite values") from None
        record = Record(kind, concept, digest, json.loads(text), Stamp.now())
        with self.writing() as connection:
            connection.execute(
                "INSERT INTO record (kind, concept, digest, payload, stamp) VALUES (?, ?, ?, ?, ?)",
                (kind, concept, digest, text, _dump(asdict(record.stamp))),
            )
        return record

    def latest(self, kind: Kind, concept: str) -> Record | None:
        """The newest record of this kind, or None."""
        return next(iter(self._read(kind, concept, limit=1)), None)

    def history(self, kind: Kind, concept: str) -> list[Record]:
        """All records of this kind, the newest first."""
        return self._read(kind, concept, limit=-1)

    def shipped(self, kind: Kind, concept: str) -> Record | None:
        """The record that came with the package, or None."""
        file = RESULTS / f"{concept}.json"
        if not file.is_file():
            return None
        try:
            found = json.loads(file.read_text(encoding="utf-8")).get(kind)
            if found is None:
                return None
            return Record(kind, concept, found["digest"], found["payload"], Stamp(**found["stamp"]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise AtlasError(
                f"{file} is not an exported result ({error}); export it again or reinstall mlatlas"
            ) from None

    def export(self, folder: Path) -> list[Path]:
        """Write the newest verdict and race of every concept as ``<concept>.json``; returns the files."""
        files = []
        with self.reading() as connection:
            concepts = []
            if connection is not None:
                rows = connection.execute(
                    "SELECT DISTINCT concept FROM record WHERE kind IN (?, ?) ORDER BY 1", EXPORTED
                )
                concepts = [concept for (concept,) in rows]
        for concept in concepts:
            newest = {kind: self.latest(kind, concept) for kind in EXPORTED}
            content = {
                kind: {"digest": one.digest, "payload": one.payload, "stamp": asdict(one.stamp)}
                for kind, one in newest.items()
                if one is not None
            }
            files.append(folder / f"{concept}.json")
            write_text(
                files[-1],
                json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1) + "\n",
                "choose another folder",
            )
        return files

    def _read(self, kind: Kind, concept: str, limit: int) -> list[Record]:
        query = "SELECT digest, payload, stamp FROM record WHERE kind = ? AND concept = ? ORDER BY id DESC LIMIT ?"
        with self.reading() as connection:
            if connection is None:
                return []
            return [
                Record(kind, concept, digest, json.loads(payload), Stamp(**json.loads(stamp)))
                for digest, payload, stamp in connection.execute(query, (kind, concept, limit))
            ]

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """A connection to read from, or None where there is no file yet."""
        with self._explained("read"):
            if not self.path.is_file():
                yield None
                return
            with closing(self._connect()) as connection:
                self._check_ours(connection)
                yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection to write to, as one transaction; an error rolls it back."""
        with self._explained("written"):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._connect()) as connection:
                if not self._check_ours(connection):
                    self._create(connection)
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None)

    def _check_ours(self, connection: sqlite3.Connection) -> bool:
        """True for a file of ours, False for an empty one; an error for another program's or a newer version's."""
        if self._head() not in (b"", b"SQLite format 3\0"):  # SQLite itself would overwrite a short file
            raise AtlasError(f"{self.path} is no database; {self._remedy}")
        connection.execute("BEGIN")  # one moment for all three, while another process may be creating the file
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (schema,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        connection.execute("COMMIT")
        if application == _APPLICATION and schema == _SCHEMA:
            return True
        if application == _APPLICATION:
            raise AtlasError(f"{self.path} has format {schema}, this version reads {_SCHEMA}; {self._remedy}")
        if tables or application or schema:
            raise AtlasError(f"{self.path} is another program's database; {self._remedy}")
        return False

    def _head(self) -> bytes:
        with self.path.open("rb") as file:
            return file.read(16)

    def _create(self, connection: sqlite3.Connection) -> None:
        give_up = time.monotonic() + _PATIENCE
        while True:  # the change to write-ahead logging does not wait for others by itself
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                break
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > give_up:
                    raise
                time.sleep(0.02)
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(_TABLE)
        connection.execute(_INDEX)
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        connection.execute(f"PRAGMA user_version = {_SCHEMA}")
        connection.execute("COMMIT")

    @property
    def _remedy(self) -> str:
        return "move it away, or set MLATLAS_HOME to another folder"

    @contextmanager
    def _explained(self, done: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise AtlasError(f"{self.path} cannot be {done} ({error}); {self._remedy}") from error


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False)
