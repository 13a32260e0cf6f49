"""The page reader: what it reads, what it refuses and on which line, and that nothing else ever comes out of it."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.map import Check, ClaimBlock, Equation, Prose, QuestionBlock, Section, parse_page, read_page
from mlatlas.atlas.map.mathematics import mathml, unicode_math
from mlatlas.atlas.map.prose import parser
from mlatlas.atlas.text import Text

PAGE = """---
title: Softmax regression
title_zh: softmax 回归
needs:
  logistic-regression: {en: its two-class case, zh: 它的二分类情形}
sources:
  - Bishop 2006, section 4.3.4
---
## Idea
:::{en}
Scores become *probabilities*.
:::
:::{zh}
得分变成*概率*。
:::

## Derivation
$$ \\frac{\\partial \\ell}{\\partial z_k} = p_k - y_k $$ (gradient)

```{check} gradient tolerance=1e-5
truth  = derivative(f, z)
answer = p - y
code   = subject.gradient(z, y)
```

## Questions
::::{question} q065
:::{en}
Because.
:::
:::{zh}
因为。
:::
$$ a
= b $$ (why)
```{check} why symbolic
truth, answer = 1, 1
```
::::
::::{claim} c001 half-true
:::{en}
Only sometimes.
:::
:::{zh}
只在有时。
:::
$$ c $$ (when)
```{check} when
truth = answer = 1
```
::::

