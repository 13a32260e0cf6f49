"""The store: records that are never lost, and errors that say what to do."""

from __future__ import annotations

import json
import math
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from mlatlas.atlas import store as module
from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.store import Stamp, Store


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MLATLAS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_what_is_saved_is_found_again_newest_first(home: Path) -> None:
    store = Store()
    assert store.latest("run", "ridge") is None
    assert store.history("run", "ridge") == []
    assert not home.exists(), "reading must create nothing"
    saved = [
        store.save("run", "ridge", f"digest {k}", {"k": k, "zh": "岭回归", "list": [1.5, None, True]}) for k in range(3)
    ]
    store.save("run", "lasso", "other", {})
    store.save("drill", "ridge", "other", {})
    assert Store().history("run", "ridge") == saved[::-1]
    assert Store().latest("run", "ridge") == saved[2]
    assert saved[0].payload["zh"] == "岭回归"
    assert (home / "atlas.sqlite").is_file()


def test_the_stamp_names_machine_and_versions_without_importing_them(home: Path) -> None:
    code = (
        "import sys; from mlatlas.atlas.store import Store; stamp = Store().save('race', 'ridge', 'd', {}).stamp;"
        "print(sorted(stamp.versions), stamp.cores, bool(stamp.processor), stamp.python, stamp.time);"
        "print([name for name in ('numpy', 'scipy', 'numba', 'sklearn') if name in sys.modules])"
    )
    first, second = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert first.startswith("['mlatlas', 'numba', 'numpy', 'scikit-learn', 'scipy'] ")
    assert "True" in first
    assert "+00:00" in first
    assert second == "[]"
    assert Stamp.now().line.count("·") == 4


def test_values_that_json_cannot_hold_are_refused(home: Path) -> None:
    for payload in ({"x": math.nan}, {"x": object()}):
        with pytest.raises(AtlasError, match="the run of ridge cannot be stored"):
            Store().save("run", "ridge", "d", payload)
    with pytest.raises(ValueError, match="kind must be one of verdict, race, run, drill, check; got 'rune'"):
        Store().save("rune", "ridge", "d", {})


WRITER = """
import sys
from mlatlas.atlas.store import Store
for k in range(25):
    Store().save("run", "ridge", sys.argv[1], {"writer": int(sys.argv[1]), "k": k})
"""


def test_many_processes_at_once_lose_nothing(home: Path) -> None:
    """Each starts on a store that does not exist yet, so that creating it is raced too."""
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(k)], stderr=subprocess.PIPE, text=True) for k in range(6)
    ]
    for writer in writers:
        _, said = writer.communicate(timeout=120)
        assert writer.returncode == 0, said
    found = [(one.payload["writer"], one.payload["k"]) for one in Store().history("run", "ridge")]
    assert sorted(found) == [(writer, k) for writer in range(6) for k in range(25)]
    for writer in range(6):
        assert [k for one, k in found if one == writer] == list(range(24, -1, -1)), "each writer's order is kept"


@pytest.mark.parametrize(
    "content", [b"not a database, but quite long " * 200, b"x", b"SQLite format 3\x00" + b"\xff" * 4000]
)
def test_a_corrupt_file_is_an_error_and_stays_as_it_is(home: Path, content: bytes) -> None:
    home.mkdir()
    (home / "atlas.sqlite").write_bytes(content)
    for use in (lambda: Store().latest("run", "ridge"), lambda: Store().save("run", "ridge", "d", {})):
        with pytest.raises(AtlasError, match=r"atlas\.sqlite (cannot be|is no) .*; move it away, or set MLATLAS_HOME"):
            use()
    assert (home / "atlas.sqlite").read_bytes() == content


def test_another_programs_database_is_not_touched(home: Path) -> None:
    home.mkdir()
    connection = sqlite3.connect(home / "atlas.sqlite")
    connection.execute("CREATE TABLE bookmark (address TEXT)")
    connection.commit()
    connection.close()
    before = (home / "atlas.sqlite").read_bytes()
    for use in (lambda: Store().history("run", "ridge"), lambda: Store().save("run", "ridge", "d", {})):
        with pytest.raises(AtlasError, match="another program's database; move it away"):
            use()
    assert (home / "atlas.sqlite").read_bytes() == before


