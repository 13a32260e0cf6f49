"""Ours and another implementation on a table of the reader's own: what differs, by how much and why, in tables."""

from __future__ import annotations

import copy
import importlib.metadata
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.judge.candidate import load, parse
from mlatlas.atlas.judge.peers import Objective, Peer, Translation
from mlatlas.atlas.judge.room import objectives_of, peers_of
from mlatlas.atlas.lab.differences import (
    IDLE,
    SAME,
    Answer,
    Comparison,
    Data,
    Floats,
    Found,
    Variation,
    last_step,
    parameters,
    with_settings,
)
from mlatlas.atlas.lab.estimators import typed_value
from mlatlas.atlas.lab.events import Figure, Line, Points, Table, shown
from mlatlas.atlas.lab.report import Section
from mlatlas.atlas.lab.tables import Study, features, preparation
from mlatlas.atlas.map import Room
from mlatlas.atlas.text import Language, Text
from mlatlas.data.columns import LEFT_OUT, listed, shown_name
from mlatlas.data.files import free_memory

MOST_LISTED = 10  # coefficients in a table
COPIES = 6  # of the table, at most, while it is fitted
UNIQUE = 1e-3  # predictions differ by less than this part of the coefficients where many have one objective
OURS, THEIRS = Text("ours", "我们"), Text("theirs", "对方")
ENDED = Text(
    "Not all reasons were tried in this time; a sample of the rows (--rows) is faster, and --seconds gives more.",
    "时间已到，原因没有试全；用 --rows 抽样会更快，用 --seconds 可延长时间。",
)
LIBRARIES = ("mlatlas", "scikit-learn", "numpy", "scipy")


@dataclass(frozen=True)
class Theirs:
    """The other side: an estimator that is not fitted yet, what it is called, and how its parameters translate if known."""

    estimator: Any
    name: str
    translation: tuple[Translation, ...] = ()


@dataclass
class Told:
    """What is to be said of one comparison."""

    title: Text
    sentences: list[Text] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)

    def markdown(self, language: Language) -> str:
        """To be pasted into an issue."""
        parts = [f"### {self.title[language]}", *(one[language] for one in self.sentences)]
        for table in self.tables:
            head = [column[language] for column in table.columns]
            rows = [head, ["---"] * len(head), *([shown(cell, language) for cell in row] for row in table.rows)]
            lines = ("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)
            parts += [f"**{table.text[language]}**", "\n".join(lines)]
        return "\n\n".join([*parts, versions()]) + "\n"

    def section(self, id: str, seconds: float) -> Section:
        """For the report."""
        first, *rest = self.sentences
        told = Text(" ".join(one.en for one in rest), "".join(one.zh for one in rest))
        return Section(
            id=id,
            title=self.title,
            summary=first,
            learned=told,
            figures=tuple(self.figures),
            tables=tuple(self.tables),
            seconds=seconds,
        )


def versions() -> str:
    """The libraries at work."""
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES)


# ---- the two sides ---------------------------------------------------------------------------------------------------


def objective_of(room: Room, export: str) -> Objective:
    """What the room declares that this estimator makes small."""
    found = {one.export: one for one in objectives_of(room)}
    if export not in found:
        known = ", ".join(found) or "none"
        raise AtlasError(f"{room.concept.id} declares no objective of {export} at which to judge; it does of: {known}")
    return found[export]


def opponents(room: Room, export: str, given: str | None) -> list[Theirs]:
    """The estimator that was given, otherwise what the users of each peer type."""
    peers = [one for one in peers_of(room) if export in one.typed and one.installed]
    if given is not None:
        estimator, name = made_from(given)
        known = [one.translation for one in peers if isinstance(last_step(estimator), made_class(one, export))]
        return [Theirs(estimator, name, *known[:1])]
    if not peers:
        raise AtlasError(
            f"{room.concept.id} has no peer of {export} here; name what to compare with: --theirs MODULE:NAME"
        )
    return [Theirs(*made_from(one.typed[export]), one.translation) for one in peers]


