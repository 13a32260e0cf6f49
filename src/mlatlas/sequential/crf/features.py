"""Sentences of features as integers, and back: the form in which a conditional random field takes its corpus.

A sentence is a list of items, one for each token. An item holds attributes, strings with numbers:

    {"lower": "cat", "capital": True, "length": 3}      the attributes "lower:cat" 1, "capital" 1 and "length" 3
    ["lower:cat", "capital"]                            each with the number 1
    {"next": {"lower": "sat", "bias": 1.0}}             "next:lower:sat" 1 and "next:bias" 1; a list or a set does too
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set as AbstractSet
from dataclasses import dataclass
from itertools import repeat
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Shorts = NDArray[np.int32]

UNKNOWN = -1  # an attribute or a label that the model does not know


class Index(dict[str, int]):
    """The number of each name; a name that is asked for by brackets and is new takes the next number."""

    @classmethod
    def of(cls, names: Iterable[str]) -> Index:
        """Names in their order; one that comes again keeps its number."""
        index = cls()
        for name in names:
            index[name]
        return index

    def __missing__(self, name: str) -> int:
        self[name] = number = len(self)
        return number


@dataclass(frozen=True)
class Corpus:
    """n tokens one after the other: token t has the attributes indices[indptr[t]:indptr[t + 1]] with their `values`.

    Sentence s has the tokens offsets[s] … offsets[s + 1] − 1.
    """

    indptr: Integers
    indices: Shorts
    values: Floats
    offsets: Integers

    @property
    def lengths(self) -> Integers:
        """The number of tokens of each sentence, (S,)."""
        return np.diff(self.offsets)

    def place(self, t: int) -> str:
        """Token t as the user wrote it."""
        s = int(np.searchsorted(self.offsets, t, side="right")) - 1
        return f"X[{s}][{t - int(self.offsets[s])}]"


def encode(X: Any, index: Index, grow: bool) -> Corpus:
    """The sentences X as integers; attributes that are new are given numbers if the index is to grow, else left out."""
    if isinstance(X, str | Mapping) or not isinstance(X, Iterable):
        raise ValueError(
            f"X must be a list of sentences; got {_shown(X)}. Put a single sentence into a list: [sentence]."
        )
    ids, values, sizes, lengths = array("i"), array("d"), array("q", [0]), array("q", [0])
    for s, sentence in enumerate(X):
        if isinstance(sentence, str | Mapping) or not isinstance(sentence, Iterable):
            raise ValueError(
                f"X[{s}] must be a list of tokens, each a dict or a list of features; got {_shown(sentence)}. "
                "Is X one sentence? Then write [X]."
            )
        count = 0
        for item in sentence:
            names: list[str] = []
            try:
                if isinstance(item, Mapping):
                    _mapping(item, names, values)
                else:
                    _names(item, names)
                    values.extend(repeat(1.0, len(names)))
            except (TypeError, ValueError) as error:
                raise ValueError(f"X[{s}][{count}]: {error}") from None
            ids.extend(map(index.__getitem__, names) if grow else [index.get(name, UNKNOWN) for name in names])
            sizes.append(len(names))
            count += 1
        if not count:
            raise ValueError(f"X[{s}] must hold at least one token; got an empty sentence. Leave it out.")
        lengths.append(count)
    if len(lengths) == 1:
        raise ValueError("X must hold at least one sentence; got none. Check that the corpus was read.")
    corpus = Corpus(_ends(sizes), np.asarray(ids), np.asarray(values), _ends(lengths))
    return corpus if grow else _without_unknown(corpus)


def encode_labels(y: Any, corpus: Corpus, index: Index, grow: bool) -> Integers:
    """The labels of every token as numbers, (n,), checked against the sentences; unknown ones are `UNKNOWN`."""
    if isinstance(y, str | Mapping) or not isinstance(y, Iterable):
        raise ValueError(f"y must be a list with a list of labels for each sentence; got {_shown(y)}.")
    y, lengths = list(y), corpus.lengths
    if len(y) != len(lengths):
        raise ValueError(
            f"y must have a list of labels for each of the {len(lengths)} sentences of X; got {len(y)}. "
            "Check that both come from the same corpus."
        )
    ids = array("q")
    for s, (labels, length) in enumerate(zip(y, lengths.tolist(), strict=True)):
        if isinstance(labels, str | Mapping) or not isinstance(labels, Iterable):
            raise ValueError(f"y[{s}] must be a list of labels; got {_shown(labels)}.")
        labels = list(labels)
        if len(labels) != length:
            raise ValueError(
                f"y[{s}] must have a label for each of the {length} tokens of X[{s}]; got {len(labels)}. "
                "Check how the sentence was split."
            )
        for t, label in enumerate(labels):
            if not isinstance(label, str) or not label:
                raise ValueError(
                    f"y[{s}][{t}] must be a string that is not empty; got {_shown(label)}. Write str(label)."
                )
        ids.extend(map(index.__getitem__, labels) if grow else [index.get(label, UNKNOWN) for label in labels])
    return np.asarray(ids)


def _mapping(item: Mapping[Any, Any], names: list[str], values: array[float]) -> None:
    """Append the attributes of one dict."""
    for name, value in item.items():
        if type(name) is not str and not isinstance(name, str):
            raise TypeError(f"a feature must have a string for a name; got {_shown(name)}. Write str(name).")
        kind = type(value)
        if kind is str:
            names.append(f"{name}:{value}")
            values.append(1.0)
        elif kind is float or kind is bool or kind is int:
            names.append(name)
            values.append(_finite(name, value))
        else:
            for full, number in _nested(name, value):
                names.append(full)
                values.append(number)


def _names(item: Any, names: list[str]) -> None:
    """Append the attributes of a list of strings."""
    if isinstance(item, str) or not isinstance(item, Sequence | AbstractSet):
        raise TypeError(f"a token must be a dict of features or a list of strings; got {_shown(item)}.")
    for name in item:
        if type(name) is not str and not isinstance(name, str):
            raise TypeError(f"a feature in a list must be a string; got {_shown(name)}. Use a dict for numbers.")
        names.append(name)


def _nested(name: str, value: Any) -> Iterator[tuple[str, float]]:
    """The attributes of one entry of a dict whose value is no plain number and no plain string."""
    if isinstance(value, str):
        yield f"{name}:{value}", 1.0
    elif isinstance(value, Real | np.bool_):
        yield name, _finite(name, value)
    elif isinstance(value, Mapping | Sequence | AbstractSet):
        names: list[str] = []
        numbers = array("d")
        if isinstance(value, Mapping):
            _mapping(value, names, numbers)
        else:
            _names(value, names)
            numbers.extend(repeat(1.0, len(names)))
        yield from ((f"{name}:{inner}", number) for inner, number in zip(names, numbers, strict=True))
    else:
        raise TypeError(
            f"feature {name!r} must have a number, a truth value, a string, or a dict or list of such for its value; got "
            f"{_shown(value)}."
        )


def _finite(name: str, value: Any) -> float:
    number = float(value)
    if number - number != 0.0:
        raise ValueError(f"feature {name!r} must have a finite value; got {number}. Leave it out where it is missing.")
    return number


def _without_unknown(corpus: Corpus) -> Corpus:
    known = corpus.indices != UNKNOWN
    if known.all():
        return corpus
    kept = np.concatenate([[0], np.cumsum(known)])
    return Corpus(kept[corpus.indptr], corpus.indices[known], corpus.values[known], corpus.offsets)


def _ends(sizes: array[int]) -> Integers:
    return np.cumsum(np.asarray(sizes))


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
