"""Bad input to the decoder, long chains, forbidden paths, threads and memory."""

import itertools
import tracemalloc

import numpy as np
import pytest

from mlatlas.sequential.viterbi.viterbi import (
    backward,
    forward,
    k_best_paths,
    log_partition,
    marginals,
    posterior_decode,
    viterbi,
)

ALL = (viterbi, forward, backward, log_partition, marginals, posterior_decode)
START, STEP = np.log([0.6, 0.4]), np.log([[0.7, 0.3], [0.4, 0.6]])


def trellis(n=50, K=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=K), rng.normal(size=(K, K)), rng.normal(size=(n, K))


@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"score": np.zeros(4)}, r"score must have a row for each time .* got shape \(4,\)"),
        ({"score": np.zeros((0, 2))}, r"at least one of each; got shape \(0, 2\)"),
        ({"score": [[0.0, np.nan]]}, "score must hold numbers or -inf; got nan"),
        ({"score": [[0.0, np.inf]]}, "score must hold numbers or -inf; got inf"),
        ({"score": [["a", "b"]]}, "score must hold real numbers"),
        ({"start": np.zeros(3)}, r"start must have one entry for each of the 2 columns of score; got shape \(3,\)"),
        ({"transition": np.zeros((3, 2))}, r"transition must have shape \(2, 2\), or \(3, 2, 2\).*got \(3, 2\)"),
        ({"transition": np.zeros((4, 2, 2))}, r"with a matrix for each step; got \(4, 2, 2\)"),
        ({"transition": np.zeros((3, 2, 2)), "lengths": [2, 2]}, "when there are several sequences"),
        ({"lengths": [1, 2]}, "lengths must add up to the number of rows, 4; got 3"),
        ({"lengths": [4, 0]}, "lengths must be at least 1; got 0 for sequence 1"),
        ({"lengths": [2.0, 2.0]}, "lengths must be a list of whole numbers"),
        ({"lengths": []}, "lengths must be a list of whole numbers"),
        ({"start": np.full(2, -np.inf)}, "sequence 0 must have a path of finite score"),
        ({"score": [[0, 0], [0, 0], [0, 0], [-np.inf] * 2], "lengths": [2, 2]}, "sequence 1 must have a path"),
    ],
)
def test_bad_input_is_refused(function, change, rule):
    arguments = {"start": START, "transition": STEP, "score": np.zeros((4, 2)), **change}
    with pytest.raises(ValueError, match=rule):
        function(**arguments)


@pytest.mark.parametrize("k", [0, -1, 2.0, True, None])
def test_a_bad_number_of_paths_is_refused(k):
    with pytest.raises(ValueError, match="k must be a whole number from 1 on"):
        k_best_paths(START, STEP, np.zeros((4, 2)), k)


def test_one_time_and_one_state():
    assert viterbi([0.0, 1.0], STEP, [[0.5, 0.0]])[1].tolist() == [1]
    assert viterbi([0.0, 1.0], np.zeros((0, 2, 2)), [[0.5, 0.0]])[0] == 1.0
    assert log_partition([0.5], [[-0.25]], np.zeros((5, 1))) == pytest.approx(-0.5)
    assert k_best_paths([0.5], [[-0.25]], np.zeros((5, 1)), 3)[1].tolist() == [[0] * 5]
    np.testing.assert_array_equal(marginals([0.5], [[-0.25]], np.zeros((5, 1))), np.ones((5, 1)))


def test_ties_go_to_the_lower_state_decided_from_the_end():
    np.testing.assert_array_equal(viterbi(np.zeros(3), np.zeros((3, 3)), np.zeros((4, 3)))[1], np.zeros(4))
    step = np.array([[-1.0, 0.0], [0.0, -1.0]])  # 0101 and 1010 tie: the one that ends in 0
    assert viterbi(np.zeros(2), step, np.zeros((4, 2)))[1].tolist() == [1, 0, 1, 0]


def test_a_million_times_neither_underflow_nor_fill_the_memory():
    rng = np.random.default_rng(0)
    n, score = 1_000_000, rng.normal(size=(1_000_000, 2)) - 50.0
    tracemalloc.start()
    value, path = viterbi(START, STEP, score)
    total = log_partition(START, STEP, score)
    expected, _ = posterior_decode(START, STEP, score)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    worth = START[path[0]] + score[np.arange(n), path].sum() + STEP[path[:-1], path[1:]].sum()
    assert value == pytest.approx(worth, rel=1e-10)  # a running sum of n numbers rounds n times
    assert value < total < value + n * np.log(2)
    assert n / 2 < expected < n
    assert peak < 8 * n * 12  # a dozen numbers a time; a table of all pairs of states alone would take 4


def test_a_thousand_numbers_of_states_that_are_no_multiple_of_four_agree_with_numpy():
    for K in range(1, 10):
        start, step, score = trellis(20, K, seed=K)
        now = start + score[0]
        for row in score[1:]:
            now = row + (now[:, None] + step).max(axis=0)
        assert viterbi(start, step, score)[0] == pytest.approx(now.max(), rel=1e-12)


def test_the_second_best_path_of_a_long_chain():
    start, step, score = trellis(1000)
    values, paths = k_best_paths(start, step, score, 4)
    assert values[0] == pytest.approx(viterbi(start, step, score)[0], rel=1e-12)
    assert (np.diff(values) < 0).all()
    assert len(np.unique(paths, axis=0)) == 4


def test_weights_that_differ_by_more_than_a_number_can_hold():
    step = np.array([[0.0, -2000.0], [-np.inf, 0.0]])
    score = np.array([[0.0, -np.inf], [-5000.0, 0.0], [0.0, 0.0]])
    exact = np.logaddexp(np.logaddexp(-5000.0, -7000.0), -2000.0)
    assert log_partition(np.zeros(2), step, score) == pytest.approx(exact, rel=1e-12)
    np.testing.assert_allclose(marginals(np.zeros(2), step, score), [[1, 0], [0, 1], [0, 1]], atol=1e-12)


def test_threads_do_not_change_the_answer():
    start, step, _ = trellis(K=5)
    lengths = np.random.default_rng(1).integers(1, 400, 200)
    score = np.random.default_rng(2).normal(size=(lengths.sum(), 5))
    for function in (viterbi, posterior_decode):
        one, two = (function(start, step, score, lengths, n_jobs=jobs) for jobs in (1, 2))
        np.testing.assert_array_equal(one[0], two[0])
        np.testing.assert_array_equal(one[1], two[1])


def test_a_chain_of_steps_of_its_own_is_enumerated():
    rng = np.random.default_rng(0)
    start, steps, score = rng.normal(size=2), rng.normal(size=(3, 2, 2)), rng.normal(size=(4, 2))
    values = [
        start[z[0]] + sum(score[t, z[t]] for t in range(4)) + sum(steps[t, z[t], z[t + 1]] for t in range(3))
        for z in itertools.product((0, 1), repeat=4)
    ]
    np.testing.assert_allclose(k_best_paths(start, steps, score, 99)[0], sorted(values, reverse=True), rtol=1e-12)
    assert log_partition(start, steps, score) == pytest.approx(np.log(np.exp(values).sum()), rel=1e-12)
