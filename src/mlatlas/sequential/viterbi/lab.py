"""Chinese sentences cut into words: the best path against the best state of each character, and the runners-up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

import numpy as np

from mlatlas.atlas.lab import Bars, Event, Figure, Heat, Knob, Learned, Metric, Progress, Script, Table, lab
from mlatlas.atlas.text import Text
from mlatlas.data.corpus import CORPORA, CORPUS_LABELS, SENTENCES, STATES, cut_words, word_f1, word_states
from mlatlas.sequential.viterbi.viterbi import k_best_paths, log_partition, marginals, posterior_decode, viterbi

FOLLOWS = np.array([[0, 1, 1, 0], [0, 1, 1, 0], [1, 0, 0, 1], [1, 0, 0, 1]], dtype=float)  # B, M, E, S
DECODERS = {
    "alone": Text("each character by itself", "每个字各自判断"),
    "states": Text("likeliest state of each", "各字最可能的状态"),
    "path": Text("best path", "最优路径"),
}


class Counts:
    """A chain of the states B, M, E and S, counted from sentences in words; each character counts for its state."""

    def __init__(self, sentences: Sequence[Sequence[str]], smoothing: float) -> None:
        text = "".join("".join(words) for words in sentences)
        self.rank = {character: at for at, character in enumerate(sorted(set(text)))}
        first, steps = smoothing * FOLLOWS[2], smoothing * FOLLOWS  # a text begins as after the end of a word
        seen = np.full((len(self.rank) + 1, 4), smoothing)  # the last row: characters never seen
        for words in sentences:
            states = word_states(words)
            first[states[0]] += 1
            np.add.at(steps, (states[:-1], states[1:]), 1)
            np.add.at(seen, ([self.rank[c] for c in "".join(words)], states), 1)
        with np.errstate(divide="ignore"):  # what cannot follow weighs nothing
            self.start = np.log(first / first.sum())
            self.transition = np.log(steps / steps.sum(axis=1, keepdims=True))
        self.often = np.log(seen.sum(axis=0) / seen.sum())
        self.emission = np.log(seen / seen.sum(axis=0))

    def scores(self, text: str) -> np.ndarray:
        """log P(character | state) of a text, (n, 4)."""
        scores: np.ndarray = self.emission[[self.rank.get(character, -1) for character in text]]
        return scores

    def trellis(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Start, transitions and scores of texts one after the other; each text ends where a word does."""
        score = self.scores("".join(texts))
        ends = np.cumsum([len(text) for text in texts]) - 1
        score[ends, :2] = -np.inf
        return self.start, self.transition, score


