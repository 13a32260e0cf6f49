"""What readers type: computed where it is mathematics, refused in a sentence where it is not, and always soon."""

import string
import time

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from mlatlas.atlas.judge.expression import ExpressionError, evaluate
from mlatlas.atlas.judge.functions import ARGUMENTS, FUNCTIONS

X = np.arange(6.0).reshape(3, 2) + 1
A = np.array([[2.0, 1.0], [1.0, 3.0]])
y = np.array([1.0, -2.0, 4.0])
k = np.array([0, 1, 1])
NAMES = {"X": X, "A": A, "y": y, "k": k, "n": 3, "λ": 0.5, "p": np.array([0.2, 0.3, 0.5])}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3 - -4 / 8", 7.5),
        ("2**3**2", 512.0),
        ("-2**2", -4.0),
        ("(-8)**(1/3)", np.nan),
        ("1/0", np.inf),
        ("0/0", np.nan),
        ("n", 3.0),
        ("λ * n", 1.5),
        ("（1 ＋ n）＊2，"[:-1], 8.0),
        ("3 − 1", 2.0),
        ("1e5 + .5 + 2.", 100002.5),
        ("e", np.e),
        ("y", y),
        ("+y", y),
        ("transpose(X) @ y", X.T @ y),
        ("X @ A", X @ A),
        ("y @ y", y @ y),
        ("dot(transpose(X), y)", X.T @ y),
        ("outer(y, p)", np.outer(y, p := np.array([0.2, 0.3, 0.5]))),
        ("solve(transpose(X) @ X + λ * eye(2), transpose(X) @ y)", np.linalg.solve(X.T @ X + 0.5 * np.eye(2), X.T @ y)),
        ("inv(A)", np.linalg.inv(A)),
        ("p[0] + y[-1]", 4.2),
        ("X[1:, 0]", X[1:, 0]),
        ("X[::2]", X[::2]),
        ("y[:, None] * p", y[:, None] * p),
        ("p[k]", p[k]),
        ("X[arange(3), k]", X[np.arange(3), k]),
        ("y[y > 0]", y[y > 0]),
        ("sum(y > 0)", 2.0),
        ("mean((y > 0) * (p > 0.25))", 1 / 3),
        ("y == 1", np.array([True, False, False])),
        ("-sum(p * log(p))", -np.sum(p * np.log(p))),
        ("exp(y) / sum(exp(y)) - one_hot(1, 3)", np.exp(y) / np.exp(y).sum() - np.eye(3)[1]),
        ("one_hot(k, 2)", np.eye(2)[k]),
        ("sum(X, axis=1)", X.sum(1)),
        ("sum(X, 0)", X.sum(0)),
        ("X / sum(X, axis=1, keepdims=True)", X / X.sum(1, keepdims=True)),
        ("max(X, axis=0) - maximum(2, min(y))", X.max(0) - 2),
        ("where(y > 0, y, λ * y)", np.where(y > 0, y, 0.5 * y)),
        ("[1, 2, n]", np.array([1.0, 2.0, 3.0])),
        ("((1, 2), (3, 4)) @ A", np.array([[1, 2], [3, 4]]) @ A),
        ("stack((y, p))", np.stack([y, p])),
        ("stack([y, p], 1)", np.stack([y, p], 1)),
        ("concatenate([y, [7]])", np.r_[y, 7]),
        ("concatenate([X, X], axis=1)", np.hstack([X, X])),
        ("zeros((2, 3)) + ones(3) + eye(3)[:2]", 1 + np.eye(3)[:2]),
        ("diag(y) + diag(diag(y))", np.diag(y) + y),
        ("trace(A) + det(A) + rank(A) + norm(y) + norm(y, 1)", 5 + 5 + 2 + np.sqrt(21) + 7),
        ("norm(y, inf)", 4.0),
        ("p[argmax(y)]", 0.5),
        ("sort(y)[argsort(y)[0]]", 1.0),
        ("singular_values(A)", np.linalg.svd(A, compute_uv=False)),
        ("cumsum(y)", np.cumsum(y)),
        ("logaddexp(0, y)", np.logaddexp(0, y)),
    ],
)
def test_mathematics(text, value):
    result = evaluate(text, NAMES)
    assert np.shape(result) == np.shape(value)
    assert np.allclose(result, value, equal_nan=True)
    assert isinstance(result, float | np.ndarray)


