"""Known answers, laws and mutants of k-means, its starts and its mini-batches."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np

from mlatlas.atlas.judge import Draw, Subject, agree, atmost, falls, known, law, moments, mutant

# ---- the definition ----------------------------------------------------------------------------------------


def squares(X, C):
    """‖xᵢ − cₖ‖², (n, K)."""
    return ((X[:, None, :] - C[None]) ** 2).sum(2)


def naive(X, C, steps, w=None, average=np.average):
    """Lloyd's two steps by their definition; every cluster keeps a row. Returns centres and labels."""
    w = np.ones(len(X)) if w is None else w
    for _ in range(steps):
        z = squares(X, C).argmin(1)
        C = np.array([average(X[z == k], axis=0, weights=w[z == k]) for k in range(len(C))])
    return C, squares(X, C).argmin(1)


def least_inertia(X, K):
    """Over all partitions of a few rows."""
    best = np.inf
    for z in itertools.product(range(K), repeat=len(X)):
        z = np.array(z)
        best = min(best, sum(((X[z == k] - X[z == k].mean(0)) ** 2).sum() for k in range(K) if (z == k).any()))
    return best


def run(subject, X, C, w=None, **options):
    """Fitted from the starts C until no label changes."""
    return subject.KMeans(len(C), init=C, n_init=1, **{"tol": 0.0, **options}).fit(X, sample_weight=w)


# ---- problems ----------------------------------------------------------------------------------------------


def clear(X, C, steps=40):
    """Whether on the way of Lloyd no cluster is empty and no row lies nearly between two centres."""
    for _ in range(steps):
        D = np.sqrt(squares(X, C))
        two = np.sort(D, axis=1)[:, :2]
        z = D.argmin(1)
        if len(np.unique(z)) < len(C) or (len(C) > 1 and np.min(two[:, 1] - two[:, 0]) < 1e-4):
            return False
        C = np.array([X[z == k].mean(0) for k in range(len(C))])
    return True


def started(draw: Draw):
    """Rows in a few loose clouds, and starts from which Lloyd never meets a tie or an empty cluster."""
    n, p, K = draw.integer(12, 60), draw.integer(1, 5), draw.integer(2, 6)
    X = draw.normal(n, p) + 2 * draw.normal(K, p)[draw.labels(n, K)]
    C = X[draw.permutation(n)[:K]] + 0.1 * draw.normal(K, p)
    draw.require(clear(X, C))
    return X, C


def counted(draw: Draw):
    """The same with whole weights that matter."""
    X, C = started(draw)
    counts = 1 + draw.integer(0, 4, len(X))
    rows = np.arange(len(X)).repeat(counts)
    draw.require(clear(X[rows], C) and np.ptp(counts))
    return X, C, counts


def moved(draw: Draw):
    """Starts, a rotation, a shift and a factor."""
    X, C = started(draw)
    p = X.shape[1]
    return X, C, draw.orthogonal(p, p), 10 * draw.normal(p), draw.choice([3.0, 0.1])


def units(draw: Draw):
    """The same data in which two features are put in other units, which changes who is near whom."""
    X, C = started(draw)
    draw.require(X.shape[1] > 1)
    stretch = np.r_[100.0, np.ones(X.shape[1] - 1)]
    draw.require(clear(X * stretch, C * stretch))
    one, other = naive(X, C, 40)[0] * stretch, naive(X * stretch, C * stretch, 40)[0]
    draw.require(np.abs(one - other).max() > 1e-2 * np.abs(other).max())
    return X, C, np.diag(stretch)


def small(draw: Draw):
    """So few rows that all partitions can be tried."""
    X = draw.normal(draw.integer(5, 8), 2)
    C = X[:2] + 0.1
    draw.require(clear(X, C))
    return X, C


def crowded(draw: Draw):
    """Distinct rows, and starts of which all but one are too far away to be the nearest of any row."""
    X = np.vstack([draw.normal(draw.integer(10, 30), 2), [[30.0, 0.0], [0.0, 50.0]]])
    return X, np.vstack([X[0], X[0] + 200.0, X[0] - 300.0])


