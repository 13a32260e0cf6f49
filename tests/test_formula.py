"""What a reader types, as mathematics; and the process that judges it."""

import ast
import time
from dataclasses import asdict

import pytest

from mlatlas.atlas.confine import Limits
from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.judge.examiner import Examiner, Unanswered
from mlatlas.atlas.judge.formula import formula, name
from mlatlas.atlas.judge.grammar import ExpressionError
from mlatlas.atlas.map import Check, open_atlas
from mlatlas.atlas.map.mathematics import mathml

# ---- formulas --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "latex"),
    [
        ("transpose(X) @ y / n", r"\frac{{X}^{\top}\,y}{n}"),
        ("a + b - c", "a + b - c"),
        ("a - (b - c)", r"a - \left(b - c\right)"),
        ("-(a + b)", r"-\left(a + b\right)"),
        ("(a + b) ** 2", r"{\left(a + b\right)}^{2}"),
        ("-a ** 2", "-{a}^{2}"),
        ("(-a) ** 2", r"{\left(-a\right)}^{2}"),
        ("2 * x", r"2 \, x"),
        ("lam * w", r"\lambda \, w"),
        ("x * y", r"x \odot y"),
        ("x * 2", r"x \cdot 2"),
        ("w_hat[0]", r"{\hat{w}}_{0}"),
        ("X[:, 1:3]", "{X}_{:, 1:3}"),
        ("solve(A, b)", r"{A}^{-1}\,b"),
        ("exp(-x)", "e^{-x}"),
        ("where(x > 0, x, 0)", r"\begin{cases} x & x > 0 \\ 0 & \text{otherwise} \end{cases}"),
        ("sum(X, axis=0)", r"\operatorname{sum}\left(X, \mathrm{axis} = 0\right)"),
        ("1e-3", r"0.001"),
        ("1e-30", r"1 \times 10^{-30}"),
    ],
)
def test_an_expression_becomes_a_formula(typed, latex):
    assert formula(typed, scalars=("n", "lam", "a", "b", "c")) == latex
    assert mathml(latex, display=True).startswith("<math")


@pytest.mark.parametrize(
    ("word", "latex"),
    [
        ("x", "x"),
        ("x1", "x_{1}"),
        ("sigma", r"\sigma"),
        ("sigma2", r"\sigma_{2}"),
        ("w_hat", r"\hat{w}"),
        ("lam", r"\lambda"),
    ],
)
def test_a_name_becomes_a_symbol(word, latex):
    assert name(word) == latex


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "2 *",
        "__import__('os')",
        "x.real",
        "lambda: 1",
        "f'{x}'",
        r"\frac{1}{2}",
        "[x for x in y]",
        "(" * 90,
        "1+" * 400 + "1",
        "x if y else z",
    ],
)
def test_what_would_be_refused_is_no_formula(typed):
    with pytest.raises(ExpressionError) as caught:
        formula(typed)
    assert caught.value.text.zh


def test_nothing_but_names_and_numbers_reaches_the_formula():
    odd = formula("foo_bar_1(x) + ünï_码", scalars=())
    assert "<" not in odd
    assert mathml(odd, display=True).startswith("<math")


def answers():
    for id, room in open_atlas().rooms.items():
        for check in room.page.checks:
            for node in ast.parse(check.source).body:
                if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "answer":
                    yield f"{id}: {check.label}", ast.unparse(node.value)


def test_every_answer_of_every_page_can_be_shown_as_it_is_typed():
    shown = 0
    for where, text in answers():
        try:
            latex = formula(text)
        except ExpressionError:
            continue  # written with what a reader is not offered
        assert mathml(latex, display=True).startswith("<math"), where
        shown += 1
    assert shown > 100


def test_a_formula_is_quick_however_odd_the_text():
    began = time.perf_counter()
    odd = ["-" * 90 + "x", "(" * 45 + "x" + ")" * 45, "x**" * 40 + "2", "a[" * 30 + "0" + "]" * 30, "+".join("x" * 90)]
    for typed in (*odd, "x/" * 40 + "2", "sqrt(" * 40 + "x" + ")" * 40):
        assert mathml(formula(typed), display=True).startswith("<math")
    assert time.perf_counter() - began < 2.0


# ---- the examiner ----------------------------------------------------------------------------------------------

CHECK = Check(
    1,
    "gradient",
    "numeric",
    "n = draw.integer(2, 9)\nx, y = draw.normal(n), draw.normal(n)\nw = draw.normal()\n"
    "truth = derivative(lambda w: sum((y - w * x)**2) / n, w)\nanswer = -2 * sum(x * (y - w * x)) / n",
    r"\ell'(w) = -\frac{2}{n} \sum_i x_i (y_i - w x_i)",
    False,
    None,
)


@pytest.fixture(scope="module")
def examiner():
    with Examiner(Limits(seconds=30)) as one:
        yield one


def judge(examiner, text, check=CHECK):
    return examiner.ask("judge", check=asdict(check), text=text)


def test_the_examiner_poses_and_judges(examiner):
    pose = examiner.ask("pose", check=asdict(CHECK))
    assert [name for name, _ in pose["names"]] == ["n", "x", "y", "w"]
    assert dict(pose["names"])["w"] == []
    assert len(pose["hints"]) == 3
    assert judge(examiner, "2 * (w * sum(x * x) - sum(x * y)) / n")["outcome"] == "right"
    forgotten = judge(examiner, "2 * (w * sum(x * x) - sum(x * y))")
    assert forgotten["outcome"] == "wrong"
    assert "n times the answer" in forgotten["text"]["en"]
    assert judge(examiner, "2 * sum(x * (y - w * x)) / n")["text"]["en"] == "Its sign is wrong."
    assert judge(examiner, "open('/etc/passwd')")["outcome"] == "refused"


def test_what_the_author_of_a_page_got_wrong_is_an_error(examiner):
    broken = Check(1, "a", "numeric", "truth = nothing\nanswer = 1", "a = b", False, None)
    with pytest.raises(AtlasError, match="nothing"):
        judge(examiner, "1", broken)
    assert judge(examiner, "w")["outcome"] == "wrong", "and the examiner lives on"


def test_a_question_that_takes_too_long_costs_the_process_and_no_more():
    slow = "truth = [k for k in range(10**10) if k < 0] or 1.0\nanswer = 1"
    with Examiner(Limits(seconds=2)) as examiner:
        began = time.monotonic()
        with pytest.raises(Unanswered) as caught:
            judge(examiner, "1", Check(1, "a", "numeric", slow, "a = b", False, None))
        assert time.monotonic() - began < 15
        assert "2 seconds" in caught.value.text.en
        assert judge(examiner, "-2 * sum(x * (y - w * x)) / n")["outcome"] == "right", "another child answers"


def test_the_examiner_dies_with_its_parent_and_on_closing():
    examiner = Examiner(Limits(seconds=30))
    examiner.warm()
    child = examiner._child
    examiner.close()
    assert child.poll() is not None
    examiner.close()  # twice does no harm
