"""Drills: what is hidden, what is offered, and what is said to right, wrong and refused answers."""

import numpy as np
import pytest
from typer.testing import CliRunner

import mlatlas.atlas.map
from mlatlas.atlas.cli import app
from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.judge.drill import Drill, drills, mastered
from mlatlas.atlas.judge.expression import ExpressionError, evaluate
from mlatlas.atlas.judge.hiding import hidden
from mlatlas.atlas.map import Check, open_atlas
from mlatlas.atlas.store import Store


def drill(source, level="numeric", latex="a = b", tolerance=None):
    return Drill(Check(1, "step", level, source, latex, "code" in source, tolerance))


GRADIENT = drill(
    "n, p = draw.integer(2, 9), 3\n"
    "X, y = draw.normal(n, p), draw.normal(n)\n"
    "w = draw.normal(p)\n"
    "loss = lambda v: sum((y - X @ v)**2) / n\n"
    "r = X @ w - y\n"
    "truth = derivative(loss, w)\n"
    "answer = 2 * transpose(X) @ r / n\n"
    "code = subject.gradient(X, y, w)"
)
COVARIANCE = drill(
    "A = draw.normal(3, 3)\nx = draw.normal(3)\ntruth = derivative(lambda x: A @ x, x)\nJ = A + 0\nanswer = J"
)
ENTROPY = drill(
    "p = draw.probabilities(4)\ntruth = expectation(lambda i: -log(p[i]), p)\nanswer = -sum(p * log(p))",
    latex=r"H(p) = -\sum_{k=1}^n p_k \log p_k",
)


# ---- what is hidden and what is offered ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("latex", "prompt"),
    [
        ("a = b", r"a = \,?"),
        ("a = b = c", r"a = b = \,?"),
        (r"H(X \mid Y = y) = \sum_{k=1} p_k", r"H(X \mid Y = y) = \,?"),
        (r"f = \begin{cases} a & x = 1 \\ b & x = 2 \end{cases}", r"f = \,?"),
        (r"\begin{aligned} a &= b \\ &= c \end{aligned}", r"\begin{aligned}a &= b \\ &= \,?\end{aligned}"),
        (r"\partial_k = q_k - p_k, \qquad q = s(z)", r"\partial_k = \,?, \qquad q = s(z)"),
        (r"p = s(z) \quad\Rightarrow\quad \nabla = p - e", r"p = s(z) \quad\Rightarrow\quad \nabla = \,?"),
        (r"\{x : x = 1\} \approx \left( a = b \right)", r"\{x : x = 1\} \approx \,?"),
        (r"x \le y", r"x \le \,?"),
        (r"w_j \leftarrow \frac{a}{b}", r"w_j \leftarrow \,?"),
        (r"w = s \max(z - t, 0) =: S_t(z)", r"w = \,?"),
        (r"w = 0 \iff \max |X^\top y| \le \lambda", r"w = 0 \iff \max |X^\top y| \le \,?"),
        (r"\sum_{k=1}^n x_k", r"\,?"),
    ],
)
def test_the_answer_is_hidden(latex, prompt):
    assert hidden(latex) == prompt


def test_names_that_give_the_answer_away_are_not_offered():
    assert set(GRADIENT.offered) == {"n", "p", "X", "y", "w", "r"}
    assert set(COVARIANCE.offered) == {"A", "x"}
    ridge = drill(
        "y = draw.normal(4)\nbest = minimise(lambda m: sum((y - m)**2) + m**2, 0.0)\ntwice = 2 * best\n"
        "shrunk = sum(y) / 5\ntruth = best\nanswer = shrunk"
    )
    assert ridge.offered == ("y",)
    assert ridge.judge("twice / 2").outcome == "refused"
    assert ridge.judge("sum(y) / 5").outcome == "right"
    assert ridge.hints[2].en == "The answer: sum(y) / 5"
    identity = drill("x = draw.normal(3)\ntruth = derivative(lambda x: x @ x / 2, x)\nanswer = x")
    assert identity.judge("x").outcome == "right"


def test_hints_reveal_one_step_at_a_time():
    shape, names, answer = (hint.en for hint in GRADIENT.hints)
    assert shape == "The answer is a vector of length 3."
    assert names == "It is made of n, X, r."
    assert answer == "The answer: 2 * transpose(X) @ r / n"
    assert COVARIANCE.hints[2].en == "The answer: A + 0"
    assert "矩阵" in COVARIANCE.hints[0].zh


# ---- what is said ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["2 * transpose(X) @ r / n", "2/n * (X @ w - y) @ X", "mean(2 * r[:, None] * X, axis=0)"]
)
def test_right_in_any_form(text):
    reply = GRADIENT.judge(text, seed=5)
    assert reply.outcome == "right"
    assert reply.problem == ""
    assert "25" in reply.text.en