def made_class(peer: Peer, export: str) -> type[Any]:
    """The class that users of the peer type."""
    source, (name,) = parse(peer.typed[export])
    made: type[Any] = getattr(load(source), name)
    return made


def made_from(text: str) -> tuple[Any, str]:
    """An estimator from ``module:Name`` or ``file.py:Name``: a class or function is called, and what is one is copied."""
    source, names = parse(text)
    if len(names) != 1 or "=" in names[0]:
        raise AtlasError(f"--theirs {text} must name one estimator, such as my.module:MyRidge or mine.py:MyRidge")
    module, name = load(source), names[0]
    if name not in vars(module):
        has = [one for one, value in vars(module).items() if not one.startswith("_") and hasattr(value, "fit")]
        raise AtlasError(f"--theirs: {source} has no {name!r}; with a method fit it has {listed(has) or 'nothing'}")
    value = vars(module)[name]
    try:
        made = value() if inspect.isclass(value) or inspect.isroutine(value) else copy.deepcopy(value)
    except Exception as error:
        raise AtlasError(
            f"--theirs: {name}() cannot be made: {type(error).__name__}: {error}. Name a function without parameters "
            "that returns the estimator"
        ) from None
    if not (hasattr(made, "fit") and hasattr(made, "predict")):
        raise AtlasError(
            f"--theirs: {name} must have the methods fit and predict; a {type(made).__name__} has not both"
        )
    return made, name


def set_alike(theirs: Any, both: Mapping[str, str], own: Mapping[str, str], seed: int) -> Any:
    """Theirs with the settings of ours that it has by the same name, then its own, and the seed where it wants one."""
    known = parameters(theirs)
    for name in own:
        if name not in known:
            raise AtlasError(
                f"--theirs-set: {type(last_step(theirs)).__name__} has no parameter {name!r}; it has {listed(list(known), 20)}"
            )
    given = {name: typed_value(text) for name, text in {**both, **own}.items() if name in known}
    if known.get("random_state", 0) is None:
        given.setdefault("random_state", seed)
    try:
        return with_settings(theirs, given)
    except Exception as error:
        raise AtlasError(f"--theirs-set: {type(error).__name__}: {error}") from None


def prepared(study: Study, scale: bool) -> Data:
    """The table that both are given: gaps filled, categories as indicators, and numbers as they are unless scaled."""
    reading = study.reading
    size = len(reading.lines) * len(features(reading.schema)) * 8 * COPIES
    if size > free_memory():
        raise AtlasError(
            f"{study.request.path}: to compare takes about {size / 1e9:,.1f} GB; take a sample of the rows with --rows 100000"
        )
    X = np.asarray(preparation(reading.schema, sparse=False, scale=scale).fit_transform(reading.X), dtype=float)
    if reading.schema.target.kind == "number":
        return Data(X, reading.y.astype(float), 0)
    names, codes = np.unique(reading.y, return_inverse=True)
    return Data(X, codes, len(names))


# ---- what is said ----------------------------------------------------------------------------------------------------


def compare(
    study: Study,
    theirs: Theirs,
    *,
    scale: bool,
    own: Mapping[str, str],
    seconds: float,
    tick: Callable[[Text], None],
) -> Told:
    """Fit both, search for so many seconds why they differ, and put it into words."""
    request, offer = study.request, study.offer
    ours = offer.estimator(request.settings, request.seed)
    other = set_alike(theirs.estimator, request.settings, own, request.seed)
    objective, data = objective_of(study.room, offer.name), prepared(study, scale)
    comparison = Comparison(objective, ours, other, data, theirs.translation, tick, seconds)
    found = comparison.find()
    answers = comparison.both(Variation())
    name = shown_name(theirs.name)
    told = Told(
        Text(
            f"{offer.name} of mlatlas and {name} of {_library(other)} on {study.file.path.name}",
            f"{study.file.path.name} 上 mlatlas 的 {offer.name} 与 {_library(other)} 的 {name}",
        )
    )
    told.sentences = [
        _table_sentence(study, data, scale),
        *_difference(comparison, found, answers),
        *_why(found),
        *([ENDED] if comparison.ended else []),
        *_warnings(answers),
    ]
    told.tables = [
        Table(
            en="How the parameters translate",
            zh="参数对照",
            columns=[OURS, THEIRS, Text("why", "说明")],
            rows=list(_translated(ours, other, theirs.translation)),
        ),
        _objectives(comparison, found, answers),
    ]
    if found.causes:
        told.tables.append(_reasons(found))
    told.tables.append(_coefficients(study, data, answers, comparison))
    told.figures = [_picture(comparison, answers)]
    return told


