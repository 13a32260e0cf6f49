"""A room's estimator on a table of the reader's own: what was read, how good the model is, and what it learned.

Like a lab this yields events, so that progress, report and terminal are those of the labs. The figures are of a model
that has not seen the rows held out; the model that is kept is then fitted to all rows.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.lab.estimators import Offer, choose, offers
from mlatlas.atlas.lab.evaluation import (
    RESAMPLES,
    Estimate,
    Judgement,
    Score,
    judge_classes,
    judge_numbers,
    reliability,
    share,
)
from mlatlas.atlas.lab.events import (
    Bars,
    Event,
    Figure,
    Heat,
    Learned,
    Line,
    Metric,
    Points,
    Progress,
    Rule,
    Script,
    Table,
    shown,
)
from mlatlas.atlas.lab.experiment import RunResult
from mlatlas.atlas.lab.knobs import checked_seed
from mlatlas.atlas.lab.report import Section
from mlatlas.atlas.map import Atlas, Room
from mlatlas.atlas.text import Text
from mlatlas.data.columns import MISSING, Kind, Reader, Reading, Schema, Wishes, listed, shown_name
from mlatlas.data.files import TableFile, free_memory

Floats: TypeAlias = NDArray[np.float64]

LEAST_ROWS = 10
MOST_POINTS = 2000  # in a picture
MOST_CLASSES = 12  # in a picture
MOST_FEATURES = 15  # in a picture
MOST_LISTED = 40  # in a table
INTERVAL = Text("95 % interval", "95% 区间")


@dataclass(frozen=True)
class Request:
    """What the reader asked for."""

    path: Path
    target: str
    estimator: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    drop: Sequence[str] = ()
    missing: Sequence[str] = ()
    encoding: str = "utf-8"
    rows: int | None = None
    held_out: float = 0.25
    seed: int = 0
    resamples: int = RESAMPLES


class Study:
    """One fit of one room's estimator to one table."""

    offer: Offer
    reading: Reading
    pipeline: Any  # fitted to all rows

    def __init__(self, atlas: Atlas, room: Room, request: Request) -> None:
        if not 0 < request.held_out < 1:
            raise AtlasError(
                f"--held-out must lie between 0 and 1; got {request.held_out:g}. A quarter, 0.25, is usual"
            )
        if request.rows is not None and request.rows < LEAST_ROWS:
            raise AtlasError(f"--rows must be at least {LEAST_ROWS}; got {request.rows}")
        checked_seed(request.seed)
        self.atlas, self.room, self.request = atlas, room, request
        self.file = TableFile(request.path, request.encoding)
        self.reader = Reader(request.path, self.file.unit, (*MISSING, *request.missing))
        self.candidates = choose(room, request.estimator, request.kinds.get(request.target))
        self.candidates[0].estimator(
            request.settings, request.seed
        )  # a wrong parameter is told before anything is read
        self.notes: list[str] = []  # warnings of the fit
        self._check_memory()

    def _check_memory(self) -> None:
        free = free_memory()
        if self.request.rows is None and self.file.memory > free:
            raise AtlasError(
                f"{self.file.path} has {_size(self.file.bytes)}; to hold and fit it takes about {_size(self.file.memory)}, and "
                f"{_size(free)} are free. Two things stream: --rows 100000 reads the file once and keeps a random sample of so "
                "many rows, and mlatlas predict works through files of any size"
            )

    # ---- reading ---------------------------------------------------------------------------------------------------

    def read(self) -> Reading:
        """Read the table, and settle which estimator it is for."""
        kinds = {one.predicts for one in self.candidates}
        wanted = next(iter(kinds)) if len(kinds) == 1 else None
        request = self.request
        try:
            block = self.file.read(request.rows, request.seed)
            self.reading = self.reader.infer(block, request.target, Wishes(request.kinds, request.drop), wanted)
        except MemoryError:
            raise AtlasError(
                f"{request.path} does not fit into memory; read a sample of it with --rows 100000"
            ) from None
        target = self.reading.schema.target
        fitting = [one for one in self.candidates if one.predicts == target.kind]
        classes = len(target.categories)
        able = [one for one in fitting if one.many or classes < 3]
        if not able:
            raise AtlasError(
                f"{request.path}: the target {target.name!r} has {classes} classes ({listed(target.categories)}), and "
                f"{fitting[0].name} tells two apart; {self._elsewhere(classes)}"
            )
        self.offer = able[0]
        if len(self.reading.lines) < LEAST_ROWS:
            raise AtlasError(
                f"{request.path} has {len(self.reading.lines)} rows with a target; at least {LEAST_ROWS} are needed to fit and to judge"
            )
        return self.reading

    def _elsewhere(self, classes: int) -> str:
        """The concepts that can predict so many classes."""
        found = [
            room.concept.id
            for room in self.atlas.order()
            if any(one.predicts == "category" and (one.many or classes < 3) for one in offers(room))
        ]
        return f"these tell more apart: {', '.join(found)}" if found else "merge classes, or choose another --target"

    # ---- the run ---------------------------------------------------------------------------------------------------

    def run(self) -> Iterator[Event]:
        """Fit, judge and show; `read` comes first."""
        reading, request = self.reading, self.request
        schema, X, y = reading.schema, reading.X, reading.y
        yield _columns_table(reading)
        fitted, held_out = reading.split(request.held_out, request.seed)
        if not len(held_out):
            raise AtlasError(f"--held-out {request.held_out:g} of {len(y)} rows holds out none; hold out more")
        yield Progress(0.1, en=f"fitting {len(fitted):,} rows", zh=f"拟合 {len(fitted):,} 行")
        model = self._fit(X[fitted], y[fitted])
        yield Progress(0.4, en=f"predicting {len(held_out):,} rows", zh=f"预测 {len(held_out):,} 行")
        if schema.target.kind == "number":
            yield from self._number_events(model, X[held_out], y[fitted], y[held_out])
        else:
            yield from self._class_events(model, X[held_out], y[fitted], y[held_out])
        yield Progress(0.8, en=f"fitting all {len(y):,} rows", zh=f"拟合全部 {len(y):,} 行")
        self.pipeline = self._fit(X, y)
        yield from _coefficient_events(schema, self.pipeline)
        yield Script(script(schema, self.offer, self.request, self._parameters()))

    def _fit(self, X: Any, y: Any) -> Any:
        estimator = self.offer.estimator(self.request.settings, self.request.seed)
        model = pipeline(self.reading.schema, estimator, self.offer.sparse)
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                model.fit(X, y)
        except (ValueError, TypeError, ArithmeticError) as error:
            told = " ".join(str(error).split())
            raise AtlasError(f"{self.offer.name} cannot be fitted: {told[:400]}") from error
        except MemoryError:
            raise AtlasError(
                f"{self.offer.name} needs more memory than there is; fit a sample with --rows 100000"
            ) from None
        for one in caught:
            told = " ".join(str(one.message).split())
            if told not in self.notes:
                self.notes.append(told)
        return model

    def _parameters(self) -> dict[str, Any]:
        """The parameters that are not at their defaults."""
        set_ = self.offer.estimator(self.request.settings, self.request.seed).get_params(deep=False)
        default = self.offer.make().get_params(deep=False)
        return {name: value for name, value in set_.items() if repr(value) != repr(default[name])}

    def _number_events(self, model: Any, X: Any, y_fitted: Floats, y: Floats) -> Iterator[Event]:
        name, request = self.reading.schema.target.name, self.request
        predicted = np.asarray(model.predict(X), dtype=float)
        if not np.isfinite(predicted).all():
            raise AtlasError(
                f"{self.offer.name} predicts numbers that are not finite; rescale the columns with the largest numbers"
            )
        judged = judge_numbers(y, predicted, float(y_fitted.mean()), request.seed, request.resamples)
        yield from _score_events(judged, len(y))
        some = np.sort(np.random.default_rng(request.seed).permutation(len(y))[:MOST_POINTS])
        told = shown_name(name)
        both = np.concatenate([y[some], predicted[some]])
        ends = [float(both.min()), float(both.max())]
        part = _part(len(some), len(y))
        yield Figure(
            name="fit",
            title=Text("Predicted and observed", "预测与观测"),
            x=Text(f"predicted {told}", f"预测的 {told}"),
            y=Text(f"observed {told}", f"观测的 {told}"),
            caption=Text(f"{part.en} On the line a prediction is exact.", f"{part.zh}落在线上即预测无误。"),
            series=[Points(predicted[some], y[some]), Line(ends, ends, label=Text("exact", "无误"), faint=True)],
        )
        left, middle = _running_mean(predicted, y - predicted)
        yield Figure(
            name="residuals",
            title=Text("What is left over", "残差"),
            x=Text(f"predicted {told}", f"预测的 {told}"),
            y=Text(f"observed less predicted {told}", f"观测减预测的 {told}"),
            caption=Text(
                f"{part.en} The line joins means of neighbours; where it leaves zero, the model is bent in a way that it should not be, "
                "and where the points spread, its error grows.",
                f"{part.zh}折线是相邻样本的均值：偏离零处，模型的形状不对；点散开处，误差变大。",
            ),
            series=[
                Points(predicted[some], (y - predicted)[some]),
                Line(left, middle, label=Text("mean", "均值")),
                Rule(0.0, axis="y"),
            ],
        )
        yield self._learned(judged, name, len(y))

    def _class_events(self, model: Any, X: Any, y_fitted: Any, y: Any) -> Iterator[Event]:
        schema, request = self.reading.schema, self.request
        labels = list(schema.target.categories)
        number = {label: at for at, label in enumerate(labels)}
        true = np.array([number[one] for one in y])
        predicted = np.array([number[str(one)] for one in model.predict(X)])
        p = None
        if hasattr(model, "predict_proba"):
            columns = [number[str(one)] for one in model.classes_]
            p = np.zeros((len(y), len(labels)))
            p[:, columns] = model.predict_proba(X)
        shares = np.bincount([number[one] for one in y_fitted], minlength=len(labels)) / len(y_fitted)
        judged = judge_classes(true, predicted, p, shares, request.seed, request.resamples)
        yield from _score_events(judged, len(y))
        yield _confusion(labels, true, predicted)
        if p is not None:
            yield _calibration(labels, p, true)
        yield _class_table(labels, true, predicted)
        yield self._learned(judged, labels[int(shares.argmax())], len(y))

    def _learned(self, judged: Judgement, what: str, rows: int) -> Learned:
        """The first measure in a sentence, against the baseline; ``what`` is the target, or the most frequent class."""
        score, told = judged.scores[0], shown_name(what)
        assert score.baseline is not None
        model, base = (_estimate(one, score.unit) for one in (score.model, score.baseline))
        name = self.offer.name
        doubt = Text("", "")
        if not judged.better:
            doubt = Text(" These rows leave open whether it is better at all.", "这些样本还不足以说明它比基线更好。")
        if score.less:
            en = f"On {rows:,} rows that it had not seen, the root mean square error of {name} for {told} is {model.en}; that of the mean alone is {base.en}."
            zh = f"在没见过的 {rows:,} 行上，{name} 对 {told} 的均方根误差为 {model.zh}；只报均值则为 {base.zh}。"
        else:
            en = f"Of {rows:,} rows that it had not seen, {name} classifies {model.en} rightly; always saying “{told}” would be right for {base.en}."
            zh = f"在没见过的 {rows:,} 行中，{name} 判对 {model.zh}；一律判为“{told}”则为 {base.zh}。"
        return Learned(en=en + doubt.en, zh=zh + doubt.zh)

    # ---- the report ------------------------------------------------------------------------------------------------

    def section(self, result: RunResult) -> Section:
        """The report's section about this run."""
        reading, name = self.reading, shown_name(self.reading.schema.target.name)
        used = len(reading.schema.columns)
        rows, without = f"{len(reading.lines):,}", f"{reading.without_target:,}"
        sample = Text("a random sample of ", "随机抽取的 ") if self.request.rows else Text("", "")
        lost = (
            Text(f"; {without} more have no target", f"；另有 {without} 行缺目标值")
            if reading.without_target
            else Text("", "")
        )
        source = self.file.path.name
        parameters = self.offer.estimator(self.request.settings, self.request.seed).get_params(deep=False)
        notes = "; ".join(self.notes)
        return Section(
            id=self.room.concept.id,
            title=Text(f"{name}, by {self.offer.name}", f"用 {self.offer.name} 预测 {name}"),
            summary=Text(
                f"How well {self.room.concept.title.en.lower()} predicts {name} in {source}, and from what.",
                f"{self.room.concept.title.zh}能把 {source} 中的 {name} 预测得多准，依据是什么。",
            ),
            data=Text(
                f"{source}: {sample.en}{rows} rows{lost.en}; {used} columns in use. {100 * self.request.held_out:g} % of the rows were held out to judge.",
                f"{source}：{sample.zh}{rows} 行{lost.zh}；使用 {used} 列。留出 {100 * self.request.held_out:g}% 的行用于评估。",
            ),
            learned=result.learned.text if result.learned else None,
            metrics=tuple(result.metrics),
            figures=tuple(result.figures),
            tables=tuple(result.tables),
            settings=(
                *((Text(key, key), str(value)) for key, value in parameters.items()),
                (Text("seed", "随机种子"), self.request.seed),
            ),
            script=result.script.code if result.script else "",
            seconds=result.seconds,
            note=Text(f"The fit warns: {notes}", f"拟合时有警告：{notes}") if notes else None,
        )