def test_a_newer_format_is_not_touched(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Store().save("run", "ridge", "d", {})
    monkeypatch.setattr(module, "_SCHEMA", 0)
    with pytest.raises(AtlasError, match="has format 1, this version reads 0"):
        Store().latest("run", "ridge")


def test_a_home_that_cannot_be_written_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("MLATLAS_HOME", str(tmp_path / "file" / "home"))
    assert Store().latest("run", "ridge") is None
    with pytest.raises(
        AtlasError, match=r"cannot be written \(.*\); move it away, or set MLATLAS_HOME to another folder"
    ):
        Store().save("run", "ridge", "d", {})


def test_a_read_only_home_can_be_read_but_not_written(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Store().save("run", "ridge", "d", {"k": 1})
    connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda path, **options: connect(f"file:{path}?mode=ro", uri=True, **options)
    )
    found = Store().latest("run", "ridge")
    assert found is not None
    assert found.payload == {"k": 1}
    with pytest.raises(AtlasError, match="readonly database"):
        Store().save("run", "ridge", "d", {})


def test_a_failure_half_way_leaves_the_store_as_it_was(home: Path) -> None:
    store = Store()
    store.save("run", "ridge", "d", {"k": 1})

    def fail_half_way() -> None:
        with store.writing() as connection:
            connection.execute("DELETE FROM record")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert len(store.history("run", "ridge")) == 1


# -- what is shipped -----------------------------------------------------------------------------------------------


def test_exported_results_are_found_as_shipped(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, folder = Store(), tmp_path / "results"
    store.save("verdict", "ridge", "old", {"laws": 1})
    verdict = store.save("verdict", "ridge", "new", {"laws": 2, "b": 1, "a": "律"})
    race = store.save("race", "ridge", "new", {"ratio": 2.0})
    store.save("run", "lasso", "d", {})
    assert store.export(folder) == [folder / "ridge.json"]
    assert [file.name for file in folder.iterdir()] == ["ridge.json"], "no temporary file may stay"
    content = (folder / "ridge.json").read_text(encoding="utf-8")
    assert list(json.loads(content)) == ["race", "verdict"]
    assert content.index('"a"') < content.index('"b"') < content.index('"laws"')
    assert "律" in content
    monkeypatch.setattr(module, "RESULTS", folder)
    assert store.shipped("verdict", "ridge") == verdict
    assert store.shipped("race", "ridge") == race
    assert store.shipped("run", "ridge") is None
    assert store.shipped("verdict", "lasso") is None
    store.export(folder)
    assert (folder / "ridge.json").read_text(encoding="utf-8") == content, "the same records give the same file"


def test_nothing_to_export_is_no_error(home: Path, tmp_path: Path) -> None:
    assert Store().export(tmp_path) == []


def test_a_failing_export_leaves_the_old_file(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store()
    store.save("verdict", "ridge", "d", {"laws": 1})
    store.export(tmp_path)
    before = (tmp_path / "ridge.json").read_text(encoding="utf-8")
    store.save("verdict", "ridge", "d", {"laws": 2})

    def full(source: str, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "replace", full)
    with pytest.raises(AtlasError, match=r"ridge\.json cannot be written .*; choose another folder"):
        store.export(tmp_path)
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["ridge.json"]
    assert (tmp_path / "ridge.json").read_text(encoding="utf-8") == before


@pytest.mark.parametrize("content", ["{", "[]", '{"verdict": {"digest": "d"}}'])
def test_a_broken_shipped_file_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    monkeypatch.setattr(module, "RESULTS", tmp_path)
    (tmp_path / "ridge.json").write_text(content, encoding="utf-8")
    with pytest.raises(AtlasError, match="is not an exported result"):
        Store().shipped("verdict", "ridge")