def _library(estimator: Any) -> str:
    module = type(last_step(estimator)).__module__.partition(".")[0]
    return {"sklearn": "scikit-learn"}.get(module, shown_name(module.removeprefix("graded ")))


def _table_sentence(study: Study, data: Data, scale: bool) -> Text:
    schema, rows = study.reading.schema, f"{len(data.X):,}"
    counts = [
        (len(schema.names("number", "date")), "numbers", "个数值列"),
        (len(schema.names("category")), "categories", "个类别列"),
    ]
    en = ", ".join(f"{count} {what}" for count, what, _ in counts if count)
    zh = "、".join(f"{count} {what}" for count, _, what in counts if count)
    out = [name for name, kind, _ in study.reading.said if kind is LEFT_OUT]
    target = shown_name(schema.target.name)
    units = Text("scaled", "已标准化") if scale else Text("in their own units", "保持原单位")
    return Text(
        f"The same table for both: {rows} rows, {en} ({units.en}; gaps filled, categories as indicators), {data.X.shape[1]} columns in all; target {target}."
        + (f" Left out: {listed(out)}." if out else ""),
        f"两边用同一张表：{rows} 行，{zh}（数值{units.zh}，缺失已填补，类别展开为指示列），共 {data.X.shape[1]} 列；目标 {target}。"
        + (f"舍去：{listed(out)}。" if out else ""),
    )


def _difference(comparison: Comparison, found: Found, answers: tuple[Answer, Answer]) -> Iterator[Text]:
    """By how much the coefficients differ, and at which answer the objective is lower."""
    ours, theirs = answers
    if found.start <= SAME:
        digits = int(-np.log10(max(found.start, 1e-16)))
        yield Text(
            f"There is no difference: the coefficients agree to {digits} digits.",
            f"没有差别：系数有 {digits} 位数字相同。",
        )
        return
    yield Text(
        f"The coefficients differ by {_percent(found.start)} of their length (each times the standard deviation of its column, the "
        "intercept at the mean row).",
        f"系数相差其长度的 {_percent(found.start)}（每个系数乘以该列的标准差，截距取在均值处）。",
    )
    values = [sum(comparison.value(one, Variation())) for one in answers]
    yield Text(
        f"What ours makes small is {_lower(*values).en}.",
        f"我们所最小化的目标函数{_lower(*values).zh}。",
    )
    X = comparison.data.X
    apart = ours.scores(X) - theirs.scores(X)
    apart -= apart.mean(axis=1, keepdims=True) if comparison.shifts else 0.0
    spread = float(np.std(ours.scores(X))) or 1.0
    if float(np.sqrt(np.mean(apart**2))) / spread < UNIQUE * found.start:
        yield Text(
            "Yet both predict the same: columns follow from one another here, so that many coefficients have one objective.",
            "但两者的预测相同：有的列可由其他列推出，许多组系数的目标值相同。",
        )


def _why(found: Found) -> Iterator[Text]:
    if found.start <= SAME:
        return
    if found.causes:
        first = found.causes[0]
        yield Text(
            f"The largest reason, {_percent(first.explains)} of the difference: {first.change.reason.en}.",
            f"最主要的原因，占差别的 {_percent(first.explains)}：{first.change.reason.zh}。",
        )
    if found.rest > max(SAME, 1e-3 * found.start):
        yield Text(
            f"What was tried leaves {_percent(found.rest / found.start)} of the difference unexplained.",
            f"尝试过的原因解释不了其余的 {_percent(found.rest / found.start)}。",
        )