def remote(draw: Draw):
    """Tight clouds of very different sizes, far apart, one of them of weight zero."""
    K = draw.integer(3, 6)
    sizes = np.r_[60, np.full(K - 1, 3), 20]
    home = np.arange(K + 1).repeat(sizes)
    X = 100.0 * np.column_stack([np.arange(K + 1), np.arange(K + 1) ** 2])[home] + 0.01 * draw.normal(sizes.sum(), 2)
    return X, (home < K).astype(float), home, draw.integer(0, 1000)


def line(draw: Draw):
    """Four rows on a line with weights, and the chance of each pair of starts."""
    x, w = np.r_[0.0, 1.0, 3.0, 10.0], 0.5 + draw.uniform(0.0, 2.0, 4)
    D = w * (x[:, None] - x) ** 2
    return x[:, None], w, (w / w.sum())[:, None] * D / D.sum(1, keepdims=True), draw.integer(0, 1000)


def batches(draw: Draw):
    """Rows in three batches, starts, and weights."""
    X, C = started(draw)
    w = 0.5 + draw.uniform(0.0, 2.0, len(X))
    return X, C, w, np.array_split(np.arange(len(X)), 3)


# ---- known answers -----------------------------------------------------------------------------------------


@known(
    en="Rows 0, 1, 9, 10 on a line from starts 0 and 1: centres ½ and 9½, inertia 1.",
    zh="直线上的样本 0、1、9、10，初值 0 与 1：中心为 ½ 与 9½，目标值为 1。",
    source="by hand: after the first step the centres are 0 and 20/3, then ½ and 9½",
)
def four_points(subject):
    model = run(subject, np.array([[0.0], [1.0], [9.0], [10.0]]), np.array([[0.0], [1.0]]))
    return np.r_[model.cluster_centers_.ravel(), model.inertia_, model.labels_], np.r_[0.5, 9.5, 1.0, 0, 0, 1, 1]


@known(
    en="The corners of a rectangle, twice as wide as high: from a start across the long side Lloyd ends at inertia 16, four times the least.",
    zh="矩形的四个顶点，宽是高的两倍：若初值沿长边方向放错，Lloyd 停在目标值 16，是最小值 4 的四倍。",
    source="by hand; Arthur, Vassilvitskii 2007, section 1, where the ratio grows without bound",
)
def bad_start(subject):
    X = np.array([[0.0, 0.0], [0.0, 2.0], [4.0, 0.0], [4.0, 2.0]])
    bad = run(subject, X, np.array([[2.0, 0.0], [2.0, 2.0]]))
    good = run(subject, X, np.array([[0.0, 1.0], [4.0, 1.0]]))
    return [bad.inertia_, good.inertia_], [16.0, 4.0]


@known(
    en="Distances from (0, 0) and (3, 4) to centres (0, 0) and (3, 0) are 0, 3 and 5, 4.",
    zh="(0, 0) 与 (3, 4) 到中心 (0, 0)、(3, 0) 的距离为 0、3 与 5、4。",
    source="by hand",
)
def distances(subject):
    X = np.array([[0.0, 0.0], [3.0, 0.0]])
    return run(subject, X, X).transform([[0.0, 0.0], [3.0, 4.0]]), [[0.0, 3.0], [5.0, 4.0]]


# ---- laws --------------------------------------------------------------------------------------------------


@law(
    "property",
    given=started,
    en="Every row has the label of its nearest centre, after however many steps, and for rows never seen.",
    zh="无论走了几步，每个样本的标记都是离它最近的中心；对没见过的样本也是如此。",
    source="Lloyd 1982, condition of nearest neighbours",
)
def nearest(problem, subject, other):
    X, C = problem
    compared = []
    for steps in (1, 2, 50):
        model = run(subject, X, C, max_iter=steps)
        compared.append(agree(model.labels_, squares(X, model.cluster_centers_).argmin(1), scale=1.0))
        away = 1.5 * X + 0.01
        compared.append(agree(model.predict(away), squares(away, model.cluster_centers_).argmin(1), scale=1.0))
    return compared


