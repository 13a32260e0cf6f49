"""Drawing and shrinking problems."""

import numpy as np
import pytest

from mlatlas.atlas.judge.draw import Draw, Rejected, shrink


def test_draws_are_reproducible_and_independent_of_one_another():
    first, second = Draw(3), Draw(3)
    assert first.integer(2, 9) == second.integer(2, 9)
    assert np.array_equal(first.normal(4, 2), second.normal(4, 2))
    third, edited = Draw(3), Draw(3, {0: np.array(2)})
    assert third.integer(2, 9) != edited.integer(2, 9) == 2
    assert np.array_equal(third.normal(5), edited.normal(5))
    assert not np.array_equal(Draw(4).normal(5), Draw(5).normal(5))
    assert not np.array_equal(first.normal(5), first.normal(5))


def test_fewer_rows_are_the_top_of_more():
    assert np.array_equal(Draw(0).normal(3, 2), Draw(0).normal(7, 2)[:3])


@pytest.mark.parametrize("seed", range(20))
def test_kinds_are_what_they_say(seed):
    draw = Draw(seed)
    assert 2 <= draw.integer(2, 9) < 9
    assert 0 <= draw.integer(5) < 5
    assert draw.integer(0, 3, 4).shape == (4,)
    assert isinstance(draw.integer(5), int)
    assert isinstance(draw.normal(), float)
    assert (draw.positive(3, 2) > 0).all()
    u = draw.uniform(-1, 2, 50)
    assert u.min() >= -1
    assert u.max() < 2
    p = draw.probabilities(2, 3)
    assert p.shape == (2, 3)
    assert np.allclose(p.sum(-1), 1)
    assert p.min() > 0.005
    assert draw.choice(["a", "b"]) in ("a", "b")
    assert sorted(draw.permutation(5)) == list(range(5))
    assert set(draw.labels(6, 3)) == {0, 1, 2}
    assert set(draw.sign(20)) == {-1.0, 1.0}
    Q = draw.orthogonal(5, 2)
    assert np.allclose(Q.T @ Q, np.eye(2))
    S = draw.symmetric(3)
    assert np.array_equal(S, S.T)
    assert np.linalg.eigvalsh(draw.positive_definite(3))[0] > 0.19
    assert [entry.kind for entry in draw.tape][:2] == ["integer", "integer"]


def test_an_edit_that_does_not_fit_is_ignored():
    edits = {0: np.zeros(3), 1: np.array(99), 2: np.array([0.5, 0.6])}
    draw, plain = Draw(0, edits), Draw(0)
    assert np.array_equal(draw.normal(4), plain.normal(4))
    assert draw.integer(1, 5) == 4
    assert np.allclose(draw.probabilities(2).sum(), 1)


def test_an_edit_is_cut_to_a_smaller_shape():
    assert np.array_equal(Draw(0, {0: np.eye(3)}).normal(2, 3), np.eye(2, 3))


def test_require():
    Draw(0).require(True)
    Draw(0).require(np.array([True, True]))
    with pytest.raises(Rejected):
        Draw(0).require(np.array([True, False]))


def regression(draw):
    n, p = draw.integer(4, 30), draw.integer(1, 6)
    return draw.normal(n, p), draw.normal(n)


def smallest(generator, fails, seeds=50):
    seed = next(seed for seed in range(seeds) if fails(generator(Draw(seed))))
    return generator(shrink(lambda draw: fails(generator(draw)), seed))


def test_shrinking_reaches_the_known_smallest_problem():
    X, y = smallest(regression, lambda problem: len(problem[0]) >= 7 and problem[0].shape[1] >= 2)
    assert X.shape == (7, 2)
    assert not X.any()
    assert not y.any()

    X, y = smallest(regression, lambda problem: problem[0].sum() > 0.3)
    assert X.shape == (4, 1)
    assert np.array_equal(X, [[1], [0], [0], [0]])
    assert not y.any()

    X, _ = smallest(regression, lambda problem: (problem[0] < -0.55).any())
    assert X.min() == -1
    assert np.abs(X).sum() == 1
    assert len(X) == 4


def test_shrinking_stays_legal():
    p = smallest(lambda draw: draw.probabilities(3), lambda p: p[0] > 1.5 * p[1])
    assert np.isclose(p.sum(), 1)
    assert (p > 0).all()
    assert np.allclose(p * 6, np.round(p * 6)) or np.allclose(p * 10, np.round(p * 10))
    p = smallest(lambda draw: draw.permutation(6), lambda p: p[1] != 1)
    assert np.sum(p != np.arange(6)) <= 3
    Q = smallest(lambda draw: draw.orthogonal(4, 2), lambda Q: np.abs(Q).max() > 0.5)
    assert np.array_equal(Q, np.eye(4, 2))
    S = smallest(lambda draw: draw.positive_definite(3), lambda S: abs(S[0, 1]) > 0.1)
    assert np.linalg.eigvalsh(S)[0] > 0.19
    assert np.array_equal(S, S.T)
    labels = smallest(lambda draw: draw.labels(6, 2), lambda y: y.sum() >= 2)
    assert sorted(labels) == [0, 0, 0, 0, 1, 1]
    assert smallest(lambda draw: draw.choice("abc"), lambda c: c != "a") == "b"


def test_rejection_and_exceptions_are_no_failures():
    def generator(draw):
        n = draw.integer(1, 30)
        draw.require(n >= 5)
        return n

    assert smallest(lambda draw: draw.integer(1, 30), lambda n: n > 9) == 10
    seed = next(seed for seed in range(50) if Draw(seed).integer(1, 30) > 8)
    assert generator(shrink(lambda draw: generator(draw) > 0, seed)) == 5

    def raises_below_seven(draw):
        if draw.integer(1, 30) < 7:
            raise ZeroDivisionError
        return True

    assert shrink(raises_below_seven, seed).integer(1, 30) == 7


def test_what_does_not_fail_is_left_alone():
    assert np.array_equal(shrink(lambda draw: bool(draw.normal() > 99), 3).normal(5), Draw(3).normal(5))


def test_shrinking_is_deterministic_and_bounded():
    calls = 0

    def fails(draw):
        nonlocal calls
        calls += 1
        X, y = regression(draw)
        return bool((X.T @ y).sum() > 0)

    seed = next(seed for seed in range(9) if fails(Draw(seed)))
    first, second = regression(shrink(fails, seed)), regression(shrink(fails, seed))
    assert np.array_equal(first[0], second[0])
    calls = 0
    shrink(fails, seed, budget_tries=30)
    assert calls <= 31


def test_integers_are_shrunk_first():
    seen = []

    def fails(draw):
        draw.normal(3, 3), draw.integer(1, 99), draw.normal(2)
        seen.append(set(draw.edits))
        return True

    shrink(fails, 0)
    assert seen[:2] == [set(), {1}]