def _warnings(answers: tuple[Answer, Answer]) -> Iterator[Text]:
    for answer, who in zip(answers, (Text("Ours", "我们"), Text("Theirs", "对方")), strict=True):
        for note in answer.notes[:2]:
            said = note if len(note) <= 160 else note[:159] + "…"
            yield Text(f"{who.en} warns: {said}", f"{who.zh}的警告：{said}")


def _percent(share: float) -> str:
    return f"{shown(100 * share, digits=3)} %"


def _lower(ours: float, theirs: float) -> Text:
    """Which objective is lower, and by how much."""
    apart, size = theirs - ours, max(abs(ours), abs(theirs))
    if abs(apart) <= 1e-13 * size:
        return Text("equal at both, to rounding", "两边相同（舍入误差以内）")
    by, share = shown(abs(apart), digits=3), _percent(abs(apart) / size)
    which = Text("ours", "我们的解") if apart > 0 else Text("theirs", "对方的解")
    return Text(f"lower at {which.en}, by {by} ({share})", f"在{which.zh}处更低，低 {by}（{share}）")


def _translated(ours: Any, theirs: Any, translation: Sequence[Translation]) -> Iterator[list[Text | str]]:
    """Each parameter of either side with its value, beside its like, and why."""
    mine, yours = parameters(ours), parameters(theirs)
    left, right = set(mine), set(yours)

    def told(names: str, has: Mapping[str, Any]) -> tuple[list[str], str]:
        named = [one for one in names.split(", ") if one in has]
        return named, ", ".join(f"{one} = {_value(has[one])}" for one in named)

    for row in translation:
        (our_names, our_side), (their_names, their_side) = told(row.ours, mine), told(row.theirs, yours)
        if (our_names or not row.ours) and (our_names or their_names):
            left -= set(our_names)
            right -= set(their_names)
            yield [our_side or "–", their_side or "–", row.why]
    for name in [one for one in mine if one in left and one in right]:
        same = repr(mine[name]) == repr(yours[name])
        why = (
            Text("the same name and value", "名称与取值相同")
            if same
            else Text("the same name, another value", "名称相同，取值不同")
        )
        if name in IDLE:
            why = Text("changes no answer, but for chance", "除随机性外不影响结果")
        yield [f"{name} = {_value(mine[name])}", f"{name} = {_value(yours[name])}", why]
    for name in [one for one in mine if one in left - right]:
        yield [f"{name} = {_value(mine[name])}", "–", Text("theirs has none of this name", "对方没有同名参数")]
    for name in [one for one in yours if one in right - left]:
        yield ["–", f"{name} = {_value(yours[name])}", Text("ours has none of this name", "我们没有同名参数")]
    for name, step in getattr(theirs, "steps", [])[:-1]:
        what = shown_name(" ".join(repr(step).split()))
        yield ["–", f"{name}: {what}", Text("what theirs does to the columns first", "对方先对各列做的处理")]


def _value(value: Any) -> str:
    told = " ".join(repr(value).split())
    return told if len(told) <= 30 else told[:29] + "…"


def _objectives(comparison: Comparison, found: Found, answers: tuple[Answer, Answer]) -> Table:
    """Loss, penalty and their sum at both answers; and the sum once all is set equal."""
    names = [Text("loss", "损失")]
    if comparison.objective.strength:
        names += [Text("penalty", "惩罚"), Text("objective", "目标函数")]
    ours, theirs = ([*comparison.value(one, Variation())] for one in answers)
    if comparison.objective.strength:
        ours, theirs = ([*one, sum(one)] for one in (ours, theirs))
    rows: list[list[Any]] = [
        [name, _exact(one), _exact(other), _lower(one, other)]
        for name, one, other in zip(names, ours, theirs, strict=False)
    ]
    if found.causes:
        one, other = (sum(comparison.value(answer, found.end)) for answer in comparison.both(found.end))
        rows.append(
            [
                Text("objective, once all below is set equal", "目标函数（以下各项都取成相同之后）"),
                _exact(one),
                _exact(other),
                _lower(one, other),
            ]
        )
    formula = comparison.objective.formula
    return Table(
        en=f"One objective at both answers: {formula.en}",
        zh=f"同一个目标函数在两个解处的值：{formula.zh}",
        columns=[
            Text("part", "部分"),
            Text("at ours", "我们的解"),
            Text("at theirs", "对方的解"),
            Text("which is lower", "哪个更低"),
        ],
        rows=rows,
    )