# ---- the model -----------------------------------------------------------------------------------------------------


def pipeline(schema: Schema, estimator: Any, sparse: bool) -> Any:
    """The preparation of the columns and the estimator."""
    from sklearn.pipeline import Pipeline

    return Pipeline([("prepare", preparation(schema, sparse)), ("model", estimator)])


def preparation(schema: Schema, sparse: bool, scale: bool = True) -> Any:
    """Numbers and dates filled and, by default, scaled; categories as indicators."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import MissingIndicator, SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    steps: list[tuple[str, Any, list[str]]] = []
    if numbers := schema.names("number", "date"):
        fill = SimpleImputer(strategy="median", keep_empty_features=True)
        scaled = Pipeline([("fill", fill), ("scale", StandardScaler())]) if scale else fill
        steps.append(("numbers", scaled, numbers))
    if gaps := _with_gaps(schema):
        steps.append(("gaps", MissingIndicator(features="all"), gaps))
    if categories := schema.names("category"):
        steps.append(("categories", OneHotEncoder(categories=_levels(schema)), categories))
    return ColumnTransformer(steps, sparse_threshold=0.3 if sparse else 0.0)


def _with_gaps(schema: Schema) -> list[str]:
    return [one.name for one in schema.columns if one.missing and one.kind != "category"]


def _levels(schema: Schema) -> list[list[str | None]]:
    """The categories of each categorical column; None at the end stands for a missing value."""
    columns = [one for one in schema.columns if one.kind == "category"]
    return [[*one.categories, None] if one.missing else list(one.categories) for one in columns]


def features(schema: Schema) -> list[Text]:
    """What each coefficient belongs to, in the order of the prepared columns."""
    found = [Text(shown_name(name), shown_name(name)) for name in schema.names("number", "date")]
    found += [Text(f"{shown_name(name)} is missing", f"{shown_name(name)} 缺失") for name in _with_gaps(schema)]
    names = [shown_name(name) for name in schema.names("category")]
    for name, levels in zip(names, _levels(schema), strict=True):
        for level in levels:
            en, zh = ("missing", "缺失") if level is None else (shown_name(level), shown_name(level))
            found.append(Text(f"{name} = {en}", f"{name} = {zh}"))
    return found


def script(schema: Schema, offer: Offer, request: Request, parameters: Mapping[str, Any]) -> str:
    """The same in Python."""
    options = [
        *([f"kinds={dict(request.kinds)!r}"] if request.kinds else []),
        *([f"drop={list(request.drop)!r}"] if request.drop else []),
        *([f"missing={list(request.missing)!r}"] if request.missing else []),
        *([f"encoding={request.encoding!r}"] if request.encoding != "utf-8" else []),
        *([f"rows={request.rows}, seed={request.seed}"] if request.rows else []),
        f'wanted="{schema.target.kind}"',
    ]
    given = ", ".join(f"{name}={value!r}" for name, value in parameters.items()).replace("=inf", '=float("inf")')
    steps, imports = [], []
    if schema.names("number", "date"):
        imports += ["from sklearn.impute import SimpleImputer", "from sklearn.preprocessing import StandardScaler"]
        steps.append('("numbers", scaled, table.schema.names("number", "date")),')
    if gaps := _with_gaps(schema):
        imports.append("from sklearn.impute import MissingIndicator")
        steps.append(f'("gaps", MissingIndicator(features="all"), {gaps!r}),')
    if schema.names("category"):
        imports.append("from sklearn.preprocessing import OneHotEncoder")
        steps.append('("categories", OneHotEncoder(categories=levels), table.schema.names("category")),')
    ending = {
        "number": 'print("root mean square error", np.sqrt(np.mean((predicted - y[held_out]) ** 2)))',
        "category": 'print("classified rightly, %", 100 * np.mean(predicted == y[held_out]))',
    }[schema.target.kind]
    lines = [
        "import numpy as np",
        "from sklearn.compose import ColumnTransformer",
        "from sklearn.pipeline import make_pipeline",
        *sorted(imports),
        "",
        "from mlatlas.data import read_table",
        f"from {offer.region} import {offer.name}",
        "",
        f"table = read_table({str(request.path)!r}, {schema.target.name!r}, {', '.join(options)})",
    ]
    if schema.names("number", "date"):
        lines += [
            'filled = SimpleImputer(strategy="median", keep_empty_features=True)',
            "scaled = make_pipeline(filled, StandardScaler())",
        ]
    if schema.names("category"):
        lines += [
            'grouped = [one for one in table.schema.columns if one.kind == "category"]',
            "levels = [[*one.categories, None] if one.missing else list(one.categories) for one in grouped]",
        ]
    lines += [
        "prepare = ColumnTransformer(",
        "    [",
        *(f"        {step}" for step in steps),
        "    ],",
        f"    sparse_threshold={0.3 if offer.sparse else 0.0},",
        ")",
        f"model = make_pipeline(prepare, {offer.name}({given}))",
        "X, y = table.X, table.y",
        f"fitted, held_out = table.split({request.held_out!r}, seed={request.seed})",
        "predicted = model.fit(X[fitted], y[fitted]).predict(X[held_out])",
        ending,
    ]
    return "\n".join(lines)


# ---- events --------------------------------------------------------------------------------------------------------


def _columns_table(reading: Reading) -> Table:
    target = reading.schema.target
    what: Text = Text("target", "目标")
    if target.kind == "number":
        told = Text(f"number, {target.low:.6g} to {target.high:.6g}", f"数，{target.low:.6g} 到 {target.high:.6g}")
    else:
        few = listed(target.categories)
        told = Text(f"{len(target.categories)} classes: {few}", f"{len(target.categories)} 类：{few}")
    if reading.without_target:
        told = Text(
            f"{told.en}; {reading.without_target:,} rows without it are left out",
            f"{told.zh}；缺目标值的 {reading.without_target:,} 行舍去",
        )
    return Table(
        en="How the columns were read",
        zh="各列如何读取",
        columns=[Text("column", "列"), Text("taken as", "当作"), Text("what it holds", "内容")],
        rows=[
            [shown_name(target.name), what, _printable(told)],
            *([shown_name(name), kind, _printable(told)] for name, kind, told in reading.said),
        ],
    )


def _score_events(judged: Judgement, rows: int) -> Iterator[Event]:
    for one in judged.scores:
        yield Metric(
            one.name, one.model.value, en=f"{one.title.en}, held out", zh=f"留出样本上的{one.title.zh}", unit=one.unit
        )
    yield Table(
        en=f"Judged on {rows:,} rows held out",
        zh=f"在留出的 {rows:,} 行上评估",
        columns=[Text("measure", "指标"), Text("model", "模型"), INTERVAL, Text("baseline", "基线"), INTERVAL],
        rows=[[_with_unit(one), one.model.value, _between(one.model), *_cells(one.baseline)] for one in judged.scores],
    )


def _cells(one: Estimate | None) -> list[Any]:
    return [one.value, _between(one)] if one else [None, None]


def _with_unit(score: Score) -> Text:
    return Text(f"{score.title.en}, {score.unit}", f"{score.title.zh}（{score.unit}）") if score.unit else score.title


def _between(one: Estimate) -> Text | None:
    if one.low is None or one.high is None:
        return None
    low, high = shown(one.low, digits=3), shown(one.high, digits=3)
    return Text(f"{low} to {high}", f"{low} 到 {high}")


def _estimate(one: Estimate, unit: str) -> Text:
    """A figure with its unit and interval, for a sentence."""
    told, between = f"{shown(one.value, digits=3)}\N{NO-BREAK SPACE}{unit}".strip(), _between(one)
    return Text(f"{told} ({between.en})", f"{told}（{between.zh}）") if between else Text(told, told)


def _confusion(labels: list[str], true: Any, predicted: Any) -> Figure:
    """How often each class was taken for which."""
    counts = np.zeros((len(labels), len(labels)))
    np.add.at(counts, (true, predicted), 1)
    keep = np.sort(np.argsort(-counts.sum(axis=1), kind="stable")[:MOST_CLASSES])
    names = [shown_name(labels[at]) for at in keep]
    cut = Text("", "")
    if len(keep) < len(labels):
        cut = Text(
            f" The {len(keep)} most frequent of {len(labels)} classes are shown.",
            f"只画出 {len(labels)} 类中最多的 {len(keep)} 类。",
        )
    wrong = int((true != predicted).sum())
    return Figure(
        name="confusion",
        title=Text("What is taken for what", "混淆矩阵"),
        x=Text("predicted class", "预测的类别"),
        y=Text("true class", "真实类别"),
        caption=Text(
            f"Held-out rows by their class and the predicted one; {wrong:,} of {len(true):,} lie off the diagonal.{cut.en}",
            f"留出样本按真实类别与预测类别计数；{len(true):,} 行中有 {wrong:,} 行不在对角线上。{cut.zh}",
        ),
        series=[Heat(names, names, counts[np.ix_(keep, keep)], label=Text("rows", "行数"))],
        square=True,
    )


def _calibration(labels: list[str], p: Floats, true: Any) -> Figure:
    """Whether what is said with probability p comes true with frequency p."""
    if len(labels) == 2:
        said, came = p[:, 1], true == 1
        told = shown_name(labels[1])
        x = Text(f"probability that was given to {told}", f"给 {told} 的概率")
        y = Text(f"share that was {told}", f"其中确为 {told} 的比例")
    else:
        best = p.argmax(axis=1)
        said, came = p.max(axis=1), best == true
        x = Text("probability that was given to the predicted class", "给所判类别的概率")
        y = Text("share that was classified rightly", "判对的比例")
    bins = reliability(said, came)
    return Figure(
        name="calibration",
        title=Text("Said and seen", "说的与见的"),
        x=x,
        y=y,
        caption=Text(
            f"{len(said):,} held-out rows in {len(bins)} groups by probability; bars are exact 95 % intervals. On the diagonal the "
            "probabilities can be taken at their word.",
            f"{len(said):,} 个留出样本按概率分成 {len(bins)} 组；竖线是精确的 95% 区间。落在对角线上，概率就可以当真。",
        ),
        series=[
            Line([0, 1], [0, 1], label=Text("exact", "无误"), faint=True),
            *(Line([one.said, one.said], [one.low, one.high], faint=True) for one in bins),
            Points([one.said for one in bins], [one.seen for one in bins]),
        ],
    )


def _class_table(labels: list[str], true: Any, predicted: Any) -> Table:
    rows: list[list[Any]] = []
    order = np.argsort(-np.bincount(true, minlength=len(labels)), kind="stable")[:MOST_LISTED]
    for at in np.sort(order):
        of, said = int((true == at).sum()), int((predicted == at).sum())
        both = int(((true == at) & (predicted == at)).sum())
        recall = share(both, of) if of else None
        precision = share(both, said) if said else None
        row: list[Any] = [shown_name(labels[at]), of]
        rows.append([*row, *_cells(recall), *_cells(precision)])
    return Table(
        en="Class by class",
        zh="逐类",
        columns=[
            Text("class", "类别"),
            Text("rows", "行数"),
            Text("found, % (recall)", "查全率（%）"),
            INTERVAL,
            Text("right when said, % (precision)", "查准率（%）"),
            INTERVAL,
        ],
        rows=rows,
    )


def _coefficient_events(schema: Schema, model: Any) -> Iterator[Event]:
    """The coefficients of a linear model, in a picture and a table; nothing for a model without."""
    last = model[-1]
    if not hasattr(last, "coef_"):
        return
    W = np.atleast_2d(np.asarray(last.coef_, dtype=float))
    names = features(schema)
    if W.shape[1] != len(names) or not np.isfinite(W).all():
        return
    order = np.argsort(-np.abs(W).max(axis=0), kind="stable")
    first = order[:MOST_FEATURES]
    target, labels = shown_name(schema.target.name), [shown_name(str(one)) for one in getattr(last, "classes_", ())]
    proba = hasattr(last, "predict_proba")
    number = schema.target.kind == "number"
    if number:
        unit = Text(f"change of {target}", f"{target} 的变化")
    elif proba:
        unit = (
            Text("change of the log-odds", "对数几率的变化")
            if len(W) == 1
            else Text("change of the score", "得分的变化")
        )
    else:
        unit = Text("change of the score", "得分的变化")
    if not number and len(W) == 1:
        unit = Text(f"{unit.en} of {labels[-1]}", f"{labels[-1]} 的{unit.zh}")
    part = (
        Text("", "")
        if len(names) <= len(first)
        else Text(
            f" The {len(first)} largest of {len(names)} are shown.", f"只画出 {len(names)} 个中最大的 {len(first)} 个。"
        )
    )
    caption = Text(
        f"{unit.en[0].upper()}{unit.en[1:]} for one standard deviation of a number or date, and for a category or a gap that is there; of the model "
        f"fitted to all rows.{part.en}",
        f"数与日期每变化一个标准差、或属于某类别、或有缺失时，{unit.zh}；模型用全部样本拟合。{part.zh}",
    )
    title = Text("What the prediction rests on", "预测的依据")
    if len(W) == 1:
        series: list[Any] = [Bars([names[j] for j in first], W[0, first])]
        yield Figure(name="coefficients", title=title, x=Text("column", "列"), y=unit, caption=caption, series=series)
    elif len(W) <= MOST_CLASSES:
        heat = Heat(labels, [names[j] for j in first], W[:, first].T, label=Text("coefficient", "系数"))
        yield Figure(
            name="coefficients",
            title=title,
            x=Text("class", "类别"),
            y=Text("column", "列"),
            caption=caption,
            series=[heat],
        )
    else:
        return
    listed = order[:MOST_LISTED]
    heads = [unit] if len(W) == 1 else [Text(one, one) for one in labels]
    spread = _spreads(schema, model)
    rows = [[names[j], *(float(w) for w in W[:, j]), spread[j] if j < len(spread) else None] for j in listed]
    more = (
        Text("", "")
        if len(names) <= len(listed)
        else Text(f" (the {len(listed)} largest of {len(names)})", f"（{len(names)} 个中最大的 {len(listed)} 个）")
    )
    yield Table(
        en=f"Coefficients{more.en}",
        zh=f"系数{more.zh}",
        columns=[Text("column", "列"), *heads, Text("one standard deviation is", "一个标准差为")],
        rows=rows,
    )


def _spreads(schema: Schema, model: Any) -> list[float]:
    """The standard deviations by which numbers and dates were divided."""
    if not schema.names("number", "date"):
        return []
    return [float(one) for one in model[0].named_transformers_["numbers"][-1].scale_]


def _running_mean(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Means of neighbours in x, a twelfth of the rows each or at least five."""
    order = np.argsort(x, kind="stable")
    parts = np.array_split(order, int(np.clip(len(x) // 5, 1, 12)))
    return np.array([x[one].mean() for one in parts]), np.array([y[one].mean() for one in parts])


def _part(some: int, of: int) -> Text:
    if some == of:
        return Text(f"The {of:,} rows held out.", f"留出的 {of:,} 行。")
    return Text(f"{some:,} of the {of:,} rows held out.", f"留出的 {of:,} 行中的 {some:,} 行。")


def _printable(text: Text) -> Text:
    return Text(*("".join(one if one.isprintable() else "·" for one in told) for told in (text.en, text.zh)))


def _size(number: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:,.3g} GB"