| $a$ | $b$ |
|---|---|
| $1$ | `x` |
"""


def test_a_page_is_read_block_by_block():
    page = parse_page(PAGE, "page.md")
    assert page.title == Text("Softmax regression", "softmax 回归")
    assert page.needs == {"logistic-regression": Text("its two-class case", "它的二分类情形")}
    assert page.sources == ("Bishop 2006, section 4.3.4",)
    assert page.aliases == ()
    assert page.blocks[:5] == (
        Section(9, "Idea"),
        Prose(10, "en", "Scores become *probabilities*."),
        Prose(13, "zh", "得分变成*概率*。"),
        Section(17, "Derivation"),
        Equation(18, "\\frac{\\partial \\ell}{\\partial z_k} = p_k - y_k", "gradient"),
    )
    gradient, why, _ = page.checks
    assert gradient == Check(
        line=20,
        label="gradient",
        level="numeric",
        source="truth  = derivative(f, z)\nanswer = p - y\ncode   = subject.gradient(z, y)",
        latex="\\frac{\\partial \\ell}{\\partial z_k} = p_k - y_k",
        has_code=True,
        tolerance=1e-5,
    )
    assert (why.level, why.latex, why.has_code) == ("symbolic", "a\n= b", False)
    question, claim = page.answered["q065"], page.answered["c001"]
    assert isinstance(question, QuestionBlock)
    assert isinstance(claim, ClaimBlock)
    assert claim.verdict == "half-true"
    assert [type(block).__name__ for block in question.blocks] == ["Prose", "Prose", "Equation", "Check"]
    assert page.blocks[-1] == Prose(53, None, "| $a$ | $b$ |\n|---|---|\n| $1$ | `x` |")
    assert not page.unwritten


def test_line_ends_of_windows_change_nothing():
    assert parse_page(PAGE.replace("\n", "\r\n"), "page.md") == parse_page(PAGE, "page.md")


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("---\ntitle", "title", 1, "begins with a line ---"),
        ("section 4.3.4\n---", "section 4.3.4", 1, "front matter is not closed"),
        ("title: S", "title: [S", 3, "not YAML"),
        ("title_zh: softmax 回归\n", "", 1, "has no title_zh"),
        ("sources:\n  - Bishop 2006, section 4.3.4\n", "", 1, "has no sources"),
        ("  - Bishop 2006, section 4.3.4\n", "", 6, "list with at least one"),
        ("  - Bishop 2006, section 4.3.4", "  - Bishop: 2006", 7, "in quotes"),
        ("title: S", "titel: S", 2, "unknown key 'titel'"),
        (", zh: 它的二分类情形", "", 5, "has no zh"),
        ("en: its two-class case", "en: ''", 5, "not empty"),
        ("{en: its two-class case, zh: 它的二分类情形}", "why", 5, "keys with values"),
        ("\nsources:", "\ntitle: again\nsources:", 6, "each once"),
        ("## Idea", "## Ideas", 9, "one of Idea, Definition"),
        ("## Idea", "# Idea", 9, "a heading of the page"),
        ("Scores", "## Scores", 11, "begin with ###"),
        ("Scores", "$$ z $$\nScores", 11, "outside of both language blocks"),
        ("Scores", "```\ncode\n```\nScores", 11, "outside of both language blocks"),
        ("*probabilities*.\n:::\n", "*probabilities*.\n", 12, "close the one of line 10"),
        (":::{zh}\n得分变成*概率*。\n:::\n", "", 10, "no translation"),
        (":::{zh}\n得分变成*概率*。\n:::\n", "$$ x $$\n:::{zh}\n得\n:::\n", 10, "no translation"),
        (":::{en}\nScores become *probabilities*.\n:::\n", "", 10, "no {en} block right before"),
        ("Scores become *probabilities*.", "", 10, "is empty"),
        ("## Derivation", "Words in no language.\n## Derivation", 17, "'Words' is in no language"),
        ("## Derivation", "没有语言的话\n## Derivation", 17, "in no language"),
        ("## Derivation", ":::\n## Derivation", 17, "no directive is open"),
        ("## Derivation", ":::{note}\n## Derivation", 17, "unknown directive '{note}'"),
        ("## Derivation", "::: warning\n## Derivation", 17, "unknown directive 'warning'"),
        ("## Derivation", "```{plot} x\n```\n## Derivation", 17, "unknown directive '{plot} x'"),
        ("half-true", "maybe", 40, "true|half-true|false"),
        ("{claim} c001 half-true", "{claim} c001", 40, "true|half-true|false"),
        ("{claim} c001 half-true", "{question} q065", 40, "stands on line 27 already"),
        ("::::{question} q065", ":::{question} q065", 28, "needs more than this"),
        (
            "when\ntruth = answer = 1\n```\n::::",
            "when\ntruth = answer = 1\n```",
            40,
            "not closed; end it with a line of 4",
        ),
        ("$$ c $$ (when)\n```{check} when\ntruth = answer = 1\n```\n", "", 40, "settled by computing"),
        (":::{en}\nOnly sometimes.\n:::\n:::{zh}\n只在有时。\n:::\n", "", 40, "has no text"),
        ("{check} gradient", "{check} gradients", 20, "no equation above has the label"),
        ("{check} gradient tolerance=1e-5", "{check}", 20, "{check} label"),
        ("tolerance=1e-5", "tol=1", 20, "unknown option 'tol=1'"),
        ("tolerance=1e-5", "tolerance=nan", 20, "unknown option"),
        ("answer = p - y\n", "", 20, "does not set answer"),
        ("answer = p - y", "answer = p -", 22, "not Python"),
        ("answer = p - y", "answer = p - \0", 21, "not Python"),
        ("| $1$ | `x` |\n", "```\nx\n", 55, "this code is not closed"),
        ("$$ c $$ (when)", "$$ c $$ (why)", 47, "unique"),
        ("$$ c $$ (when)", "$$ c $$ (2 b)", 47, "a letter first"),
        ("$$ c $$ (when)", "$$ c (when)", 47, "not closed"),
        ("$$ c $$ (when)", "$$ $$ (when)", 47, "alone on its lines"),
        ("$$ c $$ (when)", "$$ c $$ $$ (when)", 47, "alone on its lines"),
        ("```{check} when\n", "```{check} why\n", 48, "stands on line 36 already"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(old, new, line, message):
    assert old in PAGE
    with pytest.raises(AtlasError, match=rf"(?s)^page\.md:{line}: .*") as error:
        parse_page(PAGE.replace(old, new, 1), "page.md")
    assert message in str(error.value)
    assert str(error.value).count(". ") <= 1, "an error is one or two sentences"


def test_text_that_is_not_utf8(tmp_path: Path):
    path = tmp_path / "room" / "page.md"
    path.parent.mkdir()
    path.write_bytes(b"---\ntitle: \xff\n---\n")
    with pytest.raises(AtlasError, match=r"room/page\.md:2: the text is not UTF-8"):
        read_page(path)


PIECES = [
    *PAGE.split("\n"),
    "---",
    ":::",
    "::::",
    ":::::{en}",
    "```",
    "~~~",
    "$$",
    "$$ x $$ (a)",
    "## ",
    "#",
    "\t",
    "  - a: b",
    "{",
]


def read(text: str) -> None:
    began = time.perf_counter()
    try:
        parse_page(text, "page.md")
    except AtlasError as error:
        assert str(error).startswith("page.md:")  # noqa: PT017 other exceptions must come through
    assert time.perf_counter() - began < 0.5


@given(st.text())
def test_any_text_gives_a_page_or_an_error_of_ours(text: str):
    read(text)


@settings(max_examples=200)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=12), max_size=40))
def test_any_lines_after_front_matter_give_a_page_or_an_error_of_ours(lines: list[str]):
    read(PAGE[: PAGE.index("## Idea")] + "\n".join(lines))


@settings(max_examples=200)
@given(st.data())
def test_any_change_of_a_page_gives_a_page_or_an_error_of_ours(data: st.DataObject):
    lines = PAGE.split("\n")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        lines[at : at + data.draw(st.integers(0, 3))] = [data.draw(st.sampled_from(PIECES) | st.text(max_size=8))]
    read("\n".join(lines))


@pytest.mark.parametrize(
    "text",
    [
        "$" * 9999,
        "$$" + " " * 9999 + "x",
        "## a" + " " * 9999 + "b",
        "](" * 5000,
        "` `` " * 2000,
        "$$ x\n" * 2000,
        ":" * 9999,
    ],
)
def test_long_lines_are_read_quickly(text: str):
    read(PAGE + text)


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\frac{\partial \ell}{\partial z_k} = p_k - \mathbf{1}[k = y]", "∂ℓ/∂zₖ = pₖ − 𝟏[k = y]"),
        (r"\hat w = (X^\top X + \lambda I)^{-1} X^\top y", "ŵ = (XᵀX + λI)⁻¹Xᵀy"),
        (r"\frac{1}{2n}\sum_{i=1}^n x_i", "1/(2n) ∑ᵢ₌₁ⁿ xᵢ"),
        (r"\frac{n-1}{n+1}", "(n − 1)/(n + 1)"),
        (r"\frac{1}{2} n", "1/2 n"),
        (r"\sqrt{x}\sqrt[3]{x+1}", "√x³√(x + 1)"),
        (r"-x^2 \le e^{-x^2/2}", "−x² ≤ e^(−x²/2)"),
        (r"\max(|x|-\alpha, 0)\log x", "max(|x| − α, 0) log x"),
        (r"\min_{w,b} f", "min_(w, b) f"),
        (r"\begin{cases} 1 & x > 0 \\ 0 & \text{else} \end{cases}", "{1, x > 0; 0, else"),
        (r"\begin{aligned} a &= b \\ c &= d \end{aligned}", "a = b\nc = d"),
        (r"\frac{1}{n} \lVert \frac{a}{b} \rVert^2", "1/n ‖a/b‖²"),
        (r"\binom{n}{k}", "(n choose k)"),
        (r"p(y \mid x_{1:n})", "p(y ∣ x_(1:n))"),
    ],
)
def test_mathematics_reads_well_in_the_terminal(latex: str, text: str):
    assert unicode_math(latex) == text


LATEX = re.findall(
    r"\S+",
    r"\frac \sqrt \sum_ \hat \min_ \lVert \rVert \left( \right) { } ^ _ & \\ \text{a} x 1 + - = , ( ) \bar 我 < >",
)


@settings(max_examples=300)
@given(st.lists(st.sampled_from(LATEX) | st.text(max_size=2), max_size=10))
def test_any_latex_is_shown_or_refused_by_an_error_of_ours(pieces: list[str]):
    try:
        assert not set(unicode_math(" ".join(pieces))) & {"\ue000", "\ue001"} - set("".join(pieces))
    except AtlasError as error:
        assert "cannot be read" in str(error)  # noqa: PT017


def test_latex_that_cannot_be_read_is_an_error_of_ours():
    with pytest.raises(AtlasError, match="cannot be read"):
        mathml(r"\frac{1}")


def test_emphasis_and_line_ends_suit_chinese():
    html = parser().render("**岭回归（L2）**是\n方法，*即*“**它**”。")
    assert html == "<p><strong>岭回归（L2）</strong>是方法，<em>即</em>“<strong>它</strong>”。</p>\n"
    assert parser().render("a *b* 2*3*4\nc") == "<p>a <em>b</em> 2<em>3</em>4\nc</p>\n"
