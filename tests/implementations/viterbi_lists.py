"""Decoding several chains in plain Python: for each state the best path that ends there is carried along."""

import math


def my_viterbi(start, transition, score, lengths=None):
    """The best paths, one sequence after the other, and what each is worth."""
    found = [max(_ending(*chain), key=lambda way: way[0]) for chain in _chains(start, transition, score, lengths)]
    if any(value == -math.inf for value, _ in found):
        raise ValueError("every path of a sequence is forbidden.")
    path = [state for _, states in found for state in states]
    return (found[0][0] if lengths is None else [value for value, _ in found]), path


def my_log_partition(start, transition, score, lengths=None):
    """The sum over all paths of each sequence."""
    totals = []
    for b, A, rows in _chains(start, transition, score, lengths):
        sums = [x + y for x, y in zip(b, rows[0], strict=True)]
        for t, row in enumerate(rows[1:]):
            sums = [_sum([x + A(t, j, k) for j, x in enumerate(sums)]) + y for k, y in enumerate(row)]
        totals.append(_sum(sums))
    return totals[0] if lengths is None else totals


def _ending(b, A, rows):
    ways = [(x + y, [k]) for k, (x, y) in enumerate(zip(b, rows[0], strict=True))]
    for t, row in enumerate(rows[1:]):
        came = [max(range(len(ways)), key=lambda j, k=k: ways[j][0] + A(t, j, k)) for k in range(len(row))]
        ways = [(ways[j][0] + A(t, j, k) + row[k], [*ways[j][1], k]) for k, j in enumerate(came)]
    return ways


def _sum(values):
    top = max(values)
    return top if top == -math.inf else top + math.log(math.fsum(math.exp(one - top) for one in values))


def _chains(start, transition, score, lengths):
    b, rows = _numbers(start), [_numbers(row) for row in score]
    n = [len(rows)] if lengths is None else [int(one) for one in lengths]
    steps = transition if hasattr(transition[0][0], "__len__") else [transition]
    tables = [[_numbers(row) for row in step] for step in steps]
    if not rows or sum(n) != len(rows) or min(n) < 1 or any(len(row) != len(b) for row in rows):
        raise ValueError("score must have a row for each time of each sequence and a column for each state.")
    if len(tables) not in (1, len(rows) - 1) or any([*map(len, table)] != [len(b)] * len(b) for table in tables):
        raise ValueError("transition must be square, one for all steps or one for each.")
    ends = [sum(n[: i + 1]) for i in range(len(n))]
    return [
        (b, lambda t, j, k: tables[t if len(tables) > 1 else 0][j][k], rows[end - size : end])
        for size, end in zip(n, ends, strict=True)
    ]


def _numbers(values):
    values = [float(one) for one in values]
    if not all(one < math.inf for one in values):
        raise ValueError("log-weights must be numbers or -inf.")
    return values