def seconds(text):
    begin = time.process_time()
    with pytest.raises(ExpressionError):
        evaluate(text, NAMES)
    return time.process_time() - begin


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "nothing to evaluate"),
        ("X.T @ y", "transpose(X)"),
        ("().__class__.__bases__", "attributes"),
        ("X'", "transpose(X)"),
        ("Xᵀ y", "transpose(X)"),
        ("y^2", "write **"),
        ("y²", "x**2"),
        ("√2", "sqrt"),
        ("2y", "2*"),
        ("2e", "2*"),
        ("1e5y", "1e5*"),
        ("y · p", "@"),
        ("|y|", "abs"),
        (r"\frac{1}{2}", "LaTeX"),
        ("lambda: 1", "lambda"),
        ("[i for i in y]", "comprehensions"),
        ("sum(y for _ in p)", "comprehensions"),
        ("y if n else p", "conditions"),
        ("y > 0 and p > 0", "'and'"),
        ("0 < y < 1", "one comparison"),
        ("(z := 3)", "assigned"),
        ("z = 3", "no expression"),
        ("'x'", "transpose"),
        ('f"{X}"', "no part"),
        ("{1: 2}", "no part"),
        ("True", "refused"),
        ("None", "refused"),
        ("1:2", "no expression"),
        ("9**9**9**9", "exponent"),
        ("y**99999", "exponent"),
        ("lam * y", "there is no lam"),
        ("meen(y)", "did you mean mean"),
        ("sum", "sum(...)"),
        ("X(y)", "cannot be called"),
        ("sum(y)(3)", "refused"),
        ("__import__(1)", "there is no __import__"),
        ("derivative(y, p)", "work it out"),
        ("subsets(3)", "work it out"),
        ("exp(y, p)", "exp takes 1"),
        ("exp(y, out=y)", "out="),
        ("sum(y, **p)", "**="),
        ("sum(*y)", "starred"),
        ("sum(y, keepdims=False)", "refused"),
        ("max(y, 3, 4)", "maximum(a, b)"),
        ("sum(y, dtype=3)", "dtype="),
        ("X @ X", "cannot be computed"),
        ("2 @ y", "write *"),
        ("X + y", "cannot be computed"),
        ("y[3]", "cannot be computed"),
        ("y[0.5]", "whole number"),
        ("y[1/0]", "whole number"),
        ("y[X > 1]", "condition"),
        ("y[2:1]", "empty"),
        ("[]", "brackets"),
        ("[1, y]", "brackets"),
        ("[" * 60 + "]" * 60, "brackets"),
        ("inv(y)", "takes a matrix"),
        ("inv(A - A)", "ingular"),
        ("stack(y)", "brackets"),
        ("zeros(0)", "empty"),
        ("zeros(-1)", "negative"),
        ("zeros(1/2)", "whole number"),
        ("zeros(1e8)", "too large"),
        ("eye(99999)", "too large"),
        ("zeros((999, 999, 999))", "too large"),
        ("arange(1e9)", "too large"),
        ("one_hot(1, 1e5)", "too large"),
        ("outer(arange(2000), arange(2000))", "too large"),
        ("diag(arange(2000))", "too large"),
        ("arange(2000)[:, None] + arange(2000)", "too large"),
        ("arange(2000)[zeros((2000, 2000))]", "too large"),
        ("zeros((900, 900)) @ zeros((900, 900))", "work"),
        ("inv(eye(900))", "work"),
        ("singular_values(ones((900, 900)))", "work"),
        ("exp(zeros(900000))", "work"),
        ("1" + "+1" * 400, "too long"),
        ("x" * 2000, "characters"),
        ("(" * 10000, "characters"),
        ("(" * 900, "near character"),
        ("-" * 900 + "1", "deep"),
        ("-" * 5000, "characters"),
        ("1" * 900 + "**" + "9", "cannot be computed"),
        ("X\0", "no part"),
        ("(y\n", "near character"),
    ],
)
def test_refused_soon_and_with_a_reason(text, words):
    assert seconds(text) < 0.1
    with pytest.raises(ExpressionError) as caught:
        evaluate(text, NAMES)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 300
    assert any("\u4e00" <= character <= "\u9fff" for character in caught.value.text.zh)


def test_names_are_never_changed():
    before = X.copy()
    evaluate("sort(X) + cumsum(X, 1) + X * 2", NAMES)
    assert np.array_equal(X, before)


def test_every_function_has_a_number_of_arguments():
    assert ARGUMENTS.keys() == FUNCTIONS.keys()
    for name, (few, many) in ARGUMENTS.items():
        arguments = ["A"] * (many + 1)
        with pytest.raises(ExpressionError, match="takes"):
            evaluate(f"{name}({', '.join(arguments)})", NAMES)
        assert 1 <= few <= many


# ---- any text at all -------------------------------------------------------------------------------------------

ATOMS = st.sampled_from([*NAMES, *FUNCTIONS, "0", "1", "2", "3", "0.5", "1e9", "inf", "9**9", "None", ":", "x", "e"])
FORMS = [
    "({}+{})", "({}-{})", "{}*{}", "{}/{}", "{}**{}", "({}@{})", "({}<{})", "({}=={})", "[{},{}]", "({},{})", "{}[{}]",
    "{}[{},:]", "{}[{}:]", "sum({},axis={})", "-{}", "({})", "zeros(({},{}))", "stack(({},{}))", "where({},{},2)",
    *(f"{name}({', '.join(['{}'] * few)})" for name, (few, _) in ARGUMENTS.items()),
]  # fmt: skip


def filled(form, parts):
    return form.format(*(parts * 3)[: form.count("{}")])


EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.builds(filled, st.sampled_from(FORMS), st.lists(inner, min_size=1, max_size=3)),
    max_leaves=12,
)
NOISE = st.text(alphabet=string.printable + "λθᵀ²√（）αΣ\u0660\u2028𝐱", max_size=80)


@settings(max_examples=400, deadline=None)
@given(st.one_of(EXPRESSIONS, NOISE, st.text(max_size=40), st.lists(ATOMS | st.sampled_from("+-*/@()[],:. =!<>"))
       .map(" ".join)))  # fmt: skip
def test_any_text_yields_a_value_or_a_reason(text):
    begin = time.process_time()
    try:
        value = evaluate(text, NAMES)
    except ExpressionError as error:
        assert str(error)  # noqa: PT017
    else:
        assert isinstance(value, float | bool | np.ndarray)
    assert time.process_time() - begin < 0.1