@pytest.mark.parametrize(
    ("exercise", "text", "slip"),
    [
        (GRADIENT, "2 * transpose(X) @ (y - X @ w) / n", "Its sign is wrong."),
        (GRADIENT, "transpose(X) @ r / n", "It is 1/2 times the answer."),
        (GRADIENT, "-transpose(X) @ r / n", "It is 1/2 times the answer, with the wrong sign."),
        (GRADIENT, "2 * transpose(X) @ r", "It is n times the answer."),
        (GRADIENT, "2 * transpose(X) @ r / n**2", "It is 1/n times the answer."),
        (GRADIENT, "6 * transpose(X) @ r / n", "It is 3 (that is, p) times the answer."),
        (GRADIENT, "2 * transpose(X) @ r / n + 1", "Everywhere it is 1 more than the answer."),
        (GRADIENT, "2 * transpose(X) @ r / n - 0.25", "Everywhere it is 1/4 less than the answer."),
        (GRADIENT, "X @ w", "It is a vector of length 2, but the answer is a vector of length 3."),
        (GRADIENT, "r @ r", "It is a number, but the answer is a vector of length 3."),
        (GRADIENT, "w / (n - n)", "It is not finite"),
        (GRADIENT, "w", "It differs from what the definition gives."),
        (COVARIANCE, "transpose(A)", "It is the transpose of the answer."),
        (ENTROPY, "sum(p * log(p))", "Its sign is wrong."),
        (ENTROPY, "-mean(p * log(p))", "It is 1/4 (that is, 1/(the length of p)) times the answer."),
        (ENTROPY, "-sum(p * log2(p))", "It is 1.4427 times the answer."),
    ],
)
def test_known_slips_are_named(exercise, text, slip):
    reply = exercise.judge(text, seed=3)
    assert reply.outcome == "wrong"
    assert slip in reply.text.en
    assert any("\u4e00" <= character <= "\u9fff" for character in reply.text.zh)
    assert reply.problem
    assert reply.truth
    assert reply.typed


def test_two_is_two_and_not_a_length():
    exercise = drill("p = 2\nw = draw.normal(p)\ntruth = derivative(lambda w: sum(w**2), w)\nanswer = 2 * w")
    assert exercise.judge("w").text.en == "It is 1/2 times the answer."


def test_a_wrong_answer_gets_the_smallest_counterexample():
    reply = drill("x = draw.normal(draw.integer(2, 6))\ntruth = derivative(lambda x: sum(x**3), x)\nanswer = 3 * x**2").judge(
        "3 * abs(x) * x", seed=0
    )  # fmt: skip
    assert reply.problem == "x = [-1., 0.]"
    assert reply.truth == "[3., 0.]"
    assert reply.typed == "[-3., 0.]"


def test_judged_by_the_truth_and_not_by_the_answer():
    wrong_page = drill("x = draw.normal(3)\ntruth = derivative(lambda x: sum(x**2), x)\nanswer = x")
    assert wrong_page.judge("2 * x").outcome == "right"
    assert wrong_page.judge("x").outcome == "wrong"


def test_right_by_chance_on_one_problem_is_wrong():
    assert (
        drill("n = draw.integer(1, 9)\ntruth = 1.0 * sum(range(n + 1))\nanswer = n * (n + 1) / 2").judge("n").outcome
        == "wrong"
    )


@pytest.mark.parametrize(
    "text", ["", "X.T @ r", "derivative(loss, w)", "9**9**9**9", "truth", "answer", "subject", "r["]
)
def test_refused_with_a_reason(text):
    reply = GRADIENT.judge(text)
    assert reply.outcome == "refused"
    assert reply.text.en
    assert reply.problem == ""


def test_hypotheses_hold_on_every_problem():
    exercise = drill("x = draw.normal()\ndraw.require(x > 0)\ntruth = sqrt(x * x)\nanswer = abs(x)")
    assert exercise.judge("x").outcome == "right"
    never = drill("x = draw.normal()\ndraw.require(x > 99)\ntruth = x + x\nanswer = 2 * x")
    with pytest.raises(AtlasError, match="hardly any problem"):
        never.judge("2 * x")


def test_a_loose_tolerance_is_kept():
    exercise = drill(
        "m = draw.normal(2) + 3\ntruth = simulate(lambda rng, n: m + rng.normal(size=(n, 2)), 4000, draw)\nanswer = m"
    )
    assert exercise.judge("m", seed=0).outcome == "right"
    assert exercise.judge("1.1 * m", seed=0).outcome == "wrong"


SYMBOLIC = drill(
    "x, mu = symbols('x mu', real=True)\nsigma = symbol('sigma', positive=True)\n"
    "density = exp(-(x - mu)**2 / (2 * sigma**2)) / (sigma * sqrt(2 * pi))\n"
    "truth = diff(log(density), sigma)\nanswer = (x - mu)**2 / sigma**3 - 1 / sigma",
    level="symbolic",
)


