"""One measurement of a tumour as a test for cancer: what a cut trades, and what happens to it where the disease is rare."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import numpy as np

from mlatlas.atlas.lab import Event, Figure, Knob, Learned, Line, Metric, Points, Progress, Rule, Script, Table, lab
from mlatlas.atlas.text import Text
from mlatlas.data import load
from mlatlas.foundations.metrics.metrics import confusion_matrix, f1_score, precision_score, recall_score
from mlatlas.foundations.metrics.ranking import (
    average_precision_score,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)

Measurement = Literal[
    "worst perimeter", "mean radius", "worst concavity", "mean texture", "mean smoothness", "symmetry error"
]

ZH = {
    "worst perimeter": "最差周长",
    "mean radius": "平均半径",
    "worst concavity": "最差凹度",
    "mean texture": "平均纹理",
    "mean smoothness": "平均光滑度",
    "symmetry error": "对称性误差",
}


@lab(en="One measurement as a test for cancer", zh="用一项指标筛查癌症", data="breast_cancer")
def one_measurement(
    measurement: Annotated[
        Measurement, Knob(en="Measurement", zh="指标", labels={name: Text(name, zh) for name, zh in ZH.items()})
    ] = "worst perimeter",
    called: Annotated[
        float, Knob(en="Share of the tumours called malignant", zh="判为恶性的比例", low=0.02, high=0.98)
    ] = 0.4,
    prevalence: Annotated[
        float,
        Knob(en="Share of malignant tumours elsewhere", zh="另一人群中恶性所占比例", low=0.001, high=0.5, log=True),
    ] = 0.02,
    patients: Annotated[int, Knob(en="Tumours used", zh="使用的病例数", low=100, high=569)] = 569,
    *,
    seed: int = 0,
) -> Iterator[Event]:
    """Both curves of one measurement, the decision at one cut, and the same decision where malignant tumours are rare."""
    table = load("breast_cancer")
    rows = np.random.default_rng(seed).permutation(len(table.y))[:patients]
    score = table.X[rows, table.feature_names.index(measurement)]
    y = (table.y[rows] == table.classes.index("malignant")).astype(int)
    cut = np.quantile(score, 1 - called)
    decision = (score >= cut).astype(int)
    rare = np.where(y == 1, 1.0, prevalence_weight(y, prevalence))
    few = f"{100 * prevalence:.2g}%"
    yield Progress(0.2, en="confusion matrix at the cut", zh="切分处的混淆矩阵")
    counts = confusion_matrix(y, decision, labels=[1, 0])
    recall = recall_score(y, decision)
    precision, rare_precision = precision_score(y, decision), precision_score(y, decision, sample_weight=rare)
    yield Metric("recall", recall, en="recall at the cut", zh="切分处的查全率")
    yield Metric("precision", precision, en="precision at the cut", zh="切分处的查准率")
    yield Metric("rare_precision", rare_precision, en="precision where it is rare", zh="罕见时的查准率")
    yield Metric("f1", f1_score(y, decision), en="F₁ at the cut", zh="切分处的 F₁")
    yield Table(
        en=f"Decisions at {measurement} ≥ {cut:.4g}",
        zh=f"在 {ZH[measurement]} ≥ {cut:.4g} 处的判决",
        columns=(Text("truth", "真实"), Text("called malignant", "判为恶性"), Text("called benign", "判为良性")),
        rows=((Text("malignant", "恶性"), *counts[0]), (Text("benign", "良性"), *counts[1])),
    )
    yield Progress(0.5, en="curves over all cuts", zh="遍历所有切分的曲线")
    area, mean_precision = roc_auc_score(y, score), average_precision_score(y, score)
    rare_mean_precision = average_precision_score(y, score, sample_weight=rare)
    yield Metric("area", area, en="area under the ROC curve", zh="ROC 曲线下面积")
    yield Metric("mean_precision", mean_precision, en="average precision", zh="平均查准率")
    yield Metric(
        "rare_mean_precision", rare_mean_precision, en="average precision where it is rare", zh="罕见时的平均查准率"
    )
    fpr, tpr, _ = roc_curve(y, score)
    yield Figure(
        name="roc",
        title=Text(
            f"A malignant tumour outranks a benign one in {area:.1%} of pairs", f"恶性排在良性之前的样本对占 {area:.1%}"
        ),
        x=Text("false positive rate, share of the benign", "假正例率（占良性的比例）"),
        y=Text("recall, share of the malignant", "查全率（占恶性的比例）"),
        caption=Text(
            f"Every cut of the {measurement} is a point. How many tumours are malignant does not matter to this curve.",
            f"{ZH[measurement]}的每个切分都是一个点。恶性病例多还是少，这条曲线都不变。",
        ),
        series=[
            Line([0, 1], [0, 1], label=Text("guessing", "随机猜测"), faint=True),
            Line(fpr, tpr, label=Text(measurement, ZH[measurement])),
            Points([1 - recall_score(y, decision, pos_label=0)], [recall], label=Text("the cut", "所选切分")),
        ],
    )
    curves = [precision_recall_curve(y, score, sample_weight=weight) for weight in (None, rare)]
    yield Figure(
        name="precision_recall",
        title=Text("The same cuts look different where the disease is rare", "同样的切分，在罕见病人群中面目全非"),
        x=Text("recall, share of the malignant", "查全率（占恶性的比例）"),
        y=Text("precision, share of those called", "查准率（占判为恶性者的比例）"),
        caption=Text(
            f"Precision against recall among these tumours ({y.mean():.0%} malignant) and where {few} are.",
            f"查准率与查全率：本数据（恶性占 {y.mean():.0%}）与恶性只占 {few} 的人群。",
        ),
        series=[
            Line(
                curves[0][1][:-1], curves[0][0][:-1], label=Text(f"{y.mean():.0%} malignant", f"恶性占 {y.mean():.0%}")
            ),
            Line(
                curves[1][1][:-1],
                curves[1][0][:-1],
                label=Text(f"{few} malignant", f"恶性占 {few}"),
            ),
            Points([recall, recall], [precision, rare_precision], label=Text("the cut", "所选切分")),
        ],
    )
    thresholds = curves[0][2]
    yield Figure(
        name="cuts",
        title=Text(
            "A higher cut mostly raises precision, and never finds more of the ill",
            "切分越高，查准率大体越高，漏掉的病人只多不少",
        ),
        x=Text(f"cut of the {measurement}, units of the data set", f"{ZH[measurement]}的切分（数据集的单位）"),
        y=Text("share", "比例"),
        caption=Text("Precision and recall of the decision at every cut.", "每个切分处判决的查准率与查全率。"),
        series=[
            Line(thresholds, curves[0][1][:-1], label=Text("recall", "查全率")),
            Line(thresholds, curves[0][0][:-1], label=Text("precision", "查准率")),
            Line(thresholds, curves[1][0][:-1], label=Text("precision where it is rare", "罕见时的查准率")),
            Rule(cut, label=Text("the cut", "所选切分")),
        ],
    )
    yield Learned(
        en=f"The {measurement} alone ranks {area:.1%} of the pairs right. At {cut:.4g} it finds {recall:.0%} of the malignant tumours with a precision of "
        f"{precision:.2f}; where {few} of the tumours are malignant, the same test with the same area has a precision of {rare_precision:.2f}.",
        zh=f"仅凭{ZH[measurement]}就能把 {area:.1%} 的样本对排对。切在 {cut:.4g}，能找出 {recall:.0%} 的恶性病例，查准率 {precision:.2f}；"
        f"而在恶性只占 {few} 的人群中，同一个检验、同样的 AUC，查准率只有 {rare_precision:.2f}。",
    )
    yield Script(f"""
        import numpy as np
        from mlatlas.data import load
        from mlatlas.foundations import average_precision_score, f1_score, precision_score, recall_score, roc_auc_score

        table = load("breast_cancer")
        rows = np.random.default_rng({seed}).permutation(len(table.y))[:{patients}]
        score = table.X[rows, table.feature_names.index("{measurement}")]
        y = (table.y[rows] == table.classes.index("malignant")).astype(int)
        decision = (score >= np.quantile(score, 1 - {called})).astype(int)
        benign = (1 - {prevalence}) / {prevalence} * y.sum() / (1 - y).sum()   # the weight of each, so that few are malignant
        rare = np.where(y == 1, 1.0, benign)

        recall, precision, f1 = recall_score(y, decision), precision_score(y, decision), f1_score(y, decision)
        rare_precision = precision_score(y, decision, sample_weight=rare)
        area, mean_precision = roc_auc_score(y, score), average_precision_score(y, score)
        rare_mean_precision = average_precision_score(y, score, sample_weight=rare)
        print(recall, precision, rare_precision, f1, area, mean_precision, rare_mean_precision)
    """)


def prevalence_weight(y: np.ndarray, prevalence: float) -> float:
    """The weight of each negative that makes the positives this share of the total weight."""
    return float((1 - prevalence) / prevalence * y.sum() / (1 - y).sum())
