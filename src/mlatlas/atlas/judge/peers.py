"""Peers, races, objectives: whom a room races, how parameters translate, what counts as the same answer."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlatlas.atlas.judge.subject import Subject
from mlatlas.atlas.text import Text


@dataclass(frozen=True)
class Translation:
    """Parameters of ours in the peer's words, several with commas, and the reason for the factor.

    Where they do not mean the same, ``equal`` has the settings of ours and of the peer that take the difference away.
    """

    ours: str
    theirs: str
    why: Text
    equal: tuple[Mapping[str, Any], Mapping[str, Any]] | None = None


@dataclass(frozen=True)
class Objective:
    """What an estimator makes small: a loss of its scores and, times a parameter, a penalty of its coefficients.

    ``parts(y, z, w, parameters)`` gives loss and penalty at scores z = Xw + b: y and z (n,) and w (p,), or z (n, k) and w (k, p)
    where every class has a row; y is 0, 1, … for classes. ``strength`` is the parameter that multiplies the penalty,
    ``1/C`` where one divides it, and empty where nothing is penalised.
    """

    parts: Callable[[Any, Any, Any, Mapping[str, Any]], tuple[float, float]]
    export: str
    formula: Text
    strength: str


@dataclass(frozen=True)
class Peer:
    """The library that a user would pick instead, under our names."""

    name: str
    requires: str  # the package to import
    load: Callable[[], Mapping[str, Any]]
    translation: tuple[Translation, ...]
    findings: Mapping[str, Text]  # laws that this peer is known to break, and why
    typed: Mapping[str, str]  # our names of estimators, and where the peer's own are found: module:Name

    @property
    def installed(self) -> bool:
        """Whether the package can be imported here."""
        return importlib.util.find_spec(self.requires) is not None

    def subject(self) -> Subject:
        """The peer as a subject."""
        return Subject(self.load())


@dataclass(frozen=True)
class Race:
    """The same work on the same problem for ours and the peer, timed to the same certificate.

    ``work(subject, problem, tolerance)`` gives the answer; ``certificate(problem, answer)`` judges it independently, and both
    sides run at the loosest of ``tolerances`` that brings it to ``goal``. A goal of None means: no worse than the peer's.
    """

    work: Callable[[Subject, Any, Any], Any]
    text: Text
    problem: Callable[..., Any]  # (generator, *size) -> problem
    certificate: Callable[[Any, Any], float]
    certificate_text: Text
    goal: float | None
    sizes: Mapping[str, tuple[Any, ...]]
    tolerances: tuple[Any, ...]

    @property
    def name(self) -> str:
        """The name of the function that does the work."""
        return self.work.__name__


def peer(
    name: str,
    *,
    requires: str,
    translation: Sequence[Translation] = (),
    findings: Mapping[str, Text] | None = None,
    typed: Mapping[str, str] | None = None,
) -> Callable[[Callable[[], Mapping[str, Any]]], Peer]:
    """Declare a peer by a function that returns its exports under our names; ``typed`` is what its users type."""
    return lambda load: Peer(name, requires, load, tuple(translation), findings or {}, typed or {})


def objective(
    export: str, *, en: str, zh: str, strength: str = ""
) -> Callable[[Callable[[Any, Any, Any, Mapping[str, Any]], tuple[float, float]]], Objective]:
    """Declare what the estimator of this name makes small, by a function that gives its loss and its penalty."""
    return lambda parts: Objective(parts, export, Text(en, zh), strength)


def race(
    *,
    en: str,
    zh: str,
    problem: Callable[..., Any],
    sizes: Mapping[str, tuple[Any, ...]],
    certificate: Callable[[Any, Any], float],
    certifies: Text,
    goal: float | None,
    tolerances: tuple[Any, ...] = (None,),
) -> Callable[[Callable[[Subject, Any, Any], Any]], Race]:
    """Declare a race by the function that does the work; ``sizes`` has a ``tiny`` one for tests and at least three more."""
    if "tiny" not in sizes or len(sizes) < 4:
        raise ValueError(f"sizes of a race need 'tiny' and at least three more; got {', '.join(sizes)}")
    return lambda work: Race(work, Text(en, zh), problem, certificate, certifies, goal, sizes, tolerances)