def test_symbolic_checks_are_drilled_on_numbers():
    assert set(SYMBOLIC.offered) == {"x", "mu", "sigma"}
    assert SYMBOLIC.judge("((x - mu)**2 - sigma**2) / sigma**3", seed=0).outcome == "right"
    reply = SYMBOLIC.judge("1 / sigma - (x - mu)**2 / sigma**3", seed=0)
    assert reply.text.en == "Its sign is wrong."
    assert "sigma = 1." in reply.problem
    assert SYMBOLIC.judge("density").outcome == "refused"
    vector = drill("a, b = symbols('a b', positive=True)\nv = Matrix([a, b])\ntruth = Matrix([diff(a**2 * b, a), diff(a**2 * b, b)])\n"
                   "answer = Matrix([2 * a * b, a**2])", level="symbolic")  # fmt: skip
    assert vector.judge("[2 * a * b, a**2]").outcome == "right"
    assert vector.judge("[2 * v[0] * v[1], a**2]").outcome == "right"


def test_symbols_stay_where_the_truth_is_real():
    exercise = drill("x = symbol('x', real=True)\ntruth = diff(x * log(x), x)\nanswer = log(x) + 1", level="symbolic")
    assert exercise.judge("1 + log(x)").outcome == "right"


# ---- all pages, and the command line ---------------------------------------------------------------------------


def test_every_answer_of_every_page_can_be_typed():
    wrong = []
    for room in open_atlas().order():
        for exercise in drills(room.page):
            answer = exercise.hints[-1].en.removeprefix("The answer: ")
            try:
                right = np.allclose(evaluate(answer, exercise.example.names), exercise.example.answer)
            except ExpressionError as error:
                wrong.append(f"{room.page.name} ({exercise.label}): {answer} cannot be typed: {error}")
            else:
                assert right, f"{room.page.name} ({exercise.label})"
            assert exercise.check.latex not in exercise.prompt
    assert not wrong


PAGE = """---
title: Entropy
title_zh: 熵
needs: {}
sources: [by hand]
---
## Derivation
:::{en}
Look at the square.
:::
:::{zh}
看平方。
:::

$$ f'(x) = 2x $$ (square)

```{check} square
x = draw.normal()
truth = derivative(lambda x: x**2, x)
answer = 2 * x
```

:::{en}
And at the cube.
:::
:::{zh}
再看立方。
:::

$$ g'(x) = 3x^2 $$ (cube)

```{check} cube
x = draw.normal()
truth = derivative(lambda x: x**3, x)
answer = 3 * x**2
```
"""


@pytest.fixture
def mlatlas_drill(tmp_path, monkeypatch):
    room = tmp_path / "foundations" / "information_theory"
    room.mkdir(parents=True)
    (room / "page.md").write_text(PAGE, encoding="utf-8")
    monkeypatch.setenv("MLATLAS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "100")
    atlas = open_atlas(tmp_path)
    app()  # imports every verb before the atlas is replaced, so that none keeps the replacement
    monkeypatch.setattr(mlatlas.atlas.map, "open_atlas", lambda: atlas)
    return lambda *arguments, typed="": CliRunner().invoke(app(), ["drill", *arguments, "--lang", "en"], input=typed)


def test_a_session(mlatlas_drill):
    done = mlatlas_drill(typed="hint\n-2*x\nx.T\n2*x\nhint\nhint\nhint\n3*x**2\n")
    assert done.exit_code == 0
    assert done.output.index("Look at the square") < done.output.index("f′(x) = ?") < done.output.index("cube")
    for words in (
        "a number",
        "sign is wrong",
        "attributes",
        "Right",
        "The answer: 3 * x ** 2",
        "was shown",
        "1 of 2 steps",
    ):
        assert words in done.output
    assert "= 2x" in done.output[: done.output.index("And at the cube")]
    payloads = [record.payload for record in Store().history("drill", "information-theory")]
    assert mastered(payloads) == {"square"}
    again = mlatlas_drill(typed="3*x*x\n")
    assert "f′(x) = ?" not in again.output
    assert "2 of 2 steps" in again.output
    assert "already" in mlatlas_drill().output or "is mastered" in mlatlas_drill().output
    assert "f′(x) = ?" in mlatlas_drill("information-theory", typed="quit\n").output


def test_skip_and_end_of_input(mlatlas_drill):
    done = mlatlas_drill(typed="skip\n5\n")
    assert done.exit_code == 0
    assert "0 of 2 steps" in done.output
    assert [record.payload["outcome"] for record in Store().history("drill", "information-theory")] == ["wrong"]


@pytest.mark.parametrize(("answer", "status"), [("x + x", 0), ("x", 1), ("__import__('os')", 2), ("(" * 10000, 2)])
def test_answer_without_a_session(mlatlas_drill, answer, status):
    done = mlatlas_drill("information-theory", "--label", "square", "--answer", answer)
    assert done.exit_code == status
    assert done.output.strip()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["information-theory", "--label", "round"], "square, cube"),
        (["information-theory", "--answer", "1"], "needs --label"),
        (["--answer", "1"], "name it"),
        (["informatoin-theory"], "did you mean"),
    ],
)
def test_bad_arguments(mlatlas_drill, arguments, words):
    done = mlatlas_drill(*arguments)
    assert isinstance(done.exception, AtlasError)
    assert words in str(done.exception)
