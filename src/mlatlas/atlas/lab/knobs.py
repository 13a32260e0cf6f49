"""Knobs: the parameters of a lab's function, read from its annotations, checked and read from text."""

from __future__ import annotations

import difflib
import inspect
import math
import operator
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Annotated, Any, Literal

from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.lab.events import check_text
from mlatlas.atlas.text import Text, reader_language

Kind = Literal["float", "int", "bool", "choice"]
_TRUTH = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


class KnobError(AtlasError):
    """A knob that does not exist or a value it cannot take, said in both languages; as a string, in the reader's."""

    def __init__(self, en: str, zh: str) -> None:
        self.text = Text(en, zh)
        super().__init__(self.text[reader_language()])


@dataclass(frozen=True)
class Knob:
    """One knob of a lab: ``Annotated[float, Knob(en="Penalty λ", zh="惩罚 λ", low=1e-4, high=1e4, log=True)] = 1.0``.

    A number needs its range ``low`` to ``high``, ends included; ``log`` says that it is turned by factors. A `Literal`
    or an `Enum` of strings is a choice, whose ``labels`` may say more about each. The author writes these; ``name``,
    ``kind``, ``default`` and ``choices`` are read from the function.
    """

    en: str
    zh: str
    low: float | None = None
    high: float | None = None
    log: bool = False
    labels: Mapping[str, Text] = field(default_factory=dict)
    name: str = field(default="", kw_only=True)
    kind: Kind = field(default="float", kw_only=True)
    default: Any = field(default=None, kw_only=True)
    choices: Mapping[str, Any] = field(default_factory=dict, kw_only=True)

    @property
    def text(self) -> Text:
        """The title, in both languages."""
        return Text(self.en, self.zh)

    @property
    def rule(self) -> Text:
        """What a value must be, as it stands in an error and beside the knob."""
        if self.kind == "bool":
            return Text("true or false", "true 或 false")
        if self.kind == "choice":
            return Text("one of " + ", ".join(self.choices), "其中之一：" + "、".join(self.choices))
        low, high = f"{self.low:g}", f"{self.high:g}"
        if self.kind == "int":
            return Text(f"a whole number from {low} to {high}", f"{low} 到 {high} 的整数")
        return Text(f"a number from {low} to {high}", f"{low} 到 {high} 的数")

    def plain(self, value: Any) -> Any:
        """A checked value as JSON and ``--set`` write it: a choice by its name."""
        return next(name for name, one in self.choices.items() if one == value) if self.kind == "choice" else value

    def check(self, value: Any) -> Any:
        """The value in the knob's own type, or an error with name, rule, value and remedy."""
        if self.kind == "choice":
            for name, one in self.choices.items():
                if value == one or (isinstance(value, str) and value == name):
                    return one
            near = _close(str(value), self.choices)
            raise self._refused(value, Text(f"Did you mean {near}?", f"是否想写 {near}？") if near else None)
        if self.kind == "bool":
            if type(value).__name__ in ("bool", "bool_"):
                return bool(value)
            raise self._refused(value)
        if isinstance(value, bool | str):
            raise self._refused(value)
        try:
            number = float(value) if self.kind == "float" else operator.index(value)
        except (TypeError, ValueError):
            raise self._refused(value) from None
        assert self.low is not None
        assert self.high is not None
        if not self.low <= number <= self.high:  # NaN is in no range
            near = f"{self.low if number < self.low else self.high:g}"
            hint = Text(f"The nearest that is allowed is {near}", f"允许的最近取值是 {near}。")
            raise self._refused(value, None if math.isnan(number) else hint)
        return number

    def parse(self, text: str) -> Any:
        """The value that a reader typed."""
        text = text.strip()
        try:
            if self.kind == "float":
                return self.check(float(text))
            if self.kind == "int":
                return self.check(int(text))
            if self.kind == "bool":
                return _TRUTH[text.lower()]
        except AtlasError:
            raise
        except (ValueError, KeyError):
            raise self._refused(text) from None
        return self.check(text)

    def _refused(self, value: Any, hint: Text | None = None) -> KnobError:
        usual = self.plain(self.default)
        hint = hint or Text(f"Try {self.name}={usual}, the default", f"可以用默认值 {self.name}={usual}。")
        return KnobError(
            f"Knob {self.name!r} must be {self.rule.en}; got {value!r}. {hint.en}",
            f"旋钮 {self.name!r} 必须是 {self.rule.zh}；收到 {value!r}。{hint.zh}",
        )