@law(
    "property",
    given=counted,
    en="Where no label changes any more, every centre is the weighted mean of its rows.",
    zh="标记不再变化时，每个中心都是所属样本的加权平均。",
    source="Lloyd 1982, condition of centroids",
)
def stationary(problem, subject, other):
    X, C, w = problem
    model = run(subject, X, C, w.astype(float))
    z = model.labels_
    return model.cluster_centers_, [np.average(X[z == k], axis=0, weights=w[z == k]) for k in range(len(C))]


@law(
    "equivalent",
    given=started,
    en="t steps are t times the definition: label by the nearest centre, then average.",
    zh="走 t 步就是把定义重复 t 次：按最近的中心贴标记，再取平均。",
    source="Lloyd 1982",
)
def steps_by_definition(problem, subject, other):
    X, C = problem
    compared = []
    for steps in (1, 2, 3):
        model, (centres, labels) = run(subject, X, C, max_iter=steps), naive(X, C, steps)
        compared += [agree(model.cluster_centers_, centres), agree(model.labels_, labels, scale=1.0)]
    return compared


@law(
    "equivalent",
    given=started,
    en="Bounds from the triangle inequality spare distances and change no step of Lloyd's.",
    zh="由三角不等式得到的界省去了许多距离计算，却不改变 Lloyd 的任何一步。",
    source="Elkan 2003; Hamerly 2010",
)
def bounds_change_nothing(problem, subject, other):
    X, C = problem
    compared = []
    for steps in (2, 3, 4, 6, 40):
        one, two = (run(subject, X, C, max_iter=steps, algorithm=name) for name in ("hamerly", "lloyd"))
        compared += [
            agree(one.labels_, two.labels_, scale=1.0),
            agree(one.cluster_centers_, two.cluster_centers_),
        ]
    return compared


@law(
    "property",
    given=started,
    en="The inertia is Σ‖x − c‖² over every row and its centre, and no step raises it.",
    zh="目标值等于各样本到所属中心的距离平方和，且每一步都不会使它上升。",
    source="Lloyd 1982",
)
def inertia_falls(problem, subject, other):
    X, C = problem
    models = [run(subject, X, C, max_iter=steps) for steps in range(1, 7)]
    by_definition = [((X - m.cluster_centers_[m.labels_]) ** 2).sum() for m in models]
    return [agree([m.inertia_ for m in models], by_definition), falls(by_definition)]


@law(
    "bound",
    given=small,
    en="No run ends below the least inertia over all partitions; the best of many starts on a few rows reaches it.",
    zh="任何一次运行都不会低于所有划分中的最小目标值；样本很少时，多次随机初值中最好的一次达到它。",
    source="by enumeration",
)
def above_the_optimum(problem, subject, other):
    X, C = problem
    least = least_inertia(X, 2)
    many = subject.KMeans(2, n_init=40, tol=0.0, random_state=0).fit(X)
    return [atmost(least, run(subject, X, C).inertia_), agree(many.inertia_, least)]


@law(
    "equivalent",
    given=started,
    en="At rest the inertia is the sum of squared distances between all pairs of a cluster, divided by its size; the mean of the rows needs no mention.",
    zh="收敛时，目标值等于每个簇内所有样本对的距离平方之和除以簇的大小，式中不出现中心。",
    source="周志华 2016，《机器学习》，9.4 节",
)
def without_centres(problem, subject, other):
    X, C = problem
    model = run(subject, X, C)
    z = model.labels_
    pairs = sum(squares(X[z == k], X[z == k]).sum() / (2 * np.sum(z == k)) for k in range(len(C)))
    return model.inertia_, pairs


