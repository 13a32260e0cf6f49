"""Tables of the user's own: what is read and said, what is judged and kept, and that bad input is one sentence."""

from __future__ import annotations

import io
import json
import os
import pickle
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
import skops.io
from scipy.stats import binomtest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss, r2_score, root_mean_squared_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from mlatlas.atlas.cli import main
from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.lab import RunResult, tables
from mlatlas.atlas.lab.estimators import offers
from mlatlas.atlas.lab.evaluation import bootstrap, judge_classes, judge_numbers, reliability, share
from mlatlas.atlas.lab.saved import load_model, save_model
from mlatlas.atlas.lab.tables import Request, Study
from mlatlas.atlas.map import open_atlas
from mlatlas.data import columns, files, read_table
from mlatlas.data.columns import Schema

ATLAS = open_atlas()
Cli = Callable[..., SimpleNamespace]


@pytest.fixture
def cli(monkeypatch, capsys, tmp_path) -> Cli:
    """``cli("run", ...)`` in an empty folder: exit status and what was printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLATLAS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MLATLAS_LANG", "en")
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: Any) -> SimpleNamespace:
        monkeypatch.setattr(sys, "argv", ["mlatlas", *map(str, words)])
        with pytest.raises(SystemExit) as exit:
            main()
        said = capsys.readouterr()
        return SimpleNamespace(status=exit.value.code or 0, out=said.out, err=said.err)

    return run


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def houses(path: Path, rows: int = 60, seed: int = 0) -> Path:
    """Prices of houses by area, town, year and a column that is sometimes missing."""
    random = np.random.default_rng(seed)
    area = random.integers(30, 200, rows)
    town = random.choice(["Ulm", "Bonn", "Kiel"], rows)
    price = 1000 * area + 20_000 * (town == "Bonn") + random.normal(0, 5000, rows)
    rooms = [str(one // 25) if k % 9 else "" for k, one in enumerate(area)]
    lines = [
        f"{k},{a},{t},{r},2019-03-{k % 28 + 1:02d},{p:.0f}"
        for k, (a, t, r, p) in enumerate(zip(area, town, rooms, price, strict=True), 1)
    ]
    return write(path, "\n".join(["id,area,town,rooms,sold,price", *lines]) + "\n")


def loans(path: Path, rows: int = 80) -> Path:
    """Whether loans are paid back, in two classes."""
    random = np.random.default_rng(1)
    income = random.normal(50, 10, rows).round(1)
    late = np.where(income + random.normal(0, 8, rows) < 45, "yes", "no")
    return write(
        path,
        "\n".join(
            [
                "income,kind,default",
                *(f"{i},{'ab'[k % 2]},{d}" for k, (i, d) in enumerate(zip(income, late, strict=True))),
            ]
        ),
    )


def study(concept: str, path: Path, target: str, **options: Any) -> tuple[Study, RunResult]:
    one = Study(ATLAS, ATLAS.room(concept), Request(path, target, **options))
    one.read()
    result = RunResult(0, {})
    for _ in result.follow(one.run()):
        pass
    return one, result


def said(path: Path, target: str, **options: Any) -> dict[str, tuple[str, str]]:
    return {name: (kind.en, told.en) for name, kind, told in read_table(path, target, **options).said}


# ---- what is read ----------------------------------------------------------------------------------------------------


def test_types_are_inferred_and_said(tmp_path):
    path = write(
        tmp_path / "t.csv",
        "id,age,town,when,zip,always,never,odd,y\n"
        '1,20,"Paris, 5e",2020-01-01,01234,5,,1,no\n'
        "2,30, Rome ,2020-01-02,01235,5,NA,2,yes\n"
        "3,,Rome,2020-01-03,01234,5,,x,no\n"
        "4,1e3,,2020-01-04T12:00:00+01:00,01234,5,,3,\n"
        "\n"
        "5,41,Rome,2020/01/04,01234,5,,3,yes\n",
    )
    found = said(path, "y")
    assert found["id"] == ("left out", "it numbers the rows")
    assert found["age"] == ("number", "20 to 41; 1 missing, replaced by the median and marked by a column of their own")
    assert found["town"] == ("category", "2: Paris, 5e, Rome")
    assert found["when"] == ("date, in days", "2020-01-01 to 2020-01-04")
    assert found["zip"] == ("category", "2: 01234, 01235")  # a leading zero: a code
    assert found["always"] == ("left out", "always '5'")
    assert found["never"] == ("left out", "nothing but missing values")
    assert found["odd"][0] == "category"
    assert "the first other is 'x' on line 4: --missing x" in found["odd"][1]
    table = read_table(path, "y")
    assert table.without_target == 1
    assert table.lines.tolist() == [2, 3, 4, 7]
    assert table.frame["when"].to_list() == [18262.0, 18263.0, 18264.0, 18265.0]
    assert Schema.from_json(table.schema.to_json()) == table.schema


def test_what_is_inferred_can_be_overridden(tmp_path):
    path = write(
        tmp_path / "t.csv", "a,b,c,y\n1,1,2020-01-01,0\n2,x,2020-01-02,1\n3,3,2020-01-03,0\n1,?,2020-01-03,1\n"
    )
    found = said(path, "y", kinds={"a": "category"}, drop=["c"], missing=["x", "?"])
    assert found["a"] == ("category", "3: 1, 2, 3")
    assert found["b"] == ("number", "1 to 3; 2 missing, replaced by the median and marked by a column of their own")
    assert found["c"] == ("left out", "as you asked")


def test_dates_with_times_and_zones():
    reader = columns.Reader("t", "line")
    days = reader.dates(
        pl.Series(
            ["1970-01-02", "1970-01-02T12:00", "1970-01-02 13:00:00.5+01:00", "1970/01/03", "03/04/2020", "1970-02-30"]
        )
    )
    assert days.to_list() == [1.0, 1.5, pytest.approx(1.5 + 0.5 / 86400), 2.0, None, None]


def test_the_first_and_the_last_of_dates_can_be_said(tmp_path):
    path = write(
        tmp_path / "t.csv", "when,y\n" + "0001-01-01T00:00+14:00,1\n9999-12-31T23:59:59-12:00,2\n2020-01-01,3\n" * 4
    )
    assert said(path, "y")["when"] == ("date, in days", "0000-12-31 to 10000-01-01")


def test_the_three_formats_read_the_same(tmp_path):
    frame = pl.DataFrame(
        {
            "n": [1.5, None, 3.0] * 9,
            "k": ["a", "b", None] * 9,
            "d": ["2020-01-01", "2020-01-02", "2020-01-05"] * 9,
            "y": [1, 2, 5] * 9,
        }
    )
    frame.write_csv(tmp_path / "t.csv")
    frame.write_ndjson(tmp_path / "t.jsonl")
    frame.with_columns(pl.col("d").str.to_date(), pl.col("k").cast(pl.Categorical)).write_parquet(
        tmp_path / "t.parquet"
    )
    first, *others = (read_table(tmp_path / f"t.{ending}", "y") for ending in ("csv", "jsonl", "parquet"))
    assert first.frame.height == 27
    for other in others:
        assert other.frame.equals(first.frame)
        assert other.schema == first.schema
        assert other.said == first.said


def test_blocks_of_rows_make_the_whole_and_a_sample_is_uniform(tmp_path, monkeypatch):
    path = write(
        tmp_path / "t.jsonl",
        "".join(json.dumps({"k": k, **({"late": 1} if k > 70 else {})}) + "\n" for k in range(100)),
    )
    whole = files.TableFile(path).read()
    monkeypatch.setattr(files.TableFile.blocks, "__defaults__", (7,))
    assert files.TableFile(path).read().frame.equals(whole.frame)
    drawn = np.zeros(100)
    for seed in range(400):
        sample = files.TableFile(path).read(10, seed)
        assert sample.frame.height == 10
        assert np.all(np.diff(sample.lines) > 0)
        drawn[sample.lines - 1] += 1
    assert ((drawn - 40) ** 2 / 36).sum() < 160  # χ² with 99 degrees of freedom


def test_separators_encodings_and_marks(tmp_path):
    for separator in ",;\t|":
        path = write(tmp_path / "t.csv", f"a{separator}y\n1{separator}2\n3{separator}4\n")
        assert files.TableFile(path).read().frame.columns == ["a", "y"]
    (tmp_path / "g.csv").write_bytes("城市,y\n北京,1\n".encode("gb18030"))
    assert files.TableFile(tmp_path / "g.csv", "gb18030").read().frame["城市"].to_list() == ["北京"]
    (tmp_path / "b.csv").write_bytes(b"\xef\xbb\xbfa,y\r\n1,2\r\n")
    assert files.TableFile(tmp_path / "b.csv").read().frame.columns == ["a", "y"]


# ---- bad input -------------------------------------------------------------------------------------------------------

GOOD = "a,b,y\n" + "".join(f"{k % 7},{k % 3},{k % 2}\n" for k in range(40))
BAD: dict[str, tuple[str, bytes, str]] = {
    "empty": ("t.csv", b"", "is empty"),
    "only names": ("t.csv", b"a,b,y\n", "no rows"),
    "encoding": ("t.csv", b"a,b,y\n1,2,3\n1,caf\xe9,3\n", "line 3, byte 6: 0xE9 is not utf-8"),
    "utf-16": ("t.csv", "a,y\n1,2\n".encode("utf-16"), "--encoding utf-16"),
    "too long": ("t.csv", b"a,b,y\n1,2,3\n1,2,3,4\n", "line 3: 4 fields where the first line names 3 columns"),
    "too short": ("t.csv", b"a,b,y\n1,2\n", "line 2: 2 fields"),
    "open quote": ("t.csv", b'a,b,y\n1,2,3\n1,"2,3\n4,5,6\n', "line 3: a quotation mark is opened and never closed"),
    "duplicate": ("t.csv", b"a,b,a\n1,2,3\n", "columns 1 and 3 are both named 'a'"),
    "no names": ("t.csv", b"\n\n", "no column names"),
    "one class": ("t.csv", b"a,y\n" + b"1,no\n2,no\n" * 9, "only one class, 'no'"),
    "one number": ("t.csv", b"a,y\n" + b"1,7\n2,7\n" * 9, "only one number, '7'"),
    "dates": ("t.csv", b"a,y\n" + b"1,2020-01-01\n2,2020-01-02\n" * 9, "holds dates"),
    "no target left": ("t.csv", b"a,y\n1,\n2,NA\n", "nothing but missing values"),
    "nothing to predict from": ("t.csv", b"a,y\n" + b"7,1\n7,2\n" * 9, "no column is left"),
    "few rows": ("t.csv", b"a,y\n1,1\n2,2\n2,3\n", "at least 10 are needed"),
    "not an object": ("t.jsonl", b'{"a": 1}\n[1, 2]\n', "line 2: each line must be one JSON object"),
    "not JSON": ("t.jsonl", b'{"a": 1, "y": 2}\n{"a": \n', "line 2, character"),
    "key twice": ("t.jsonl", b'{"a": 1, "a": 2}\n', "line 1: 'a' is given twice"),
    "half a character": ("t.jsonl", b'{"a": "\\ud800", "y": 1}\n', "half a character"),
    "deep": ("t.jsonl", b'{"a": ' + b"[" * 100_000 + b"}\n", "line 1"),
    "nested target": ("t.jsonl", b'{"a": 1, "y": [1]}\n' * 20, "holds lists or objects"),
    "no Parquet": ("t.parquet", b"PAR1 and so on PAR1", "no readable Parquet file"),
    "ending": ("t.xlsx", b"PK", "must end in .csv, .tsv, .jsonl or .parquet"),
    "many classes": (
        "t.csv",
        b"a,y\n" + b"".join(b"%d,c%d\n" % (k % 5, k) for k in range(2000)),
        "2,000 different values",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_table_is_one_sentence(case, cli, tmp_path):
    name, content, told = BAD[case]
    (tmp_path / name).write_bytes(content)
    concept = "logistic-regression" if case in ("one class", "many classes") else "ridge"
    done = cli("run", concept, "--data", name, "--target", "y", "--save", "m.skops")
    assert (done.status, done.out) == (2, "")
    assert told in done.err
    assert done.err.count("\n") == 1
    assert sorted(one.name for one in tmp_path.iterdir()) == [name]


OPTIONS: dict[str, tuple[list[str], str]] = {
    "no file": (["--data", "tt.csv", "--target", "y"], "did you mean t.csv?"),
    "folder": (["--data", ".", "--target", "y"], "is not a file"),
    "no column": (["--data", "t.csv", "--target", "Y"], "has no column 'Y'; did you mean 'y'?"),
    "no target": (["--data", "t.csv"], "needs --target"),
    "no data": (["--target", "y"], "--target goes with --data"),
    "drop": (["--data", "t.csv", "--target", "y", "--drop", "c"], "--drop: t.csv has no column 'c'"),
    "drop the target": (["--data", "t.csv", "--target", "y", "--drop", "y"], "drop it or use it"),
    "kind": (["--data", "t.csv", "--target", "y", "--as", "a=word"], "one of number, category, date"),
    "as": (["--data", "t.csv", "--target", "y", "--as", "a"], "--as must be written as"),
    "date": (["--data", "t.csv", "--target", "y", "--as", "a=date"], "line 2, column 'a': it must hold a date"),
    "encoding": (["--data", "t.csv", "--target", "y", "--encoding", "klingon"], "--encoding must name an encoding"),
    "held out": (["--data", "t.csv", "--target", "y", "--held-out", "1.5"], "--held-out must lie between 0 and 1"),
    "seed": (["--data", "t.csv", "--target", "y", "--seed", "-1"], "The seed must be a whole number from 0 on"),
    "rows": (["--data", "t.csv", "--target", "y", "--rows", "3"], "--rows must be at least 10"),
    "parameter": (["--data", "t.csv", "--target", "y", "--set", "alhpa=1"], "did you mean alpha?"),
    "value": (["--data", "t.csv", "--target", "y", "--set", "alpha=-1"], "Ridge cannot be fitted: alpha must"),
    "estimator": (
        ["--data", "t.csv", "--target", "y", "--estimator", "Rigde"],
        "--estimator must be one of Ridge, RidgeCV",
    ),
    "a class": (["--data", "t.csv", "--target", "y", "--as", "y=category"], "Ridge predicts numbers"),
    "save": (["--data", "t.csv", "--target", "y", "--save", "m.pkl"], "ends in .skops"),
    "save where": (["--data", "t.csv", "--target", "y", "--save", "no/m.skops"], "there is no folder no"),
}


@pytest.mark.parametrize("case", OPTIONS)
def test_a_bad_option_is_one_sentence(case, cli, tmp_path):
    write(tmp_path / "t.csv", GOOD)
    words, told = OPTIONS[case]
    done = cli("run", "ridge", *words)
    assert done.status == 2
    assert told in done.err
    assert "Traceback" not in done.err
    assert sorted(one.name for one in tmp_path.iterdir()) == ["t.csv"]


def test_words_are_no_target_for_numbers_nor_many_classes_for_two(cli, tmp_path):
    write(tmp_path / "t.csv", "a,y\n" + "".join(f"{k % 7},{'uvw'[k % 3]}\n" for k in range(40)))
    assert "the model predicts numbers" in cli("run", "ridge", "--data", "t.csv", "--target", "y").err
    told = cli("run", "logistic-regression", "--data", "t.csv", "--target", "y").err
    assert "has 3 classes (u, v, w), and LogisticRegression tells two apart" in told
    assert "softmax-regression" in told
    write(tmp_path / "n.csv", "a,y\n" + "".join(f"{k % 7},{k}\n" for k in range(40)))
    assert (
        "40 different numbers in 40 rows, too many for classes"
        in cli("run", "perceptron", "--data", "n.csv", "--target", "y").err
    )
    write(tmp_path / "d.csv", "a,y\n" + "".join(f"{k % 7},2020-01-0{k % 3 + 1}\n" for k in range(40)))
    for concept in ("ridge", "perceptron"):
        assert "'y' holds dates; predict a number" in cli("run", concept, "--data", "d.csv", "--target", "y").err
    assert "predicts no column of a table" in cli("run", "gradient-descent", "--data", "t.csv", "--target", "y").err


def test_a_million_categories_are_left_out_and_said(tmp_path):
    path = tmp_path / "t.parquet"
    k = np.arange(10**6)
    pl.DataFrame({"name": pl.Series(k).cast(pl.String) + "x", "a": k % 7, "y": k % 5}).write_parquet(path)
    assert said(path, "y")["name"] == ("left out", "1,000,000 different values in 1,000,000 rows: no category")
    with pytest.raises(AtlasError, match=r"1,000,000 different values and may have 1,000; group them"):
        read_table(path, "y", kinds={"name": "category"})
    with pytest.raises(AtlasError, match="1,000,000 different values"):
        read_table(path, "name")


def test_larger_than_memory_says_so_and_what_can_stream(cli, tmp_path, monkeypatch):
    write(tmp_path / "t.csv", GOOD)
    monkeypatch.setattr(tables, "free_memory", lambda: 100)
    done = cli("run", "ridge", "--data", "t.csv", "--target", "y")
    assert done.status == 2
    assert "100 bytes are free. Two things stream: --rows 100000 reads the file once" in done.err
    assert cli("run", "ridge", "--data", "t.csv", "--target", "y", "--rows", "30", "--out", "out").status == 0


# ---- how good the model is -------------------------------------------------------------------------------------------


def test_the_exact_interval_is_that_of_scipy():
    for count, of in ((0, 9), (3, 9), (9, 9), (140, 142)):
        low, high = binomtest(count, of).proportion_ci(method="exact")
        assert share(count, of) == pytest.approx((100 * count / of, 100 * low, 100 * high))


def test_the_bootstrap_covers_the_mean():
    random = np.random.default_rng(0)
    hits = sum(
        low <= 1.0 <= high
        for _, low, high in (
            bootstrap(random.exponential(size=(80, 1)), [lambda m: m[..., 0]], seed, 300)[0] for seed in range(200)
        )
    )
    assert 175 <= hits <= 199  # 95 % but for the skewness


def test_the_measures_are_those_of_scikit_learn():
    random = np.random.default_rng(0)
    y, predicted = random.normal(3, 2, (2, 50))
    found = {one.name: one.model.value for one in judge_numbers(y, predicted, 2.5, 0, 10).scores}
    assert found["rmse"] == pytest.approx(root_mean_squared_error(y, predicted))
    assert found["r2"] == pytest.approx(r2_score(y, predicted))
    labels, p = random.integers(3, size=50), random.dirichlet([1, 1, 1], 50)
    judged = judge_classes(labels, p.argmax(axis=1), p, np.array([0.2, 0.5, 0.3]), 0, 10)
    found = {one.name: one.model.value for one in judged.scores}
    assert found["accuracy"] == pytest.approx(100 * accuracy_score(labels, p.argmax(axis=1)))
    assert found["log_loss"] == pytest.approx(log_loss(labels, p, labels=[0, 1, 2]))
    assert sum(one.rows for one in reliability(p[:, 0], labels == 0)) == 50


def test_noise_is_not_called_better_than_the_baseline(tmp_path):
    random = np.random.default_rng(3)
    path = write(tmp_path / "t.csv", "a,y\n" + "".join(f"{a},{y}\n" for a, y in random.normal(size=(60, 2))))
    _, result = study("ridge", path, "y")
    assert result.learned is not None
    assert "leave open whether it is better" in result.learned.en
    _, result = study("ridge", houses(tmp_path / "h.csv"), "price")
    assert result.learned is not None
    assert "leave open" not in result.learned.en


def bundled(path: Path, bunch: Any) -> Path:
    names = [str(one) for one in bunch.feature_names]
    target = [str(bunch.target_names[one]) for one in bunch.target] if "target_names" in bunch else bunch.target
    pl.DataFrame(dict(zip(names, bunch.data.T, strict=True)) | {"target": target}).write_csv(path)
    return path


@pytest.mark.parametrize(
    ("concept", "load", "figures"),
    [
        ("logistic-regression", load_breast_cancer, {"confusion", "calibration", "coefficients"}),
        ("softmax-regression", load_wine, {"confusion", "calibration", "coefficients"}),
        ("perceptron", load_wine, {"confusion", "coefficients"}),
        ("lasso", load_diabetes, {"fit", "residuals", "coefficients"}),
    ],
)
def test_the_script_does_the_same(concept, load, figures, tmp_path):
    path = bundled(tmp_path / "t.csv", load())
    one, result = study(concept, path, "target", resamples=50)
    assert {figure.name for figure in result.figures} == figures
    assert one.offer.name.lower() == concept.replace("-", "")
    assert result.script is not None
    with redirect_stdout(io.StringIO()) as out:
        exec(compile(result.script.code, "script", "exec"), {})
    assert float(out.getvalue().split()[-1]) == pytest.approx(result.metrics[0].value)


def test_categories_and_gaps_have_their_coefficients(tmp_path):
    one, result = study("linear-regression", houses(tmp_path / "h.csv"), "price", resamples=20)
    names = [text.en for text in tables.features(one.reading.schema)]
    assert names == ["area", "rooms", "sold", "rooms is missing", "town = Bonn", "town = Kiel", "town = Ulm"]
    w = dict(zip(names, one.pipeline[-1].coef_, strict=True))
    assert w["town = Bonn"] - w["town = Ulm"] == pytest.approx(20_000, rel=0.3)
    assert "rooms" in one.reading.schema.names("number")
    assert result.script is not None
    assert "MissingIndicator" in result.script.code


# ---- what is kept, and predictions -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    """A model of the prices of houses."""
    folder = tmp_path_factory.mktemp("model")
    one, _ = study("ridge", houses(folder / "houses.csv"), "price", resamples=20)
    save_model(ATLAS, one, folder / "model.skops")
    return folder / "model.skops"


ESTIMATORS = [
    pytest.param(room.concept.id, one.name, id=one.name)
    for room in ATLAS.order()
    if room.concept.region == "linear"
    for one in offers(room)
]


@pytest.mark.parametrize(("concept", "name"), ESTIMATORS)
def test_every_estimator_on_tables_is_kept_and_read_back(concept, name, tmp_path):
    number = next(one for one in offers(ATLAS.room(concept)) if one.name == name).predicts == "number"
    path = houses(tmp_path / "t.csv") if number else loans(tmp_path / "t.csv")
    one, _ = study(concept, path, "price" if number else "default", estimator=name, resamples=5)
    save_model(ATLAS, one, tmp_path / "m.skops")
    again = load_model(ATLAS, tmp_path / "m.skops")
    assert again.schema == one.reading.schema
    np.testing.assert_array_equal(again.pipeline.predict(one.reading.X), one.pipeline.predict(one.reading.X))


def test_run_save_and_predict(cli, tmp_path):
    loans(tmp_path / "loans.csv")
    done = cli(
        "run", "logistic-regression", "--data", "loans.csv", "--target", "default", "--save", "m.skops", "--out", "out"
    )
    assert done.status == 0, done.err
    assert "default  target    2 classes: no, yes" in done.out
    assert "Model: m.skops" in done.out
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    for told in (
        "用 LogisticRegression 预测 default",
        "default, by LogisticRegression",
        "各列如何读取",
        "95 % interval",
    ):
        assert told in report
    assert {one.name for one in (tmp_path / "out").iterdir()} == {
        "report.html",
        "confusion.svg",
        "calibration.svg",
        "coefficients.svg",
    }
    write(tmp_path / "new.csv", "kind,extra,income\na,1,20\nb,2,80\n")
    done = cli("predict", "m.skops", "new.csv", "-o", "out.csv", "--with", "extra")
    assert done.status == 0, done.err
    assert "Unknown to the model and not used: extra." in done.out
    assert "another order" in done.out
    found = pl.read_csv(tmp_path / "out.csv")
    assert found.columns == ["extra", "predicted default", "p(no)", "p(yes)"]
    assert found["predicted default"].to_list() == ["yes", "no"]
    np.testing.assert_allclose(found["p(no)"] + found["p(yes)"], 1)
    assert "模型不认识、未使用的列：extra" in cli("predict", "m.skops", "new.csv", "-o", "out.csv", "--lang", "zh").out


def test_what_the_model_has_never_seen_is_said_and_not_guessed(model, cli, tmp_path):
    write(
        tmp_path / "new.csv",
        "area,town,rooms,sold\n50,Ulm,2,2019-03-05\n60,Köln,2,2019-03-05\n,Kiel,2,2019-03-05\n5000,Bonn,,2019-03-05\n",
    )
    done = cli("predict", model, "new.csv", "-o", "out.csv")
    assert done.status == 0
    assert "town: a category that the model has never seen, in 1 row (Köln; first on line 3)" in done.out
    assert "area: a value is missing, where the model was fitted without a gap, in 1 row (first on line 4)" in done.out
    assert "area: beyond the range that the model was fitted on, in 1 row (first on line 5)" in done.out
    assert "predictions for 2 of 4 rows" in done.out
    assert "not used" not in done.out
    assert [line == '""' for line in (tmp_path / "out.csv").read_text().splitlines()[1:]] == [False, True, True, False]


def test_predict_takes_words_that_mean_missing(model, cli, tmp_path):
    write(tmp_path / "new.csv", "id,price,area,town,rooms,sold\n1,?,50,Ulm,?,2019-03-05\n")
    assert "got '?'. Mend it, or" in cli("predict", model, "new.csv", "-o", "out.csv").err
    done = cli("predict", model, "new.csv", "-o", "out.csv", "--missing", "?")
    assert "predictions for 1 of 1 rows" in done.out
    assert "not used" not in done.out  # the id was left out and the price is the target: neither is new


NEW = "area,town,rooms,sold\n50,Ulm,2,2019-03-05\n"
MISFITS = {
    "missing column": (NEW.replace("area", "surface"), "lacks area"),
    "a near name": (NEW.replace("rooms", "Rooms"), "did you mean 'Rooms' as 'rooms'?"),
    "number to word": (
        NEW + "large,Ulm,2,2019-03-05\n",
        "line 3, column 'area': it must hold a finite number; got 'large'",
    ),
    "date to word": (
        NEW + "50,Ulm,2,soon\n",
        "line 3, column 'sold': it must hold a date such as 2026-11-26; got 'soon'",
    ),
    "ragged": (NEW + "50,Ulm\n", "line 3: 2 fields"),
    "no rows": ("area,town,rooms,sold\n", "no rows"),
}


@pytest.mark.parametrize("case", MISFITS)
def test_a_table_that_does_not_fit_is_refused_and_nothing_is_written(case, model, cli, tmp_path, monkeypatch):
    text, told = MISFITS[case]
    write(tmp_path / "new.csv", text)
    write(tmp_path / "out.csv", "before\n")
    monkeypatch.setattr(files.TableFile.blocks, "__defaults__", (1,))  # so that rows were written before the bad one
    done = cli("predict", model, "new.csv", "-o", "out.csv")
    assert done.status == 2
    assert told in done.err
    assert (tmp_path / "out.csv").read_text() == "before\n"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["new.csv", "out.csv"]


@pytest.mark.parametrize(
    ("out", "told"),
    [
        ("no/out.csv", "there is no folder no"),
        ("out.txt", "ends in .csv"),
        ("new.csv", "would replace the table"),
        ("d.csv", "is not a file"),
    ],
)
def test_a_bad_output_is_one_sentence(out, told, model, cli, tmp_path):
    write(tmp_path / "new.csv", NEW)
    (tmp_path / "d.csv").mkdir()
    done = cli("predict", model, "new.csv", "-o", out)
    assert done.status == 2
    assert told in done.err


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
from mlatlas.atlas.cli import main
main()
"""


