"""Known answers, laws and mutants of the scalers."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from scipy import sparse

from mlatlas.atlas.judge import Draw, Subject, agree, atmost, known, law, mutant
from mlatlas.atlas.judge.traits import permutation_invariant, weights_repeat

AFFINE = ("StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler")
BY_PIECES = ("StandardScaler", "MinMaxScaler", "MaxAbsScaler")
OF_SPARSE = ("StandardScaler", "MaxAbsScaler", "RobustScaler", "Normalizer", "QuantileTransformer")

# ---- problems ----------------------------------------------------------------------------------------------


def table(draw: Draw, rows: tuple[int, int] = (8, 30), columns: tuple[int, int] = (1, 5)):
    """Columns of unlike units, none of them constant, none symmetric about zero."""
    n, p = draw.integer(*rows), draw.integer(*columns)
    X = (draw.normal(n, p) + draw.uniform(0.5, 2.0, p)) * draw.positive(p)
    draw.require(np.ptp(X, axis=0) > 0.1 * np.abs(X).max(0))
    return X


def each_in_turn(draw: Draw, names):
    """One of the names; every one comes up on some of the draws."""
    return names[draw.seed % len(names)]


def made(subject: Subject, name: str, rows: int):
    """The scaler of this name, with as many quantiles as there are rows."""
    scaler = getattr(subject, name)()
    return scaler.set_params(n_quantiles=rows) if name == "QuantileTransformer" else scaler


def scaled(subject: Subject, name: str, X):
    return made(subject, name, len(X)).fit_transform(X)


def in_another_unit(draw: Draw):
    X, name = table(draw), each_in_turn(draw, AFFINE)
    shift = 0.0 if name == "MaxAbsScaler" else draw.normal(X.shape[1])
    return name, X, draw.positive(X.shape[1]) * X + shift


def bent(draw: Draw):
    X = table(draw)
    return each_in_turn(draw, AFFINE), X, np.exp(3 * X / np.abs(X).max(0))


def odd_scaler(draw: Draw):
    return each_in_turn(draw, ("StandardScaler", "MaxAbsScaler", "RobustScaler")), table(draw)


def even_scaler(draw: Draw):
    return "MinMaxScaler", table(draw)


def a_quantile_a_row(draw: Draw):
    X = table(draw)
    return X, len(X), draw.choice(("uniform", "normal"))


def few_quantiles(draw: Draw):
    X = table(draw, rows=(12, 30))
    return X, draw.integer(3, 5), draw.choice(("uniform", "normal"))


def longer_rows(draw: Draw):
    X = table(draw, columns=(2, 5))
    return X, X * draw.positive(len(X))[:, None], draw.choice(("l2", "l1", "max"))


def longer_columns(draw: Draw):
    X = table(draw, columns=(2, 5))
    factors = 1.0 + np.arange(X.shape[1])
    return X, X * factors, draw.choice(("l2", "l1"))


def by_an_affine_scaler(draw: Draw):
    return each_in_turn(draw, AFFINE), table(draw, columns=(2, 5))


def by_a_bending_scaler(draw: Draw):
    return each_in_turn(draw, ("Normalizer", "QuantileTransformer")), table(draw, columns=(2, 5))


def new_rows(draw: Draw):
    """A scaler without clipping, rows to fit and rows to map, some of them outside."""
    X = table(draw)
    return each_in_turn(draw, AFFINE), X, 3.0 * X[::-1], {}


def clipped_rows(draw: Draw):
    X = table(draw)
    return each_in_turn(draw, ("MinMaxScaler", "MaxAbsScaler")), X, 3.0 * np.abs(X).max(0) + np.abs(X), {"clip": True}


def within_the_knots(draw: Draw):
    X = table(draw)
    return X, draw.integer(2, len(X) + 1)


def pieces(draw: Draw):
    X = table(draw) + draw.choice((0.0, 1e3, -1e6))
    cuts = np.sort(draw.integer(1, len(X), 2))
    counts = np.array([draw.integer(1, 4) for _ in range(len(X))], dtype=float)
    return each_in_turn(draw, BY_PIECES), X, cuts, counts


def weighted(draw: Draw):
    X = table(draw)
    counts = np.array([draw.integer(1, 5) for _ in range(len(X))])
    draw.require(counts.max() > counts.min())
    return X, counts


def shuffled(draw: Draw):
    X = table(draw)
    return each_in_turn(draw, (*AFFINE, "QuantileTransformer")), X, draw.permutation(len(X))


def half_empty(draw: Draw):
    name, X = each_in_turn(draw, OF_SPARSE), table(draw, columns=(2, 5))
    X = np.where(draw.uniform(0.0, 1.0, *X.shape) < 0.4, 0.0, X)
    X = np.abs(X) if name == "QuantileTransformer" else X
    draw.require((np.count_nonzero(X, axis=0) > 0.3 * len(X)) & (np.count_nonzero(X, axis=0) < len(X)))
    options = {
        "StandardScaler": {"with_mean": False},
        "RobustScaler": {"with_centering": False},
        "Normalizer": {"norm": draw.choice(("l2", "l1", "max"))},
    }
    return name, X, getattr(sparse, draw.choice(("csr_matrix", "csc_matrix"))), options.get(name, {})


def with_holes(draw: Draw):
    X = table(draw)
    holes = draw.uniform(0.0, 1.0, *X.shape) < 0.25
    draw.require(holes.any() and ((~holes).sum(0) > 4).all())
    X = np.where(holes, np.nan, X)
    draw.require(np.nanmax(X, 0) - np.nanmin(X, 0) > 0.1 * np.nanmax(np.abs(X), 0))
    return each_in_turn(draw, (*AFFINE, "QuantileTransformer")), X


def on_a_grid(draw: Draw):
    """Multiples of 2⁻¹⁰ below one, so that 2⁴⁰ can be added without rounding."""
    X = draw.integer(0, 1024, draw.integer(10, 40), 2) / 1024
    draw.require((X.max(0) - X.min(0) > 0.5).all())
    return X


def tiny_and_huge(draw: Draw):
    X = table(draw, columns=(2, 5))
    name = each_in_turn(draw, (*AFFINE, "Normalizer", "QuantileTransformer"))
    powers = (-70, 70) if name == "StandardScaler" else (-650, -70, 650)
    return name, X, np.array([2.0**power for power in powers])


def just_above_rounding(draw: Draw):
    """A level of 2³⁰ and steps of 2⁻²⁰, four units in the last place, so that the spread is seventy of them."""
    steps = np.tile(draw.integer(0, 64, 20, 2), (20, 1))
    draw.require(steps.std(0) > 10)
    return 2.0**30 + steps * 2.0**-20


def one_constant(draw: Draw):
    X = table(draw, columns=(2, 5))
    return each_in_turn(draw, (*AFFINE, "QuantileTransformer")), X, draw.positive() * draw.sign()


def stretched_tail(draw: Draw):
    X = table(draw, rows=(9, 30))
    Y = X.copy()
    Y[X.argmax(0), np.arange(X.shape[1])] += 100 * np.ptp(X, axis=0)
    return "RobustScaler", X, Y


def stretched_tail_of_moments(draw: Draw):
    return each_in_turn(draw, ("StandardScaler", "MinMaxScaler")), *stretched_tail(draw)[1:]


def symmetric_columns(draw: Draw):
    X = table(draw)
    return np.vstack([X, -X])


def one_sided_columns(draw: Draw):
    return np.abs(table(draw)) + 0.1


def single_precision_table(draw: Draw):
    """Whole numbers about 2²³, where float32 has just the whole numbers."""
    X = draw.integer(0, 100, draw.integer(50, 200), 2)
    draw.require(X.std(0) > 10)
    return X.astype(float), (X + 2.0**23).astype(np.float32)


def repeated(draw: Draw):
    """A sparse table with an entry written in two parts."""
    X = table(draw, columns=(2, 5))
    n, p = X.shape
    rows, columns = np.divmod(np.r_[0, np.arange(n * p)], p)
    entries = np.r_[0.5 * X[0, 0], X.ravel()]
    entries[1] *= 0.5
    ends = np.r_[0, np.bincount(rows, minlength=n).cumsum()]
    return each_in_turn(draw, ("StandardScaler", "Normalizer")), sparse.csr_matrix((entries, columns, ends), X.shape), X


def train_and_new(draw: Draw):
    X = table(draw)
    return each_in_turn(draw, (*AFFINE, "Normalizer", "QuantileTransformer")), X, X[:3] * 1.5


def levels_evenly(draw: Draw):
    k = draw.integer(2, 8)
    return table(draw), np.linspace(0, 1, k)


def levels_unevenly(draw: Draw):
    k = draw.integer(3, 8)
    return table(draw), np.linspace(0, 1, k) ** 2


def ends_as_knots(draw: Draw):
    return table(draw), (0.0, 1.0)


def inner_knots(draw: Draw):
    return table(draw, rows=(12, 30)), (0.2, 0.8)


def fitted_curve(draw: Draw):
    return table(draw), {}


def guessed_curve(draw: Draw):
    X = table(draw)
    return X, {"k": 2.0 / np.square(X - X.min(0)).mean(0)}


def curve_in_another_unit(draw: Draw):
    X = table(draw)
    return (
        each_in_turn(draw, ("HalfNormalScaler", "PiecewiseLinearScaler")),
        X,
        draw.positive(X.shape[1]) * X + draw.normal(X.shape[1]),
    )


def curve_bent(draw: Draw):
    X = table(draw)
    return each_in_turn(draw, ("HalfNormalScaler", "PiecewiseLinearScaler")), X, np.exp(3 * X / np.abs(X).max(0))


def curve_on_its_range(draw: Draw):
    X = table(draw)
    k = draw.integer(2, 6)
    curves = {
        "HalfNormalScaler": {},
        "PiecewiseLinearScaler": {"quantiles": np.linspace(0, 1, k), "values": draw.sign() * np.arange(k) ** 2},
    }
    name = each_in_turn(draw, tuple(curves))
    return name, curves[name], X, X


def curve_cut_off(draw: Draw):
    X = table(draw, rows=(12, 30))
    return "PiecewiseLinearScaler", {"quantiles": (0.2, 0.8)}, X, X


def unlike_units(draw: Draw):
    """Nearly uncorrelated columns whose units differ by a thousand."""
    n, p = draw.integer(30, 60), draw.integer(2, 5)
    draw.require(n > 20 * (p - 1))
    X = (draw.orthogonal(n, p) + 0.02 * draw.normal(n, p) / np.sqrt(n)) * np.geomspace(1, 1000, p)
    return X - X.mean(0)


def one_common_factor(draw: Draw):
    """Covariance I + vvᵀ with v = (1, t, t): all noise has the same size, and two columns hear more of one factor."""
    n, v = draw.integer(8, 30), np.array([1.0, *[draw.uniform(1.5, 3.0)] * 2])
    centred = np.linalg.qr(np.column_stack([np.ones(n), draw.normal(n, 3)]))[0][:, 1:]
    return centred @ np.linalg.cholesky(np.eye(3) + np.outer(v, v)).T


def rescaled(draw: Draw):
    n, p = draw.integer(10, 40), draw.integer(2, 5)
    X = draw.normal(n, p) @ (np.eye(p) + draw.normal(p, p)) * 10.0 ** draw.uniform(-3, 3, p)
    draw.require(condition(X - X.mean(0)) < 1e12)
    return X - X.mean(0), 10.0 ** draw.uniform(-3, 3, p)


def condition(X) -> float:
    """κ of XᵀX, up to which gradient descent on least squares is slowed down."""
    return float(np.linalg.cond(X)) ** 2


# ---- known answers -----------------------------------------------------------------------------------------


@known(
    en="The column 1, 2, 3, 4, 5: mean 3, variance 2 (not 5/2), range 4, largest 5, quartiles 2 and 4.",
    zh="一列 1、2、3、4、5：均值 3，方差 2（不是 5/2），极差 4，最大值 5，四分位数 2 与 4。",
    source="by hand",
)
def one_to_five(subject: Subject):
    x = np.arange(1.0, 6.0)[:, None]
    found = [subject.StandardScaler(), subject.MinMaxScaler((-1, 3)), subject.MaxAbsScaler(), subject.RobustScaler()]
    expected = [(x - 3) / np.sqrt(2), x - 2, x / 5, (x - 3) / 2]
    return np.hstack([scaler.fit_transform(x) for scaler in found]), np.hstack(expected)


@known(
    en="100,003 numbers in arithmetic progression, 1 apart and 3 apart from −10⁸ on: mean and variance (n² − 1)/12 by the formula.",
    zh="等差数列 100,003 项，公差 1 与从 −10⁸ 起公差 3：均值与方差 (n² − 1)/12 由公式给出。",
    source="by hand",
    tolerance=1e-9,
)
def long_progression(subject: Subject):
    n = 100_003
    i = np.arange(n, dtype=float)
    scaler = subject.StandardScaler().fit(np.column_stack([i, 3 * i - 1e8]))
    ends = subject.MinMaxScaler().fit(np.column_stack([i, -i]))
    expected = [(n - 1) / 2, 3 * (n - 1) / 2 - 1e8, 0, n - 1, 1 - n, 0]
    spread = np.sqrt((n * n - 1) / 12)
    found = [*scaler.mean_, ends.data_min_[0], ends.data_max_[0], ends.data_min_[1], ends.data_max_[1]]
    return np.r_[np.divide(found, np.where(expected, expected, 1)), scaler.scale_ / spread], [
        *np.sign(np.abs(expected)),
        1,
        3,
    ]


@known(
    en="A thousand times 14.62, and new values of the same feature: only the mean is taken off.",
    zh="一千个 14.62，以及同一特征的新取值：只减去均值。",
    source="scikit-learn issue 17794, where the column became −1",
)
def constant_feature(subject: Subject):
    X = np.full((1000, 1), 14.62)
    scaler = subject.StandardScaler().fit(X)
    return agree(scaler.transform([[14.62], [16.62]]).ravel(), [0.0, 2.0])


@known(
    en="The row (3, −4) has the norms 5, 7 and 4; (−1) stays negative; a row of zeros stays.",
    zh="行 (3, −4) 的三种范数是 5、7、4；(−1) 仍为负；全零行不变。",
    source="by hand; scikit-learn issue 16632, where the largest norm forgot the absolute value",
)
def three_norms(subject: Subject):
    X = np.array([[3.0, -4.0], [-1.0, 0.0], [0.0, 0.0]])
    found = [subject.Normalizer(norm).fit_transform(X) for norm in ("l2", "l1", "max")]
    return np.stack(found), np.stack([X / [[size], [1], [1]] for size in (5, 7, 4)])


@known(
    en="Of 0, 1, 1, 1, 2 the ones share the middle rank: F = 0, ½, ½, ½, 1; halfway between 0 and 1 it is ⅛, between 1 and 2 it is ⅞.",
    zh="0、1、1、1、2 中的三个 1 共享中间的秩：F = 0、½、½、½、1；0 与 1 的中点处为 ⅛，1 与 2 的中点处为 ⅞。",
    source="by hand",
)
def shared_ranks(subject: Subject):
    x = np.array([[0.0], [1.0], [1.0], [1.0], [2.0]])
    ranks = subject.QuantileTransformer(n_quantiles=5).fit(x)
    return ranks.transform([[0.0], [0.5], [1.0], [1.5], [2.0], [9.0]]).ravel(), [0, 1 / 8, 1 / 2, 7 / 8, 1, 1]


@known(
    en="Normal scores of 0, 1, 2, 3, 4: 0 at the middle, ±0.67449 at the quartiles, cut at ±5.19934.",
    zh="0、1、2、3、4 的正态得分：中点为 0，四分位点为 ±0.67449，两端截于 ±5.19934。",
    source="tables of the normal distribution: Φ(0.67449) = 3/4, Φ(−5.19934) = 10⁻⁷",
)
def normal_scores(subject: Subject):
    x = np.arange(5.0)[:, None]
    scores = subject.QuantileTransformer(n_quantiles=5, output_distribution="normal").fit_transform(x).ravel()
    return scores, [-5.199337582, -0.6744897502, 0.0, 0.6744897502, 5.199337582]


@known(
    en="The quartiles of a normal variable are 1.34898 standard deviations apart: with unit_variance the divisor is so much smaller.",
    zh="正态变量的两个四分位数相距 1.34898 个标准差：设 unit_variance 时除数按此缩小。",
    source="tables of the normal distribution",
)
def quartiles_of_a_normal(subject: Subject):
    x = np.arange(1.0, 6.0)[:, None]
    return subject.RobustScaler(unit_variance=True).fit(x).scale_, [2 / 1.3489795004]


@known(
    en="New values outside of 1 … 5 are clipped to the ends of the range, whichever they are.",
    zh="超出 1 … 5 的新取值被截到区间的两端，不论区间是什么。",
    source="scikit-learn issue 17779; sklearn-onnx pull request 986, where they were clipped to the ends of the data",
)
def clipped_ends(subject: Subject):
    x, new = np.arange(1.0, 6.0)[:, None], np.array([[-90.0], [3.0], [90.0]])
    found = [subject.MinMaxScaler((-1, 3), clip=True), subject.MaxAbsScaler(clip=True)]
    return np.hstack([scaler.fit(x).transform(new) for scaler in found]), [[-1, -1], [1, 0.6], [3, 1]]


@known(
    en="Three pieces through (60, 0), (90, 1) take marks of 50, 60, 75, 90, 100 to 0, 0, ½, 1, 1; those through (50, 0), (100, 1) take them to "
    "0, 0.2, 0.5, 0.8, 1.",
    zh="过 (60, 0)、(90, 1) 的三折线把分数 50、60、75、90、100 化为 0、0、½、1、1；过 (50, 0)、(100, 1) 的化为 0、0.2、0.5、0.8、1。",
    source="by hand",
)
def three_pieces(subject: Subject):
    marks = np.tile([[50.0], [60.0], [75.0], [90.0], [100.0]], 2)
    each = subject.PiecewiseLinearScaler([[60, 50], [90, 100]]).fit_transform(marks)
    both = subject.PiecewiseLinearScaler([60, 90]).fit_transform(marks)
    return np.column_stack([each, both[:, 1]]), np.transpose(
        [[0, 0, 0.5, 1, 1], [0, 0.2, 0.5, 0.8, 1], [0, 0, 0.5, 1, 1]]
    )


@known(
    en="With a = 1 and k = ln 2 the half-bell is 0 up to 1, ½ at 2 and 15/16 at 3.",
    zh="取 a = 1、k = ln 2，升半正态曲线在 1 以前为 0，在 2 处为 ½，在 3 处为 15/16。",
    source="by hand",
)
def half_a_bell(subject: Subject):
    x = np.array([[-5.0], [1.0], [2.0], [3.0]])
    return subject.HalfNormalScaler(a=1.0, k=np.log(2)).fit_transform(x).ravel(), [0, 0, 1 / 2, 15 / 16]


# ---- laws: what each scaler undoes, and what it keeps --------------------------------------------------------


@law(
    "invariant",
    given=in_another_unit,
    without=bent,
    en="Another unit and another zero of a feature, x ↦ c x + d with c > 0, change nothing (for MaxAbsScaler another unit only); a "
    "bent scale does.",
    zh="特征换单位、换零点，x ↦ c x + d（c > 0），结果不变（MaxAbsScaler 只允许换单位）；把刻度弯曲则会改变结果。",
)
def units_of_a_feature(problem, subject, other):
    name, X, changed = problem
    return scaled(subject, name, X), scaled(subject, name, changed)


@law(
    "invariant",
    given=odd_scaler,
    without=even_scaler,
    en="Turning a feature's sign turns the sign of its scaled values; MinMaxScaler turns them about the middle of its range instead.",
    zh="特征变号，缩放后的值也变号；MinMaxScaler 则绕区间中点翻转。",
)
def turned_sign(problem, subject, other):
    name, X = problem
    return scaled(subject, name, -X), -scaled(subject, name, X)


@law(
    "invariant",
    given=a_quantile_a_row,
    without=few_quantiles,
    en="With a quantile for each row only the order of the values counts: any rising change of a feature is undone. With fewer it "
    "is not.",
    zh="每行一个分位点时只有大小次序起作用：特征的任何递增变换都被抵消；分位点较少时则不然。",
    source="Bolstad et al. 2003, Bioinformatics 19, 185–193",
)
def ranks_only(problem, subject, other):
    X, quantiles, output = problem
    scaler = subject.QuantileTransformer(n_quantiles=quantiles, output_distribution=output)
    return scaler.fit_transform(X), scaler.fit_transform(np.exp(3 * X / np.abs(X).max(0)))


@law(
    "invariant",
    given=longer_rows,
    without=longer_columns,
    en="Normalizer sees of each row the direction only: a longer row changes nothing. A feature in another unit does.",
    zh="Normalizer 只看每一行的方向：把某行拉长不改变结果；把某个特征换单位则会改变。",
)
def directions_of_rows(problem, subject, other):
    X, changed, norm = problem
    return subject.Normalizer(norm).fit_transform(X), subject.Normalizer(norm).fit_transform(changed)


@law(
    "invariant",
    given=by_an_affine_scaler,
    without=by_a_bending_scaler,
    en="An affine scaler keeps the shape of each feature's distribution: the z-scores before and after are the same. Normalizer and "
    "QuantileTransformer do not keep it.",
    zh="仿射缩放保留每个特征的分布形状：缩放前后的 z 分数相同。Normalizer 与 QuantileTransformer 都不保留。",
)
def shape_of_a_feature(problem, subject, other):
    name, X = problem

    def z(Y):
        return (Y - Y.mean(0)) / Y.std(0)

    return z(scaled(subject, name, X)), z(X)


@law(
    "property",
    given=new_rows,
    without=clipped_rows,
    en="inverse_transform brings new rows back, also from outside of what was fitted, unless they were clipped.",
    zh="inverse_transform 能把新样本还原，超出拟合范围的也行，除非被截断过。",
)
def there_and_back(problem, subject, other):
    name, X, new, options = problem
    scaler = getattr(subject, name)(**options).fit(X)
    return scaler.inverse_transform(scaler.transform(new)), new


@law(
    "property",
    given=within_the_knots,
    en="Normal scores of the fitted rows are brought back by inverse_transform, the smallest and the largest exactly.",
    zh="参与拟合的样本的正态得分可由 inverse_transform 还原，最小值与最大值精确还原。",
)
def scores_and_back(problem, subject, other):
    X, quantiles = problem
    scaler = subject.QuantileTransformer(n_quantiles=quantiles, output_distribution="normal").fit(X)
    back = scaler.inverse_transform(scaler.transform(X))
    return [agree(back, X), agree([back.min(0), back.max(0)], [X.min(0), X.max(0)], tolerance=1e-12)]


@law(
    "equivalent",
    given=pieces,
    en="Rows that come in pieces, with weights or without, teach the same as all at once.",
    zh="样本分批到来，不论是否加权，学到的与一次全部给出相同。",
    source="Chan, Golub, LeVeque 1983, The American Statistician 37, 242–247",
)
def in_pieces(problem, subject, other):
    name, X, cuts, counts = problem
    weights = {"sample_weight": counts} if name == "StandardScaler" else {}
    whole, bit_by_bit = getattr(subject, name)().fit(X, **weights), getattr(subject, name)()
    for rows in np.split(np.arange(len(X)), np.unique(cuts)):
        bit_by_bit.partial_fit(X[rows], **{key: value[rows] for key, value in weights.items()})
    return [
        agree(bit_by_bit.transform(X), whole.transform(X)),
        agree(bit_by_bit.n_samples_seen_, counts.sum() if weights else len(X)),
    ]


@law("equivalent", given=weighted, trait="weights-repeat")
def weights(problem, subject, other):
    X, counts = problem

    def fit(X, y, w):
        scaler = subject.StandardScaler().fit(X, sample_weight=w)
        return np.r_[scaler.mean_, scaler.var_]

    return weights_repeat(fit, X, np.zeros(len(X)), counts)


@law("invariant", given=shuffled, trait="permutation-invariant")
def order_of_samples(problem, subject, other):
    name, X, order = problem
    first = X[:5]
    return permutation_invariant(lambda X, y: made(subject, name, len(X)).fit(X).transform(first), X, X[:, 0], order)


@law(
    "equivalent",
    given=half_empty,
    en="A sparse table is scaled like the same table written out, and its zeros stay zeros.",
    zh="稀疏表与写成稠密的同一张表缩放结果相同，零仍是零。",
)
def sparse_or_dense(problem, subject, other):
    name, X, layout, options = problem
    scaler = made(subject, name, len(X)).set_params(**options)
    answer = scaler.fit_transform(layout(X)).toarray()
    return [agree(answer, scaler.fit_transform(X)), agree(answer[X == 0], np.zeros(np.sum(X == 0)), scale=1.0)]


@law(
    "equivalent",
    given=repeated,
    en="An entry of a sparse table that is written in two parts is their sum.",
    zh="稀疏表中分两次写入的同一个元素，其值是两者之和。",
    source="SciPy's coordinate, CSR and CSC formats, where repeated entries add up",
)
def repeated_entries(problem, subject, other):
    name, stored, X = problem
    scaler = getattr(subject, name)(**({"with_mean": False} if name == "StandardScaler" else {}))
    return scaler.fit_transform(stored).toarray(), scaler.fit_transform(X)


@law(
    "equivalent",
    given=with_holes,
    en="What is missing is left out of the statistics of its feature and stays missing.",
    zh="缺失值不参与本特征的统计，缩放后仍是缺失。",
)
def missing_values(problem, subject, other):
    name, X = problem
    missing, few = np.isnan(X), int((~np.isnan(X)).sum(0).min())
    answer = made(subject, name, few).fit_transform(X)
    alone = [made(subject, name, few).fit_transform(x[~np.isnan(x), None]).ravel() for x in X.T]
    return [
        agree(np.isnan(answer), missing),
        agree(np.concatenate([y[~np.isnan(y)] for y in answer.T]), np.concatenate(alone)),
    ]


@law(
    "property",
    given=train_and_new,
    en="A new row is scaled by what was learnt, whatever other rows come with it.",
    zh="新样本按已学到的统计量缩放，与同批其他样本无关。",
)
def each_row_alone(problem, subject, other):
    name, X, new = problem
    scaler = made(subject, name, len(X)).fit(X)
    return np.vstack([scaler.transform(new[i : i + 1]) for i in range(len(new))]), scaler.transform(new)


@law(
    "property",
    given=one_constant,
    en="A constant column becomes the scaler's zero, and the other columns do not notice it.",
    zh="常数列被化为该缩放的“零”，其余各列不受影响。",
)
def constant_column(problem, subject, other):
    name, X, value = problem
    answer = scaled(subject, name, np.column_stack([X, np.full(len(X), value)]))
    zero = np.sign(value) if name == "MaxAbsScaler" else 0.0
    return answer, np.column_stack([scaled(subject, name, X), np.full(len(X), zero)])


@law(
    "invariant",
    given=stretched_tail,
    without=stretched_tail_of_moments,
    en="One wild value leaves RobustScaler's other values where they were; it moves those of StandardScaler and MinMaxScaler.",
    zh="一个离谱的值不影响 RobustScaler 的其余结果，却会牵动 StandardScaler 与 MinMaxScaler 的。",
    source="Huber, Ronchetti 2009, Robust Statistics, section 5.1",
)
def one_wild_value(problem, subject, other):
    name, X, Y = problem
    same = X == Y
    return scaled(subject, name, X)[same], scaled(subject, name, Y)[same]


@law(
    "special case",
    given=symmetric_columns,
    without=one_sided_columns,
    en="On columns that reach as far below zero as above, MaxAbsScaler is MinMaxScaler onto [−1, 1]; on others it is not.",
    zh="若各列在零两侧伸得一样远，MaxAbsScaler 就是映到 [−1, 1] 的 MinMaxScaler；否则不是。",
)
def symmetric_range(problem, subject, other):
    return scaled(subject, "MaxAbsScaler", problem), subject.MinMaxScaler((-1, 1)).fit_transform(problem)


# ---- laws: digits --------------------------------------------------------------------------------------------


@law(
    "invariant",
    given=on_a_grid,
    en="A level of 10⁸ costs standardised values no more than its own rounding.",
    zh="数据整体抬高 10⁸，标准化结果的损失不超过这个数本身的舍入。",
    source="Chan, Golub, LeVeque 1983",
)
def far_from_zero(problem, subject, other):
    return scaled(subject, "StandardScaler", problem), scaled(subject, "StandardScaler", problem + 2.0**27)


@law(
    "invariant",
    given=on_a_grid,
    en="However far from zero a range lies, its ends are met: the smallest value is taken off before anything is multiplied.",
    zh="区间离零再远，两端也能精确对上：先减最小值，再做乘除。",
    tolerance=1e-12,
)
def ends_are_met(problem, subject, other):
    return scaled(subject, "MinMaxScaler", problem), scaled(subject, "MinMaxScaler", problem + 2.0**40)


@law(
    "invariant",
    given=tiny_and_huge,
    en="A unit may be as small as 10⁻²⁰⁰ or as large as 10²⁰⁰ (10⁻²¹ for StandardScaler, which squares): there is no size below which "
    "a feature or a row counts as nothing.",
    zh="单位可以小到 10⁻²⁰⁰、大到 10²⁰⁰（StandardScaler 要平方，取 10⁻²¹）：不存在某个绝对大小，低于它特征或样本就算作零。",
    source="scikit-learn issues 19726 and 19898",
)
def any_unit(problem, subject, other):
    name, X, units = problem
    scaler = made(subject, name, len(X))
    if name == "QuantileTransformer":
        scaler.set_params(output_distribution="normal")
    return [agree(scaler.fit_transform(X), scaler.fit_transform(unit * X)) for unit in units]


@law(
    "property",
    given=just_above_rounding,
    en="A column is constant only if its spread is that of rounding: eighteen steps of 2⁻²⁰ on a level of 2³⁰ are a spread.",
    zh="只有当离散程度不超过舍入误差时才算常数列：在 2³⁰ 的水平上，标准差为十八个 2⁻²⁰ 也是真实的变化。",
)
def above_rounding(problem, subject, other):
    return scaled(subject, "StandardScaler", problem).std(0), np.ones(problem.shape[1])


@law(
    "property",
    given=single_precision_table,
    en="A float32 table is centred as well as its entries allow: the mean is not rounded to float32 before it is taken off.",
    zh="float32 表的中心化精度只受元素本身所限：减去均值之前不把均值舍入到 float32。",
    source="scikit-learn issue 12333, where means of float32 tables were summed in float32",
)
def single_precision(problem, subject, other):
    exact, X = problem
    return scaled(subject, "StandardScaler", X).astype(float), scaled(subject, "StandardScaler", exact)


# ---- laws: the curves ----------------------------------------------------------------------------------------


@law(
    "special case",
    given=ends_as_knots,
    without=inner_knots,
    en="With its two knots at the smallest and the largest value, the three-piece line is MinMaxScaler with clipping.",
    zh="两个结点取最小值与最大值时，三折线就是带截断的 MinMaxScaler。",
)
def line_between_the_ends(problem, subject, other):
    X, levels = problem
    new = 1.5 * X
    line, ends = subject.PiecewiseLinearScaler(quantiles=levels), subject.MinMaxScaler(clip=True)
    return line.fit(X).transform(new), ends.fit(X).transform(new)


@law(
    "special case",
    given=levels_evenly,
    without=levels_unevenly,
    en="With knots at evenly spaced quantiles the piecewise-linear map is QuantileTransformer.",
    zh="结点取等间隔分位数时，折线映射就是 QuantileTransformer。",
)
def line_through_quantiles(problem, subject, other):
    X, levels = problem
    line, ranks = subject.PiecewiseLinearScaler(quantiles=levels), subject.QuantileTransformer(n_quantiles=len(levels))
    return line.fit(X).transform(1.5 * X), ranks.fit(X).transform(1.5 * X)


@law(
    "property",
    given=fitted_curve,
    without=guessed_curve,
    en="The fitted half-bell has its rise where the data are: −ln(1 − y) is 1 on average over the values above a, as for a Rayleigh "
    "variable. With another k it is not.",
    zh="拟合出的升半正态曲线恰在数据处上升：在大于 a 的取值上，−ln(1 − y) 的平均值为 1，正如 Rayleigh 变量那样；换一个 k 则不然。",
)
def rise_at_the_data(problem, subject, other):
    X, options = problem
    y = subject.HalfNormalScaler(**options).fit_transform(X)
    return -np.log1p(-y).sum(0) / (y > 0).sum(0), np.ones(X.shape[1])


@law(
    "invariant",
    given=curve_in_another_unit,
    without=curve_bent,
    en="Fitted curves do not see the unit and the zero of a feature either.",
    zh="由数据拟合的曲线同样不受特征的单位与零点影响。",
)
def units_of_a_curve(problem, subject, other):
    name, X, changed = problem
    return scaled(subject, name, X), scaled(subject, name, changed)


@law(
    "property",
    given=curve_on_its_range,
    without=curve_cut_off,
    en="Where a curve rises or falls strictly it can be undone; what it cut off stays cut off.",
    zh="曲线严格单调之处可以还原；被削平的部分还原不了。",
)
def along_and_back(problem, subject, other):
    name, options, X, new = problem
    scaler = getattr(subject, name)(**options).fit(X)
    return scaler.inverse_transform(scaler.transform(new)), new


# ---- laws: gradient descent ----------------------------------------------------------------------------------


@law(
    "bound",
    given=unlike_units,
    without=one_common_factor,
    en="Features of unlike units and nearly no correlation: standardising lowers the condition number of least squares. Where all "
    "noise is of one size and a common factor is heard unequally, it raises it.",
    zh="特征单位悬殊而几乎不相关时，标准化降低最小二乘的条件数；若各特征噪声大小相同、只是受同一因子影响的程度不同，标准化反而使其升高。",
)
def rounder_bowl(problem, subject, other):
    return atmost(condition(scaled(subject, "StandardScaler", problem)), condition(problem))


@law(
    "bound",
    given=rescaled,
    en="Of p features in whatever units, the standardised ones have a condition number at most p times the lowest.",
    zh="p 个特征不论取什么单位，标准化后的条件数至多是可能的最小值的 p 倍。",
    source="van der Sluis 1969, Condition numbers and equilibration of matrices; Higham 2002, theorem 7.5",
)
def nearly_the_best_units(problem, subject, other):
    X, units = problem
    kappa, p = condition(scaled(subject, "StandardScaler", X)), X.shape[1]
    return [atmost(kappa, p * condition(X * units)), atmost(kappa, p * condition(X))]


# ---- mutants -------------------------------------------------------------------------------------------------


def changed(ours: Subject, name: str, **methods):
    """Ours with some methods of one scaler replaced."""
    return SimpleNamespace(**{name: type(name, (getattr(ours, name),), methods)})


def changed_all(ours: Subject, names, methods_of):
    """Ours with methods of several scalers replaced by what ``methods_of(scaler)`` gives."""
    return SimpleNamespace(
        **{name: type(name, (getattr(ours, name),), methods_of(getattr(ours, name))) for name in names}
    )


def refitted(ours: Subject, name: str, amend):
    """Ours with a scaler whose fit is followed by ``amend(scaler, X)``."""

    def fit(self, X, y=None, **options):
        getattr(ours, name).fit(self, X, y, **options)
        amend(self, X)
        return self

    return changed(ours, name, fit=fit)


@mutant(
    en="divides the sum of squares by n − 1",
    zh="平方和除以 n − 1",
    source="scikit-learn issues 7757 and 12901 ask for it; R's scale() and pandas do it",
)
def sample_variance(ours):
    def amend(self, X):
        if self.scale_ is not None:
            self.scale_ = self.scale_ * np.sqrt(X.shape[0] / (X.shape[0] - 1))

    return refitted(ours, "StandardScaler", amend)


@mutant(en="divides by the variance", zh="除以方差而不是标准差")
def by_the_variance(ours):
    return refitted(ours, "StandardScaler", lambda self, X: setattr(self, "scale_", self.var_))


@mutant(en="multiplies where it should divide", zh="该除的地方用了乘")
def multiplied(ours):
    return refitted(ours, "StandardScaler", lambda self, X: setattr(self, "scale_", 1 / self.scale_))


@mutant(
    en="takes the mean square less the squared mean, which cancels far from zero",
    zh="用“平方的均值减均值的平方”，远离零点时严重相消",
    source="the textbook formula that Chan, Golub and LeVeque 1983 warn of",
)
def mean_square_less_squared_mean(ours):
    def amend(self, X):
        if isinstance(X, np.ndarray) and not np.isnan(X).any():
            var = np.abs((X.astype(float) ** 2).mean(0) - X.mean(0, dtype=float) ** 2)
            self.scale_ = np.where(var > 0, np.sqrt(var), 1.0)

    return refitted(ours, "StandardScaler", amend)


@mutant(
    en="divides a constant column by the rounding error of its mean",
    zh="用均值的舍入误差去除常数列",
    source="scikit-learn issues 3722 and 17794",
)
def divided_by_rounding(ours):
    def amend(self, X):
        if isinstance(X, np.ndarray) and not np.isnan(X).any():
            self.mean_ = np.cumsum(X, axis=0, dtype=float)[-1] / len(X)
            self.scale_ = np.sqrt(((X - self.mean_) ** 2).mean(0))
            self.scale_[self.scale_ == 0] = 1.0

    return refitted(ours, "StandardScaler", amend)


@mutant(
    en="forgets the mean of a constant column",
    zh="丢掉常数列的均值",
    source="elixir-nx/scholar pull request 363",
)
def constant_not_centred(ours):
    def amend(self, X):
        if self.mean_ is not None:
            self.mean_ = np.where(self.var_ == 0, 0.0, self.mean_)

    return refitted(ours, "StandardScaler", amend)


@mutant(
    en="takes a column for constant when its spread is below n ε |mean|",
    zh="标准差低于 n ε |均值| 就当作常数列",
    source="scikit-learn pull request 19788",
)
def generous_with_constants(ours):
    def amend(self, X):
        bound = self.n_samples_seen_ * np.finfo(float).eps * np.abs(self.mean_)
        self.scale_ = np.where(np.sqrt(self.var_) <= bound, 1.0, self.scale_)

    return refitted(ours, "StandardScaler", amend)


@mutant(
    en="takes a column for constant when its range is below 2·10⁻¹⁵, whatever its unit",
    zh="极差低于 2·10⁻¹⁵ 就当作常数列，不管单位",
    source="scikit-learn issues 19726 and 19898",
)
def absolute_threshold(ours):
    def amend(self, X):
        self.data_range_ = np.where(self.data_range_ < 2e-15, 0.0, self.data_range_)

    return refitted(ours, "MinMaxScaler", amend)


@mutant(
    en="rounds the mean to float32 before it is taken off",
    zh="先把均值舍入到 float32 再相减",
    source="the precision of fv3net's StandardScaler before its pull request 1111",
)
def mean_in_single_precision(ours):
    def amend(self, X):
        self.mean_ = self.mean_.astype(np.float32).astype(float)

    return refitted(ours, "StandardScaler", amend)


@mutant(en="ignores the weights", zh="忽略权重")
def no_weights(ours):
    return changed(
        ours, "StandardScaler", fit=lambda self, X, y=None, sample_weight=None: ours.StandardScaler.fit(self, X)
    )


@mutant(en="leaves out the last row", zh="漏掉最后一行")
def off_by_one(ours):
    def methods(base):
        return {"fit": lambda self, X, y=None, **options: base.fit(self, X[:-1] if not options else X, y, **options)}

    return changed_all(ours, AFFINE, methods)


@mutant(en="averages the means and variances of the pieces without their counts", zh="合并各批时不按样本数加权")
def pieces_of_equal_weight(ours):
    def partial_fit(self, X, y=None, sample_weight=None):
        new = ours.StandardScaler().fit(X, sample_weight=sample_weight)
        if hasattr(self, "mean_"):
            new.mean_, new.scale_ = (self.mean_ + new.mean_) / 2, np.sqrt((self.scale_**2 + new.scale_**2) / 2)
        self.__dict__.update(vars(new))
        return self

    return changed(ours, "StandardScaler", partial_fit=partial_fit)


@mutant(en="forgets what varies between the pieces", zh="合并方差时漏掉各批均值之间的差异")
def within_pieces_only(ours):
    def partial_fit(self, X, y=None, sample_weight=None):
        before = (self.n_samples_seen_, self.var_) if hasattr(self, "var_") else (0, 0.0)
        new = ours.StandardScaler().fit(X, sample_weight=sample_weight)
        ours.StandardScaler.partial_fit(self, X, y, sample_weight)
        self.var_ = (before[0] * before[1] + new.n_samples_seen_ * new.var_) / self.n_samples_seen_
        self.scale_ = np.sqrt(np.where(self.var_ > 0, self.var_, 1.0))
        return self

    return changed(ours, "StandardScaler", partial_fit=partial_fit)


@mutant(en="forgets the earlier pieces' extremes", zh="忘了前几批的最大最小值")
def last_piece_only(ours):
    return changed_all(
        ours, ("MinMaxScaler", "MaxAbsScaler"), lambda base: {"partial_fit": lambda self, X, y=None: base.fit(self, X)}
    )


@mutant(
    en="learns anew from the rows that it is to transform",
    zh="在要变换的样本上重新拟合",
    source="a slip of many scripts: TKAN issue 8, scikit-fingerprints issue 138",
)
def fitted_on_what_comes(ours):
    def methods(base):
        return {"transform": lambda self, X: base.transform(base(**self.get_params()).fit(X), X)}

    return changed_all(ours, (*AFFINE, "QuantileTransformer"), methods)


@mutant(en="undoes the steps in the order in which they were made", zh="还原时没有把步骤倒过来")
def undone_in_order(ours):
    def methods(base):
        return {"_inverse_steps": lambda self: base._inverse_steps(self)[::-1]}

    return changed_all(ours, AFFINE, methods)


@mutant(
    en="multiplies first, x · scale_ + min_, and loses the digits of a range far from zero",
    zh="先乘后加，x · scale_ + min_，远离零点的区间因而丢失有效数字",
    source="scikit-learn's MinMaxScaler.transform",
)
def product_first(ours):
    return changed(ours, "MinMaxScaler", _steps=lambda self: [(np.multiply, self.scale_), (np.add, self.min_)])


@mutant(en="maps onto [lo, hi] by y · hi + lo", zh="映到 [lo, hi] 时写成 y · hi + lo")
def forgets_the_lower_end(ours):
    def steps(self):
        low, high = self.feature_range
        return [*ours.MinMaxScaler._steps(self)[:2], (np.multiply, float(high)), (np.add, float(low))]

    return changed(ours, "MinMaxScaler", _steps=steps)


@mutant(
    en="clips to the ends of the data instead of the range",
    zh="截断时用了数据的两端而不是目标区间的两端",
    source="sklearn-onnx pull request 986",
)
def clips_to_the_data(ours):
    def steps(self):
        made = ours.MinMaxScaler._steps(self)
        return [*made[:-2], (np.maximum, self.data_min_), (np.minimum, self.data_max_)] if self.clip else made

    return changed(ours, "MinMaxScaler", _steps=steps)


@mutant(
    en="divides by the largest value instead of the largest absolute value",
    zh="除以最大值而不是最大绝对值",
    source="SincNet pull request 58, where maximum and absolute value were exchanged",
)
def largest_not_absolute(ours):
    def amend(self, X):
        if isinstance(X, np.ndarray):
            self.scale_ = np.abs(np.nanmax(X, axis=0))

    return refitted(ours, "MaxAbsScaler", amend)


@mutant(en="brings values beyond one divisor to it, as winsorising does", zh="把超出一个除数的值压回边界（缩尾）")
def winsorised(ours):
    def methods(base):
        return {"_steps": lambda self: [*base._steps(self), (np.minimum, 0.9), (np.maximum, -0.9)]}

    return changed_all(ours, AFFINE, methods)


@mutant(en="takes the standard deviation for the distance of the quartiles", zh="把标准差当作四分位距")
def robust_in_name_only(ours):
    def amend(self, X):
        if isinstance(X, np.ndarray):
            self.scale_ = np.nanstd(X, axis=0)

    return refitted(ours, "RobustScaler", amend)


@mutant(en="forgets unit_variance", zh="忽略 unit_variance")
def quartiles_as_they_are(ours):
    return changed(ours, "RobustScaler", fit=lambda self, X, y=None: _without_unit_variance(ours, self, X))


def _without_unit_variance(ours, self, X):
    keep, self.unit_variance = self.unit_variance, False
    ours.RobustScaler.fit(self, X)
    self.unit_variance = keep
    return self


@mutant(
    en="takes statistics of the stored entries only",
    zh="只统计稀疏表中存储的元素",
    source="scikit-learn pull request 11308",
)
def stored_entries_only(ours):
    def amend(self, X):
        if sparse.issparse(X):
            X = X.tocsc()
            columns = [X.data[low:high] for low, high in zip(X.indptr, X.indptr[1:], strict=False)]
            self.scale_ = np.array([np.std(column) for column in columns])

    return refitted(ours, "StandardScaler", amend)


@mutant(en="takes repeated entries of a sparse table for separate ones", zh="把稀疏表中重复写入的元素当成不同元素")
def entries_not_summed(ours):
    def methods(base):
        def read(self, X, **options):
            if sparse.issparse(X) and not X.has_canonical_format:
                X = X.copy()
                X.has_canonical_format = True
            return base._read(self, X, **options)

        return {"_read": read}

    return changed_all(ours, ("StandardScaler", "Normalizer"), methods)


@mutant(en="counts what is missing as zero", zh="把缺失值当作零来统计")
def missing_as_zero(ours):
    def methods(base):
        def fit(self, X, y=None, **options):
            return base.fit(self, np.nan_to_num(X) if isinstance(X, np.ndarray) else X, y, **options)

        return {"fit": fit}

    return changed_all(ours, (*AFFINE, "QuantileTransformer"), methods)


@mutant(
    en="normalises the columns instead of the rows",
    zh="按列而不是按行归一",
    source="wished for in scikit-learn issue 16936; the reverse slip in vertex-ai-samples issue 1599",
)
def columns_instead_of_rows(ours):
    return SimpleNamespace(Normalizer=type("Normalizer", (_Transposed,), {"ours": ours.Normalizer}))


class _Transposed:
    """Ours on the transposed table."""

    ours: type

    def __init__(self, norm="l2", **options):
        self.inner = self.ours(norm, **options)

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return self.inner.fit_transform(X.T).T

    def fit_transform(self, X, y=None):
        return self.transform(X)

    def set_params(self, **options):
        self.inner.set_params(**options)
        return self


@mutant(
    en="forgets the absolute value in the largest norm",
    zh="最大范数忘了取绝对值",
    source="scikit-learn issue 16632",
)
def largest_signed_entry(ours):
    def transform(self, X, copy=None):
        if self.norm == "max" and isinstance(X, np.ndarray):
            largest = X.max(axis=1)
            return X / np.where(largest == 0, 1.0, largest)[:, None]
        return ours.Normalizer.transform(self, X, copy)

    return changed(ours, "Normalizer", transform=transform)


@mutant(
    en="leaves rows alone whose norm is below 2·10⁻¹⁵",
    zh="范数低于 2·10⁻¹⁵ 的行不作归一",
    source="scikit-learn's normalize, after its pull request 19527",
)
def short_rows_stay(ours):
    def transform(self, X, copy=None):
        Y = ours.Normalizer.transform(self, X, copy)
        return np.where(np.abs(X).max(1, keepdims=True) < 2e-15, X, Y) if isinstance(X, np.ndarray) else Y

    return changed(ours, "Normalizer", transform=transform)


@mutant(en="gives tied values the highest of their ranks", zh="并列的值都取最高的秩")
def highest_rank(ours):
    return changed(
        ours, "QuantileTransformer", _curve=lambda self, x, j: np.interp(x, self.quantiles_[:, j], self.references_)
    )


@mutant(
    en="spaces the knots evenly between the ends instead of at quantiles",
    zh="结点在两端之间等距摆放，而不是放在分位数上",
)
def knots_at_even_distances(ours):
    def amend(self, X):
        self.quantiles_ = np.linspace(self.quantiles_[0], self.quantiles_[-1], len(self.quantiles_))

    return refitted(ours, "QuantileTransformer", amend)


@mutant(en="cuts the normal scores at one in a thousand", zh="正态得分在千分之一处就截断")
def scores_cut_early(ours):
    def curve(self, x, j):
        y = ours.QuantileTransformer._curve(self, x, j)
        return np.clip(y, -3.09, 3.09) if self.output_distribution == "normal" else y

    return changed(ours, "QuantileTransformer", _curve=curve)


@mutant(
    en="brings normal scores back without undoing their cut",
    zh="还原正态得分时没有处理两端的截断",
)
def cut_not_undone(ours):
    from scipy.special import ndtr

    def inverse(self, y, j):
        return np.interp(ndtr(y), self.references_, self.quantiles_[:, j])

    return changed(ours, "QuantileTransformer", _inverse_curve=inverse)


@mutant(en="goes on straight beyond the outermost knots", zh="在最外侧结点之外继续沿直线延伸")
def goes_on(ours):
    def curve(self, x, j):
        y, (first, last), (low, high) = (
            ours.PiecewiseLinearScaler._curve(self, x, j),
            self.knots_[[0, -1], j],
            self.values_[[0, -1]],
        )
        slope = (high - low) / (last - first)
        return y + slope * (np.minimum(x - first, 0) + np.maximum(x - last, 0))

    return changed(ours, "PiecewiseLinearScaler", _curve=curve)


@mutant(en="places the knots at the nearest values instead of between them", zh="结点取最近的样本值，不在其间插值")
def nearest_knots(ours):
    def amend(self, X):
        if self.knots is None:
            self.knots_ = np.quantile(X, self.quantiles, axis=0, method="nearest")

    return refitted(ours, "PiecewiseLinearScaler", amend)


@mutant(en="inverts falling values as if they rose", zh="对递减的取值按递增来反查")
def falling_as_rising(ours):
    def inverse(self, y, j):
        return np.interp(y, self.values_, self.knots_[:, j])

    return changed(ours, "PiecewiseLinearScaler", _inverse_curve=inverse)


@mutant(en="rises on both sides of a", zh="曲线在 a 的两侧都上升")
def whole_bell(ours):
    return changed(ours, "HalfNormalScaler", _curve=lambda self, x, j: -np.expm1(-self.k_[j] * (x - self.a_[j]) ** 2))


@mutant(en="takes k = 1 / (2σ²), as if the bell stood at the mean", zh="取 k = 1/(2σ²)，仿佛钟形立在均值处")
def bell_at_the_mean(ours):
    def amend(self, X):
        if self.k is None:
            self.k_ = 1 / (2 * X.var(0))

    return refitted(ours, "HalfNormalScaler", amend)


@mutant(en="rises with the same k in every unit", zh="不论单位都用同一个 k")
def one_steepness(ours):
    def amend(self, X):
        self.k_ = np.ones_like(self.k_) if self.k is None else self.k_

    return refitted(ours, "HalfNormalScaler", amend)
