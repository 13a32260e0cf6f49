"""Grading: right implementations pass, slips are recognised by name, and nothing that a file does harms the judge."""

from __future__ import annotations

import csv
import importlib
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import get_args

import numpy as np
import pytest
from scipy import sparse

from mlatlas.atlas.cli import main
from mlatlas.atlas.confine import Limits
from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.judge import NotOffered, agree, atmost, differs
from mlatlas.atlas.judge.candidate import Candidate, exports_of, load, parse
from mlatlas.atlas.judge.grading import Grader, Kind, Step, grade, steps_of
from mlatlas.atlas.judge.likeness import Likeness, Trial, recognise
from mlatlas.atlas.judge.room import peers_of
from mlatlas.atlas.judge.subject import ours
from mlatlas.atlas.map import open_atlas

ATLAS = open_atlas()
HERE = Path(__file__).parent / "implementations"
BUILT = [room for room in ATLAS.order() if room.exports]
GIB = 2**30

RIGHT = [
    ("ridge", "ridge_svd.py", ["Ridge"]),
    ("ridge", "ridge_lstsq.py", ["MyRidge"]),
    ("lasso", "lasso_ista.py", ["MyLasso"]),
    ("lasso", "lasso_descent.py", ["Lasso", "ElasticNet"]),
    ("information-theory", "entropies_python.py", ["my_entropy", "my_cross_entropy", "my_kl_divergence"]),
    ("information-theory", "entropies_python.py", ["my_conditional_entropy", "my_mutual_information"]),
    ("information-theory", "entropies_numpy.py", []),
    ("logistic-regression", "logistic_newton.py", ["LogisticRegression"]),
    ("logistic-regression", "logistic_bfgs.py", ["MyLogisticRegression"]),
    ("kmeans", "kmeans_lloyd.py", ["KMeans"]),
    ("kmeans", "kmeans_loops.py", ["PlainKMeans"]),
    ("viterbi", "viterbi_arrays.py", []),
    ("viterbi", "viterbi_lists.py", ["my_viterbi", "my_log_partition"]),
    ("gradient-descent", "descent_arrays.py", ["gradient_descent"]),
    ("gradient-descent", "descent_lists.py", ["my_gradient_descent"]),
    ("scaling", "scalers_arrays.py", ["StandardScaler", "MaxAbsScaler"]),
    ("scaling", "scalers_lists.py", ["MyStandardScaler"]),
]
SLIPS = [
    ("ridge", "ridge_lstsq.py", "Ridge=PerSample", "per_sample_penalty"),
    ("ridge", "ridge_lstsq.py", "Ridge=Uncentred", "penalised_intercept"),
    ("lasso", "lasso_ista.py", "Lasso=Uncentred", "uncentred"),
    ("lasso", "lasso_ista.py", "Lasso=NoHalf", "no_half"),
    ("information-theory", "entropies_python.py", "kl_divergence=exchanged", "exchanged"),
    ("logistic-regression", "logistic_bfgs.py", "LogisticRegression=PenalisedIntercept", "penalised_intercept"),
    ("logistic-regression", "logistic_bfgs.py", "LogisticRegression=MeanLoss", "mean_against_penalty"),
    ("kmeans", "kmeans_lloyd.py", "KMeans=MeanInertia", "mean_inertia"),
    ("viterbi", "viterbi_arrays.py", "viterbi=by_columns", "transposed"),
    ("gradient-descent", "descent_arrays.py", "gradient_descent=half_step", "half_step"),
]
# Here a quick room of each region but latent, and few draws; make grade-mutants takes every room and all draws.
EVERYTHING = os.environ.get("MLATLAS_EVERY_MUTANT") == "1"
MUTATED = ["information-theory", "ridge", "gradient-descent", "viterbi"]
if EVERYTHING:
    MUTATED = [room.concept.id for room in BUILT if any(header.kind == "mutant" for header in room.laws)]
