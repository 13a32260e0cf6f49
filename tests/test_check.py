"""The judge of checks, judged: each way in which a check can be wrong is reported as what it is."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from mlatlas.atlas.judge.calculus import derivative, hessian, integral, minimise
from mlatlas.atlas.judge.check import run_check
from mlatlas.atlas.judge.traced import functions_run
from mlatlas.atlas.map.page import Check

GRADIENT = """
z, y   = draw.normal(5), draw.integer(5)
truth  = derivative(lambda z: log(sum(exp(z))) - z[y], z)
answer = exp(z) / sum(exp(z)) - one_hot(y, 5)
code   = subject.softmax_gradient(z, y)
"""


def softmax_gradient(z, y):
    p = np.exp(z) / np.exp(z).sum()
    p[y] -= 1.0
    return p


OURS = SimpleNamespace(softmax_gradient=softmax_gradient)


def check(source, level="numeric", tolerance=None):
    return Check(1, "gradient", level, source, r"\nabla = p - e_y", "code" in source, tolerance)


def judged(source, subject=OURS, level="numeric", tolerance=None):
    return run_check(check(source, level, tolerance), subject)


def refused(source, *words, **options):
    verdict = judged(source, **options)
    assert not verdict.ok
    assert any(all(word in reason for word in words) for reason in verdict.reasons), verdict.reasons
    return verdict


# ---- what holds ------------------------------------------------------------------------------------------------


def test_a_true_equation_holds():
    verdict = judged(GRADIENT)
    assert verdict.ok
    assert verdict.reasons == ()
    assert verdict.level == "numeric"
    assert verdict.draws == 25
    assert verdict.error < 1e-9
    assert verdict.tolerance == 1e-6


def test_a_check_without_draws_is_evaluated_once():
    verdict = judged("truth = integral(lambda x: exp(-x**2), -inf, inf)\nanswer = sqrt(pi)")
    assert verdict.ok
    assert verdict.draws == 1


@pytest.mark.parametrize(
    "source",
    [
        "X = draw.normal(6, 2); y = draw.normal(6)\n"
        "truth = minimise(lambda w: sum((y - X @ w)**2) + 3 * w @ w, zeros(2))\n"
        "answer = solve(X.T @ X + 3 * eye(2), X.T @ y)",
        "A = draw.positive_definite(3)\ntruth = hessian(lambda x: x @ A @ x / 2, draw.normal(3))\nanswer = A",
        "z = draw.normal(); t = draw.positive()\n"
        "truth = minimise_scalar(lambda w: (w - z)**2 / 2 + t * abs(w), -99, 99)\n"
        "answer = sign(z) * maximum(abs(z) - t, 0)",
        "p = draw.probabilities(3, 2)\np = p / sum(p)\nx = draw.normal(3)\n"
        "truth = expectation(lambda i, j: x[i], p)\nanswer = x @ sum(p, axis=1)",
        "n = draw.integer(1, 6)\ntruth = sum(1 for s in subsets(n))\nanswer = 2**n",
        "m = draw.normal(2)\ntruth = simulate(lambda rng, n: m + rng.normal(size=(n, 2)), 20000, draw)\nanswer = m",
        "s = draw.positive()\n"
        "truth = integral(lambda x, y: exp(-s * (x + y)), (0, inf), (0, 1))\nanswer = (1 - exp(-s)) / s**2",
    ],
    ids=["ridge", "hessian", "soft threshold", "expectation", "subsets", "simulation", "double integral"],
)
def test_operators_define(source):
    if "integral" in source or "simulate" in source:
        assert run_check(check(source), OURS, draws=5).ok
    else:
        verdict = judged(source)
        assert verdict.ok, verdict


@pytest.mark.parametrize("x", [-1e3, -0.7, 1e-3, 1.0, 40.0])
def test_derivatives_have_nine_digits(x):
    for f, slope, curvature in (
        (np.sin, np.cos(x), -np.sin(x)),
        (lambda t: np.exp(t / 10), np.exp(x / 10) / 10, np.exp(x / 10) / 100),
        (lambda t: np.log(np.abs(t)), 1 / x, -1 / x**2),
        (lambda t: 1 / (1 + t**2), -2 * x / (1 + x**2) ** 2, (6 * x**2 - 2) / (1 + x**2) ** 3),
    ):
        scale = max(abs(f(x)), abs(slope), abs(curvature))
        assert abs(derivative(f, x) - slope) < 1e-9 * scale
        assert abs(hessian(f, x) - curvature) < 1e-7 * scale


def test_a_derivative_is_extrapolated_and_not_just_a_small_step():
    points = []
    slope = derivative(lambda x: points.append(x) or np.exp(np.sin(x)), 1.0)
    assert abs(slope - np.exp(np.sin(1.0)) * np.cos(1.0)) < 1e-12
    assert len(points) == 10
    assert max(points) > 1.05


def test_shapes_of_derivatives():
    A = np.arange(6.0).reshape(2, 3)
    assert np.allclose(derivative(lambda x: A @ x, np.ones(3)), A)
    assert derivative(lambda X: X @ A, np.ones((4, 2))).shape == (4, 3, 4, 2)
    assert isinstance(derivative(np.exp, 1.0), float)
    assert hessian(lambda x: x @ x, np.ones(3)).shape == (3, 3)


def test_what_has_no_value_is_an_error():
    with pytest.raises(ArithmeticError, match="does not converge"):
        integral(lambda x: 1 / x, 0, 1)
    with pytest.raises(ArithmeticError, match="not reached"):
        minimise(lambda x: np.exp(-x) - x, 0.0)


# ---- what is refused before it runs ----------------------------------------------------------------------------


def test_a_method_of_an_array_may_be_the_first_that_is_called():
    """NumPy imports what a method needs at its first call, so that a fresh process tells."""
    code = (
        "from mlatlas.atlas.judge.source import Source\n"
        "import numpy as np\n"
        "text = 'truth = x.sum(1)\\nanswer = x.var(0)'\n"
        "print(Source('first', text).run({'x': np.ones((2, 3))})['truth'])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[3. 3.]"


def test_truth_must_not_be_our_own_code():
    refused("z = draw.normal(5)\ntruth = subject.softmax_gradient(z, 0)\nanswer = z", "truth", "subject")


@pytest.mark.parametrize(
    "detour",
    [
        "ours = subject.softmax_gradient\ntruth = ours(z, 0)",
        "def f(z):\n    return subject.softmax_gradient(z, 0)\ntruth = f(z)",
        "f = lambda z: helper(z)\nhelper = lambda z: subject.softmax_gradient(z, 0)\ntruth = f(z)",
        "out = zeros(5)\nout[:] = subject.softmax_gradient(z, 0)\ntruth = out",
        "out = []\nout.append(subject.softmax_gradient(z, 0))\ntruth = out[0]",
        "for _ in range(1):\n    out = subject.softmax_gradient(z, 0)\ntruth = out",
        "a = b = subject\ntruth = b.softmax_gradient(z, 0)",
        "(truth) = [subject.softmax_gradient(z, k) for k in [0]][0]",
    ],
)
def test_nor_by_a_detour(detour):
    source = f"z = draw.normal(5)\n{detour}\nanswer = exp(z) / sum(exp(z)) - one_hot(0, 5)"
    refused(source, "truth depends on the subject")


def test_nor_may_answer_be():
    refused("z = draw.normal(5)\ntruth = z\ng = subject.softmax_gradient(z, 0)\nanswer = 2 * g", "answer", "subject")


def test_code_must_be_what_ships():
    refused(GRADIENT.replace("subject.softmax_gradient(z, y)", "exp(z) / sum(exp(z)) - one_hot(y, 5)"), "code does not")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("x = draw.normal(3)\ntruth = exp(x)\nanswer = exp(x)", "same expression"),
        ("x = draw.normal(3)\na = exp(x)\ntruth = a\nb = exp(x)\nanswer = b", "same expression"),
        ("x = draw.normal(3)\nanswer = exp(x)\ntruth = answer", "truth depends on answer"),
        ("x = draw.normal(3)\ntruth = exp(x)\nt = truth\nanswer = t + 0 * x", "answer depends on truth"),
        ("import os\ntruth = 1\nanswer = 2 - 1", "import"),
        ("os = __import__('os')\ntruth = 1\nanswer = 2 - 1", "__import__ is private"),
        ("x = draw.normal(3)\ntruth = x.__class__(3)\nanswer = x", "__class__"),
        ("x = draw.normal(3)\nfor truth in x:\n    pass\nanswer = x", "truth must be assigned exactly once"),
        ("truth, answer = 1, 2", "truth must be assigned exactly once"),
        ("subject = 3\ntruth = 1\nanswer = 2 - 1", "subject is given"),
    ],
)
def test_other_refusals(source, words):
    refused(source, words)


# ---- what fails ------------------------------------------------------------------------------------------------


def test_a_wrong_answer_gets_the_smallest_counterexample():
    verdict = refused(
        "x = draw.normal(draw.integer(2, 6))\ntruth = derivative(lambda x: sum(x**3), x)\nanswer = 3 * abs(x) * x",
        "truth and answer differ",
        "relative gap",
    )
    assert verdict.error > 0.1
    assert "x = [-1., 0.]" in verdict.counterexample
    assert "answer = [-3., 0.]" in verdict.counterexample


def test_code_that_differs_is_named():
    wrong = SimpleNamespace(softmax_gradient=lambda z, y: softmax_gradient(z, y) / 5)
    assert "truth and code differ" in judged(GRADIENT, wrong).reasons[0]
    missing_last = SimpleNamespace(softmax_gradient=lambda z, y: softmax_gradient(z, y)[:-1])
    verdict = judged(GRADIENT, missing_last)
    assert "shapes (5,) and (4,)" in verdict.reasons[0]
    nan = SimpleNamespace(softmax_gradient=lambda z, y: z * np.nan)
    assert "not finite" in judged(GRADIENT, nan).reasons[0]


def test_an_exception_is_no_counterexample():
    verdict = refused(
        "x = draw.normal(3)\ntruth = x + 1\nanswer = solve(outer(x, x), x)\n", "line 3 raises LinAlgError", "ingular"
    )
    assert verdict.counterexample == ""
    broken = SimpleNamespace(softmax_gradient=lambda z, y: 1 / 0)
    verdict = judged(GRADIENT, broken)
    assert "line 5 raises ZeroDivisionError" in verdict.reasons[0]
    assert verdict.counterexample == ""


def test_a_counterexample_fails_for_the_same_reason():
    """Shrinking x to zero would make truth NaN; that is another failure than the one that was found."""
    verdict = refused("x = draw.normal()\ntruth = x / abs(x) + x\nanswer = 1 + x", "relative gap")
    assert "x = -1" in verdict.counterexample
    assert "nan" not in verdict.counterexample


def test_a_counterexample_satisfies_the_hypotheses():
    verdict = refused(
        "n = draw.integer(1, 9)\nx = draw.normal(n)\ndraw.require(n >= 3)\ntruth = 1.0 * n\nanswer = 1.0 * n + 1",
        "relative gap",
    )
    assert "n = 3" in verdict.counterexample


def test_hypotheses_that_are_hardly_ever_met():
    refused("x = draw.normal(3)\ndraw.require(min(x) > 3)\ntruth = x + x\nanswer = 2 * x", "only 0 of 250 draws")


@pytest.mark.parametrize(
    ("truth", "words"),
    [
        ("log(-abs(x)) * x", "not finite"),
        ("x / 0", "not finite"),
        ("[[1], [1, 2]]", "inhomogeneous"),
        ("'x'", "real numbers"),
        ("x + 1j * x", "real numbers"),
        ("lambda: x", "real numbers"),
        ("x[0]", "shapes () and (3,)"),
    ],
)
def test_what_is_no_finite_array_of_its_shape_fails(truth, words):
    verdict = refused(f"x = draw.normal(3)\ntruth = {truth}\nanswer = x", words)
    assert verdict.error == np.inf


# ---- what cannot fail ------------------------------------------------------------------------------------------


def test_a_tolerance_too_loose():
    refused(GRADIENT, "cannot fail", "multiplied by 1.1", tolerance=0.5)
    refused("x = draw.normal()\ntruth = 100 + x\nanswer = 100", "cannot fail", tolerance=0.2)


def test_every_mutation_is_tried():
    verdict = judged("A = draw.normal(3, 3)\ntruth = A + 1 - 1\nanswer = A", tolerance=10.0)
    names = ("multiplied by 1.1", "negated", "shifted", "transposed", "reversed")
    assert len(verdict.reasons) == len(names)
    assert all(name in reason for name, reason in zip(names, verdict.reasons, strict=True))


def test_an_answer_that_is_zero():
    refused("x = draw.normal(3)\ntruth = sum(x - mean(x))\nanswer = 0.0 * sum(x)", "zero on every draw")
    refused("x = draw.symmetric(3)\ntruth = x - transpose(x)\nanswer = zeros((3, 3))", "zero on every draw")


def test_a_transposed_answer_is_caught():
    source = "A = draw.normal(3, 3); x = draw.normal(3)\ntruth = derivative(lambda x: A @ x, x)\nanswer = {}"
    assert judged(source.format("A")).ok
    assert "relative gap" in judged(source.format("A.T")).reasons[0]
    verdict = refused(source.format("A + 0 * A.T").replace("draw.normal(3, 3)", "eye(3) + 1e-3 * draw.normal(3, 3)"),
                      "cannot fail", "transposed", tolerance=0.05)  # fmt: skip
    assert len(verdict.reasons) == 1


def test_a_symmetric_answer_need_not_notice_transposition():
    assert judged("x = draw.normal(3)\ntruth = hessian(lambda x: (x @ x)**2 / 4, x)\n"
                  "answer = x @ x * eye(3) + 2 * outer(x, x)").ok  # fmt: skip


# ---- symbolic checks -------------------------------------------------------------------------------------------

NORMAL = """
x, m = symbols("x m", real=True)
s = symbol("s", positive=True)
truth = diff(log(exp(-(x - m)**2 / (2 * s**2)) / (s * sqrt(2 * pi))), m)
answer = (x - m) / s**2
"""


def test_a_symbolic_check_is_reduced_to_zero():
    verdict = judged(NORMAL, level="symbolic")
    assert verdict.ok
    assert verdict.level == "symbolic"
    assert verdict.error == 0.0


def test_a_matrix_of_expressions():
    source = "a, b = symbols('a b', positive=True)\ntruth = Matrix([a * log(b)]).jacobian([a, b])\nanswer = {}"
    assert judged(source.format("Matrix([[log(b), a / b]])"), level="symbolic").ok
    assert "shapes" in judged(source.format("Matrix([log(b), a / b])"), level="symbolic").reasons[0]
    assert judged(source.format("Matrix([[log(b), b / a]])"), level="symbolic").counterexample


def test_a_wrong_symbolic_answer():
    verdict = refused(NORMAL.replace("/ s**2\n", "/ s\n"), "truth and answer differ", level="symbolic")
    assert "s = " in verdict.counterexample


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (NORMAL.replace("(x - m) / s**2\n", "0\n").replace(", m)\n", ", m) * 0\n"), "zero on every draw"),
        (NORMAL + "code = subject.score(x)", "no code"),
        ("x = symbol('x')\ntruth = log(x) / 0\nanswer = x", "not finite"),
        ("x = symbol('x')\ntruth = undefined(x)\nanswer = x", "NameError"),
        ("x = symbol('x')\ntruth = Function('f')(x)\nanswer = x", "TypeError"),
    ],
)
def test_symbolic_refusals(source, words):
    verdict = judged(source, level="symbolic")
    assert not verdict.ok
    assert words in " ".join(verdict.reasons) or words == "TypeError"
    assert not verdict.counterexample


def test_nothing_above_its_level_is_claimed():
    """True, but SymPy cannot show it: agreement on numbers only."""
    source = "x = symbol('x', positive=True)\ntruth = sqrt(5 + 2 * sqrt(6)) * x\nanswer = (sqrt(2) + sqrt(3)) * x"
    verdict = judged(source, level="symbolic")
    assert verdict.ok
    assert verdict.level == "numeric"
    assert "did not reduce" in verdict.reasons[0]
    assert verdict.error < 1e-9


# ---- what a check's code runs ----------------------------------------------------------------------------------


def test_functions_run_are_those_of_code():
    names = {name for _, _, name in functions_run(check(GRADIENT), OURS)}
    assert "softmax_gradient" in names
    assert "derivative" not in names

    def unused(z, y):
        return softmax_gradient(z, y)

    through = SimpleNamespace(softmax_gradient=softmax_gradient, unused=unused)
    source = GRADIENT.replace("code   =", "model  = subject.unused(z, y)\ncode   =")
    names = {name for _, _, name in functions_run(check(source), through)}
    assert "unused" not in names
    assert "softmax_gradient" in names