def test_a_disk_that_fills_up_leaves_nothing_behind(model, tmp_path):
    write(tmp_path / "new.csv", NEW + "50,Ulm,2,2019-03-05\n" * 5000)
    for words in (
        ["predict", str(model), "new.csv", "-o", "out.csv"],
        ["run", "ridge", "--data", "new.csv", "--target", "area", "--out", "reports"],
    ):
        if words[0] == "run":
            write(tmp_path / "new.csv", houses(tmp_path / "h.csv").read_text().replace("price", "target"))
            words[5] = "target"
        done = subprocess.run(
            [sys.executable, "-c", LIMITED, *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            env={
                **os.environ,
                "MLATLAS_HOME": str(tmp_path / "home"),
                "PYTHONDONTWRITEBYTECODE": "1",
                "NUMBA_CACHE_DIR": str(tmp_path / "numba"),
            },
        )
        assert done.returncode == 2, done.stderr
        assert "files may not grow so large here. Nothing of it was written" in done.stderr
        assert "Traceback" not in done.stderr
        assert not list(tmp_path.rglob("*.part"))
        assert not (tmp_path / "out.csv").exists()


# ---- model files that are not ours ---------------------------------------------------------------------------------------


class Evil:
    """Runs a command when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.mark}",)


def rewritten(model: Path, path: Path, change: Callable[[str], str]) -> Path:
    """The model with another ``schema.json``."""
    with zipfile.ZipFile(model) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content.decode()).encode() if name == "schema.json" else content)
    return path


def changed(what: str, by: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert what in text
        return text.replace(what, by)

    return change


def test_a_model_file_that_would_run_code_is_refused(model, tmp_path):
    mark = tmp_path / "mark"
    pickled = tmp_path / "pickle.skops"
    pickled.write_bytes(pickle.dumps(Evil(mark)))
    transformer = tmp_path / "transformer.skops"
    skops.io.dump({"about": {}, "pipeline": make_pipeline(FunctionTransformer(os.system))}, transformer)
    array = tmp_path / "array.skops"
    with zipfile.ZipFile(model) as old, zipfile.ZipFile(array, "w") as new:
        for name in old.namelist():
            held = io.BytesIO()
            np.save(held, np.array([Evil(mark)], dtype=object), allow_pickle=True)
            new.writestr(name, old.read(name) if name == "schema.json" else held.getvalue())
    attacks = {
        pickled: "it is no skops file",
        transformer: "which may not be made",
        array: "damaged",
        rewritten(model, tmp_path / "1.skops", changed('"StandardScaler"', '"system"')): "which may not be made",
        rewritten(
            model, tmp_path / "2.skops", changed('"sklearn.preprocessing._data"', '"os"')
        ): "would make os.StandardScaler",
        rewritten(model, tmp_path / "3.skops", changed('"ObjectNode"', '"FunctionNode"')): "which may not be made",
        rewritten(model, tmp_path / "4.skops", changed('"ObjectNode"', '"ReduceNode"')): "which may not be made",
        rewritten(
            model,
            tmp_path / "5.skops",
            changed('"TupleNode"', '"OperatorFuncNode"'),
        ): "which may not be made",
        rewritten(model, tmp_path / "6.skops", changed('"Ridge"', '"ridge_path"')): "which may not be made",
    }
    for path, told in attacks.items():
        with pytest.raises(AtlasError, match=re.escape(told)):
            load_model(ATLAS, path)
    assert not mark.exists()


def test_a_foreign_or_damaged_model_file_is_one_sentence(model, cli, tmp_path):
    write(tmp_path / "new.csv", NEW)
    whole = model.read_bytes()
    skops.io.dump(LogisticRegression().fit([[0], [1]], [0, 1]), tmp_path / "foreign.skops")
    (tmp_path / "empty.skops").write_bytes(b"")
    (tmp_path / "cut.skops").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "flipped.skops").write_bytes(whole[:300] + bytes([whole[300] ^ 255]) + whole[301:])
    with zipfile.ZipFile(tmp_path / "zip.skops", "w") as archive:
        archive.writestr("../evil.py", "print('hi')")
    rewritten(model, tmp_path / "schema.skops", changed("price", 'price\\\\\\"'))
    rewritten(model, tmp_path / "deep.skops", lambda text: "[" * 100_000)
    rewritten(model, tmp_path / "format.skops", changed('"\\"1\\""', '"\\"9\\""'))
    rewritten(model, tmp_path / "about.skops", changed('"estimator"', '"estimated"'))
    for name in ("about", "foreign", "empty", "cut", "flipped", "zip", "schema", "deep", "format", "none"):
        done = cli("predict", f"{name}.skops", "new.csv", "-o", "out.csv")
        assert done.status == 2, name
        assert f"{name}.skops" in done.err
        assert done.err.count("\n") == 1
        assert not (tmp_path / "out.csv").exists()


def test_a_file_that_unpacks_to_more_than_a_model_is_refused(model, monkeypatch):
    monkeypatch.setattr("mlatlas.atlas.lab.saved.LARGEST", 10_000)
    with pytest.raises(AtlasError, match="unpacked it has more than 10,000 bytes"):
        load_model(ATLAS, model)


def test_the_trusted_types_are_exactly_those_that_models_hold(model):
    """Nothing stands on the list that scikit-learn, NumPy and our estimators could do without."""
    from mlatlas.atlas.lab import saved

    for loader, _, _ in saved.PLAIN | saved.PREPARATION:
        assert loader in {
            "DictNode",
            "ListNode",
            "TupleNode",
            "SliceNode",
            "JsonNode",
            "TypeNode",
            "DTypeNode",
            "NdArrayNode",
            "ObjectNode",
        }
    with zipfile.ZipFile(model) as archive:
        held = set(saved._nodes(json.loads(archive.read("schema.json"))))
    assert held <= saved.PLAIN | saved.PREPARATION | {("ObjectNode", "mlatlas.linear.ridge.ridge", "Ridge")}
    assert held >= saved.PREPARATION


def test_the_example_of_the_guide_runs(cli):
    guide = (Path(__file__).parents[1] / "docs" / "tables.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    exec(compile(code, "tables.md", "exec"), {})
    command = guide[guide.index(code) :].split("```")[2].split()
    done = cli(*command[1:], "--out", "out")
    assert done.status == 0
    assert "classifies 95.8 % (91.0 to 98.4) rightly" in done.out.replace("\N{NO-BREAK SPACE}", " ")


def test_other_verbs_do_not_load_what_tables_need():
    code = (
        "import sys; from mlatlas.atlas.cli import app; app();"
        "print([one for one in ('polars', 'skops', 'sklearn', 'numpy.random') if one in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
