"""A linear-chain conditional random field: labels of a sentence from features of its tokens.

    p(y | x) = exp S(x, y) / Σ_z exp S(x, z),    S(x, y) = Σₜ s[t, yₜ] + Σₜ A[yₜ, yₜ₊₁],
    s[t, k] = Σ over the attributes a of token t of value × w[a, k]

and the weights w, A minimise, for c₁, c₂ ≥ 0, over labelled sentences,

    F = − Σ log p(y | x) + c₂‖w‖² + c₁‖w‖₁.

F is convex. Its derivative by a weight is how often the feature is expected, less how often it is observed, and the penalty.

Shapes: n tokens of all sentences one after the other, S sentences, L labels; s (n, L), A (L, L).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from numbers import Real
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from mlatlas.numerics.threads import team
from mlatlas.optimize.newton.newton import lbfgs
from mlatlas.sequential.crf.features import UNKNOWN, Corpus, Index, Integers, encode, encode_labels
from mlatlas.sequential.crf.objective import Expectations, Features, Pass, features_of
from mlatlas.sequential.crf.owlqn import owlqn
from mlatlas.sequential.viterbi.viterbi import log_partition, marginals, viterbi

Floats = NDArray[np.float64]
Pairs = dict[tuple[str, str], float]

FORMAT = "mlatlas linear-chain CRF 1"
ENDLESS = 2**31 - 1


@dataclass(frozen=True)
class Model:
    """What was learned: the numbers of attributes and labels, which features there are, and their weights."""

    attributes: Index
    labels: tuple[str, ...]
    features: Features
    w: Floats

    @property
    def transition(self) -> Floats:
        """A, (L, L)."""
        return self.features.transitions(self.w)

    def scores(self, corpus: Corpus) -> Floats:
        """s[t, k] of all tokens, (n, L)."""
        return Pass(corpus, self.features, self.w, self.transition, 0.0).scores(0, len(corpus.offsets) - 1)

    def pruned(self) -> Model:
        """Without weights of zero, and attributes that then have none."""
        f, kept = self.features.kept(self.w != 0), self.w != 0
        some = np.diff(f.first) > 0
        names = [name for name, is_some in zip(self.attributes, some, strict=True) if is_some]
        first = np.concatenate([[0], f.first[1:][some]])
        return Model(Index.of(names), self.labels, Features(first, f.label, f.left, f.right, f.L), self.w[kept])


class LinearChainCRF(BaseEstimator):  # type: ignore[misc]
    """A conditional random field over chains of labels, in the interface of sklearn-crfsuite.

    It minimises F = − Σ log p(y | x) + c2 ‖w‖² + c1 ‖w‖₁ over the weights of attribute–label pairs and of transitions.
    c2 is not halved: a ridge or a softmax regression with ½‖w‖² has the same penalty for c2 = ½.

    Parameters:
        algorithm: "lbfgs", which is L-BFGS for c1 = 0 and its orthant-wise form otherwise.
        c1, c2: how much ‖w‖₁ and ‖w‖² count; from 0 on.
        min_freq: features that occur at fewer tokens than this have no weight.
        all_possible_states: whether every attribute has a weight with every label, or only those seen together.
        all_possible_transitions: the same for label pairs.
        max_iterations: the most steps; None for no limit.
        num_memories: the pairs of steps and gradients that L-BFGS remembers.
        epsilon: stop when ‖∇F‖ ≤ epsilon · max(1, ‖w‖).
        period, delta: stop when F has fallen by less than the share delta of itself in `period` steps.
        n_jobs: threads over the sentences; None for as many as Numba is set to, -1 for one a core.

    Attributes:
        classes_: the labels in the order in which they were first seen.
        attributes_: the attributes that have a weight.
        state_features_, transition_features_: dicts from (attribute, label) and (label, label) to weights that are not zero.
        objective_: F at the weights; n_iter_: the steps taken; converged_: whether epsilon or delta stopped them.

    A token is a dict from features to numbers, truth values or strings ({"w": "cat"} is the attribute "w:cat"), or a list of
    attributes. Labels are strings. Transitions and pairs that have no weight count zero; nothing is forbidden. A label
    that was not seen is never predicted, and an attribute that was not seen counts nothing.

    Complexity: a step takes O(nnz L + n L²) time, with nnz attributes of all tokens, at most; memory beside the corpus is
    O((num_memories + 8) m) for m weights.

    Sources: Lafferty, McCallum, Pereira 2001; Sutton, McCallum 2012, An introduction to conditional random fields;
    Andrew, Gao 2007 for c1 > 0.
    """

    def __init__(
        self,
        algorithm: str = "lbfgs",
        *,
        c1: float = 0.0,
        c2: float = 1.0,
        min_freq: float = 0,
        all_possible_states: bool = False,
        all_possible_transitions: bool = False,
        max_iterations: int | None = None,
        num_memories: int = 10,
        epsilon: float = 1e-5,
        period: int = 10,
        delta: float = 1e-5,
        n_jobs: int | None = None,
    ) -> None:
        """Store the parameters."""
        self.algorithm = algorithm
        self.c1 = c1
        self.c2 = c2
        self.min_freq = min_freq
        self.all_possible_states = all_possible_states
        self.all_possible_transitions = all_possible_transitions
        self.max_iterations = max_iterations
        self.num_memories = num_memories
        self.epsilon = epsilon
        self.period = period
        self.delta = delta
        self.n_jobs = n_jobs

    # ---- learning

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from sentences X, each a list of tokens, and their labels y, a list of strings for each sentence.

        A fit that is interrupted keeps the best weights it had, and lets the KeyboardInterrupt go on.

        Raises:
            ValueError: a parameter out of its range; no sentence, or an empty one; labels that are no strings or that do
                not match their sentence; a feature whose value is not finite or no number, truth value or string.
        """
        self._check()
        index, labels = Index(), Index()
        corpus = encode(X, index, grow=True)
        codes = encode_labels(y, corpus, labels, grow=True)
        features, observed, squares = features_of(
            corpus,
            codes,
            len(index),
            len(labels),
            self.min_freq,
            self.all_possible_states,
            self.all_possible_transitions,
        )
        descent = Descent(self, features.size)
        try:
            with team(self.n_jobs) as each:
                descent.run(Expectations(corpus, features, each), observed, squares)
        finally:
            self._model = Model(index, tuple(labels), features, descent.w).pruned()
            self.objective_, self.n_iter_, self.converged_ = descent.value, descent.steps, descent.converged
        return self

    @classmethod
    def of_features(
        cls, state_features: Pairs, transition_features: Pairs, classes: Iterable[str] = (), **parameters: Any
    ) -> Self:
        """A model with given weights, of (attribute, label) and of (label, label): `fit` is not needed.

        Labels come in the order of `classes` and, where that leaves some out, of their first weight; the rest are
        parameters of the model.

        Raises:
            ValueError: a weight that is not finite, a name that is no string, no label at all.
        """
        labels, index = Index.of(classes), Index()
        states = np.array([(index[a], labels[k]) for a, k in state_features], np.int64).reshape(-1, 2)
        steps = np.array([(labels[j], labels[k]) for j, k in transition_features], np.int64).reshape(-1, 2)
        order = np.lexsort(states.T[::-1])
        first = np.concatenate([[0], np.cumsum(np.bincount(states[:, 0], minlength=len(index)))])
        weights = [np.fromiter(some.values(), np.float64) for some in (state_features, transition_features)]
        w = np.concatenate([weights[0][order], weights[1]])
        made = cls(**parameters)
        made._model = checked(list(labels), list(index), first, states[order, 1], steps[:, 0], steps[:, 1], w).pruned()
        return made

    # ---- what was learned

    @property
    def classes_(self) -> list[str]:
        """The labels, in the order of the columns of `trellis`."""
        return list(self._learned().labels)

    @property
    def attributes_(self) -> list[str]:
        """The attributes that have a weight."""
        return list(self._learned().attributes)

    @property
    def state_features_(self) -> Pairs:
        """The weights of (attribute, label) pairs that are not zero."""
        m = self._learned()
        names, states = list(m.attributes), m.features.states
        at = zip(m.features.attribute().tolist(), m.features.label.tolist(), m.w[:states].tolist(), strict=True)
        return {(names[a], m.labels[k]): w for a, k, w in at}

    @property
    def transition_features_(self) -> Pairs:
        """The weights of transitions (from, to) that are not zero."""
        m = self._learned()
        at = zip(m.features.left.tolist(), m.features.right.tolist(), m.w[m.features.states :].tolist(), strict=True)
        return {(m.labels[j], m.labels[k]): w for j, k, w in at}

    # ---- inference

    def predict(self, X: Any) -> list[list[str]]:
        """The most probable labels of every sentence, by Viterbi's algorithm.

        Raises:
            ValueError: as `fit` does for X; NotFittedError before it.
        """
        m, corpus = self._read(X)
        _, path = viterbi(*_chain(m, corpus), n_jobs=self.n_jobs)
        return _sentences([m.labels[k] for k in path.tolist()], corpus)

    def predict_single(self, xseq: Any) -> list[str]:
        """The most probable labels of one sentence."""
        return self.predict([xseq])[0]

    def predict_marginals(self, X: Any) -> list[list[dict[str, float]]]:
        """Of every token, a dict from labels to P(yₜ = label | x), which sum to one."""
        m, corpus = self._read(X)
        P = marginals(*_chain(m, corpus), n_jobs=self.n_jobs)
        return _sentences([dict(zip(m.labels, row, strict=True)) for row in P.tolist()], corpus)

    def predict_marginals_single(self, xseq: Any) -> list[dict[str, float]]:
        """The marginal probabilities of one sentence."""
        return self.predict_marginals([xseq])[0]

    def score(self, X: Any, y: Any) -> float:
        """The share of tokens whose most probable label is right; a label that was not seen in `fit` counts as a mistake."""
        m, corpus = self._read(X)
        codes = encode_labels(y, corpus, Index.of(m.labels), grow=False)
        _, path = viterbi(*_chain(m, corpus), n_jobs=self.n_jobs)
        return float(np.mean(path == codes))

    def log_likelihood(self, X: Any, y: Any) -> Floats:
        """log p(y | x) of each sentence, (S,).

        Raises:
            ValueError: as `fit` does; a label that was not seen, whose probability no number describes.
        """
        m, corpus = self._read(X)
        codes = encode_labels(y, corpus, Index.of(m.labels), grow=False)
        if (codes == UNKNOWN).any():
            place = corpus.place(int(np.argmax(codes == UNKNOWN))).replace("X", "y", 1)
            raise ValueError(
                f"{place} must be a label that the model knows: {', '.join(m.labels)}. Fit with it, or use score."
            )
        chain = _chain(m, corpus)
        A, score = chain[1], chain[2]
        worth = score[np.arange(len(codes)), codes]
        inner = np.ones(len(codes), dtype=bool)
        inner[corpus.offsets[1:] - 1] = False
        left = np.flatnonzero(inner)
        worth[left] += A[codes[left], codes[left + 1]]
        total: Floats = np.add.reduceat(worth, corpus.offsets[:-1])
        return np.asarray(total - log_partition(*chain, n_jobs=self.n_jobs))  # (conditional)

    def expected_features(self, X: Any) -> tuple[Pairs, Pairs]:
        """How often the model expects every feature that has a weight in the sentences X: as two dicts, like the weights.

        The number of a feature is the sum of its attribute's values, or of the transitions, times the probability of its
        labels. The gradient of Σ log p(y | x) is how often features are observed, less this.
        """
        m, corpus = self._read(X)
        with team(self.n_jobs) as each:
            _, counts = Expectations(corpus, m.features, each)(m.w)
        there = self.of_features({}, {}, m.labels)
        there._model = Model(m.attributes, m.labels, m.features, counts)
        return there.state_features_, there.transition_features_

    def trellis(self, xseq: Any) -> tuple[Floats, Floats, Floats]:
        """One sentence as the functions of `viterbi` take it: start (L,), zeros; A (L, L); s (T, L).

        `k_best_paths(*crf.trellis(xseq), 5)` gives the five best labellings, as indices into `classes_`, and their scores;
        the exponential of a score less `log_partition(*crf.trellis(xseq))` is the probability.
        """
        m, corpus = self._read([xseq])
        start, A, score, _ = _chain(m, corpus)
        return start, A, score

    # ---- files

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the weights and parameters to one file, which `load` reads in any process; it holds no pickled objects."""
        m = self._learned()
        words = {
            "format": FORMAT,
            "parameters": self.get_params(),
            "labels": m.labels,
            "attributes": list(m.attributes),
        }
        text = np.frombuffer(json.dumps(words).encode(), np.uint8)
        f, target = m.features, Path(path)
        unfinished = target.with_name(target.name + ".unfinished")
        with unfinished.open("wb") as file:
            np.savez_compressed(file, words=text, first=f.first, label=f.label, left=f.left, right=f.right, w=m.w)
        os.replace(unfinished, target)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a model that `save` wrote.

        Raises:
            ValueError: a file that is none, or that is damaged; nothing in it is executed.
            OSError: a file that cannot be read.
        """
        try:
            with Path(path).open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                words = json.loads(file["words"].tobytes())
                parts = [np.asarray(file[name]) for name in ("first", "label", "left", "right", "w")]
            if words["format"] != FORMAT:
                raise ValueError(f"its format is {words['format']!r}")
            model = cls(**words["parameters"])
            model._check()
            model._model = checked(words["labels"], words["attributes"], *parts)
        except OSError:
            raise
        except Exception as error:
            raise ValueError(
                f"{os.fspath(path)} must be a file written by LinearChainCRF.save, whole and unchanged; reading it failed: "
                f"{error}. Save the model again."
            ) from None
        return model

    # ---- checks

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_model")

    def _learned(self) -> Model:
        if not hasattr(self, "_model"):
            raise NotFittedError("this LinearChainCRF is not fitted yet. Call fit, load or of_features first.")
        return self._model

    def _read(self, X: Any) -> tuple[Model, Corpus]:
        m = self._learned()
        return m, encode(X, m.attributes, grow=False)

    def _check(self) -> None:
        if self.algorithm != "lbfgs":
            raise ValueError(
                f"algorithm must be 'lbfgs'; got {self.algorithm!r}. It reaches the minimum that 'l2sgd' approaches; the "
                "perceptron-like 'ap', 'pa' and 'arow' minimise something else."
            )
        for name in ("c1", "c2", "min_freq", "epsilon", "delta"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) < np.inf:
                raise ValueError(f"{name} must be a number from 0 on; got {value!r}.")
        for name, optional in (("max_iterations", True), ("num_memories", False), ("period", False)):
            value = getattr(self, name)
            whole = not isinstance(value, bool) and isinstance(value, int | np.integer) and value >= 1
            if not (whole or (optional and value is None)):
                raise ValueError(f"{name} must be a whole number from 1 on{' or None' * optional}; got {value!r}.")
        for name in ("all_possible_states", "all_possible_transitions"):
            if not isinstance(getattr(self, name), bool | np.bool_):
                raise ValueError(f"{name} must be True or False; got {getattr(self, name)!r}.")