@lab(
    en="Where one Chinese word ends and the next begins",
    zh="一个词到哪里为止",
    data=Text("Chinese sentences in words", "分好词的中文句子"),
)
def segmentation(
    corpus: Annotated[Literal["ours", "newspaper"], Knob(en="Sentences", zh="语料", labels=CORPUS_LABELS)] = "ours",
    share: Annotated[
        float, Knob(en="Share of the sentences counted", zh="用于计数的句子比例", low=0.02, high=0.9)
    ] = 0.7,
    smoothing: Annotated[
        float, Knob(en="Added to every count", zh="每个计数加上的数", low=1e-4, high=10.0, log=True)
    ] = 0.1,
    sentence: Annotated[
        Literal["research", "monk", "bridge", "auction"],
        Knob(en="Sentence to look into", zh="细看的句子", labels=SENTENCES),
    ] = "research",
    paths: Annotated[int, Knob(en="Best cuts shown", zh="列出最好的几种切法", low=2, high=10)] = 5,
    *,
    seed: int = 0,
) -> Iterator[Event]:
    """Count a chain of four states on some sentences and cut the others in three ways; then look into one sentence."""
    yield Progress(0.0, en="reading and counting", zh="读语料并计数")
    words = CORPORA[corpus]().words
    order = np.random.default_rng(seed).permutation(len(words))
    cut = max(1, int(share * len(words)))
    chain = Counts([words[i] for i in order[:cut]], smoothing)
    held_out = [words[i] for i in order[cut:][:2000]]
    texts = ["".join(one) for one in held_out]
    true = np.concatenate([word_states(one) for one in held_out])
    yield Progress(0.5, en=f"cutting {len(texts)} sentences", zh=f"切分 {len(texts)} 个句子")
    trellis, lengths = chain.trellis(texts), [len(text) for text in texts]
    found = {
        "alone": (chain.often + chain.scores("".join(texts))).argmax(axis=1),
        "states": posterior_decode(*trellis, lengths)[1],
        "path": viterbi(*trellis, lengths)[1],
    }
    f1, right = {}, {}
    for name, states in found.items():
        pieces = np.split(states, np.cumsum(lengths)[:-1])
        f1[name] = 100 * word_f1(held_out, [cut_words(*pair) for pair in zip(texts, pieces, strict=True)])
        right[name] = 100 * float(np.mean(states == true))
        yield Metric(f"f1_{name}", f1[name], en=f"words right (F1), {DECODERS[name].en}", zh=f"词的 F1（{DECODERS[name].zh}）", unit="%")  # fmt: skip
    for name in ("states", "path"):
        yield Metric(f"right_{name}", right[name], en=f"states right, {DECODERS[name].en}", zh=f"状态正确率（{DECODERS[name].zh}）", unit="%")  # fmt: skip
    yield Figure(
        name="decoders",
        title=Text("Characters that listen to their neighbours make better words", "听邻字的意见，词才切得好"),
        x=Text("how the states are chosen", "状态怎么选"),
        y=Text("held-out sentences, %", "留出的句子，%"),
        caption=Text(
            f"F1 of words and share of right states on {len(texts)} held-out sentences, after counting {cut}.",
            f"在 {cut} 个句子上计数，于留出的 {len(texts)} 个句子上测词的 F1 和状态正确率。",
        ),
        series=[
            Bars(list(DECODERS.values()), list(f1.values()), label=Text("words (F1)", "词（F1）")),
            Bars(list(DECODERS.values()), list(right.values()), label=Text("states right", "状态正确率")),
        ],
    )
    text = SENTENCES[sentence].zh
    one = chain.trellis([text])
    P, (values, best) = marginals(*one), k_best_paths(*one, paths)
    weights = np.exp(values - values.max())
    share_of_best = float(np.exp(values[0] - log_partition(*one)))
    yield Metric("probability", share_of_best, en="probability of the best cut", zh="最好切法的概率")
    yield Figure(
        name="trellis",
        title=Text("How sure the chain is of each character", "链对每个字有多大把握"),
        x=Text("character", "字"),
        y=Text("state: begins, inside, ends, single", "状态：词首、词中、词尾、单字"),
        caption=Text(
            f"Posterior probabilities of the four states in “{text}”; the best path reads {' / '.join(cut_words(text, best[0]))}.",
            f"“{text}”中四个状态的后验概率；最优路径是 {' / '.join(cut_words(text, best[0]))}。",
        ),
        series=[Heat([f"{i + 1} {c}" for i, c in enumerate(text)], list(STATES), P.T)],
    )
    yield Table(
        en=f"The best cuts of “{text}”",
        zh=f"“{text}”最好的几种切法",
        columns=[Text("cut", "切法"), Text("probability", "概率"), Text("times the best", "与最好者之比")],
        rows=[[" / ".join(cut_words(text, z)), share_of_best * w, w] for z, w in zip(best, weights, strict=True)],
    )
    yield Learned(
        en=f"The best path finds words with an F1 of {f1['path']:.1f}%, the likeliest states {f1['states']:.1f}%, characters by "
        f"themselves {f1['alone']:.1f}%; of the states, {right['path']:.1f}%, {right['states']:.1f}% and {right['alone']:.1f}% are right.",
        zh=f"最优路径切词的 F1 为 {f1['path']:.1f}%，各字最可能的状态为 {f1['states']:.1f}%，每个字各自判断为 {f1['alone']:.1f}%；"
        f"状态正确率依次是 {right['path']:.1f}%、{right['states']:.1f}%、{right['alone']:.1f}%。",
    )
    reader = CORPORA[corpus].__name__
    yield Script(f"""
        import numpy as np
        from mlatlas.data.corpus import {reader}, cut_words, word_f1
        from mlatlas.sequential import posterior_decode, viterbi
        from mlatlas.sequential.viterbi.lab import Counts

        words = {reader}().words
        order = np.random.default_rng({seed}).permutation(len(words))
        cut = max(1, int({share} * len(words)))
        chain = Counts([words[i] for i in order[:cut]], {smoothing})
        held_out = [words[i] for i in order[cut:][:2000]]
        texts = ["".join(one) for one in held_out]
        lengths = [len(text) for text in texts]

        def f1(states):
            pieces = np.split(states, np.cumsum(lengths)[:-1])
            return 100 * word_f1(held_out, [cut_words(*pair) for pair in zip(texts, pieces)])

        f1_path = f1(viterbi(*chain.trellis(texts), lengths)[1])
        f1_states = f1(posterior_decode(*chain.trellis(texts), lengths)[1])
        print(f1_path, f1_states)
    """)
