"""Bad input, model files, corpora in columns, threads, and long sentences."""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from mlatlas.sequential.crf.conll import read_conll, write_conll
from mlatlas.sequential.crf.crf import LinearChainCRF

X = [[{"w": "the", "first": True}, {"w": "cat"}], [["w:the", "first"], ["w:dog"], ["w:sat"]]]
Y = [["D", "N"], ["D", "N", "V"]]


def fitted(**options):
    return LinearChainCRF(**options).fit(X, Y)


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"c1": -1.0}, "c1 must be a number from 0 on; got -1.0"),
        ({"c2": np.nan}, "c2 must be a number from 0 on; got nan"),
        ({"algorithm": "ap"}, "algorithm must be 'lbfgs'; got 'ap'"),
        ({"max_iterations": 0}, "max_iterations must be a whole number from 1 on or None; got 0"),
        ({"num_memories": 2.5}, "num_memories must be a whole number from 1 on; got 2.5"),
        ({"all_possible_states": 1}, "all_possible_states must be True or False; got 1"),
    ],
)
def test_bad_parameters_are_refused(options, rule):
    with pytest.raises(ValueError, match=rule):
        fitted(**options)


@pytest.mark.parametrize(
    ("sentences", "labels", "rule"),
    [
        ([], [], "X must hold at least one sentence; got none"),
        ([[]], [[]], r"X\[0\] must hold at least one token; got an empty sentence"),
        (X[0], Y[0], r"X\[0\] must be a list of tokens"),
        ("the cat", Y, "X must be a list of sentences"),
        (X, Y[:1], "y must have a list of labels for each of the 2 sentences of X; got 1"),
        (X, [["D", "N"], ["D", "N"]], r"y\[1\] must have a label for each of the 3 tokens of X\[1\]; got 2"),
        (X, [["D", "N"], ["D", "N", 3]], r"y\[1\]\[2\] must be a string that is not empty; got 3"),
        ([[{"length": np.inf}]], [["D"]], r"X\[0\]\[0\]: feature 'length' must have a finite value; got inf"),
        ([[{"length": None}]], [["D"]], r"X\[0\]\[0\]: feature 'length' must have a number"),
        ([[[1]]], [["D"]], r"X\[0\]\[0\]: a feature in a list must be a string; got 1"),
        ([["cat"]], [["D"]], r"X\[0\]\[0\]: a token must be a dict of features or a list of strings"),
    ],
)
def test_bad_corpora_are_refused(sentences, labels, rule):
    with pytest.raises(ValueError, match=rule):
        LinearChainCRF().fit(sentences, labels)


def test_nothing_is_predicted_before_a_fit():
    with pytest.raises(NotFittedError, match="Call fit, load or of_features first"):
        LinearChainCRF().predict(X)


def test_what_was_never_seen_counts_nothing_and_has_no_probability():
    model = fitted()
    assert model.predict_single([{"w": "zebra"}])[0] in model.classes_
    assert model.score(X, [["D", "?"], ["D", "N", "V"]]) == pytest.approx(4 / 5)
    with pytest.raises(ValueError, match=r"y\[0\]\[1\] must be a label that the model knows: D, N, V"):
        model.log_likelihood(X[:1], [["D", "?"]])


def test_it_learns_and_clones():
    model = fitted(c2=0.01)
    assert model.predict(X) == Y
    assert model.classes_ == ["D", "N", "V"]
    assert set(model.transition_features_) == {("D", "N"), ("N", "V")}
    assert clone(model).get_params() == model.get_params()
    assert set(fitted(min_freq=2).attributes_) == {"w:the", "first"}