def _close(word: str, known: Iterable[str]) -> str:
    return next(iter(difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)), "")


def unknown_knob(name: str, knobs: Mapping[str, Knob]) -> KnobError:
    """The error for a name that is no knob."""
    hint = Text("this lab has no knobs but its seed", "这个实验除随机种子外没有旋钮")
    if near := _close(name, knobs):
        hint = Text(f"did you mean {near}?", f"是否想写 {near}？")
    elif knobs:
        hint = Text(f"the knobs are {', '.join(knobs)}", f"旋钮有 {'、'.join(knobs)}")
    return KnobError(f"There is no knob {name!r}; {hint.en}", f"没有旋钮 {name!r}；{hint.zh}")


def checked_seed(seed: Any) -> int:
    """The seed, a whole number from 0 on."""
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise KnobError(
            f"The seed must be a whole number from 0 on; got {seed!r}", f"随机种子须为不小于 0 的整数；收到 {seed!r}"
        )
    return seed


def read_knobs(function: Callable[..., Any], where: str) -> dict[str, Knob]:
    """The knobs of a lab's function, in order; every flaw of the declaration is an error."""
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except NameError as error:
        raise AtlasError(f"{where}: an annotation names {error.name!r}, which is not imported at run time") from None
    knobs = {}
    parameters = inspect.signature(function).parameters
    seed = parameters.get("seed")
    if seed is None or seed.kind is not seed.KEYWORD_ONLY or seed.default is seed.empty:
        raise AtlasError(f"{where}: a lab takes its seed by keyword; end the parameters with '*, seed: int = 0'")
    for name, parameter in parameters.items():
        if name == "seed":
            continue
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise AtlasError(f"{where}: {str(parameter)!r} cannot be a knob; name each knob as a parameter of its own")
        knobs[name] = _read_knob(name, hints.get(name), parameter.default, f"{where}: knob {name!r}")
    return knobs


def _read_knob(name: str, hint: Any, default: Any, where: str) -> Knob:
    notes = [note for note in getattr(hint, "__metadata__", ()) if isinstance(note, Knob)]
    if typing.get_origin(hint) is not Annotated or len(notes) != 1:
        raise AtlasError(
            f"{where} is not declared; annotate it as Annotated[float, Knob(en=..., zh=..., low=..., high=...)]"
        )
    knob, kind = notes[0], typing.get_args(hint)[0]
    check_text(knob.text, where)
    if default is inspect.Parameter.empty:
        raise AtlasError(f"{where} has no default; give one, so that the lab runs untouched")
    knob = replace(knob, name=name, kind=_kind(kind, where), choices=_choices(kind), default=default)
    numeric = knob.kind in ("float", "int")
    if numeric and (knob.low is None or knob.high is None):
        raise AtlasError(f"{where} has no range; give low and high")
    if not numeric and (knob.low is not None or knob.high is not None or knob.log):
        raise AtlasError(f"{where} is a {knob.kind}, which has no range; leave out low, high and log")
    if numeric and not (
        math.isfinite(knob.low or 0) and math.isfinite(knob.high or 0) and (knob.low or 0) < (knob.high or 0)
    ):
        raise AtlasError(f"{where} has the range {knob.low} to {knob.high}; low must be below high, both finite")
    if knob.log and not (knob.low or 0) > 0:
        raise AtlasError(f"{where} is logarithmic from {knob.low}; low must be positive")
    if knob.labels and set(knob.labels) != set(knob.choices):
        raise AtlasError(
            f"{where} labels {', '.join(knob.labels)}; label exactly the choices {', '.join(knob.choices)}"
        )
    for choice, label in knob.labels.items():
        check_text(label, f"{where}: the label of {choice!r}")
    try:
        return replace(knob, default=knob.check(default))
    except AtlasError as error:
        raise AtlasError(f"{where}: its default {default!r} breaks its own rule: {error}") from None


def _kind(kind: Any, where: str) -> Kind:
    if kind in (bool, int, float):
        return typing.cast(Kind, kind.__name__)
    if typing.get_origin(kind) is Literal or (isinstance(kind, type) and issubclass(kind, Enum)):
        return "choice"
    raise AtlasError(f"{where} has the type {kind!r}; a knob is a float, an int, a bool, a Literal or an Enum")


def _choices(kind: Any) -> dict[str, Any]:
    if typing.get_origin(kind) is Literal:
        return {str(value): value for value in typing.get_args(kind)}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {str(member.value): member for member in kind}
    return {}