class Descent:
    """The way down F: the weights that were reached, F there, the steps taken, and whether the end was reached.

    The variables are wᵢ / scaleᵢ, where the second derivative of F at w = 0 by each is about one: features that occur
    rarely are as far from their weights, in these units, as those that occur everywhere.
    """

    def __init__(self, crf: LinearChainCRF, size: int) -> None:
        self.crf, self.w = crf, np.zeros(size)
        self.history: list[float] = []
        self.converged = False

    @property
    def value(self) -> float:
        """F at the weights."""
        return self.history[-1] if self.history else np.nan

    @property
    def steps(self) -> int:
        """The steps taken."""
        return max(len(self.history) - 1, 0)

    def run(self, expect: Expectations, observed: Floats, squares: Floats) -> None:
        """Go down from w = 0."""
        crf, L = self.crf, expect.features.L
        scale = 1 / np.sqrt(squares * (L - 1) / L**2 + 2 * crf.c2)
        smooth: Floats = observed

        def f(x: Floats) -> tuple[float, Floats]:
            nonlocal smooth
            w = x * scale
            total, expected = expect(w)
            smooth = expected - observed + 2 * crf.c2 * w
            return total - float(observed @ w) + crf.c2 * float(w @ w), smooth * scale

        start = np.zeros(len(scale))
        if not len(scale):
            self.stop(start, f(start)[0], start)
        elif crf.c1 > 0:
            owlqn(
                f, start, crf.c1 * scale, crf.num_memories, lambda x, F, slope: self.stop(x * scale, F, slope / scale)
            )
        elif not self.stop(start, f(start)[0], smooth):
            lbfgs(
                f,
                start,
                memory=crf.num_memories,
                gtol=0.0,
                max_iter=ENDLESS,
                callback=lambda k, x, F, largest: self.stop(x * scale, F, smooth),
            )

    def stop(self, w: Floats, value: float, slope: Floats) -> bool:
        """Keep the weights, and say whether to stop."""
        self.w = w
        self.history.append(value)
        crf, k = self.crf, len(self.history) - 1
        flat = float(np.linalg.norm(slope)) <= crf.epsilon * max(1.0, float(np.linalg.norm(w)))
        slow = k >= crf.period and self.history[k - crf.period] - value < crf.delta * value
        self.converged = flat or slow
        return self.converged or k == crf.max_iterations