def _exact(value: float) -> str:
    """Nine digits, since it is the last ones that differ."""
    return f"{value:,.9g}".replace("-", "−")


def _reasons(found: Found) -> Table:
    return Table(
        en="Reasons, each set equal and both fitted anew",
        zh="原因：逐项取成相同，两边重新拟合",
        columns=[
            Text("explains, %", "解释 %"),
            Text("reason", "原因"),
            Text("set equal by", "如何取成相同"),
            Text("gone if this alone is, %", "单独取成相同时消去 %"),
            Text("difference then, %", "此后还差 %"),
        ],
        rows=[
            [_rounded(one.explains), one.change.reason, one.change.how, _rounded(one.alone), 100 * one.left]
            for one in found.causes
        ],
    )


def _rounded(share: float) -> float:
    return round(100 * share, 2) + 0.0  # no −0


def _coefficients(study: Study, data: Data, answers: tuple[Answer, Answer], comparison: Comparison) -> Table:
    """Those that differ most, in the units of their columns."""
    ours, theirs = answers
    names = features(study.reading.schema)
    apart = np.abs((ours.W - theirs.W) * data.spread)
    rows: list[list[Any]] = []
    for at in np.argsort(-apart, axis=None, kind="stable")[:MOST_LISTED]:
        k, j = np.unravel_index(at, apart.shape)
        name = names[j] if len(ours.W) == 1 else _of_class(names[j], study.reading.schema.target.categories, int(k))
        rows.append([name, ours.W[k, j], theirs.W[k, j], float(apart[k, j])])
    for k in range(len(ours.b)):
        intercept = Text("intercept", "截距")
        name = intercept if len(ours.b) == 1 else _of_class(intercept, study.reading.schema.target.categories, k)
        level = comparison.in_units(ours)[k, -1] - comparison.in_units(theirs)[k, -1]
        rows.append([name, ours.b[k], theirs.b[k], abs(float(level))])
        if k == MOST_LISTED:
            break
    few = (
        Text("", "")
        if apart.size <= MOST_LISTED
        else Text(
            f", the {MOST_LISTED} that differ most of {apart.size}", f"（{apart.size} 个中差别最大的 {MOST_LISTED} 个）"
        )
    )
    return Table(
        en=f"Coefficients{few.en}",
        zh=f"系数{few.zh}",
        columns=[Text("column", "列"), OURS, THEIRS, Text("difference × standard deviation", "差 × 标准差")],
        rows=rows,
    )


def _of_class(name: Text, classes: Sequence[str], k: int) -> Text:
    label = shown_name(sorted(classes)[k])
    return Text(f"{name.en}, for {label}", f"{name.zh}（{label}）")


def _picture(comparison: Comparison, answers: tuple[Answer, Answer]) -> Figure:
    """Every coefficient of ours against that of theirs."""
    ours, theirs = (comparison.in_units(one)[:, :-1].ravel() for one in answers)
    both: Floats = np.concatenate([ours, theirs])
    ends = [float(both.min()), float(both.max())]
    return Figure(
        name="coefficients",
        title=Text("Coefficients of both", "两边的系数"),
        x=Text("ours, times the standard deviation of the column", "我们的系数 × 该列标准差"),
        y=Text("theirs, times the standard deviation of the column", "对方的系数 × 该列标准差"),
        caption=Text("Each point is a column; on the line both agree.", "每点代表一列；落在线上即两边相同。"),
        series=[Line(ends, ends, label=Text("equal", "相同"), faint=True), Points(ours, theirs)],
    )
