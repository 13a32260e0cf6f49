"""Words as states of characters, and the sentences that come with the package."""

from __future__ import annotations

import pytest

from mlatlas.data import chinese_sentences
from mlatlas.data.corpus import cut_words, word_f1, word_states


def test_states_give_the_words_back() -> None:
    sentences = chinese_sentences().words
    assert len(sentences) == 104
    for words in sentences:
        assert cut_words("".join(words), word_states(words)) == words
    assert word_states(["图书馆", "的", "老师"]) == [0, 1, 2, 3, 0, 2]


def test_states_that_cannot_follow_each_other_still_cut() -> None:
    assert cut_words("甲乙丙丁", [0, 0, 1, 3]) == ("甲", "乙丙", "丁")
    assert cut_words("甲乙丙", [2, 1, 2]) == ("甲", "乙丙")


def test_a_word_counts_where_both_of_its_ends_are_right() -> None:
    true, found = [("研究", "生命"), ("的",)], [("研究生", "命"), ("的",)]
    assert word_f1(true, true) == 1.0
    assert word_f1(true, found) == pytest.approx(2 * 1 / (3 + 3))
