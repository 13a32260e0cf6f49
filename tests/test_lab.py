"""The lab: knobs, events, the rules of a run, and figures as SVG."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from enum import Enum
from types import SimpleNamespace
from typing import Annotated, Any, Literal

import numpy as np
import pytest

from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.lab import (
    Band,
    Bars,
    Event,
    Figure,
    Heat,
    Knob,
    KnobError,
    Learned,
    Line,
    Metric,
    Points,
    Progress,
    Rule,
    RunResult,
    Script,
    Table,
    draw,
    lab,
    open_lab,
    shown,
)
from mlatlas.atlas.lab.drawing import apart
from mlatlas.atlas.lab.events import decode, encode
from mlatlas.atlas.text import Text
from mlatlas.data import diabetes

WORD = Text("word", "字")


def figure(*series: Any, **options: Any) -> Figure:
    return Figure(**{"name": "f", "title": WORD, "x": WORD, "y": WORD, "caption": WORD, "series": series, **options})


class Sign(Enum):
    PLUS = "plus"
    MINUS = "minus"


@lab(en="How a penalty shrinks coefficients", zh="惩罚如何收缩系数", data="diabetes")
def shrinkage(
    alpha: Annotated[float, Knob(en="Penalty λ", zh="惩罚 λ", low=1e-4, high=1e4, log=True)] = 10.0,
    rows: Annotated[int, Knob(en="Rows", zh="行数", low=50, high=442)] = 442,
    centred: Annotated[bool, Knob(en="Centre the features", zh="特征中心化")] = True,
    solver: Annotated[
        Literal["svd", "normal"],
        Knob(
            en="Solver",
            zh="求解方法",
            labels={"svd": Text("singular values", "奇异值"), "normal": Text("normal equations", "正规方程")},
        ),
    ] = "svd",
    sign: Annotated[Sign, Knob(en="Sign", zh="符号")] = Sign.PLUS,
    *,
    seed: int = 0,
) -> Iterator[Event]:
    """Ridge coefficients of the diabetes data over the penalty."""
    table = diabetes()
    yield Progress(0.1, en="reading the patients", zh="读取病人数据")
    pick = np.random.default_rng(seed).permutation(len(table.y))[:rows]
    X, y = table.X[pick], table.y[pick] * (1 if sign is Sign.PLUS else -1)
    X, y = (X - X.mean(0) * centred) / X.std(0), y - y.mean()
    alphas = np.logspace(-2, 5, 60)

    def fit(penalty: float) -> np.ndarray:
        if solver == "svd":
            U, s, Vt = np.linalg.svd(X, full_matrices=False)
            return Vt.T @ (s / (s**2 + penalty) * (U.T @ y))
        return np.linalg.solve(X.T @ X + penalty * np.eye(X.shape[1]), X.T @ y)

    path = np.array([fit(one) for one in alphas])
    chosen = fit(alpha)
    fitted = X @ chosen
    yield Progress(0.8, en="drawing the path", zh="绘制路径")
    r2 = 1 - np.sum((y - fitted) ** 2) / np.sum(y**2)
    yield Metric("r2", r2, en="variance explained", zh="解释的方差")
    yield Metric("norm", np.linalg.norm(chosen), en="length of the coefficients", zh="系数的长度", unit="points")
    yield Figure(
        name="path",
        title=Text("Coefficients along the path", "系数随惩罚的变化"),
        x=Text("penalty λ", "惩罚 λ"),
        y=Text("coefficient (points per standard deviation)", "系数（每标准差的分数）"),
        caption=Text("Each line is a measurement; all shrink towards 0.", "每条线是一项测量；都收缩到 0。"),
        series=[
            *(Line(alphas, path[:, j], label=Text(name, name)) for j, name in enumerate(table.feature_names)),
            Rule(alpha, label=Text("chosen", "选定")),
        ],
        log_x=True,
    )
    yield Figure(
        name="fit",
        title=Text("Observed and fitted", "观测与拟合"),
        x=Text("observed (points)", "观测（分）"),
        y=Text("fitted (points)", "拟合（分）"),
        caption=Text("On the line the fit would be perfect.", "落在线上即为完美拟合。"),
        series=[
            Points(y, fitted, label=Text("patients", "病人")),
            Line([y.min(), y.max()], [y.min(), y.max()], label=Text("perfect", "完美"), faint=True),
        ],
    )
    yield Table(
        en="Coefficients",
        zh="系数",
        columns=[Text("feature", "特征"), Text("coefficient", "系数"), Text("positive", "为正")],
        rows=[[name, value, bool(value > 0)] for name, value in zip(table.feature_names, chosen, strict=True)],
    )
    yield Learned(
        en=f"With λ = {alpha:g} the fit explains {r2:.1%} of the variance.",
        zh=f"λ = {alpha:g} 时，拟合解释了 {r2:.1%} 的方差。",
    )
    yield Script(f"""
        from mlatlas.data import diabetes

        table = diabetes()
        alpha = {alpha!r}
    """)


@lab(en="Shortest", zh="最短", data=Text("nothing", "无"))
def shortest(n: Annotated[int, Knob(en="n", zh="数", low=1, high=9)] = 3, *, seed: int = 0) -> Iterator[Event]:
    yield figure(Line([0, 1], [0, n]))
    yield Learned(en=f"n is {n}", zh=f"数为 {n}")
    yield Script(f"print({n})")


# -- knobs ---------------------------------------------------------------------------------------------------------


def test_knobs_are_read_from_the_signature() -> None:
    assert list(shrinkage.knobs) == ["alpha", "rows", "centred", "solver", "sign"]
    assert [knob.kind for knob in shrinkage.knobs.values()] == ["float", "int", "bool", "choice", "choice"]
    alpha = shrinkage.knobs["alpha"]
    assert (alpha.low, alpha.high, alpha.log, alpha.default, alpha.text.zh) == (1e-4, 1e4, True, 10.0, "惩罚 λ")
    assert shrinkage.knobs["sign"].choices == {"plus": Sign.PLUS, "minus": Sign.MINUS}
    assert shrinkage.title.zh == "惩罚如何收缩系数"
    assert "442" in shrinkage.data.en


def test_text_is_read_by_the_type_of_the_knob() -> None:
    given = shrinkage.parse(["alpha=0.1", "rows = 60", "centred=no", "solver=normal", "sign=minus"])
    assert given == {"alpha": 0.1, "rows": 60, "centred": False, "solver": "normal", "sign": Sign.MINUS}
    assert type(given["alpha"]) is float


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("alfa=1", "There is no knob 'alfa'; did you mean alpha?"),
        ("wholly_other=1", "the knobs are alpha, rows, centred, solver, sign"),
        ("alpha=-1", "Knob 'alpha' must be a number from 0.0001 to 10000; got -1.0. The nearest"),
        ("alpha=nan", "got nan. Try alpha=10.0"),
        ("alpha=inf", "The nearest that is allowed is 10000"),
        ("alpha=big", "got 'big'. Try alpha=10.0"),
        ("rows=60.5", "must be a whole number from 50 to 442; got '60.5'"),
        ("centred=maybe", "must be true or false; got 'maybe'"),
        ("solver=sdv", "must be one of svd, normal; got 'sdv'. Did you mean svd?"),
        ("alpha", "--set must be KNOB=VALUE; got 'alpha'"),
    ],
)
def test_bad_knobs_are_refused_with_a_remedy(assignment: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLATLAS_LANG", "en")
    with pytest.raises(AtlasError) as caught:
        shrinkage.parse([assignment])
    assert said in str(caught.value)


def test_a_knob_is_not_set_twice() -> None:
    with pytest.raises(KnobError, match="twice"):
        shrinkage.parse(["rows=60", "rows=70"])


@pytest.mark.parametrize(
    ("knobs", "seed"),
    [
        ({"n": 2.0}, 0),
        ({"n": True}, 0),
        ({"n": "2"}, 0),
        ({"n": 10}, 0),
        ({"m": 1}, 0),
        ({}, -1),
        ({}, 1.5),
    ],
)
def test_bad_values_from_python_are_refused_before_anything_runs(knobs: dict[str, Any], seed: Any) -> None:
    with pytest.raises(KnobError):
        shortest.run(seed, **knobs)
    with pytest.raises(KnobError):
        shortest.blank(seed, **knobs)


def test_errors_of_knobs_are_said_in_both_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KnobError) as caught:
        shortest.run(n=12)
    assert "whole number" in caught.value.text.en
    assert "整数" in caught.value.text.zh
    monkeypatch.setenv("MLATLAS_LANG", "zh")
    with pytest.raises(KnobError, match="旋钮"):
        shortest.run(n=12)


def test_numpy_numbers_are_numbers() -> None:
    assert shortest.settings({"n": np.int64(4)}) == {"n": 4}
    assert shrinkage.settings({"alpha": np.float32(2)})["alpha"] == 2.0
    assert shrinkage.settings({"centred": np.bool_(False)})["centred"] is False


number = Knob(en="n", zh="数", low=1, high=9)


def no_range(n: Annotated[int, Knob(en="n", zh="数")] = 3, *, seed: int = 0) -> Iterator[Event]: ...
def no_chinese(n: Annotated[int, Knob(en="n", zh=" ", low=1, high=9)] = 3, *, seed: int = 0) -> Iterator[Event]: ...
def no_default(n: Annotated[int, number], *, seed: int = 0) -> Iterator[Event]: ...
def no_note(n: int = 3, *, seed: int = 0) -> Iterator[Event]: ...
def no_seed(n: Annotated[int, number] = 3) -> Iterator[Event]: ...
def seed_by_place(n: Annotated[int, number] = 3, seed: int = 0) -> Iterator[Event]: ...
def outside(n: Annotated[int, number] = 30, *, seed: int = 0) -> Iterator[Event]: ...
def upside_down(n: Annotated[int, Knob(en="n", zh="数", low=9, high=1)] = 3, *, seed: int = 0) -> Iterator[Event]: ...
def log_from_zero(
    n: Annotated[float, Knob(en="n", zh="数", low=0, high=1, log=True)] = 1.0, *, seed: int = 0
) -> Iterator[Event]: ...
def ranged_choice(n: Annotated[Literal["a"], number] = "a", *, seed: int = 0) -> Iterator[Event]: ...
def odd_type(n: Annotated[list, number] = 3, *, seed: int = 0) -> Iterator[Event]: ...
def anything(*n: int, seed: int = 0) -> Iterator[Event]: ...
def half_labelled(
    n: Annotated[Literal["a", "b"], Knob(en="n", zh="数", labels={"a": WORD})] = "a", *, seed: int = 0
) -> Iterator[Event]: ...


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (no_range, "no range"),
        (no_chinese, "no text in 'zh'"),
        (no_default, "no default"),
        (no_note, "not declared"),
        (no_seed, "seed by keyword"),
        (seed_by_place, "seed by keyword"),
        (outside, "breaks its own rule"),
        (upside_down, "low must be below high"),
        (log_from_zero, "low must be positive"),
        (ranged_choice, "has no range; leave out"),
        (odd_type, "a knob is a float"),
        (anything, "cannot be a knob"),
        (half_labelled, "label exactly the choices"),
    ],
)
def test_a_flawed_declaration_is_an_error_when_the_lab_is_defined(function: Any, said: str) -> None:
    with pytest.raises(AtlasError, match=re.escape(said)) as caught:
        lab(en="x", zh="某", data=WORD)(function)
    assert re.match(r"test_lab\.py:\d+: ", str(caught.value))


def test_the_lab_itself_needs_both_languages_and_known_data() -> None:
    with pytest.raises(AtlasError, match="title has no text in 'zh'"):
        lab(en="x", zh="", data=WORD)(shortest.function)
    with pytest.raises(AtlasError, match="no data set 'diabets'; did you mean diabetes"):
        lab(en="x", zh="某", data="diabets")(shortest.function)


# -- events --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Progress(1.5, en="a", zh="甲"), "between 0 and 1"),
        (lambda: Progress(0.5, en="a", zh=""), "no text in 'zh'"),
        (lambda: Metric("r2", math.nan, en="a", zh="甲"), "Metric 'r2' holds nan"),
        (lambda: Metric("R²", 1.0, en="a", zh="甲"), "short name"),
        (lambda: Metric("r2", "high", en="a", zh="甲"), "must be a one-dimensional sequence of numbers"),
        (lambda: Table(en="a", zh="甲", columns=[WORD], rows=[[1, 2]]), "2 cells for 1 columns"),
        (lambda: Table(en="a", zh="甲", columns=[WORD], rows=[[math.inf]]), "holds inf"),
        (lambda: Table(en="a", zh="甲", columns=["w"], rows=[[1]]), "one language at most"),
        (lambda: Table(en="a", zh="甲", columns=[WORD], rows=[[[1]]]), "a table's cell must be"),
        (lambda: Line([1, 2], [1]), "x has 2, y has 1"),
        (lambda: Line([], []), "at least one"),
        (lambda: Line([[1]], [1]), "one-dimensional"),
        (lambda: Points([1.0], [math.inf]), "holds inf at position 0"),
        (lambda: Band([1], [2], [1]), "exchange them"),
        (lambda: Heat([1, 2], [1], [[1]]), "x has 2, row has 1"),
        (lambda: Rule(1.0, axis="z"), "'x' or 'y'"),
        (lambda: figure(), "no series"),
        (lambda: figure("a line"), "is no series"),
        (lambda: figure(Line([1], [1], label="one")), "one language at most"),
        (lambda: figure(Line([0, 1], [1, 1]), log_x=True), "log_x needs positive values; got 0"),
        (lambda: figure(Band([1], [-1], [1]), log_y=True), "log_y needs positive values; got -1"),
        (lambda: figure(Line([1], [1]), Rule(0.0), log_x=True), "log_x needs positive"),
        (lambda: figure(Line([1], [1]), name="../f"), "short name"),
        (lambda: figure(Line([1], [1]), caption=Text("a", "")), "its caption has no text in 'zh'"),
        (lambda: Learned(en="it got better by 3", zh="变好了"), "must state its numbers"),
        (lambda: Script("x ="), "not valid Python"),
        (lambda: Script("  "), "empty"),
    ],
)
def test_flawed_events_are_refused(make: Any, said: str) -> None:
    with pytest.raises(AtlasError, match=re.escape(said)):
        make()


def test_events_are_frozen_plain_and_equal_by_value() -> None:
    one = Line(np.arange(3), np.arange(3.0), label=WORD)
    assert one == Line([0, 1, 2], (0.0, 1.0, 2.0), label=WORD)
    assert all(type(value) is float for value in one.x)
    with pytest.raises(AttributeError):
        one.faint = True
    assert Script("\n    a = 1\n    b = 2\n").code == "a = 1\nb = 2\n"


def test_shown_numbers() -> None:
    cases = {0.0: "0", -1.5: "−1.500", 1234.5678: "1,235", 0.000012345: "1.234 × 10⁻⁵", 3e9: "3.000 × 10⁹", 12.0: "12"}
    assert {value: shown(value) for value in cases} == cases
    assert [shown(value, "zh") for value in (True, None, 1234567, WORD, "a")] == ["是", "–", "1,234,567", "字", "a"]


# -- runs ----------------------------------------------------------------------------------------------------------


def test_a_run_on_real_data_is_gathered_and_survives_json() -> None:
    result = shrinkage.gather(seed=1, alpha=3.0, sign="minus")
    assert result.complete
    assert result.seconds > 0
    assert [figure.name for figure in result.figures] == ["path", "fit"]
    assert result.knobs == {"alpha": 3.0, "rows": 442, "centred": True, "solver": "svd", "sign": "minus"}
    text = json.dumps(result.to_json(), allow_nan=False, ensure_ascii=False)
    assert RunResult.from_json(json.loads(text)) == result


def test_knobs_and_seed_reach_the_function() -> None:
    def r2(**options: Any) -> float:
        return shrinkage.gather(**options).metrics[0].value

    assert r2(alpha=1e-4) > r2(alpha=1e4)
    assert r2(solver="svd") == pytest.approx(r2(solver="normal"), rel=1e-9)
    assert r2(rows=60, seed=1) != r2(rows=60, seed=2)
    assert r2(rows=60, seed=1) == r2(rows=60, seed=1)


def test_a_stored_run_of_another_version_is_refused() -> None:
    data = shortest.gather().to_json()
    with pytest.raises(AtlasError, match="run the lab again"):
        RunResult.from_json({**data, "figures": [{"kind": "Hologram"}]})
    with pytest.raises(AtlasError, match="run the lab again"):
        RunResult.from_json({name: value for name, value in data.items() if name != "knobs"})


LINE, SENTENCE, CODE = figure(Line([0, 1], [0, 1])), Learned(en="1", zh="1"), Script("1")


def test_a_figure_that_grows_takes_the_place_of_the_former() -> None:
    def growing(*, seed: int = 0) -> Iterator[Event]:
        yield from (LINE, figure(Line([0, 1, 2], [0, 1, 4])), SENTENCE, CODE)

    (last,) = lab(en="grows", zh="增长", data=WORD)(growing).gather().figures
    assert len(last.series[0].x) == 3


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([LINE, CODE], "yields no Learned"),
        ([SENTENCE, CODE], "yields no Figure"),
        ([LINE, SENTENCE], "yields no Script"),
        ([LINE, SENTENCE, CODE, "done"], "'done', which is no event"),
        ([LINE, SENTENCE, SENTENCE, CODE], "Learned twice"),
        ([Progress(0.5, en="a", zh="甲"), Progress(0.2, en="a", zh="甲")], "goes back from 0.5 to 0.2"),
    ],
)
def test_a_lab_that_breaks_the_rules_is_reported(events: list[Any], said: str) -> None:
    def wrong(*, seed: int = 0) -> Iterator[Event]:
        yield from events

    flawed = lab(en="wrong", zh="错", data=WORD)(wrong)
    with pytest.raises(AtlasError, match=re.escape(said)) as caught:
        flawed.gather()
    assert "the lab 'wrong'" in str(caught.value)
    assert re.match(r"test_lab\.py:\d+: ", str(caught.value))


def test_an_interrupted_run_keeps_what_was_done() -> None:
    def stopped(*, seed: int = 0) -> Iterator[Event]:
        yield Metric("one", 1.0, en="one", zh="一")
        raise KeyboardInterrupt

    interrupted = lab(en="stopped", zh="停", data=WORD)(stopped)
    result = interrupted.blank()
    assert result.empty
    with pytest.raises(KeyboardInterrupt):
        list(result.follow(interrupted.run()))
    assert [metric.value for metric in result.metrics] == [1.0]
    assert not result.complete
    assert not result.empty


def test_open_lab_finds_the_one_lab_of_a_room(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    head = "from mlatlas.atlas.lab import lab, Learned\nfrom mlatlas.atlas.text import Text\n"
    one = "@lab(en='a', zh='甲', data=Text('a', '甲'))\ndef {}(*, seed: int = 0):\n    yield Learned(en='1', zh='1')\n"
    for room, content in {
        "none_room": head,
        "one_room": head + one.format("a"),
        "two_room": head + one.format("a") + one.format("b"),
    }.items():
        (tmp_path / room).mkdir()
        (tmp_path / room / "lab.py").write_text(content, encoding="utf-8")
    (tmp_path / "borrowing_room").mkdir()
    (tmp_path / "borrowing_room" / "lab.py").write_text(
        "from one_room.lab import a\n" + head + one.format("b"), encoding="utf-8"
    )

    def room(name: str) -> Any:
        return SimpleNamespace(
            module=name,
            folder=tmp_path / name,
            concept=SimpleNamespace(id=name),
            has=lambda file: (tmp_path / name / file).is_file(),
        )

    assert open_lab(room("one_room")).name == "a"
    assert open_lab(room("borrowing_room")).name == "b"
    for name, said in (("none_room", "defines 0 labs"), ("two_room", "defines 2 labs"), ("missing", "has no lab yet")):
        with pytest.raises(AtlasError, match=said):
            open_lab(room(name))


def test_importing_the_lab_is_light() -> None:
    """The map imports labs' machinery at most; what computes is loaded when something runs."""
    heavy = ["sklearn", "numba", "torch", "matplotlib", "pandas", "scipy", "sympy", "jinja2"]
    code = (
        "import sys; from mlatlas.atlas.lab import lab, Knob, Figure, section, write_report, draw; import mlatlas.data;"
        "import mlatlas.atlas.store, mlatlas.atlas.cli.run;"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# -- figures -------------------------------------------------------------------------------------------------------

GRID = np.linspace(-1.0, 1.0, 30)
FIGURES = {
    "lines": figure(
        *(Line(GRID + 2, k * GRID + k**2, label=Text(f"line {k}", f"第 {k} 条")) for k in range(10)), log_x=True
    ),
    "left": figure(
        *(Line(GRID, k * (1 - GRID), label=WORD) for k in range(4)),
        Rule(0.5, label=WORD),
        Rule(0.5, axis="y", label=WORD),
    ),
    "band": figure(
        Band(GRID, GRID - 1, GRID + 1, label=WORD), Line(GRID, GRID, label=WORD), Line(GRID, -GRID, faint=True)
    ),
    "points": figure(Points(GRID, GRID**2, label=WORD), Points(GRID, GRID, faint=True)),
    "cloud": figure(Points(np.tile(GRID, 100), np.repeat(GRID, 100))),
    "bars": figure(Bars(["a", "b", "c"], [1.0, -2.0, 3.0])),
    "lying": figure(
        *(
            Bars([Text(f"a rather long name {k}", f"很长的名字 {k}") for k in range(9)], range(9), label=WORD)
            for _ in range(2)
        )
    ),
    "histogram": figure(Bars(GRID, GRID**2), Bars(GRID, 1 + GRID, label=WORD)),
    "confusion": figure(Heat(["a", "b"], [WORD, WORD], [[5, 1], [2, 40]], label=WORD)),
    "signed": figure(Heat(GRID, GRID, np.outer(GRID, GRID)), Line(GRID, GRID), Points([0.0], [0.0])),
    "large": figure(Heat(np.arange(60), np.arange(60), np.ones((60, 60)))),
    "square": figure(Line([0, 1, 0, -1, 0], [1, 0, -1, 0, 1]), square=True),
    "pixels": figure(Heat(range(8), list("12345678"), np.eye(8)), square=True),
    "log": figure(Line([1, 2, 3], [1e-9, 1, 1e9]), log_x=True, log_y=True),
    "single": figure(Line([1.0], [1e-12]), Points([2.0], [1e-12])),
    "markup": figure(Line([0, 1], [0, 1], label=Text("a < b & $x$", "甲 < 乙 & $x$"))),
}


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_kind_of_figure_becomes_clean_svg(name: str, language: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a missing glyph above all
        svg = draw(FIGURES[name], language)
        assert draw(FIGURES[name], language) == svg, "the same figure must give the same text"
    root = ET.fromstring(svg)
    assert root.get("role") == "img"
    assert root.get("aria-label") == WORD[language]
    assert "#010203" not in svg, "a stand-in for the colour of the text is left"
    assert "#0a0b" not in svg, "a stand-in for the colour of a series is left"
    assert "style=" not in svg
    assert "<style" not in svg
    assert not re.search(r"~\d+~", svg), "a stand-in for a text is left"
    assert "currentColor" in svg
    texts = ["".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert WORD[language] in texts, "text must stay text"
    ids = re.findall(r' id="([^"]+)"', svg)
    assert len(ids) == len(set(ids))


def test_text_in_a_figure_is_escaped_and_not_read_as_mathematics() -> None:
    svg = draw(FIGURES["markup"], "zh")
    assert "甲 &lt; 乙 &amp; $x$" in svg


def test_drawing_leaves_matplotlib_as_it_was() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    draw(FIGURES["band"], "en")
    assert dict(matplotlib.rcParams) == before


def test_a_band_takes_the_colour_of_its_line_and_lines_differ() -> None:
    svg = draw(FIGURES["band"], "en")
    assert {"s1"} == {
        name for group in re.findall(r'class="(s\d[^"]*)"', svg) for name in group.split() if re.match(r"s\d", name)
    }
    lines = draw(FIGURES["lines"], "en")
    assert len({int(number) for number in re.findall(r'class="s(\d) stroke"', lines)}) == 8
    assert "stroke-dasharray" in lines, "the ninth line shares a colour and must differ in its dashes"


def test_labels_at_the_ends_do_not_overlap_and_stay_inside() -> None:
    crowd = figure(*(Line([0, 1], [0, 1 + k / 1000], label=Text(f"line {k}", f"线 {k}")) for k in range(15)))
    root = ET.fromstring(draw(crowd, "en"))
    places = sorted(
        float(element.get("y", "nan"))
        for element in root.iter("{http://www.w3.org/2000/svg}text")
        if (element.text or "").startswith("line")
    )
    assert len(places) == 15
    assert min(np.diff(places)) > 12
    assert places[0] > 0
    assert places[-1] < 384


def test_labels_are_pushed_apart_no_further_than_they_must() -> None:
    assert apart([50.0, 150.0, 250.0], 0.0, 300.0) == [50.0, 150.0, 250.0]
    low, middle, high, alone = apart([100.0, 101.0, 102.0, 250.0], 0.0, 300.0)
    assert (middle, alone) == (101.0, 250.0)
    assert high - middle == pytest.approx(middle - low)
    assert middle - low > 12
    assert min(apart([0.0, 0.0, 0.0], 0.0, 300.0)) == 0.0
    assert max(apart([300.0, 300.0], 0.0, 300.0)) == 300.0


def test_too_many_named_lines_are_refused() -> None:
    crowd = figure(*(Line([0, 1], [0, k], label=WORD) for k in range(30)))
    with pytest.raises(AtlasError, match="names 30 lines; name at most 18"):
        draw(crowd)


def test_labels_stand_where_the_lines_lie_apart() -> None:
    """Lines that meet at the right are named at the left."""

    def anchor(rising: bool) -> set[str | None]:
        ends = [1 - GRID, 1 + GRID][rising]
        many = figure(*(Line(GRID, k * ends, label=Text(f"line {k}", "线")) for k in range(8)))
        texts = ET.fromstring(draw(many)).iter("{http://www.w3.org/2000/svg}text")
        return {element.get("text-anchor", "start") for element in texts if (element.text or "").startswith("line")}

    assert anchor(rising=True) == {"start"}
    assert anchor(rising=False) == {"end"}


@pytest.mark.parametrize("name", FIGURES)
def test_figures_survive_the_round_trip_through_json(name: str) -> None:
    assert decode(json.loads(json.dumps(encode(FIGURES[name]), allow_nan=False))) == FIGURES[name]