PEERS = [
    pytest.param(room, peer, id=f"{room.concept.id}-{peer.name}".replace(" ", "_"))
    for room in BUILT
    for peer in peers_of(room)
]
KINDS = get_args(Kind)
LENIENT = {}  # bad input that a peer answers as though nothing were wrong, by room and peer, and then by export
with (HERE / "peers.tsv").open(encoding="utf-8") as file:
    for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
        LENIENT.setdefault((row["concept"], row["peer"]), {})[row["export"]] = row["what it answers"]
ALIKE = {  # mutants that no law tells apart
    "metrics": [{"close_is_tied", "squashed"}],
    "kmeans": [{"own_movement", "mean_movement"}],
}


@cache
def module(file):
    """An implementation, loaded once."""
    return load(str(HERE / file))


def grader_of(concept, file, names, draws):
    """The grader of names in a file."""
    room = ATLAS.room(concept)
    return Grader(ATLAS, room, exports_of(module(file), file, names, vars(ours(room))), draws)


def marks_of(grader, kinds=KINDS):
    """Every mark of some kinds, by state."""
    found = {}
    for step in (one for one in steps_of(grader.room, list(grader.exports)) if one.kind in kinds):
        found.setdefault((mark := grader.mark(step)).state, []).append(mark)
    return found


# ---- who passes and who is recognised ------------------------------------------------------------------------


@pytest.mark.parametrize("room", [pytest.param(room, id=room.concept.id) for room in BUILT])
def test_ours_passes(room):
    found = marks_of(Grader(ATLAS, room, vars(ours(room)), draws=1))
    assert not found.get("fails")
    assert not found.get("not offered")


@pytest.mark.parametrize(("concept", "file", "names"), RIGHT)
def test_a_right_implementation_passes(concept, file, names):
    found = marks_of(grader_of(concept, file, names, draws=20 if EVERYTHING else 4))
    assert not found.get("fails")
    assert {"law", "bad input"} <= {mark.step.kind for mark in found["holds"]}


@pytest.mark.parametrize(("concept", "file", "name", "mutant"), SLIPS)
def test_a_slip_is_recognised(concept, file, name, mutant):
    grader = grader_of(concept, file, [name], draws=6)
    laws = [step for step in steps_of(grader.room, []) if step.kind in ("law", "known")]
    assert any(grader.mark(step).state == "fails" for step in laws)
    assert grader.likeness() == Likeness(whole=(mutant,))


@pytest.mark.parametrize("concept", MUTATED)
def test_every_mutant_fails_and_is_recognised(concept):
    room = ATLAS.room(concept)
    seen, graders = {}, {}
    for mutant in Grader(ATLAS, room, {}).found.mutants:
        one = Grader(ATLAS, room, vars(mutant.subject(ours(room))))
        graders[mutant.name] = one
        seen[mutant.name] = {witness.name: [*one.trials(witness, one.subject)] for witness in one.found.judging}
    known = {name: trials.__getitem__ for name, trials in seen.items()}
    for name, trials in seen.items():
        failing = [law for law, tries in trials.items() if any(one.killed for one in tries)]
        kinds = {header.name: header.kind for header in room.laws}
        assert graders[name].mark(Step(kinds[failing[0]], failing[0])).state == "fails"
        together = next((several for several in ALIKE.get(concept, []) if name in several), {name})
        assert set(recognise(trials, known).whole) == together


@pytest.mark.parametrize(("room", "peer"), PEERS)
def test_a_peer_fails_only_where_it_is_known_to(room, peer):
    if not peer.installed:
        pytest.skip(f"{peer.requires} is not installed")
    exports = {name: one for name, one in peer.load().items() if name in room.exports}
    grader = Grader(ATLAS, room, exports, draws=20 if EVERYTHING else 3)
    failed = marks_of(grader, KINDS if room.concept.id in MUTATED else ["bad input"]).get("fails", [])
    answered = {mark.step.name: mark.reason.partition(": ")[2] for mark in failed if mark.step.kind == "bad input"}
    assert answered == LENIENT.get((room.concept.id, peer.name), {}), "list it in tests/implementations/peers.tsv"
    for mark in failed:
        assert mark.step.kind in ("known", "law", "bad input")
        assert mark.step.kind == "bad input" or mark.step.name in peer.findings
        assert mark.step.kind == "known" or mark.counterexample


