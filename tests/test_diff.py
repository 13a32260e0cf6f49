"""Why two implementations differ: each cause that is planted is found as the largest reason, and where there is none, none."""

from __future__ import annotations

import re
import sys
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression, Perceptron, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, StandardScaler

from mlatlas.atlas.cli import main
from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.judge.peers import Objective
from mlatlas.atlas.judge.room import objectives_of, peers_of
from mlatlas.atlas.judge.subject import ours
from mlatlas.atlas.lab.comparing import made_from
from mlatlas.atlas.lab.differences import Answer, Comparison, Data, Found, Variation, parameters
from mlatlas.atlas.map import open_atlas

ATLAS = open_atlas()
DECLARED = [(room, one) for room in ATLAS.rooms.values() for one in objectives_of(room)]
NAMED = pytest.mark.parametrize(("room", "objective"), DECLARED, ids=[one.export for _, one in DECLARED])

diabetes = load_diabetes(return_X_y=True, scaled=False)
cancer = load_breast_cancer(return_X_y=True)
wine = load_wine(return_X_y=True)
scaled_cancer = StandardScaler().fit_transform(cancer[0]), cancer[1]
scaled_wine = StandardScaler().fit_transform(wine[0]), wine[1]


def compared(export: str, theirs: Any, table: Any, *, known: bool = True, **settings: Any) -> tuple[Comparison, Found]:
    """Ours of this name against theirs; where it is not ``known``, without what the room says of its peer."""
    room, objective = next(one for one in DECLARED if one[1].export == export)
    X, y = table
    data = Data(np.asarray(X, dtype=float), y, 0 if y.dtype.kind == "f" else len(np.unique(y)))
    translation = peers_of(room)[0].translation if known else ()
    one = Comparison(objective, getattr(ours(room), export)(**settings), theirs, data, translation)
    return one, one.find()


class Own(BaseEstimator):
    """Ridge or logistic regression by its equations, with what the tests plant in it."""

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def solved(self, X: Any, y: Any, strength: float) -> Own:
        self.mean_ = X.mean(axis=0)
        Z = X - self.mean_
        self.coef_ = np.linalg.solve(Z.T @ Z + strength * np.eye(X.shape[1]), Z.T @ (y - y.mean()))
        self.intercept_ = y.mean() - self.mean_ @ self.coef_
        return self

    def predict(self, X: Any) -> Any:
        return X @ self.coef_ + self.intercept_


class OfTheMean(Own):
    """Minimises the mean of the squares."""

    def fit(self, X: Any, y: Any) -> Own:
        return self.solved(X, y, len(y) * self.alpha)


class OfHalf(Own):
    """Minimises half the sum of the squares, with the whole penalty."""

    def fit(self, X: Any, y: Any) -> Own:
        return self.solved(X, y, 2 * self.alpha)


class AsC(Own):
    """Takes its parameter for 1/λ."""

    def fit(self, X: Any, y: Any) -> Own:
        return self.solved(X, y, 1 / self.alpha)


class Seven(Own):
    """Seven times the penalty, for no reason."""

    def fit(self, X: Any, y: Any) -> Own:
        return self.solved(X, y, 7.3 * self.alpha)


class NoCoefficients:
    """Derives from nothing, and tells nothing but its predictions."""

    def __init__(self, lam: float = 1.0) -> None:
        self.lam = lam

    def fit(self, X: Any, y: Any) -> None:
        self.model = make_pipeline(StandardScaler(), Ridge(self.lam)).fit(X, y)

    def predict(self, X: Any) -> Any:
        return self.model.predict(X)