@law(
    "equivalent",
    given=counted,
    en="From given starts a whole weight is the same as so many copies of the row.",
    zh="初值给定时，整数权重等价于把该样本重复相应的次数。",
)
def weights_repeat(problem, subject, other):
    X, C, counts = problem
    weighted = run(subject, X, C, counts.astype(float))
    repeated = run(subject, X.repeat(counts, axis=0), C)
    return [
        agree(weighted.cluster_centers_, repeated.cluster_centers_),
        agree(weighted.inertia_, repeated.inertia_),
        agree(weighted.labels_.repeat(counts), repeated.labels_, scale=1.0),
        agree(weighted.score(X, sample_weight=counts.astype(float)), -weighted.inertia_),
    ]


@law(
    "invariant",
    given=lambda draw: (lambda X, C, Q, shift, factor: (X, C, factor * Q, shift))(*moved(draw)),
    without=lambda draw: (*units(draw), 0.0),
    en="Rotating, shifting and scaling the space as a whole does the same to the centres; one feature in other units does not.",
    zh="整个空间旋转、平移、缩放时，中心随之作同样的变换；只改一个特征的单位则不然。",
)
def motions(problem, subject, other):
    X, C, A, shift = problem
    return run(subject, X @ A + shift, C @ A + shift).cluster_centers_, run(subject, X, C).cluster_centers_ @ A + shift


@law(
    "invariant",
    given=lambda draw: (*started(draw), draw.permutation(6), draw.permutation(60)),
    en="The order of the starts only renames the clusters, and the order of the rows does not matter.",
    zh="初值的次序只是给簇改名，样本的次序无关紧要。",
)
def orders(problem, subject, other):
    X, C, names, rows = problem
    names, rows = names[names < len(C)], rows[rows < len(X)]
    plain, renamed = run(subject, X, C, max_iter=3), run(subject, X[rows], C[names], max_iter=3)
    return [
        agree(renamed.cluster_centers_, plain.cluster_centers_[names]),
        agree(names[renamed.labels_], plain.labels_[rows], scale=1.0),
    ]


@law(
    "property",
    given=crowded,
    en="Where there are as many distinct rows as clusters, none stays empty.",
    zh="只要互不相同的样本不少于簇数，就没有哪个簇始终是空的。",
    source="scikit-learn 1.9, which restarts an empty cluster at the farthest row",
)
def no_empty_cluster(problem, subject, other):
    X, C = problem
    model = run(subject, X, C)
    return np.bincount(model.labels_, minlength=len(C)) > 0, np.ones(len(C))


@law(
    "property",
    given=remote,
    en="Of tight clouds that are far apart, k-means++ draws one start each, however few rows a cloud has; a cloud without weight gets none.",
    zh="相距很远的紧凑团块，k-means++ 各取一个初值，不论团块多小；权重为零的团块则不取。",
    source="Arthur, Vassilvitskii 2007",
)
def one_start_each(problem, subject, other):
    X, w, home, seed = problem
    K = home.max()
    C, rows = subject.kmeans_plusplus(X, K, sample_weight=w, random_state=seed)
    return [agree(np.sort(home[rows]), np.arange(K), scale=1.0), agree(C, X[rows])]


@law(
    "equivalent",
    given=line,
    en="With one trial, k-means++ draws a pair of starts with the chance wᵢ/Σw · wⱼDᵢⱼ²/ΣwDᵢ².",
    zh="只试一个候选时，k-means++ 取到一对初值的概率为 wᵢ/Σw · wⱼDᵢⱼ²/ΣwDᵢ²。",
    source="Arthur, Vassilvitskii 2007, section 2.2",
)
def chance_of_pairs(problem, subject, other):
    X, w, chance, seed = problem
    random = np.random.RandomState(seed)
    drawn = np.zeros((600, 4, 4))
    for hit in drawn:
        _, (i, j) = subject.kmeans_plusplus(X, 2, sample_weight=w, n_local_trials=1, random_state=random)
        hit[i, j] = 1
    seen = chance > 0.01
    return moments(drawn[:, seen], chance[seen])


