"""The judge is judged: whatever is wrong with a law, a mutant or a counterexample has to be reported."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from mlatlas.atlas.judge import Draw, Subject, agree, atmost, differs, falls, known, law, moments, mutant
from mlatlas.atlas.judge.peers import peer, race
from mlatlas.atlas.judge.racing import run_race
from mlatlas.atlas.judge.room import finite, state_of
from mlatlas.atlas.judge.verdict import (
    Witnesses,
    described,
    idle_laws,
    judge_known,
    judge_law,
    judge_mutants,
    try_mutant,
)
from mlatlas.atlas.text import Text

WORDS = {"en": "a mean", "zh": "均值"}
OURS = Subject({"mean": lambda x: float(np.mean(x)), "total": lambda x: float(np.sum(x))})
NONE = Subject({})


def numbers(draw: Draw):
    return draw.normal(draw.integer(2, 9)) + 1.0


def numbers_and_shift(draw: Draw):
    return numbers(draw), 0.0


def numbers_and_real_shift(draw: Draw):
    return numbers(draw), 3.0


@law("property", given=numbers, **WORDS)
def mean_is_total_over_n(problem, subject, other):
    return subject.mean(problem), np.sum(problem) / len(problem)


@law("invariant", given=numbers_and_shift, without=numbers_and_real_shift, **WORDS)
def no_shift_no_change(problem, subject, other):
    x, shift = problem
    return subject.mean(x + shift), subject.mean(x)


@law("property", given=numbers, **WORDS)
def holds_for_everything(problem, subject, other):
    subject.mean(problem)
    return 1.0, 1.0


@mutant(en="divides by n - 1", zh="除以 n−1")
def one_less(ours):
    return SimpleNamespace(mean=lambda x: ours.total(x) / (len(x) - 1))


@mutant(en="crashes", zh="崩溃")
def crashing(ours):
    def mean(x):
        raise ZeroDivisionError("never works")

    return SimpleNamespace(mean=mean)


@mutant(en="is not finite", zh="非有限值")
def not_finite(ours):
    return SimpleNamespace(mean=lambda x: float("nan"))


@mutant(en="is right", zh="其实是对的")
def harmless(ours):
    return SimpleNamespace(mean=ours.mean)


def judged(one, subject=OURS):
    return judge_law(one, subject, NONE)


# ---- comparisons -----------------------------------------------------------------------------------------


def test_a_gap_is_relative_to_the_larger_side_or_the_scale():
    assert agree(1.0, 1.0 + 1e-7).holds
    assert not agree(1e-20, 2e-20).holds
    assert agree(1e-20, 2e-20, scale=1.0).holds
    between = agree(1.0, 1.0 + 1e-5)
    assert not between.holds
    assert not between.apart  # ten tolerances kill no mutant


@pytest.mark.parametrize(
    "pair", [(np.nan, np.nan), (np.inf, np.inf), (np.zeros(2), np.zeros(3)), ("a", "a"), (1.0, [1.0])]
)
def test_what_is_not_finite_or_has_another_shape_never_agrees(pair):
    one = agree(*pair)
    assert not one.holds
    assert not one.apart
    assert one.reason


def test_bounds_differences_and_descents():
    assert atmost(1.0, 2.0).holds
    assert atmost(2.0, 1.0).apart
    assert differs(1.0, 2.0).holds
    assert differs(1.0, 1.0).apart
    assert not differs(1.0, 1.0 + 1e-5).holds  # different, but not by a hundred tolerances
    assert falls([3.0, 2.0, 2.0]).holds
    assert falls([3.0, 2.0, 2.5]).apart


def test_moments_tell_a_right_sample_from_a_wrong_one():
    sample = np.random.default_rng(0).normal(2.0, 3.0, size=(20_000, 2))
    assert moments(sample, [2.0, 2.0], [9.0, 9.0]).holds
    assert moments(sample, [2.0, 2.3], [9.0, 9.0]).apart
    assert moments(sample, [2.0, 2.0], [9.0, 8.0]).apart


# ---- laws ------------------------------------------------------------------------------------------------


def test_a_true_law_holds_and_shows_what_breaks_without_its_hypothesis():
    verdict = judged(no_shift_no_change)
    assert verdict.holds
    assert verdict.apart > 0.1


def test_a_false_law_comes_with_the_smallest_problem():
    @law("property", given=numbers, **WORDS)
    def mean_is_total(problem, subject, other):
        return subject.mean(problem), np.sum(problem)

    verdict = judged(mean_is_total)
    assert verdict.failure == "gap"
    assert verdict.counterexample.startswith("[")
    assert verdict.counterexample.count(",") <= 4  # two numbers and the two sides: no smaller size was possible


def test_a_needless_hypothesis_is_reported():
    @law("property", given=numbers_and_shift, without=numbers_and_shift, **WORDS)
    def same(problem, subject, other):
        return subject.mean(problem[0]), np.mean(problem[0])

    verdict = judged(same)
    assert verdict.failure == "needless hypothesis"


@pytest.mark.parametrize(
    ("shift", "failure"),
    [(lambda draw: (numbers(draw), None), "raises"), (lambda draw: (numbers(draw), np.inf), "not a number")],
)
def test_a_counterexample_that_fails_for_the_wrong_reason_is_none(shift, failure):
    @law("invariant", given=numbers_and_shift, without=shift, **WORDS)
    def shifted(problem, subject, other):
        return subject.mean(problem[0] + problem[1]), subject.mean(problem[0])

    verdict = judged(shifted)
    assert not verdict.holds
    assert verdict.failure == failure
    assert "no counterexample" in verdict.reason


def test_shrinking_does_not_leave_the_hypothesis_nor_change_the_failure():
    def positive(draw: Draw):
        x = numbers(draw)
        draw.require(np.sum(x) > 0.5)
        return x

    @law("property", given=positive, **WORDS)
    def crashes_on_zeros(problem, subject, other):
        if np.sum(problem) <= 0.5:
            raise AssertionError("the shrinker left the hypothesis")
        return subject.mean(problem), -1.0

    verdict = judged(crashes_on_zeros)
    assert verdict.failure == "gap"
    assert "AssertionError" not in verdict.counterexample


def test_a_law_whose_hypothesis_is_never_met_is_vacuous():
    def impossible(draw: Draw):
        draw.require(False)

    @law("property", given=impossible, **WORDS)
    def anything(problem, subject, other):
        return 1.0, 1.0

    assert judged(anything).failure == "vacuous"


def test_a_body_that_returns_no_comparison_or_raises_is_a_failure():
    @law("property", given=numbers, **WORDS)
    def nothing(problem, subject, other):
        return None

    @law("property", given=numbers, **WORDS)
    def error(problem, subject, other):
        raise RuntimeError("broken law")

    assert judged(nothing).failure == "raises"
    assert "broken law" in judged(error).reason


def test_a_law_says_nothing_about_a_subject_without_the_export():
    verdict = judged(mean_is_total_over_n, Subject({"median": np.median}))
    assert not verdict.offered
    assert not verdict.holds


def test_several_comparisons_must_all_hold():
    @law("property", given=numbers, **WORDS)
    def both(problem, subject, other):
        return [agree(1.0, 1.0), agree(subject.mean(problem), 1e3)]

    assert judged(both).failure == "gap"


# ---- mutants ---------------------------------------------------------------------------------------------


def test_mutants_are_killed_or_reported():
    @known(en="the mean of 1 and 3", zh="1 与 3 的均值", source="by hand")
    def one_and_three(subject):
        return subject.mean(np.array([1.0, 3.0])), 2.0

    found = Witnesses(
        (mean_is_total_over_n, holds_for_everything), (one_and_three,), (one_less, crashing, not_finite, harmless)
    )
    verdicts = {one.name: one for one in judge_mutants(found, OURS, lambda law: NONE)}
    assert verdicts["one_less"].killed_by == ("one_and_three", "mean_is_total_over_n")
    assert verdicts["crashing"].killed_by == ()
    assert "ZeroDivisionError" in verdicts["crashing"].wrong_reason
    assert verdicts["not_finite"].killed_by == ()
    assert "not finite" in verdicts["not_finite"].wrong_reason
    assert verdicts["harmless"].killed_by == ()
    assert verdicts["harmless"].wrong_reason == ""
    assert idle_laws(found.laws, tuple(verdicts.values())) == ("holds_for_everything",)
    soon = judge_mutants(found, OURS, lambda law: NONE, every=False)
    assert [len(one.killed_by) for one in soon] == [min(1, len(one.killed_by)) for one in verdicts.values()]


def test_a_gap_of_a_few_tolerances_kills_nothing():
    barely = Subject({**vars(OURS), "mean": lambda x: float(np.mean(x)) * (1 + 2e-5)})
    assert not try_mutant(mean_is_total_over_n, barely, NONE).killed
    assert not judge_law(mean_is_total_over_n, barely, NONE).holds


def test_a_problem_made_of_problems_is_described():
    assert described((("diag", np.zeros(2)), np.ones((2, 1)), [3])) == "'diag', [0., 0.], [[1.], [1.]], [3]"


def test_a_known_answer_that_is_wrong_is_red():
    @known(en="wrong", zh="错误", source="by hand")
    def wrong(subject):
        return subject.mean(np.array([1.0, 3.0])), 2.5

    assert judge_known(wrong, OURS).failure == "gap"


# ---- peers and races -------------------------------------------------------------------------------------


@peer("NumPy", requires="numpy", findings={"mean_is_total_over_n": Text("a finding", "一个发现")})
def numpy_peer():
    return {"mean": lambda x: float(np.add.reduce(x) / len(x))}


@race(
    en="the mean",
    zh="均值",
    problem=lambda rng, n: rng.normal(size=n),
    sizes={"tiny": (10,), "small": (100,), "middle": (1000,), "large": (10_000,)},
    certificate=lambda x, answer: abs(answer - np.mean(x)),
    certifies=Text("distance from the mean", "与均值的距离"),
    goal=1e-12,
)
def averaging(subject, x, tolerance):
    return subject.mean(x)


def test_a_listed_finding_that_is_not_seen_is_reported():
    verdict = judge_law(mean_is_total_over_n, numpy_peer.subject(), NONE)
    assert state_of(verdict, numpy_peer) == "finding not seen"
    assert state_of(verdict, numpy_peer, few=True) == "holds"
    broken = judge_law(mean_is_total_over_n, one_less.subject(OURS), NONE)
    assert state_of(broken, numpy_peer) == "finding"


def test_a_race_measures_both_sides_and_their_agreement():
    outcome = run_race(averaging, OURS, numpy_peer, "small", seconds=0)
    assert outcome
    assert outcome.counts
    assert outcome.repeats >= 3
    assert outcome.agreement < 1e-12
    assert outcome.low <= outcome.ratio <= outcome.high


def test_a_race_to_another_answer_does_not_count():
    wrong = Subject({"mean": lambda x: 0.0})
    outcome = run_race(averaging, wrong, numpy_peer, "tiny", seconds=0)
    assert outcome
    assert outcome.result == "void"
    assert "ours" in outcome.reason


def test_both_sides_run_at_the_loosest_tolerance_that_reaches_the_goal():
    @race(
        en="r", zh="比赛", problem=lambda rng, n: n, sizes={"tiny": (1,), "a": (1,), "b": (1,), "c": (1,)},
        certificate=lambda problem, answer: answer, certifies=Text("itself", "自身"), goal=1e-3,
        tolerances=(1e-1, 1e-2, 1e-3, 1e-4),
    )  # fmt: skip
    def solve(subject, problem, tolerance):
        return subject.error(tolerance)

    @peer("sloppy", requires="numpy")
    def sloppy():
        return {"error": lambda tolerance: 10 * tolerance}

    outcome = run_race(solve, Subject({"error": lambda tolerance: tolerance}), sloppy, "tiny", seconds=0)
    assert outcome
    assert outcome.ours.tolerance == 1e-3
    assert outcome.theirs.tolerance == 1e-4


def test_payloads_are_valid_json():
    assert finite({"a": [float("inf"), 1.0], "b": (float("nan"),)}) == {"a": [None, 1.0], "b": [None]}
