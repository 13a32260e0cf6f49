"""Chinese words from few marked sentences: a hidden Markov model, the same with unmarked text filled in, and its conditional twin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp

from mlatlas.atlas.lab import Event, Figure, Knob, Learned, Line, Metric, Progress, Rule, Script, lab
from mlatlas.atlas.text import Text
from mlatlas.data.corpus import CORPORA, CORPUS_LABELS, cut_words, word_f1, word_states
from mlatlas.numerics.threads import team
from mlatlas.sequential.hmm.hmm import CategoricalHMM
from mlatlas.sequential.viterbi.viterbi import backward, forward, viterbi

FOLLOWS = np.array([[0, 1, 1, 0], [0, 1, 1, 0], [1, 0, 0, 1], [1, 0, 0, 1]], dtype=float)  # B, M, E, S
LEARNERS = {
    "hmm": Text("HMM, counted", "HMM，计数"),
    "filled": Text("HMM, text filled in", "HMM，补全文本"),
    "crf": Text("conditional twin", "按条件概率训练"),
}
HELD_OUT, POOL = 500, 2000  # at most so many sentences to judge on, and to learn from

Sentences = Sequence[Sequence[str]]
Weights = tuple[np.ndarray, np.ndarray, np.ndarray]  # of the first state (4,), of steps (4, 4), of characters (V, 4)


class Task:
    """Sentences to learn from, of which the first few are marked, and others to judge on."""

    def __init__(self, words: Sentences, seed: int) -> None:
        order = np.random.default_rng(seed).permutation(len(words))
        cut = min(int(0.7 * len(words)), POOL)
        self.pool, self.judged = [words[i] for i in order[:cut]], [words[i] for i in order[cut:][:HELD_OUT]]
        self.rank = {c: i for i, c in enumerate(sorted(set("".join("".join(one) for one in self.pool))))}

    def read(self, sentences: Sentences) -> tuple[np.ndarray, list[int]]:
        """The characters as numbers, the last number for one that the pool lacks; and the length of each sentence."""
        texts = ["".join(one) for one in sentences]
        return np.array([self.rank.get(c, len(self.rank)) for c in "".join(texts)]), [len(text) for text in texts]

    def counts(self, marked: int) -> Weights:
        """How often each state is the first, follows another, and has each character, in the marked sentences."""
        first, steps, seen = np.zeros(4), np.zeros((4, 4)), np.zeros((len(self.rank) + 1, 4))
        for one in self.pool[:marked]:
            states = np.array(word_states(one))
            first[states[0]] += 1
            np.add.at(steps, (states[:-1], states[1:]), 1)
            np.add.at(seen, (self.read([one])[0], states), 1)
        return first, steps, seen

    def f1(self, weights: Weights) -> float:
        """Of the words that the best path finds in the held-out sentences, in per cent."""
        symbols, lengths = self.read(self.judged)
        _, path = viterbi(*trellis(weights, symbols, lengths), lengths)
        pieces = np.split(path, np.cumsum(lengths)[:-1])
        texts = ["".join(one) for one in self.judged]
        return 100 * word_f1(self.judged, [cut_words(*pair) for pair in zip(texts, pieces, strict=True)])


def trellis(weights: Weights, symbols: np.ndarray, lengths: Sequence[int]) -> Weights:
    """Start, transitions and scores of sentences one after the other; each ends where a word does."""
    start, steps, characters = weights
    score = characters[symbols]
    score[np.cumsum(lengths) - 1, :2] = -np.inf
    return start, steps, score


def counted(counts: Weights, smoothing: float) -> CategoricalHMM:
    """The hidden Markov model of these counts, and of `smoothing` times each possibility, as its priors too."""
    first, steps, seen = counts
    priors = first + smoothing * FOLLOWS[2], steps + smoothing * FOLLOWS, (seen + smoothing).T
    names = ("startprob", "transmat", "emissionprob")
    model = CategoricalHMM(4, init_params="", n_iter=1, tol=-np.inf, n_features=len(seen))
    for name, prior in zip(names, priors, strict=True):
        model.set_params(**{f"{name}_prior": 1 + prior})
        setattr(model, f"{name}_", prior / prior.sum(axis=-1, keepdims=True))
    return model


def logarithms(model: CategoricalHMM) -> Weights:
    with np.errstate(divide="ignore"):
        return np.log(model.startprob_), np.log(model.transmat_), np.log(model.emissionprob_.T)


def conditional(task: Task, marked: int, penalty: float) -> Weights:
    """Weights of the same chain that make the marks of the marked sentences most probable given their characters."""
    symbols, lengths = task.read(task.pool[:marked])
    first, steps, seen = counts = task.counts(marked)
    sequence, ends = np.repeat(np.arange(len(lengths)), lengths), np.cumsum(lengths) - 1
    inside = np.delete(np.arange(len(symbols)), ends)  # every character that another one follows
    with np.errstate(divide="ignore"):
        forbidden = np.log(FOLLOWS[2]), np.log(FOLLOWS)

    def unpack(flat: np.ndarray) -> Weights:
        return forbidden[0] + flat[:4], forbidden[1] + flat[4:20].reshape(4, 4), flat[20:].reshape(-1, 4)

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        _, A, score = chain = trellis(unpack(flat), symbols, lengths)
        alpha, beta = forward(*chain, lengths), backward(*chain, lengths)
        total = logsumexp(alpha[ends], axis=1)
        P = np.exp(alpha + beta - total[sequence, None])
        onward = (score + beta)[inside + 1, None, :] - total[sequence[inside], None, None]
        pairs = np.exp(alpha[inside, :, None] + A + onward).sum(axis=0)
        expected = np.zeros_like(seen)
        np.add.at(expected, symbols, P)
        gradient = np.concatenate(
            [(P[np.r_[0, ends[:-1] + 1]].sum(axis=0) - first), (pairs - steps).ravel(), (expected - seen).ravel()]
        )
        value = total.sum() - flat @ np.concatenate([part.ravel() for part in counts])
        return value + 0.5 * penalty * flat @ flat, gradient + penalty * flat

    size = sum(part.size for part in counts)
    with team(1):  # BLAS by one thread: the vectors are short
        found: Any = minimize(loss, np.zeros(size), jac=True, method="L-BFGS-B", options={"maxiter": 60})
    return unpack(found.x)


@lab(
    en="How many marked sentences are enough?",
    zh="标注多少句才够？",
    data=Text("Chinese sentences in words", "分好词的中文句子"),
)
def few_sentences(
    corpus: Annotated[Literal["ours", "newspaper"], Knob(en="Sentences", zh="语料", labels=CORPUS_LABELS)] = "ours",
    most: Annotated[int, Knob(en="Most marked sentences", zh="最多标注几句", low=8, high=POOL, log=True)] = 64,
    smoothing: Annotated[
        float, Knob(en="Added to every count of the HMM", zh="HMM 每个计数加上的数", low=1e-3, high=10.0, log=True)
    ] = 0.1,
    penalty: Annotated[
        float, Knob(en="Penalty on the weights of its twin", zh="按条件概率训练时的惩罚", low=1e-3, high=10.0, log=True)
    ] = 0.1,
    steps: Annotated[int, Knob(en="Steps of EM on unmarked text", zh="在未标注文本上走几步 EM", low=1, high=50)] = 10,
    repeats: Annotated[int, Knob(en="Random divisions, averaged", zh="随机划分几次取平均", low=1, high=20)] = 10,
    *,
    seed: int = 0,
) -> Iterator[Event]:
    """Learn to cut words from growing numbers of marked sentences, in three ways; then watch EM fill in the rest."""
    yield Progress(0.0, en="reading", zh="读语料")
    words = CORPORA[corpus]().words
    tasks = [Task(words, seed + i) for i in range(repeats)]
    most = min(most, len(tasks[0].pool))
    sizes = [most // 2**i for i in range(5, -1, -1) if most // 2**i >= 2]
    f1 = {name: np.zeros((len(sizes), repeats)) for name in LEARNERS}
    gain = {size: np.zeros((steps + 1, repeats)) for size in sorted({sizes[0], sizes[len(sizes) // 2], sizes[-1]})}
    for j, task in enumerate(tasks):
        for i, size in enumerate(sizes):
            share = (j * len(sizes) + i) / (len(sizes) * repeats)
            yield Progress(share, en=f"{size} marked sentences", zh=f"标注 {size} 句")
            model = counted(task.counts(size), smoothing)
            f1["hmm"][i, j] = task.f1(logarithms(model))
            f1["crf"][i, j] = task.f1(conditional(task, size, penalty))
            if size == len(task.pool):
                f1["filled"][i, j] = f1["hmm"][i, j]
                continue
            symbols, lengths = task.read(task.pool[size:])
            for step in range(1, steps + 1):
                model.fit(symbols, lengths)
                if size in gain:
                    gain[size][step, j] = task.f1(logarithms(model)) - f1["hmm"][i, j]
            f1["filled"][i, j] = task.f1(logarithms(model))
    mean = {name: values.mean(axis=1) for name, values in f1.items()}
    for name, text in LEARNERS.items():
        for end, size, value in (("few", sizes[0], mean[name][0]), ("many", sizes[-1], mean[name][-1])):
            yield Metric(f"f1_{name}_{end}", float(value), en=f"F1 of words, {size} marked: {text.en}", zh=f"词的 F1，标注 {size} 句：{text.zh}", unit="%")  # fmt: skip
    yield Figure(
        name="curves",
        title=Text("Who learns most from few marked sentences", "标注很少时，谁学得多"),
        x=Text("marked sentences", "标注的句子数"),
        y=Text("F1 of words in held-out sentences, %", "留出句子中词的 F1，%"),
        caption=Text(
            f"Means over {repeats} random divisions; {len(tasks[0].judged)} held-out sentences each, {steps} steps of EM on the rest.",
            f"{repeats} 次随机划分的平均；每次留出 {len(tasks[0].judged)} 句，在其余未标注的句子上走 {steps} 步 EM。",
        ),
        series=[Line(sizes, mean[name], label=text) for name, text in LEARNERS.items()],
        log_x=True,
    )
    yield Figure(
        name="gain",
        title=Text("What filling in does to the words", "补全对切词有什么影响"),
        x=Text("steps of EM on unmarked sentences", "在未标注句子上的 EM 步数"),
        y=Text("gain in F1, percentage points", "F1 的变化，百分点"),
        caption=Text(
            "Every step raises the likelihood of the unmarked text, counts as priors included. Nothing says that words are cut better.",
            "每一步都提高未标注文本的似然（计数作为先验计入）。但没有什么保证词切得更好。",
        ),
        series=[
            *(
                Line(list(range(steps + 1)), values.mean(axis=1), label=Text(f"{size} marked", f"标注 {size} 句"))
                for size, values in gain.items()
            ),
            Rule(0.0, axis="y"),
        ],
    )
    few, many = ({name: mean[name][at] for name in LEARNERS} for at in (0, -1))
    yield Learned(
        en=f"With {sizes[0]} marked sentences the counted HMM has an F1 of {few['hmm']:.1f}%, its conditional twin {few['crf']:.1f}%; "
        f"with {sizes[-1]}, {many['hmm']:.1f}% and {many['crf']:.1f}%. Filling in {steps} times makes of the HMM's {few['filled']:.1f}% "
        f"and {many['filled']:.1f}%.",
        zh=f"标注 {sizes[0]} 句时，计数的 HMM 的 F1 为 {few['hmm']:.1f}%，按条件概率训练的为 {few['crf']:.1f}%；标注 {sizes[-1]} 句时，"
        f"分别为 {many['hmm']:.1f}% 和 {many['crf']:.1f}%。补全 {steps} 步之后，HMM 变为 {few['filled']:.1f}% 和 {many['filled']:.1f}%。",
    )
    yield Script(f"""
        import numpy as np
        from mlatlas.data.corpus import {CORPORA[corpus].__name__}
        from mlatlas.sequential.hmm.lab import Task, conditional, counted, logarithms

        tasks = [Task({CORPORA[corpus].__name__}().words, {seed} + i) for i in range({repeats})]

        def f1_hmm(marked):
            return np.mean([task.f1(logarithms(counted(task.counts(marked), {smoothing}))) for task in tasks])

        def f1_crf(marked):
            return np.mean([task.f1(conditional(task, marked, {penalty})) for task in tasks])

        f1_hmm_few, f1_hmm_many = f1_hmm({sizes[0]}), f1_hmm({sizes[-1]})
        f1_crf_few, f1_crf_many = f1_crf({sizes[0]}), f1_crf({sizes[-1]})
        print(f1_hmm_few, f1_crf_few)
        print(f1_hmm_many, f1_crf_many)
    """)