# ---- likeness ------------------------------------------------------------------------------------------------


def trial(comparison):
    """A trial with this comparison."""
    return Trial(comparison, "not a number" if comparison.reason else "" if comparison.holds else "gap")


GOOD, BAD = [trial(agree(1.0, 1.0))], [trial(agree(1.0, 2.0))]
WORSE, NAN, ABSENT = [trial(agree(1.0, 3.0))], [trial(agree(1.0, np.nan))], [Trial(None, "not offered")]


def told(seen, **mutants):
    """What is recognised of trials under laws a and b."""
    return recognise(
        {"a": seen[0], "b": seen[1]}, {m: dict(zip("ab", t, strict=True)).__getitem__ for m, t in mutants.items()}
    )


def test_likeness_asks_for_the_same_figures():
    assert told((BAD, GOOD), one=(BAD, GOOD), two=(WORSE, GOOD), three=(GOOD, BAD)) == Likeness(whole=("one",))
    assert told((BAD, GOOD), one=(BAD, GOOD), two=(BAD, GOOD)) == Likeness(whole=("one", "two"))
    assert told((BAD, WORSE), one=(BAD, GOOD)) == Likeness(part=("one",), rest=("b",))
    assert told((BAD, WORSE), one=(BAD, GOOD), two=(GOOD, WORSE)) == Likeness(part=("one", "two"))
    assert told((BAD, GOOD), one=(WORSE, GOOD)) == Likeness(laws=("one",))
    assert told((BAD, GOOD), one=(GOOD, BAD)) == Likeness()
    assert told((GOOD, GOOD), one=(GOOD, BAD)) == Likeness()


def test_what_breaks_or_is_not_offered_tells_nothing():
    assert told((BAD, NAN), one=(BAD, GOOD), two=(BAD, BAD)) == Likeness(whole=("one", "two"))
    assert told((BAD, ABSENT), one=(BAD, BAD)) == Likeness(whole=("one",))
    assert told((NAN, GOOD), one=(NAN, GOOD)) == Likeness()


def test_the_parts_of_a_list_are_compared_one_by_one():
    def several(*comparisons):
        from mlatlas.atlas.judge.compare import compared

        return [trial(compared(list(comparisons), 1e-6))]

    first, second = several(agree(1.0, 2.0), agree(3.0, 3.0)), several(agree(3.0, 3.0), agree(1.0, 2.0))
    third = several(atmost(2.0, 1.0), differs(1.0, 1.0))
    assert told((first, GOOD), one=(first, GOOD), two=(second, GOOD)).whole == ("one",)
    assert told((first, GOOD), one=(several(agree(1.0, 2.0)), GOOD)).whole == ()
    assert told((third, GOOD), one=(third, GOOD)).whole == ("one",)


# ---- what stands for what ------------------------------------------------------------------------------------


class Model:
    """Ours: one class."""

    def __init__(self, alpha=1.0, *, tol=1e-4, max_iter=100, positive=False, random_state=None):
        self.alpha, self.positive = alpha, positive

    def fit(self, X, y, sample_weight=None):
        """Learn."""
        return self

    def predict(self, X):
        """Guess."""
        return X


def spread(x, *, base=None):
    """Ours: a function."""
    return x


OURS = {"Model": Model, "ModelCV": type("ModelCV", (), {}), "spread": spread, "cross_spread": spread}


