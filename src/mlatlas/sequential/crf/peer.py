"""Whom the conditional random field races: CRFsuite through python-crfsuite, to CRFsuite's own final objective."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
from scipy import sparse
from scipy.special import logsumexp

from mlatlas.atlas.judge import NotOffered, Translation, peer, race
from mlatlas.atlas.text import Text

NEGATIVE = Text(
    en="CRFsuite drops every feature whose values add up to less than feature.minfreq, 0 by default: an attribute that is negative "
    "on average has no weight, although all possible states are asked for",
    zh="CRFsuite 会丢弃取值之和小于 feature.minfreq（默认 0）的特征：平均为负的属性得不到权重，即使要求了全部可能的状态",
)
SAME = Text(en="the same", zh="相同")


@peer(
    "python-crfsuite",
    requires="pycrfsuite",
    translation=[
        Translation(
            "c1, c2", "c1, c2", Text(en="the same: c2 is not halved in either", zh="相同：两边的 c2 都没有乘二分之一")
        ),
        Translation(
            "min_freq",
            "feature.minfreq",
            Text(
                en="ours counts the tokens at which a feature occurs; the peer adds up the values of its attribute there",
                zh="我们数特征出现的词次；对方把该处属性的取值加起来",
            ),
        ),
        Translation(
            "all_possible_states, all_possible_transitions", "feature.possible_states, .possible_transitions", SAME
        ),
        Translation("max_iterations", "max_iterations", SAME),
        Translation("epsilon, period, delta", "epsilon, period, delta", SAME),
        Translation(
            "num_memories",
            "num_memories",
            Text(
                en="10 by default here, 6 there: memory is cheaper than steps",
                zh="默认值我们取 10，对方取 6：内存比迭代便宜",
            ),
        ),
    ],
    findings={"one_token": NEGATIVE},
)
def crfsuite():
    """The same names and parameters; a file between `fit` and everything else."""
    import pycrfsuite

    class LinearChainCRF:
        def __init__(self, algorithm="lbfgs", **parameters):
            if parameters.pop("n_jobs", None) not in (None, 1):
                raise NotOffered("CRFsuite trains on one thread")
            self.algorithm, self.parameters = algorithm, parameters

        @classmethod
        def of_features(cls, *features, **parameters):
            raise NotOffered("CRFsuite learns its weights; none can be given to it")

        def fit(self, X, y):
            names = {
                "all_possible_states": "feature.possible_states",
                "all_possible_transitions": "feature.possible_transitions",
            }
            names |= {"min_freq": "feature.minfreq"}
            settings = {names.get(name, name): value for name, value in self.parameters.items() if value is not None}
            trainer = pycrfsuite.Trainer(self.algorithm, settings, verbose=False)
            for sentence, labels in zip(X, y, strict=True):
                trainer.append(sentence, labels)
            handle, path = tempfile.mkstemp(suffix=".crfsuite")
            os.close(handle)
            try:
                trainer.train(path)
                self._file = Path(path).read_bytes()
            finally:
                os.unlink(path)
            self.tagger = pycrfsuite.Tagger()
            self.tagger.open_inmemory(self._file)
            last = trainer.logparser.last_iteration
            self.objective_, self.n_iter_ = (last["loss"], last["num"]) if last else (np.nan, 0)
            return self

        @property
        def classes_(self):
            return self.tagger.labels()

        @property
        def state_features_(self):
            return dict(self.tagger.info().state_features)

        @property
        def transition_features_(self):
            return dict(self.tagger.info().transitions)

        def predict(self, X):
            return [self.tagger.tag(sentence) for sentence in X]

        def predict_single(self, xseq):
            return self.tagger.tag(xseq)

        def predict_marginals_single(self, xseq):
            self.tagger.set(xseq)
            return [{label: self.tagger.marginal(label, t) for label in self.classes_} for t in range(len(xseq))]

        def predict_marginals(self, X):
            return [self.predict_marginals_single(sentence) for sentence in X]

        def score(self, X, y):
            right = [
                a == b
                for found, labels in zip(self.predict(X), y, strict=True)
                for a, b in zip(found, labels, strict=True)
            ]
            return sum(right) / len(right)

        def log_likelihood(self, X, y):
            def one(sentence, labels):
                self.tagger.set(sentence)
                return np.log(self.tagger.probability(labels))

            return np.array([one(*pair) for pair in zip(X, y, strict=True)])

        def expected_features(self, X):
            raise NotOffered("CRFsuite does not give expectations")

        def trellis(self, xseq):
            raise NotOffered("CRFsuite does not give its scores")

    return {"LinearChainCRF": LinearChainCRF}


# ---- the race ----------------------------------------------------------------------------------------------------


def corpus(rng: np.random.Generator, sentences: int, labels: int, words: int, **penalties):
    """Tagged sentences of 8 to 35 words, with features of each word, its neighbours, and what words have in common.

    Labels follow one another as a sparse chain; a word is of its label's own ranking, as frequent as in a language, or of one
    that all share. Returns X, y, the penalties, and CRFsuite's own final objective.
    """
    chain = rng.dirichlet(np.full(labels, 0.25), labels).cumsum(axis=1)
    upto = (1 / np.arange(1, words + 1) ** 1.1).cumsum()
    own = [rng.permutation(words) for _ in range(labels)]
    X, y = [], []
    for length in rng.integers(8, 36, sentences):
        tags = [int(rng.integers(labels))]
        while len(tags) < length:
            tags.append(min(int(np.searchsorted(chain[tags[-1]], rng.random())), labels - 1))
        ranks = np.searchsorted(upto, rng.random(length) * upto[-1])
        text = [int(own[tag][r]) if rng.random() < 0.6 else int(r) for tag, r in zip(tags, ranks, strict=True)]
        X.append([token(text, t) for t in range(length)])
        y.append([f"L{tag}" for tag in tags])
    return X, y, penalties, crfsuite.subject().LinearChainCRF(**penalties).fit(X, y).objective_


def token(text: list[int], t: int) -> list[str]:
    """The attributes of one word: itself and its neighbours, each also by a coarse class, as suffixes are."""
    word = text[t]
    found = ["bias", f"word={word}", f"suffix={word % 97}", f"stem={word % 1009}"]
    found += [f"before={text[t - 1]}", f"suffix before={text[t - 1] % 97}"] if t else ["first"]
    return found + ([f"after={text[t + 1]}", f"suffix after={text[t + 1] % 97}"] if t + 1 < len(text) else ["last"])


class Learned:
    """The weights of a model as one array, read when they are asked for: a dict of them is not what is timed."""

    def __init__(self, model, problem) -> None:
        self.model, self.problem = model, problem

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        a, k = indices(self.problem)
        W = np.zeros((len(a) + len(k), len(k)))
        for (name, label), w in self.model.state_features_.items():
            W[a[name], k[label]] = w
        for (left, right), w in self.model.transition_features_.items():
            W[len(a) + k[left], k[right]] = w
        return W.astype(dtype or float)


def indices(problem):
    """A number for each attribute and for each label."""
    X, y, *_ = problem
    attributes = dict.fromkeys(name for sentence in X for item in sentence for name in item)
    labels = dict.fromkeys(label for labels in y for label in labels)
    return tuple({name: i for i, name in enumerate(names)} for names in (attributes, labels))


def above_the_peer(problem, answer) -> float:
    """F of the weights by sums in SciPy, over CRFsuite's own final objective, less one."""
    X, y, penalties, reference = problem
    a, k = indices(problem)
    W, A = np.split(np.asarray(answer), [len(a)])
    items = [item for sentence in X for item in sentence]
    ends = np.cumsum([0, *map(len, items)])
    columns = [a[name] for item in items for name in item]
    score = sparse.csr_array((np.ones(len(columns)), columns, ends), shape=(len(items), len(a))) @ W
    lengths, codes = np.array([len(labels) for labels in y]), np.array([k[label] for labels in y for label in labels])
    last = np.cumsum(lengths) - 1
    first = last - lengths + 1
    onward = np.setdiff1d(np.arange(len(items)), last)
    total = -score[np.arange(len(items)), codes].sum() - A[codes[onward], codes[onward + 1]].sum()
    alpha = score[first]
    for t in range(1, lengths.max()):
        going = lengths > t
        alpha[going] = logsumexp(alpha[going, :, None] + A, axis=1) + score[first[going] + t]
    total += logsumexp(alpha, axis=1).sum()
    c1, c2 = penalties.get("c1", 0.0), penalties.get("c2", 1.0)
    return float((total + c1 * np.abs(answer).sum() + c2 * np.square(answer).sum()) / reference - 1)


