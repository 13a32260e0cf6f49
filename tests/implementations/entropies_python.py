"""Entropy and its relatives in plain Python, for one distribution at a time."""

import math


def _probabilities(p):
    p = [float(one) for one in p]
    if not p or any(not 0 <= one <= 1 for one in p) or abs(math.fsum(p) - 1) > 1e-6:
        raise ValueError("probabilities must be non-negative and sum to one.")
    return p


def _in_units(nats, base):
    if base is None:
        return nats
    if not (0 < base < math.inf and base != 1):
        raise ValueError(f"base must be positive and not 1; got {base}.")
    return nats / math.log(base)


def _paired(p, q):
    p, q = _probabilities(p), _probabilities(q)
    if len(p) != len(q):
        raise ValueError(f"p and q must have as many entries; got {len(p)} and {len(q)}.")
    return list(zip(p, q, strict=True))


def _rows(joint):
    rows = [[float(one) for one in row] for row in joint]
    _probabilities(one for row in rows for one in row)
    return rows


def my_entropy(p, base=None):
    """−Σ p log p."""
    return _in_units(-math.fsum(one * math.log(one) for one in _probabilities(p) if one), base)


def my_cross_entropy(p, q, base=None):
    """−Σ p log q."""
    terms = [math.inf if b == 0 else -a * math.log(b) for a, b in _paired(p, q) if a]
    return _in_units(math.fsum(terms), base)


def my_kl_divergence(p, q, base=None):
    """Σ p log(p/q), term by term without cancellation."""
    terms = []
    for a, b in _paired(p, q):
        e = (b - a) / a if a else 0.0
        terms.append(b if a == 0 else math.inf if b == 0 else a * (e - math.log1p(e)))
    return _in_units(math.fsum(terms), base)


def my_conditional_entropy(joint, base=None):
    """Σ p(x) H(Y | x)."""
    rows = [row for row in _rows(joint) if sum(row)]
    return math.fsum(sum(row) * my_entropy([one / sum(row) for one in row], base) for row in rows)


def my_mutual_information(joint, base=None):
    """D(p(x, y) ‖ p(x) p(y))."""
    rows = _rows(joint)
    px, py = [math.fsum(row) for row in rows], [math.fsum(column) for column in zip(*rows, strict=True)]
    return my_kl_divergence([one for row in rows for one in row], [a * b for a in px for b in py], base)


def exchanged(p, q, base=None):
    """A slip: D(q ‖ p)."""
    return my_kl_divergence(q, p, base)