def test_names_stand_for_the_export_that_they_contain(tmp_path):
    mine = SimpleNamespace(
        MyModel=Model, MyModelCV=Model, spread_2=spread, crossSpread=spread, Other=Model, f=spread, x=3
    )

    def meant(*names):
        return set(exports_of(mine, "mine.py", names, OURS))

    assert meant("MyModel", "MyModelCV", "spread_2", "crossSpread") == {"Model", "ModelCV", "spread", "cross_spread"}
    assert meant("Model=Other", "spread=f") == {"Model", "spread"}
    assert set(exports_of(mine, "mine.py", ["Other"], {"Model": Model, "spread": spread})) == {"Model"}
    assert set(exports_of(SimpleNamespace(Model=Model, y=1), "mine.py", [], OURS)) == {"Model"}
    for names, message in (
        (["Other"], "could stand for Model or ModelCV"),
        (["Missing"], "has no 'Missing'; it has MyModel"),
        (["MyModel", "Model=Other"], "both stand for Model"),
        (["spread=Other"], "'Other' is not a function, as spread is"),
        (["Model=x"], "'x' is not a class, as Model is"),
        (["Nothing=Other"], "there is no 'Nothing'"),
        ([], "mine.py defines none of Model"),
    ):
        with pytest.raises(AtlasError, match=message):
            exports_of(mine, "mine.py", names, OURS)


def test_what_is_typed_names_a_file_or_module(tmp_path):
    file = tmp_path / "mine.py"
    file.touch()
    assert parse(f"{file}:A,B=C") == (str(file), ("A", "B=C"))
    assert parse(str(file)) == (str(file), ())
    assert parse("package.module:A") == ("package.module", ("A",))
    for wrong in ("missing.py:A", f"{file}:", f"{file}:a b", ":A", f"{file}:A,,B"):
        with pytest.raises(AtlasError, match=r"mine\.py|no such file"):
            parse(wrong)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\nclass Ridge(:\n", r"mine\.py:2: it is not Python: "),
        ("\n\nx = 1 / 0\n", r"mine\.py:3: it cannot be loaded: ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit(4)\n", r"it calls exit\(4\) while it is loaded"),
        ("import nothing_of_this_name\n", r"mine\.py:1: .*ModuleNotFoundError"),
        ("x = '\0'\n", r"mine\.py.*(null bytes|SyntaxError)"),
        (b"\xff\xfe\n", r"mine\.py"),
    ],
)
def test_a_file_that_cannot_be_loaded_says_where(tmp_path, text, message):
    file = tmp_path / "mine.py"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(AtlasError, match=message):
        load(str(file))


def test_a_module_that_is_not_there():
    with pytest.raises(AtlasError, match="nothing_of_this_name: it cannot be loaded: ModuleNotFoundError"):
        load("nothing_of_this_name")


# ---- what is not offered -------------------------------------------------------------------------------------


class Mine:
    """A class without much."""

    def __init__(self, alpha):
        self.alpha = alpha

    def fit(self, X, y):
        """Learn, from a dense table and one target."""
        self.coef_ = np.asarray(X, dtype=float).sum(0) * np.asarray(y, dtype=float).reshape(len(y)).sum()
        return self


class Forgetful(Mine):
    """Forgets to return itself."""

    def fit(self, X, y):
        """Learn."""


def candidate(**exports):
    return Candidate(exports, OURS)


def test_a_parameter_that_makes_no_difference_may_be_lacking():
    model = candidate(Model=Mine).Model(alpha=2.0, tol=1e-12, max_iter=100_000, positive=False, random_state=3)
    assert model.fit(np.ones((2, 2)), np.ones(2), None) is model
    assert model.fit(np.ones((2, 2)), np.ones(2), sample_weight=None).alpha == 2.0
    assert model.get_params() == {"alpha": 2.0}
    assert type(model).__name__ == "Mine"


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda model: model(2.0, tol=1e-3), r"Model\(tol=...\)"),
        (lambda model: model(2.0, max_iter=3), r"Model\(max_iter=...\)"),
        (lambda model: model(2.0, positive=True), r"Model\(positive=...\)"),
        (lambda model: model(), "missing a required argument: 'alpha'"),
        (lambda model: model(1.0, 2.0), "too many positional arguments"),
        (lambda model: model(1.0).fit(np.ones((2, 1)), np.ones(2), np.ones(2)), "too many positional"),
        (
            lambda model: model(1.0).fit(np.ones((2, 1)), np.ones(2), sample_weight=np.ones(2)),
            r"fit\(sample_weight=...\)",
        ),
        (lambda model: model(1.0).fit(sparse.eye_array(2), np.ones(2)), "Model.fit of a sparse matrix"),
        (lambda model: model(1.0).fit(np.ones((2, 1)), np.ones((2, 2))), "Model.fit of several targets"),
        (lambda model: model(1.0).predict, "Model.predict"),
        (lambda model: model(1.0).fit(np.ones((2, 1)), np.ones(2)).intercept_, "Model.intercept_"),
        (lambda model: model(1.0).get_params()["positive"], "the parameter positive"),
    ],
)
def test_what_is_not_offered_is_said(ask, message):
    with pytest.raises(NotOffered, match=message):
        ask(candidate(Model=Mine).Model)