def checked(labels: Any, attributes: Any, first: Any, label: Any, left: Any, right: Any, w: Any) -> Model:
    """The parts of a model, checked: a file or a user may have made them."""
    for name, words in (("labels", labels), ("attributes", attributes)):
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise ValueError(f"{name} must be strings; got {words!r:.60}")
        if len(set(words)) < len(words):
            raise ValueError(f"{name} must differ from one another")
    if not labels:
        raise ValueError("there must be at least one label; got none")
    parts = [np.asarray(part, np.int64) for part in (first, label, left, right)]
    w = np.ascontiguousarray(w, np.float64)
    first, label, left, right = parts
    ends = np.r_[first[:1], first[-1:]].tolist()
    if first.shape != (len(attributes) + 1,) or ends != [0, len(label)] or (np.diff(first) < 0).any():
        raise ValueError("the weights must belong to the attributes one after the other")
    if left.shape != right.shape or w.shape != (len(label) + len(left),) or not np.isfinite(w).all():
        raise ValueError("there must be a finite weight for each feature")
    for ids in (label, left, right):
        if ids.ndim != 1 or ((ids < 0) | (ids >= len(labels))).any():
            raise ValueError(f"labels must be numbered from 0 to {len(labels) - 1}")
    attribute = np.repeat(np.arange(len(attributes)), np.diff(first))
    pairs = left * len(labels) + right
    if (np.diff(attribute * len(labels) + label) <= 0).any() or len(np.unique(pairs)) < len(pairs):
        raise ValueError("the features must be in order, and none may have two weights")
    features = Features(first, label.astype(np.int32), left, right, len(labels))
    return Model(Index.of(attributes), tuple(labels), features, w)


def _chain(m: Model, corpus: Corpus) -> tuple[Floats, Floats, Floats, Integers]:
    """What the decoder takes: start, transitions, scores and lengths."""
    return np.zeros(len(m.labels)), m.transition, m.scores(corpus), corpus.lengths


def _sentences(tokens: list[Any], corpus: Corpus) -> list[list[Any]]:
    return [tokens[a:b] for a, b in pairwise(corpus.offsets.tolist())]