CERTIFIES = Text(en="F, over CRFsuite's own final value, less one", zh="F 与 CRFsuite 自己的终值之比减一")
GOAL = 1e-9  # rounding
DELTAS = (1e-4, 1e-5, 3e-6, 1e-6, 1e-7, 1e-8, 1e-9)


def fitted(subject, problem, delta):
    """Fit once."""
    X, y, penalties, _ = problem
    return Learned(subject.LinearChainCRF(delta=delta, **penalties).fit(X, y), problem)


@race(
    en="Training with squares in the penalty, c2 = 1, to CRFsuite's own final objective",
    zh="平方惩罚 c2 = 1 的训练，直到 CRFsuite 自己的最终目标值",
    problem=corpus,
    sizes={
        "tiny": (12, 3, 20),
        "small": (300, 5, 1_000),
        "middle": (5_000, 20, 10_000),
        "many labels": (1_000, 60, 5_000),
    },
    certificate=above_the_peer,
    certifies=CERTIFIES,
    goal=GOAL,
    tolerances=DELTAS,
)
def squares(subject, problem, tolerance):
    """Fit once."""
    return fitted(subject, problem, tolerance)


@race(
    en="Training with absolute values too, c1 = 0.1 and c2 = 0.1, to CRFsuite's own final objective",
    zh="兼有绝对值惩罚 c1 = 0.1、c2 = 0.1 的训练，直到 CRFsuite 自己的最终目标值",
    problem=lambda rng, *size: corpus(rng, *size, c1=0.1, c2=0.1),
    sizes={
        "tiny": (12, 3, 20),
        "small": (300, 5, 1_000),
        "middle": (2_000, 10, 5_000),
        "many labels": (500, 60, 3_000),
    },
    certificate=above_the_peer,
    certifies=CERTIFIES,
    goal=GOAL,
    tolerances=DELTAS,
)
def absolute_values(subject, problem, tolerance):
    """Fit once."""
    return fitted(subject, problem, tolerance)