def test_fit_returns_itself():
    with pytest.raises(TypeError, match=r"Model\.fit returned None; it must return self"):
        candidate(Model=Forgetful).Model(1.0).fit(1, 2)


def test_ours_stands_in_and_is_noted():
    subject = candidate(spread=lambda x: 2 * x)
    assert subject.spread(1.0, base=None) == 2.0
    assert subject.cross_spread(1.0) == 1.0
    assert subject.asked() == (["spread"], ["cross_spread"])
    assert subject.asked() == ([], [])
    with pytest.raises(NotOffered, match=r"spread\(base=...\)"):
        subject.spread(1.0, base=2)


# ---- in a process of its own ---------------------------------------------------------------------------------

HARMFUL = """
import os, sys
print("while it is loaded")

def spin(p, q=None):
    while True:
        pass

def leave(p, q=None):
    os._exit(7)

def quit(p, q=None):
    print("noise")
    sys.exit(3)

def swell(p, q=None):
    return bytearray(1 << 40)
"""


@pytest.mark.parametrize(
    ("name", "reason", "lost"),
    [
        ("spin", "it took more than 0.5 seconds and was stopped", 3),
        ("leave", "it ended the process with status 7", 3),
        ("quit", "it raises SystemExit", 0),
        ("swell", "MemoryError", 0),
    ],
)
def test_nothing_that_it_does_harms_the_judge(tmp_path, name, reason, lost):
    file = tmp_path / "harmful.py"
    file.write_text(HARMFUL)
    report = grade(ATLAS.room("information-theory"), str(file), [f"kl_divergence={name}"], Limits(2 * GIB, 0.5))
    failed = report.marked("fails")
    assert reason in failed[0].reason
    assert sum(mark.died for mark in failed) == lost
    assert len(report.marks) == len(report.steps)
    assert bool(report.marked("not judged")) == bool(lost)


def test_a_file_takes_the_place_of_no_module(tmp_path, monkeypatch):
    for name in ("numpy", "random", "draw"):
        (tmp_path / f"{name}.py").write_text("def entropy(p, *, base=None, axis=-1):\n    return 1.0\n")
    (tmp_path / "mine.py").write_text("from draw import entropy\nx = open('data.txt')\n")
    (tmp_path / "data.txt").touch()
    monkeypatch.chdir(tmp_path)
    for file in ("random.py", "mine.py"):
        report = grade(ATLAS.room("information-theory"), file, ["entropy"], Limits(2 * GIB, 5.0))
        assert report.marked("fails")[0].reason.startswith("gap")
        assert not any(mark.died for mark in report.marks)


def status(capsys, *arguments):
    """The exit status of ``mlatlas grade``, what it says, and what it complains about."""
    sys.argv = ["mlatlas", "grade", *arguments]
    with pytest.raises(SystemExit) as end:
        main()
    said = capsys.readouterr()
    return end.value.code or 0, said.out, said.err