@law(
    "special case",
    given=batches,
    en="A first batch of all rows is one step of Lloyd's; after several batches a centre is the weighted mean of all rows it was given.",
    zh="第一批若含全部样本，就是 Lloyd 的一步；经过几批之后，中心是历次分给它的全部样本的加权平均。",
    source="Sculley 2010, algorithm 1; Bottou, Bengio 1995",
)
def running_mean(problem, subject, other):
    X, C, w, parts = problem
    whole = subject.MiniBatchKMeans(len(C), init=C, n_init=1).partial_fit(X, sample_weight=w)
    model = subject.MiniBatchKMeans(len(C), init=C, n_init=1)
    centre, sums, total = C, np.zeros(C.shape), np.zeros(len(C))
    for part in (np.arange(len(X)), *parts):
        z = squares(X[part], centre).argmin(1)
        np.add.at(sums, z, w[part, None] * X[part])
        np.add.at(total, z, w[part])
        centre = np.where(total[:, None] > 0, sums / np.maximum(total, 1e-300)[:, None], centre)
        model.partial_fit(X[part], sample_weight=w[part])
    return [
        agree(whole.cluster_centers_, run(subject, X, C, w, max_iter=1).cluster_centers_),
        agree(model.cluster_centers_, centre),
    ]


# ---- mutants -----------------------------------------------------------------------------------------------


def after(ours: Subject, change, when=lambda self: True):
    """Ours with a KMeans that goes through ``change(self, X, w)`` after each fit."""

    class KMeans(ours.KMeans):
        def fit(self, X, y=None, sample_weight=None):
            super().fit(X, y, sample_weight)
            if when(self):
                change(self, np.asarray(X), np.ones(len(X)) if sample_weight is None else np.asarray(sample_weight))
            return self

    return SimpleNamespace(KMeans=KMeans)


def instead(ours: Subject, change):
    """Ours with a KMeans that is fitted to what ``change(self, X, w)`` returns."""

    class KMeans(ours.KMeans):
        def fit(self, X, y=None, sample_weight=None):
            X, w = change(self, np.asarray(X), sample_weight)
            return super().fit(X, y, w)

    return SimpleNamespace(KMeans=KMeans)


def centres_as(average):
    """A change that sets every centre by ``average(rows, weights)`` and leaves the rest consistent."""

    def change(self, X, w):
        z = self.labels_
        self.cluster_centers_ = np.array(
            [
                average(X[z == k], w[z == k]) if (z == k).any() else self.cluster_centers_[k]
                for k in range(len(self.cluster_centers_))
            ]
        )
        self.labels_ = squares(X, self.cluster_centers_).argmin(1)
        self.inertia_ = float(w @ squares(X, self.cluster_centers_).min(1))

    return change


@mutant(en="takes medians for means", zh="用中位数代替平均")
def medians(ours):
    return after(ours, centres_as(lambda rows, w: np.median(rows, axis=0)))


@mutant(en="ignores the weights in the means", zh="求平均时忽略权重")
def unweighted_means(ours):
    return after(ours, centres_as(lambda rows, w: rows.mean(0)))


@mutant(
    en="returns the labels of the centres before the last step",
    zh="返回的标记属于更新之前的中心",
    source="scikit-learn before 0.23, where labels_ and cluster_centers_ could disagree",
)
def stale_labels(ours):
    def change(self, X, w):
        if self.max_iter < 3:
            start = ours.KMeans(self.n_clusters, init=self.init, n_init=1, max_iter=self.max_iter, tol=0.0)
            before = (
                self.init
                if self.max_iter == 1
                else start.set_params(max_iter=1).fit(X, sample_weight=w).cluster_centers_
            )
            self.labels_ = squares(X, before).argmin(1)

    return after(ours, change, lambda self: not isinstance(self.init, str))