def test_a_model_file_loads_in_a_fresh_process_and_holds_no_pickle(tmp_path):
    model = fitted(c1=0.01)
    model.save(tmp_path / "model.npz")
    program = (
        "from mlatlas.sequential import LinearChainCRF\n"
        f"print(sorted(LinearChainCRF.load({str(tmp_path / 'model.npz')!r}).state_features_.items()))"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert told.strip() == str(sorted(model.state_features_.items()))
    with np.load(tmp_path / "model.npz", allow_pickle=False) as file:
        assert all(file[name].dtype.kind != "O" for name in file.files)


def test_a_damaged_model_file_is_refused(tmp_path):
    path = tmp_path / "model.npz"
    fitted().save(path)
    whole = path.read_bytes()
    for content in (b"", b"hello", whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"model.npz must be a file written by LinearChainCRF.save"):
            LinearChainCRF.load(path)
    with pytest.raises(OSError, match=r"none\.npz"):
        LinearChainCRF.load(tmp_path / "none.npz")


def test_an_interrupted_fit_keeps_its_weights(monkeypatch):
    from mlatlas.sequential.crf import crf as module

    def interrupt(self, *arguments):
        run(self, *arguments)
        raise KeyboardInterrupt

    run = module.Descent.run
    monkeypatch.setattr(module.Descent, "run", interrupt)
    model = LinearChainCRF(c2=0.01)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    assert model.predict(X) == Y


def test_threads_do_not_change_the_answer():
    rng = np.random.default_rng(0)
    sentences = [[[f"w{k}"] for k in rng.integers(0, 30, n)] for n in rng.integers(1, 40, 300)]
    labels = [[f"k{int(token[0][1:]) % 7}" for token in one] for one in sentences]
    one, two = (LinearChainCRF(max_iterations=5, n_jobs=jobs).fit(sentences, labels) for jobs in (1, 2))
    assert one.state_features_ == two.state_features_


def test_a_sentence_of_a_hundred_thousand_tokens_does_not_underflow():
    model = LinearChainCRF.of_features({("a", "P"): 900.0, ("b", "Q"): -900.0}, {("P", "Q"): 500.0, ("Q", "P"): -2.0})
    P = model.predict_marginals([[["a", "b"]] * 100_000])[0]
    assert all(abs(sum(row.values()) - 1) < 1e-9 for row in P[::1000])
    assert np.isfinite(model.log_likelihood([[["a"]] * 1000], [["P"] * 1000])).all()


# ---- corpora in columns ------------------------------------------------------------------------------------------


def test_a_line_with_the_wrong_number_of_columns_is_named(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text("-DOCSTART- -X- O\n\nthe D O\ncat N\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"corpus.txt, line 4: there must be 3 columns; got 2 in 'cat N'"):
        read_conll(path)
    path.write_bytes(b"a b\n\xff b\n")
    with pytest.raises(ValueError, match=r"corpus.txt, line 2: the text must be UTF-8"):
        read_conll(path)
    path.write_bytes(b"\n \n")
    with pytest.raises(ValueError, match="must hold at least one token; got none"):
        read_conll(path)


@pytest.mark.parametrize("rows", [[[]], [[("a b",)]], [[("",)]], [[("a",), ("a", "b")]], [[("-DOCSTART-",)]], [["ab"]]])
def test_what_cannot_be_read_back_is_not_written(tmp_path, rows):
    with pytest.raises(ValueError, match="sentence 0"):
        write_conll(tmp_path / "corpus.txt", rows)


words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=" \t\r\n\ufeff"), min_size=1, max_size=4)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(
    st.integers(1, 3).flatmap(lambda n: st.lists(st.lists(st.tuples(*[words] * n), min_size=1, max_size=4), min_size=1))
)
def test_columns_come_back_as_they_were_written(sentences):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "corpus.txt"
        write_conll(path, sentences)
        assert read_conll(path) == sentences


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.one_of(st.binary(max_size=60), st.text("ab \t\r\n\u2028é-", max_size=40).map(str.encode)))
def test_any_file_is_read_or_refused_with_its_name(content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "corpus.txt"
        path.write_bytes(content)
        said = ""
        try:
            found = read_conll(path)
        except ValueError as error:
            found, said = [], str(error)
        assert bool(found) != ("corpus.txt" in said)
        if not found:
            return
        assert len({len(row) for rows in found for row in rows}) == 1
        assert all(value for rows in found for row in rows for value in row)
