"""Chinese words from marked sentences: a counted hidden Markov model against a conditional random field."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

import numpy as np

from mlatlas.atlas.lab import Event, Figure, Heat, Knob, Learned, Line, Metric, Progress, Script, Table, lab
from mlatlas.atlas.text import Text
from mlatlas.data.corpus import CORPORA, CORPUS_LABELS, SENTENCES, STATES, cut_words, word_f1, word_states
from mlatlas.sequential.crf.crf import LinearChainCRF
from mlatlas.sequential.viterbi.lab import Counts
from mlatlas.sequential.viterbi.viterbi import viterbi

LEARNERS = {
    "hmm": Text("HMM, counted", "HMM，计数"),
    "table": Text("CRF, the character alone", "CRF，只看本字"),
    "window": Text("CRF, neighbours too", "CRF，兼看邻字"),
}
HELD_OUT = 500  # at most so many sentences to judge on

Sentences = Sequence[Sequence[str]]


def features(text: str, window: bool) -> list[list[str]]:
    """The attributes of every character: itself and, with a window, two to each side and the pairs that they form."""
    padded = f"⟨⟨{text}⟩⟩"
    found = []
    for t in range(2, len(text) + 2):
        one = ["bias", f"c={padded[t]}"]
        if window:
            one += [f"c{d:+d}={padded[t + d]}" for d in (-2, -1, 1, 2)]
            one += [f"pair{d:+d}={padded[t + d : t + d + 2]}" for d in (-1, 0)]
        found.append(one)
    return found


def trained(sentences: Sentences, window: bool, c1: float, c2: float) -> LinearChainCRF:
    """A field of the four states, learned from sentences in words."""
    X = [features("".join(words), window) for words in sentences]
    return LinearChainCRF(c1=c1, c2=c2, max_iterations=100).fit(
        X, [[STATES[k] for k in word_states(w)] for w in sentences]
    )


def states_of(model: LinearChainCRF, texts: Sequence[str], window: bool) -> list[list[int]]:
    """The decoded states of texts."""
    return [[STATES.index(k) for k in one] for one in model.predict([features(text, window) for text in texts])]


def f1(held_out: Sentences, states: Sequence[Sequence[int]]) -> float:
    """F1 of the words that these states cut, in per cent."""
    return 100 * word_f1(held_out, [cut_words("".join(w), z) for w, z in zip(held_out, states, strict=True)])


def counted(sentences: Sentences, texts: Sequence[str], smoothing: float) -> list[list[int]]:
    """The states that a hidden Markov model counted on the sentences decodes."""
    lengths = [len(text) for text in texts]
    _, path = viterbi(*Counts(sentences, smoothing).trellis(texts), lengths)
    return [part.tolist() for part in np.split(path, np.cumsum(lengths)[:-1])]


@lab(
    en="Counting against conditioning: words from growing numbers of sentences",
    zh="计数还是条件化：句子由少到多，谁切得好",
    data=Text("Chinese sentences in words", "分好词的中文句子"),
)
def segmentation(
    corpus: Annotated[Literal["ours", "newspaper"], Knob(en="Sentences", zh="语料", labels=CORPUS_LABELS)] = "ours",
    most: Annotated[int, Knob(en="Most sentences to learn from", zh="最多用几句学习", low=8, high=5000, log=True)] = 64,
    smoothing: Annotated[
        float, Knob(en="Added to every count of the HMM", zh="HMM 每个计数加上的数", low=1e-3, high=10.0, log=True)
    ] = 0.1,
    c1: Annotated[float, Knob(en="Penalty c₁ on absolute values", zh="绝对值惩罚 c₁", low=0.0, high=2.0)] = 0.0,
    c2: Annotated[float, Knob(en="Penalty c₂ on squares", zh="平方惩罚 c₂", low=1e-3, high=10.0, log=True)] = 0.1,
    sentence: Annotated[
        Literal["research", "monk", "bridge", "auction"],
        Knob(en="Sentence to look into", zh="细看的句子", labels=SENTENCES),
    ] = "research",
    *,
    seed: int = 0,
) -> Iterator[Event]:
    """Learn to cut words from growing numbers of sentences in three ways; then look into one sentence."""
    yield Progress(0.0, en="reading", zh="读语料")
    words = CORPORA[corpus]().words
    order = np.random.default_rng(seed).permutation(len(words))
    most = min(most, int(0.7 * len(words)))
    pool, held_out = [words[i] for i in order[:most]], [words[i] for i in order[most:][:HELD_OUT]]
    texts = ["".join(one) for one in held_out]
    sizes = [most // 2**i for i in range(5, -1, -1) if most // 2**i >= 2]
    scores: dict[str, list[float]] = {name: [] for name in LEARNERS}
    for i, size in enumerate(sizes):
        yield Progress(i / len(sizes), en=f"learning from {size} sentences", zh=f"用 {size} 句学习")
        scores["hmm"].append(f1(held_out, counted(pool[:size], texts, smoothing)))
        for name in ("table", "window"):
            model = trained(pool[:size], name == "window", c1, c2)
            scores[name].append(f1(held_out, states_of(model, texts, name == "window")))
    for name, text in LEARNERS.items():
        for end, at in (("few", 0), ("many", -1)):
            yield Metric(f"f1_{name}_{end}", scores[name][at], en=f"F1 of words, {sizes[at]} sentences: {text.en}", zh=f"词的 F1，{sizes[at]} 句：{text.zh}", unit="%")  # fmt: skip
    yield Figure(
        name="curves",
        title=Text("Who cuts better, with few sentences and with many", "句子少时与多时，谁切得好"),
        x=Text("sentences learned from", "学习用的句子数"),
        y=Text("F1 of words in held-out sentences, %", "留出句子中词的 F1，%"),
        caption=Text(
            f"One random division; {len(held_out)} held-out sentences. The first two see the same, a character and its state.",
            f"一次随机划分，留出 {len(held_out)} 句。前两者看到的相同：本字与状态。",
        ),
        series=[Line(sizes, scores[name], label=text) for name, text in LEARNERS.items()],
        log_x=True,
    )
    line = SENTENCES[sentence].zh
    rows = model.predict_marginals_single(features(line, True))
    P = np.array([[row.get(state, 0.0) for row in rows] for state in STATES])
    cut = " / ".join(cut_words(line, states_of(model, [line], True)[0]))
    yield Figure(
        name="marginals",
        title=Text("How sure the field is of each character", "条件随机场对每个字有多大把握"),
        x=Text("character", "字"),
        y=Text("state: begins, inside, ends, single", "状态：词首、词中、词尾、单字"),
        caption=Text(
            f"Marginals in “{line}”; the best labelling reads {cut}.", f"“{line}”的边缘概率；最优标注是 {cut}。"
        ),
        series=[Heat([f"{i + 1} {c}" for i, c in enumerate(line)], list(STATES), P)],
    )
    heavy = sorted(model.state_features_.items(), key=lambda pair: -abs(pair[1]))[:10]
    yield Table(
        en="The heaviest weights",
        zh="绝对值最大的权重",
        columns=[Text("attribute", "属性"), Text("state", "状态"), Text("weight", "权重")],
        rows=[[attribute, state, weight] for (attribute, state), weight in heavy],
    )
    few, many = ({name: scores[name][at] for name in LEARNERS} for at in (0, -1))
    yield Learned(
        en=f"From {sizes[0]} sentences the HMM has an F1 of {few['hmm']:.1f}%, the CRF that sees the same {few['table']:.1f}%, with neighbours "
        f"{few['window']:.1f}%; from {sizes[-1]}, {many['hmm']:.1f}%, {many['table']:.1f}% and {many['window']:.1f}%.",
        zh=f"用 {sizes[0]} 句，HMM 的 F1 为 {few['hmm']:.1f}%，所见相同的 CRF 为 {few['table']:.1f}%，兼看邻字 {few['window']:.1f}%；"
        f"用 {sizes[-1]} 句，依次为 {many['hmm']:.1f}%、{many['table']:.1f}%、{many['window']:.1f}%。",
    )
    reader = CORPORA[corpus].__name__
    yield Script(f"""
        import numpy as np
        from mlatlas.data.corpus import {reader}
        from mlatlas.sequential.crf.lab import counted, f1, states_of, trained

        words = {reader}().words
        order = np.random.default_rng({seed}).permutation(len(words))
        pool, held_out = [words[i] for i in order[:{most}]], [words[i] for i in order[{most}:][:{HELD_OUT}]]
        texts = ["".join(one) for one in held_out]
        f1_hmm_many = f1(held_out, counted(pool, texts, {smoothing}))
        f1_window_many = f1(held_out, states_of(trained(pool, True, {c1}, {c2}), texts, True))
        print(f1_hmm_many, f1_window_many)
    """)