@mutant(en="assigns by the sum of absolute differences", zh="按绝对差之和分配样本")
def city_block(ours):
    def change(self, X, w):
        self.labels_ = np.abs(X[:, None] - self.cluster_centers_[None]).sum(2).argmin(1)

    return after(ours, change)


@mutant(en="adds up distances, not their squares", zh="目标值加的是距离而不是距离的平方")
def unsquared(ours):
    def change(self, X, w):
        self.inertia_ = float(w @ np.sqrt(squares(X, self.cluster_centers_).min(1)))

    return after(ours, change)


@mutant(en="divides the inertia by n", zh="目标值除以了样本数")
def mean_inertia(ours):
    def change(self, X, w):
        self.inertia_ /= len(X)

    return after(ours, change)


@mutant(
    en="leaves the weights out of the inertia",
    zh="目标值里漏了权重",
    source="scikit-learn issue 14314, on inertia under sample weights",
)
def unweighted_inertia(ours):
    def change(self, X, w):
        self.inertia_ = float(squares(X, self.cluster_centers_).min(1).sum())

    return after(ours, change)


@mutant(en="standardises the features unasked", zh="擅自把特征标准化")
def standardised(ours):
    def change(self, X, w):
        A, B = X / X.std(0), self.init / X.std(0)
        self.cluster_centers_ = ours.KMeans(self.n_clusters, init=B, n_init=1, tol=0.0).fit(A).cluster_centers_ * X.std(
            0
        )
        self.labels_ = squares(X, self.cluster_centers_).argmin(1)

    return after(ours, change, lambda self: not isinstance(self.init, str))


@mutant(en="divides rows by their length first", zh="先把每个样本除以它的长度")
def on_the_sphere(ours):
    return instead(ours, lambda self, X, w: (X / np.maximum(np.linalg.norm(X, axis=1, keepdims=True), 1e-9), w))


@mutant(en="leaves out the last row", zh="漏掉最后一个样本")
def off_by_one(ours):
    def change(self, X, w):
        fewer = ours.KMeans(**self.get_params()).fit(X[:-1], sample_weight=w[:-1])
        self.cluster_centers_ = fewer.cluster_centers_
        self.labels_ = squares(X, self.cluster_centers_).argmin(1)

    return after(ours, change, lambda self: len(self.labels_) > 9)


@mutant(en="sorts the clusters by their first coordinate", zh="擅自按第一个坐标给簇排序")
def sorted_clusters(ours):
    def change(self, X, w):
        order = np.argsort(self.cluster_centers_[:, 0])
        self.cluster_centers_, self.labels_ = self.cluster_centers_[order], np.argsort(order)[self.labels_]

    return after(ours, change)


@mutant(en="tries one start where many are asked for", zh="要求多次初值，却只试一次")
def one_try(ours):
    class KMeans(ours.KMeans):
        def fit(self, X, y=None, sample_weight=None):
            keep = self.n_init, self.max_iter
            self.n_init, self.max_iter = 1, 1 if isinstance(self.init, str) else self.max_iter
            super().fit(X, y, sample_weight)
            self.n_init, self.max_iter = keep
            return self

    return SimpleNamespace(KMeans=KMeans)


@mutant(en="leaves an empty cluster where it is", zh="空簇留在原地不管")
def left_empty(ours):
    def change(self, X, w):
        C = self.init
        for _ in range(50):
            z = squares(X, C).argmin(1)
            C = np.array([X[z == k].mean(0) if (z == k).any() else C[k] for k in range(len(C))])
        self.cluster_centers_, self.labels_ = C, squares(X, C).argmin(1)

    return after(ours, change, lambda self: not isinstance(self.init, str) and self.max_iter > 50)


