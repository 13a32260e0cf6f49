"""Bad input: calls that the laws make, with one argument spoiled, where ours says what is wrong.

Nothing here knows a concept: what is a proper call is learned from the laws and known answers, and that a spoiled one is
wrong is learned from ours, which refuses it.
"""

from __future__ import annotations

import copy
import functools
import inspect
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mlatlas.atlas.judge.draw import Draw, Rejected
from mlatlas.atlas.judge.subject import NotOffered, Subject
from mlatlas.atlas.judge.verdict import Witnesses

CALLS = 3  # of each function or method that are tried
SPARED = {"tol", "gtol", "max_iter", "n_iter", "n_jobs", "random_state", "axis"}  # say how, not on what


@dataclass(frozen=True)
class Arguments:
    """What was given to a function, by place or by name, and what ours calls the places."""

    values: Mapping[int | str, Any]
    places: Sequence[str] = ()

    def name(self, slot: int | str) -> str:
        """The parameter's name."""
        return (
            slot if isinstance(slot, str) else self.places[slot] if slot < len(self.places) else f"argument {slot + 1}"
        )

    def changed(self, values: Mapping[int | str, Any]) -> Arguments:
        """The same with other values in some places."""
        return replace(self, values={**self.values, **values})

    def give(self, function: Callable[..., Any]) -> Any:
        """Call the function."""
        values = copy.deepcopy(dict(self.values))
        args = [values.pop(place) for place in sorted(slot for slot in values if isinstance(slot, int))]
        return function(*args, **{str(name): value for name, value in values.items()})


@dataclass(frozen=True)
class Call:
    """What a law asked of an export: for a class, how it was made and the method that was called first."""

    export: str
    given: Arguments
    method: str | None = None
    made: Arguments = Arguments({})

    def repeat(self, subject: Subject) -> Any:
        """Ask the same of a subject."""
        target = getattr(subject, self.export)
        return self.given.give(target if self.method is None else getattr(self.made.give(target), self.method))


@dataclass(frozen=True)
class Spoiled:
    """A call with one argument spoiled, what was done to it, and what ours says."""

    call: Call
    what: str
    ours: str


def spoiled_calls(found: Witnesses, ours: Subject, other: Callable[[Any], Subject], export: str) -> list[Spoiled]:
    """Every spoiled call of an export that ours refuses, each kind once."""
    refused: dict[tuple[str | None, str], Spoiled] = {}
    for call in _recorded(found, ours, other, export):
        for what, bad in _spoils(call):
            if (call.method, what) not in refused and (said := _refusal(bad, ours)) is not None:
                refused[call.method, what] = Spoiled(bad, what, said)
    return list(refused.values())