class Descends(Own):
    """Gradient descent that stops early."""

    def __init__(self, alpha: float = 1.0, n_steps: int = 20, early_stopping: bool = True) -> None:
        self.alpha, self.n_steps, self.early_stopping = alpha, n_steps, early_stopping

    def fit(self, X: Any, y: Any) -> Own:
        Z, r = X - X.mean(axis=0), y - y.mean()
        w, step = np.zeros(X.shape[1]), 1 / (np.linalg.norm(Z, 2) ** 2 + self.alpha)
        for _ in range(self.n_steps // 2 if self.early_stopping else self.n_steps):
            w -= step * (Z.T @ (Z @ w - r) + self.alpha * w)
        self.coef_, self.intercept_ = w, y.mean() - X.mean(axis=0) @ w
        return self


class Swapped(LogisticRegression):
    """Takes C for λ."""

    def fit(self, X: Any, y: Any) -> Swapped:
        given, self.C = self.C, 1 / self.C
        super().fit(X, y)
        self.C = given
        return self


noise = np.random.default_rng(0)
plain = noise.normal(size=(200, 4)) * [1, 2, 5, 1] + [3, 0, -2, 1]
plain = plain, plain @ [1, -1, 0.2, 3] + noise.normal(size=200)

PLANTED: dict[str, tuple[str, Any, Any, str, dict[str, Any]]] = {
    "standardised": ("Ridge", make_pipeline(StandardScaler(), Ridge()), diabetes, "standard deviations", {}),
    "without coef_": ("Ridge", NoCoefficients(), diabetes, "standard deviations", {}),
    "0 to 1": ("Ridge", make_pipeline(MinMaxScaler(), Ridge()), diabetes, "to 0 … 1", {}),
    "largest": ("Lasso", make_pipeline(MaxAbsScaler(), Lasso(tol=1e-8)), diabetes, "largest absolute", {}),
    "mean": ("Ridge", OfTheMean(), plain, "divided by n = 200", {}),
    "half": ("Ridge", OfHalf(), plain, "penalises 2 times", {}),
    "C for λ in ridge": ("Ridge", AsC(0.1), plain, "for 1/λ", {"alpha": 0.1}),
    "no convention": ("Ridge", Seven(), plain, "penalises 7.3", {}),
    "no intercept": ("Ridge", Ridge(fit_intercept=False), plain, "fit_intercept = False", {}),
    "positive": ("Lasso", Lasso(0.01, positive=True), plain, "positive = True", {"alpha": 0.01}),
    "loose": ("Lasso", Lasso(tol=0.3), diabetes, "theirs stops", {}),
    "loose ours": ("Lasso", Lasso(tol=1e-9), diabetes, "ours stops", {"tol": 0.3}),
    "other mixture": ("ElasticNet", ElasticNet(l1_ratio=0.9), diabetes, "l1_ratio = 0.9", {}),
    "early stopping": ("Ridge", Descends(), plain, "early_stopping = True", {}),
    "sag": ("Ridge", Ridge(solver="sag", random_state=0), diabetes, "iterates", {}),
    "liblinear": ("LogisticRegression", LogisticRegression(solver="liblinear"), cancer, "penalises the intercept", {}),
    "lbfgs": ("LogisticRegression", LogisticRegression(), cancer, "theirs stops", {}),
    "balanced": (
        "LogisticRegression",
        LogisticRegression(class_weight="balanced"),
        scaled_cancer,
        "class_weight = 'balanced'",
        {},
    ),
    "C for λ": ("LogisticRegression", Swapped(C=20.0), scaled_cancer, "takes C for λ", {"C": 20.0}),
    "two rows": ("SoftmaxRegression", LogisticRegression(), scaled_cancer, "penalises 2 times", {}),
    "order": ("Perceptron", Perceptron(), scaled_cancer, "shuffles", {}),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_cause_is_the_largest_reason(name):
    export, theirs, table, said, settings = PLANTED[name]
    known = type(theirs).__module__.startswith("sklearn.linear_model")
    _, found = compared(export, theirs, table, known=known, **settings)
    largest = found.causes[0]
    assert said in largest.change.reason.en
    assert largest.explains > 0.5
    assert largest.alone > 0.5
    assert found.rest < 1e-3 * found.start
    assert found.start > 1e-4
    # the shares are of the whole, and in order
    shares = [cause.explains for cause in found.causes]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1 - found.rest / found.start, abs=1e-9)
    # and nothing is taken for a reason that is none
    assert all(len(part) > 1 for cause in found.causes for part in (cause.change.how.en, cause.change.how.zh))


@pytest.mark.parametrize(
    ("export", "theirs", "table"),
    [
        ("Ridge", Ridge(), diabetes),
        ("Ridge", Ridge(copy_X=False), diabetes),
        ("Perceptron", Perceptron(tol=None, shuffle=False, max_iter=30), scaled_cancer),
    ],
)
def test_equal_settings_have_no_difference_and_no_reasons(export, theirs, table):
    settings = {"shuffle": False, "n_iter_no_change": None, "max_iter": 30} if export == "Perceptron" else {}
    _, found = compared(export, theirs, table, **settings)
    assert found.start < 1e-8
    assert found.causes == ()


def test_two_causes_are_both_found():
    class Both(Own):
        def fit(self, X, y):
            spread = X.std(axis=0)
            self.solved(X / spread, y, 2 * self.alpha)
            self.coef_ = self.coef_ / spread
            return self

    _, found = compared("Ridge", Both(), plain, known=False)
    said = " ".join(cause.change.reason.en for cause in found.causes)
    assert len(found.causes) == 2
    assert "standard deviations" in said
    assert "penalises 2 times" in said
    assert found.rest < 1e-10


def test_what_is_not_explained_is_left_over():
    class Random(Own):
        def fit(self, X, y):
            self.solved(X, y, self.alpha)
            self.coef_ = self.coef_ + np.random.default_rng(0).normal(size=4)
            return self

    _, found = compared("Ridge", Random(), plain, known=False)
    assert found.rest > 0.1 * found.start


def test_the_objective_is_the_one_that_is_documented():
    one, _ = compared("Lasso", Lasso(tol=0.3), diabetes)
    mine, yours = one.both(Variation())
    X, y = diabetes
    by_hand = np.sum((y - X @ yours.W[0] - yours.b[0]) ** 2) / (2 * len(y)) + np.abs(yours.W).sum()
    assert sum(one.value(yours, Variation())) == pytest.approx(by_hand, rel=1e-12)
    assert sum(one.value(mine, Variation())) < by_hand


def test_ours_is_lowest_at_our_objective():
    tables = {"LogisticRegression": scaled_cancer, "SoftmaxRegression": scaled_wine}
    for room, objective in DECLARED:
        if not objective.strength:
            continue
        table = tables.get(objective.export, diabetes)
        classes = 0 if table[1].dtype.kind == "f" else len(np.unique(table[1]))
        made = getattr(ours(room), objective.export)()
        if "tol" in made.get_params():
            made.set_params(tol=1e-8, max_iter=100_000)
        one = Comparison(objective, made, made, Data(table[0], table[1], classes))
        answer = one.our_answer(Variation())
        lowest = sum(one.value(answer, Variation()))
        random = np.random.default_rng(0)
        for _ in range(20):
            near = Answer(answer.W + 1e-3 * random.normal(size=answer.W.shape) / (table[0].std(axis=0) + 1), answer.b)
            assert sum(one.value(near, Variation())) > lowest, objective.export


def test_the_strength_of_a_penalty_is_read_off_an_answer():
    for alpha in (0.01, 3.0, 500.0):
        one, _ = compared("Ridge", Ridge(alpha), plain)
        assert one.their_strength(Variation()) == pytest.approx(alpha, rel=1e-6)
    one, _ = compared("LogisticRegression", LogisticRegression(C=0.25, tol=1e-10), scaled_cancer)
    assert one.their_strength(Variation()) == pytest.approx(4.0, rel=1e-4)
    one, _ = compared("Lasso", Lasso(0.3, tol=1e-12, max_iter=100_000), diabetes)
    assert one.their_strength(Variation()) == pytest.approx(0.3, rel=1e-4)


# ---- declarations ----------------------------------------------------------------------------------------------------


@NAMED
def test_every_parameter_of_both_is_translated(room, objective):
    for peer in peers_of(room):
        mine = parameters(getattr(ours(room), objective.export)())
        yours = parameters(made_from(peer.typed[objective.export])[0])
        left = {name for row in peer.translation for name in row.ours.split(", ")}
        right = {name for row in peer.translation for name in row.theirs.split(", ")}
        assert mine.keys() <= left
        assert yours.keys() <= right
        for row in peer.translation:
            for side, has in zip(row.equal or (), (mine, yours), strict=False):
                assert side.keys() <= has.keys()
        assert objective.strength.removeprefix("1/") in {"", *mine}
        assert isinstance(objective, Objective)


# ---- the command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def cli(monkeypatch, capsys, tmp_path):
    """``cli("diff", ...)`` in an empty folder: exit status and what was printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLATLAS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MLATLAS_LANG", "en")
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setattr(sys, "path", list(sys.path))

    def run(*words: Any) -> SimpleNamespace:
        monkeypatch.setattr(sys, "argv", ["mlatlas", *map(str, words)])
        with pytest.raises(SystemExit) as exit:
            main()
        said = capsys.readouterr()
        return SimpleNamespace(status=exit.value.code or 0, out=said.out, err=said.err)

    return run


@pytest.fixture
def houses(tmp_path) -> Path:
    """Prices by area and town, with gaps and a column that numbers the rows."""
    random = np.random.default_rng(0)
    lines = ["id,area,rooms,town,price,sold"]
    for k in range(80):
        area, town = random.integers(30, 200), random.choice(["Ulm", "Bonn"])
        price = 1000 * area + 20_000 * (town == "Bonn") + random.normal(0, 5000)
        lines.append(
            f"{k},{area},{area // 25 if k % 9 else ''},{town},{price:.0f},{'yes' if price > 110_000 else 'no'}"
        )
    path = tmp_path / "houses.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


MINE = """
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

def scaled():
    return make_pipeline(StandardScaler(), Ridge())

made = Ridge(alpha=50.0)
number = 3

class Needs:
    def __init__(self, k): ...
    def fit(self, X, y): ...

class Fails(Ridge):
    def fit(self, X, y):
        raise RuntimeError("not today")

class Tree(DecisionTreeRegressor):
    pass
"""


def test_what_is_printed(cli, houses, tmp_path):
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    answer = cli("diff", "ridge", "--data", houses, "--target", "price", "--drop", "sold", "--theirs", "mine.py:scaled")
    assert answer.status == 0, answer.err
    for said in (
        "80 rows, 2 numbers, 1 categories",
        "Left out: id",
        "What ours makes small is lower at ours",
        "divides the columns by their standard deviations first",
        "standardscaler: StandardScaler()",
        "both add alpha‖w‖²",
        "Σᵢ (yᵢ − xᵢᵀw − b)² + alpha ‖w‖²",
        "rooms is missing",
    ):
        assert said in answer.out
    chinese = cli("diff", "ridge", "--data", houses, "--target", "price", "--theirs", "mine.py:scaled", "--lang", "zh")
    assert "最主要的原因" in chinese.out
    assert "参数对照" in chinese.out


def test_markdown_can_be_pasted(cli, houses):
    answer = cli("diff", "ridge", "--data", houses, "--target", "price", "--format", "markdown")
    assert answer.status == 0, answer.err
    assert "There is no difference: the coefficients agree to 1" in answer.out
    lines = answer.out.splitlines()
    assert lines[0].startswith("### Ridge of mlatlas and Ridge of scikit-learn on houses.csv")
    assert "| --- |" in answer.out
    for before, line in pairwise(lines):  # every row has as many cells as its head
        if line.startswith("|") and before.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) == len(re.findall(r"(?<!\\)\|", before))
    assert "scikit-learn 1." in lines[-1]


def test_settings_of_both_and_of_theirs(cli, houses):
    words = ["diff", "logistic-regression", "--data", houses, "--target", "sold", "--drop", "price", "--scale"]
    answer = cli(*words, "--set", "C=0.1", "--theirs-set", "solver=liblinear")
    assert answer.status == 0, answer.err
    assert answer.out.count("C = 0.1") == 2
    assert "theirs penalises the intercept" in answer.out


def test_an_estimator_that_is_made_already_and_the_report(cli, houses, tmp_path):
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    words = [
        "diff",
        "ridge",
        "--data",
        houses,
        "--target",
        "price",
        "--theirs",
        "mine.py:made",
        "--out",
        tmp_path / "r",
    ]
    answer = cli(*words)
    assert answer.status == 0, answer.err
    assert "alpha = 50.0" in answer.out
    assert "penalises 50" in answer.out
    page = (tmp_path / "r" / "report.html").read_text(encoding="utf-8")
    assert "<svg" in page
    assert "penalises 50" in page
    assert "惩罚强度" in page


BAD: dict[str, tuple[list[str], str]] = {
    "no such file": (["ridge", "--data", "none.csv", "--target", "price"], "none.csv"),
    "no such column": (["ridge", "--data", "houses.csv", "--target", "prize"], "price"),
    "no such concept": (["rigde", "--data", "houses.csv", "--target", "price"], "ridge"),
    "no estimator": (["kmeans", "--data", "houses.csv", "--target", "price"], "predicts no column"),
    "no objective": (["ridge", "--data", "houses.csv", "--target", "price", "--estimator", "RidgeCV"], "Ridge"),
    "no such module": (["ridge", "--theirs", "no.such:Thing"], "no.such"),
    "no such thing": (["ridge", "--theirs", "mine.py:Thing"], "has no 'Thing'"),
    "no name": (["ridge", "--theirs", "mine.py"], "must name one estimator"),
    "no file": (["ridge", "--theirs", "none.py:Ridge"], "no such file"),
    "no estimator either": (["ridge", "--theirs", "mine.py:number"], "fit and predict"),
    "needs parameters": (["ridge", "--theirs", "mine.py:Needs"], "function without parameters"),
    "raises": (["ridge", "--theirs", "mine.py:Fails"], "RuntimeError: not today"),
    "is not linear": (["ridge", "--theirs", "mine.py:Tree"], "no linear function"),
    "classes for a number": (["ridge", "--theirs", "mine.py:LogisticRegression"], "LogisticRegression"),
    "no such parameter": (["ridge", "--theirs-set", "alhpa=1"], "no parameter 'alhpa'"),
    "no such parameter of ours": (["ridge", "--set", "alhpa=1"], "alpha"),
    "a value it refuses": (["ridge", "--set", "alpha=-1"], "alpha"),
    "report on a file": (["ridge", "--out", "houses.csv"], "not a folder"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_sentence(cli, houses, tmp_path, name):
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    words, said = BAD[name]
    if "--data" not in words:
        words = [*words, "--data", str(houses), "--target", "price"]
    answer = cli("diff", *words)
    assert answer.status == 2
    assert answer.err.startswith("mlatlas: ")
    assert said in answer.err
    assert answer.err.strip().count("\n") == 0
    assert len(answer.err) < 500


def test_an_answer_that_is_not_finite_is_refused():
    class Broken(Own):
        def fit(self, X, y):
            self.coef_, self.intercept_ = np.full(4, np.nan), 0.0
            return self

    with pytest.raises(AtlasError, match=r"linear function|finite"):
        compared("Ridge", Broken(), plain, known=False)