def test_the_verb_says_what_holds_and_what_fails(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", [])
    monkeypatch.setenv("COLUMNS", "200")
    code, out, _ = status(capsys, "information-theory", str(HERE / "entropies_numpy.py"), "--lang", "en")
    assert code == 0
    assert "✓ laws: 11 of 11 hold, 1 not offered" in out
    assert "not offered: contingency; so not judged: counts_pairs" in out
    code, out, _ = status(capsys, "lasso", f"{HERE / 'lasso_ista.py'}:Lasso=Uncentred", "--lang", "en")
    assert code == 1
    assert "It behaves like a known mutant: it forgets to centre before penalising (uncentred)." in " ".join(
        out.split()
    )
    assert "smallest: [[" in out
    code, out, _ = status(
        capsys, "information-theory", f"{HERE / 'entropies_python.py'}:kl_divergence=exchanged", "--lang", "zh"
    )
    assert code == 1
    assert "相对熵里 p 与 q 弄反了" in out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "mine.py: there is no such file"),
        ("class Ridge: pass\n", "Ridge has no fit, without which nothing of Ridge can be judged"),
        ("while True: pass\n", "mine.py: it took more than 0.5 seconds and was stopped while it was loaded"),
        ("x = []\nwhile True: x.append(bytes(1 << 24))\n", "mine.py:2: it cannot be loaded: MemoryError"),
    ],
)
def test_what_cannot_be_graded_is_one_line(tmp_path, monkeypatch, capsys, text, message):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [])
    if text is not None:
        Path("mine.py").write_text(text)
    code, out, err = status(capsys, "ridge", "mine.py:Ridge", "--seconds", "0.5", "--memory", "0.5")
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_what_offers_nothing_is_not_passed(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [])
    file = tmp_path / "mine.py"
    file.write_text(
        "class Ridge:\n    def __init__(self, alpha):\n        pass\n    def fit(self, X, y):\n        raise NotImplementedError('so far')\n"
    )
    code, out, _ = status(capsys, "ridge", f"{file}:Ridge", "--lang", "en")
    assert code == 2
    assert "not offered: Ridge.fit: so far" in out
    assert "Nothing could be judged" in out


# ---- in somebody's test suite --------------------------------------------------------------------------------

SUITE = """
from mlatlas.testing import laws
from entropies_python import exchanged, my_entropy, my_kl_divergence

test_right = laws("information-theory", draws=3, entropy=my_entropy, kl_divergence=my_kl_divergence)
test_wrong = laws("information-theory", draws=3, kl_divergence=exchanged)
test_known = laws("information-theory", draws=3, kl_divergence=exchanged, failing={
    "cross_entropy_splits": "exchanged", "likelihood_is_divergence": "exchanged", "divergence": "exchanged"})
"""


def test_laws_in_another_suite(tmp_path):
    (tmp_path / "test_suite.py").write_text(SUITE)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-rfs", "-c", os.devnull, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    run = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
    assert "3 failed" in run.stdout, run.stdout
    assert "3 xfailed" in run.stdout
    assert "test_wrong[law-likelihood_is_divergence]" in run.stdout
    assert "test_right" not in "".join(line for line in run.stdout.splitlines() if line.startswith("FAILED"))
    assert "not offered: contingency" in run.stdout
    assert "smallest: " in run.stdout


def test_the_helper_costs_nothing_before_it_is_used():
    heavy = "numpy scipy sklearn numba pytest typer sympy"
    code = f"import sys, mlatlas.testing; print([name for name in {heavy.split()} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_the_helper_refuses_what_it_does_not_know():
    laws = importlib.import_module("mlatlas.testing").laws
    with pytest.raises(AtlasError, match="no Rigde; give some of Ridge, RidgeCV"):
        laws("ridge", Rigde=Model)
    with pytest.raises(AtlasError, match="nothing to judge yet; give some of Ridge"):
        laws("ridge")
    with pytest.raises(AtlasError, match="ridge has no shift; it has three_points"):
        laws("ridge", Ridge=Model, failing={"shift": "wrong"})
    with pytest.raises(AtlasError, match="no concept 'rigde'"):
        laws("rigde", Ridge=Model)
