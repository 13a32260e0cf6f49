"""Bad input to viterbi, and what only a test can say."""

from mlatlas.sequential.viterbi.viterbi import Viterbi


def test_is_written() -> None:
    Viterbi()
