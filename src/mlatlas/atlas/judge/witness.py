"""Laws, known answers and mutants: how a room declares them. Each is an object in ``laws.py``; there is no registry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from mlatlas.atlas.judge.compare import TOLERANCE, Comparison, compared
from mlatlas.atlas.judge.draw import Draw
from mlatlas.atlas.judge.subject import Subject
from mlatlas.atlas.judge.traits import TRAITS
from mlatlas.atlas.text import Text

Relation = Literal["special case", "equivalent", "limit", "dual", "bound", "invariant", "approximates", "property"]
Problems = Callable[[Draw], Any]


@dataclass(frozen=True)
class Law:
    """A relation that must hold on every problem of ``given``, and visibly fail on every problem of ``without``."""

    body: Callable[[Any, Subject, Subject], Any]
    relation: Relation
    text: Text
    given: Problems
    without: Problems | None
    of: str | None
    source: str
    tolerance: float

    @property
    def name(self) -> str:
        """The name of the function that states the law."""
        return self.body.__name__

    def compare(self, problem: Any, subject: Subject, other: Subject) -> Comparison:
        """The gap between the two sides on one problem."""
        return compared(self.body(problem, subject, other), self.tolerance)


@dataclass(frozen=True)
class Known:
    """An answer known by hand, by enumeration or from a paper's table."""

    body: Callable[[Subject], Any]
    text: Text
    source: str
    tolerance: float

    @property
    def name(self) -> str:
        """The name of the function that states the answer."""
        return self.body.__name__

    def compare(self, subject: Subject) -> Comparison:
        """The gap between what the subject computes and the known answer."""
        return compared(self.body(subject), self.tolerance)


@dataclass(frozen=True)
class Mutant:
    """A seeded bug: ours with some exports wrapped to behave wrongly."""

    wrap: Callable[[Subject], Any]
    text: Text
    source: str

    @property
    def name(self) -> str:
        """The name of the function that wraps ours."""
        return self.wrap.__name__

    def subject(self, ours: Subject) -> Subject:
        """Ours, with the wrapped exports put in place."""
        return Subject({**vars(ours), **vars(self.wrap(ours))})


def law(
    relation: Relation,
    *,
    given: Problems,
    without: Problems | None = None,
    of: str | None = None,
    en: str = "",
    zh: str = "",
    trait: str | None = None,
    source: str = "",
    tolerance: float = TOLERANCE,
) -> Callable[[Callable[[Any, Subject, Subject], Any]], Law]:
    """Declare a law; a law that bears a trait takes its statement from the trait."""
    text = TRAITS[trait] if trait else Text(en, zh)
    return lambda body: Law(body, relation, text, given, without, of, source, tolerance)


def known(
    *, en: str, zh: str, source: str, tolerance: float = TOLERANCE
) -> Callable[[Callable[[Subject], Any]], Known]:
    """Declare an answer known without our code."""
    return lambda body: Known(body, Text(en, zh), source, tolerance)


def mutant(*, en: str, zh: str, source: str = "") -> Callable[[Callable[[Subject], Any]], Mutant]:
    """Declare a seeded bug that at least one law must catch."""
    return lambda wrap: Mutant(wrap, Text(en, zh), source)