def hamerly(X, C, most, widen):
    """Hamerly's algorithm, rows at once; ``widen(lower, moved, labels)`` is what becomes of the lower bounds."""
    z = np.zeros(len(X), int)
    upper, lower = np.full(len(X), np.inf), np.full(len(X), -np.inf)
    for step in range(most + 1):
        D = np.sqrt(squares(X, C))
        look = upper >= lower
        z[look] = D[look].argmin(1)
        two = np.sort(D, axis=1)
        upper[look], lower[look] = two[look, 0], two[look, 1]
        if step == most:
            break
        new = np.array([X[z == k].mean(0) if (z == k).any() else C[k] for k in range(len(C))])
        moved = np.linalg.norm(new - C, axis=1)
        C = new
        upper, lower = upper + moved[z], widen(lower, moved, z)
    return C, z


def with_bounds(ours, widen):
    def change(self, X, w):
        self.cluster_centers_, self.labels_ = hamerly(X, self.init, min(self.max_iter, 60), widen)

    return after(ours, change, lambda self: self.algorithm == "hamerly" and not isinstance(self.init, str))


@mutant(en="does not lower the lower bounds when other centres move", zh="其他中心移动之后没有放松下界")
def stuck_bound(ours):
    return with_bounds(ours, lambda lower, moved, z: lower)


@mutant(en="lowers the bound by the movement of the row's own centre", zh="下界减去的是样本自己的中心的移动量")
def own_movement(ours):
    return with_bounds(ours, lambda lower, moved, z: lower - moved[z])


@mutant(en="lowers the bound by the mean movement", zh="下界减去的是平均移动量而不是最大移动量")
def mean_movement(ours):
    return with_bounds(ours, lambda lower, moved, z: lower - moved.mean())


def drawn(chance):
    """A kmeans_plusplus that draws each start with ``chance(w, D²)``."""

    def kmeans_plusplus(X, n_clusters, *, sample_weight=None, random_state=None, n_local_trials=None):
        random = np.random.mtrand._rand if random_state is None else random_state
        random = np.random.RandomState(random) if isinstance(random, int) else random
        w = np.ones(len(X)) if sample_weight is None else sample_weight
        rows = [random.choice(len(X), p=w / w.sum())]
        while len(rows) < n_clusters:
            p = chance(w, squares(X, X[rows]).min(1))
            rows.append(random.choice(len(X), p=p / p.sum()))
        return X[rows], np.array(rows)

    return SimpleNamespace(kmeans_plusplus=kmeans_plusplus)


@mutant(en="draws starts in proportion to the distance, not its square", zh="按距离而不是距离的平方抽取初值")
def by_distance(ours):
    return drawn(lambda w, D: w * np.sqrt(D))


@mutant(en="draws starts uniformly", zh="均匀地抽取初值")
def uniform_starts(ours):
    return drawn(lambda w, D: w * (D > 0))


@mutant(
    en="ignores the weights while drawing starts",
    zh="抽取初值时忽略权重",
    source="scikit-learn before 1.3, whose kmeans_plusplus knew no weights",
)
def unweighted_starts(ours):
    return drawn(lambda w, D: D)


@mutant(en="returns squared distances from transform", zh="transform 返回了距离的平方")
def squared_transform(ours):
    class KMeans(ours.KMeans):
        def transform(self, X):
            return super().transform(X) ** 2

    return SimpleNamespace(KMeans=KMeans)


@mutant(en="moves by a constant rate in every batch", zh="每一批都用固定的步长移动中心")
def constant_rate(ours):
    class MiniBatchKMeans(ours.MiniBatchKMeans):
        def partial_fit(self, X, y=None, sample_weight=None):
            if hasattr(self, "counts_"):
                self.counts_ = np.minimum(self.counts_, 1.0)
            return super().partial_fit(X, y, sample_weight)

    return SimpleNamespace(MiniBatchKMeans=MiniBatchKMeans)


@mutant(en="counts rows, not weights, in mini-batches", zh="小批量里数的是样本数而不是权重")
def counts_rows(ours):
    class MiniBatchKMeans(ours.MiniBatchKMeans):
        def partial_fit(self, X, y=None, sample_weight=None):
            return super().partial_fit(X, y)

    return SimpleNamespace(MiniBatchKMeans=MiniBatchKMeans)