def answers(spoiled: Spoiled, subject: Subject) -> bool:
    """Whether a subject answers a spoiled call as though nothing were wrong: no exception, and every number finite.

    NotOffered goes through.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return _finite(spoiled.call.repeat(subject))
        except NotOffered:
            raise
        except Exception:
            return False


def _refusal(call: Call, ours: Subject) -> str | None:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            call.repeat(ours)
        except (ValueError, TypeError) as error:
            return str(error)
        except Exception:
            return None
    return None


def _finite(result: Any) -> bool:
    learned = (
        [value for name, value in vars(result).items() if name.endswith("_")] if hasattr(result, "fit") else [result]
    )
    for value in learned:
        for part in value if isinstance(value, tuple | list) else [value]:
            try:
                if not np.isfinite(np.asarray(part, dtype=float)).all():
                    return False
            except (TypeError, ValueError):
                continue
    return True


# ---- what the laws ask


def _recorded(found: Witnesses, ours: Subject, other: Callable[[Any], Subject], export: str) -> list[Call]:
    """The calls of an export that known answers and laws make, a few of each kind."""
    calls: list[Call] = []
    subject = Subject({**vars(ours), export: _recording(export, getattr(ours, export), calls)})
    bodies: list[Callable[[], Any]] = [functools.partial(known.body, subject) for known in found.known]
    for law in found.laws:
        problem = _first(law.given)
        if problem is not None:
            bodies.append(functools.partial(law.body, problem, subject, other(law)))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for body in bodies:
            body()
    kinds: dict[tuple[Any, ...], list[Call]] = {}
    for call in calls:
        kinds.setdefault((call.method, *map(str, (*call.made.values, *call.given.values))), []).append(call)
    return [call for several in kinds.values() for call in several[:CALLS]]


def _first(given: Callable[[Draw], Any]) -> Any | None:
    for seed in range(20):
        try:
            return given(Draw(seed))
        except Rejected:
            continue
    return None


def _recording(export: str, ours: Any, calls: list[Call]) -> Any:
    """Ours, noting what is asked of it from outside; of an instance the first thing."""
    inside = [0]  # how deep we are in ours: what it asks of itself is no call of a law
    made: dict[int, tuple[Any, Arguments]] = {}  # by instance, which is kept so that its id stays its own

    def note(method: str | None, args: tuple[Any, ...], options: dict[str, Any], places: list[str]) -> None:
        itself, rest = (args[0], args[1:]) if method else (None, args)
        values: dict[int | str, Any] = dict(enumerate(rest))
        values.update(options)
        given = Arguments(copy.deepcopy(values), places[1:] if method else places)
        if method == "__init__":
            made[id(itself)] = itself, given
        elif method is None:
            calls.append(Call(export, given))
        elif id(itself) in made:
            calls.append(Call(export, given, method, made.pop(id(itself))[1]))

    def spied(function: Callable[..., Any], method: str | None) -> Callable[..., Any]:
        places = [
            one.name
            for one in inspect.signature(function).parameters.values()
            if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
        ]

        @functools.wraps(function)
        def call(*args: Any, **options: Any) -> Any:
            if not inside[0]:
                note(method, args, options, places)
            inside[0] += 1
            try:
                return function(*args, **options)
            finally:
                inside[0] -= 1

        return call

    if not isinstance(ours, type):
        return spied(ours, None)
    functions = inspect.getmembers_static(ours, inspect.isfunction)
    spies = {name: spied(one, name) for name, one in functions if name == "__init__" or not name.startswith("_")}
    return type(ours)(ours.__name__, (ours,), {**spies, "__module__": ours.__module__})


# ---- what is done to them


def _spoils(call: Call) -> Iterator[tuple[str, Call]]:
    """What was done, in Python's notation, and the spoiled call."""
    given = call.given
    lengths = {slot: len(value) for slot, value in given.values.items() if isinstance(value, np.ndarray) and value.ndim}
    rows = [slot for slot, length in lengths.items() if length == next(iter(lengths.values()))]
    for slot, value in given.values.items():
        for what, bad in _bad_arrays(given.name(slot), value):
            yield what, replace(call, given=given.changed({slot: bad}))
    for slot in rows[1:]:
        what = f"{given.name(slot)}[:-1]"
        yield what, replace(call, given=given.changed({slot: given.values[slot][:-1]}))
    if rows and call.method == "fit":
        what = ", ".join(f"{given.name(slot)}[:0]" for slot in rows)
        yield what, replace(call, given=given.changed({slot: given.values[slot][:0] for slot in rows}))
    for slot, what, bad in _bad_numbers(call.made):
        yield what, replace(call, made=call.made.changed({slot: bad}))
    for slot, what, bad in _bad_numbers(given):
        yield what, replace(call, given=given.changed({slot: bad}))


def _bad_arrays(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, np.ndarray) or not value.size or value.dtype.kind not in "fi":
        return
    if value.dtype.kind == "f":
        for bad in (np.nan, np.inf):
            changed = value.copy()
            changed.flat[0] = bad
            yield f"{name}.flat[0] = {bad}", changed
    yield f"{name}[:] = 'a'", np.full(value.shape, "a", dtype=object)


def _bad_numbers(arguments: Arguments) -> Iterator[tuple[int | str, str, Any]]:
    for slot, value in arguments.values.items():
        name = arguments.name(slot)
        if isinstance(value, int | float) and not isinstance(value, bool) and name not in SPARED:
            for bad in (-1.0 if isinstance(value, float) else -1, float("nan"), "a"):
                yield slot, f"{name} = {bad!r}", bad
