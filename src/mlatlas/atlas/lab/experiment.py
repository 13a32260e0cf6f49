"""A lab: one typed generator function a room, whose parameters are the knobs and whose yields are events."""

from __future__ import annotations

import ast
import contextlib
import importlib
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any

from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.lab.events import (
    EVENTS,
    Event,
    Figure,
    Learned,
    Metric,
    Progress,
    Script,
    Table,
    check_text,
    decode,
    encode,
)
from mlatlas.atlas.lab.knobs import Knob, KnobError, checked_seed, read_knobs, unknown_knob
from mlatlas.atlas.text import Text

if TYPE_CHECKING:
    from mlatlas.atlas.map import Room

LabFunction = Callable[..., Iterator[Event]]


@dataclass
class RunResult:
    """What one run of a lab yielded; ``complete`` is false when it was interrupted, and then there may be gaps."""

    seed: int
    knobs: dict[str, Any]
    metrics: list[Metric] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    learned: Learned | None = None
    script: Script | None = None
    seconds: float = 0.0
    complete: bool = False

    @property
    def empty(self) -> bool:
        """Whether it holds nothing that is worth keeping."""
        return not (self.complete or self.metrics or self.tables or self.figures)

    def add(self, event: Event) -> None:
        """Keep one event; progress passes by."""
        match event:
            case Metric():
                self.metrics.append(event)
            case Table():
                self.tables.append(event)
            case Figure():
                self.figures = [one for one in self.figures if one.name != event.name] + [event]
            case Learned():
                self.learned = event
            case Script():
                self.script = event

    def follow(self, events: Iterator[Event]) -> Iterator[Event]:
        """The same events, each kept as it passes; what is here when something interrupts is what was done."""
        began = time.perf_counter()
        for event in events:
            self.add(event)
            self.seconds = time.perf_counter() - began
            yield event
        self.seconds, self.complete = time.perf_counter() - began, True

    def to_json(self) -> dict[str, Any]:
        """The run as what JSON can hold."""
        return {name: encode(value) for name, value in vars(self).items()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RunResult:
        """The inverse of `to_json`."""
        try:
            fields: dict[str, Any] = {name: data[name] for name in ("seed", "knobs", "seconds", "complete")}
            fields |= {name: decode(data[name]) for name in ("metrics", "tables", "figures")}
            return cls(**fields, learned=decode(data["learned"]), script=decode(data["script"]))
        except (KeyError, TypeError) as error:
            raise AtlasError(f"a stored run cannot be read ({error}); run the lab again") from None


class Lab:
    """The lab of a room, as `lab` makes it."""

    def __init__(self, function: LabFunction, title: Text, data: Text) -> None:
        code = function.__code__
        self.where = f"{code.co_filename.rsplit('/', 1)[-1]}:{code.co_firstlineno}"
        self.name, self.module, self.__doc__ = function.__name__, function.__module__, function.__doc__
        check_text(title, f"{self.where}: the lab's title")
        check_text(data, f"{self.where}: the lab's data")
        self.function, self.title, self.data = function, title, data
        self.knobs: dict[str, Knob] = read_knobs(function, self.where)

    def settings(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Every knob's value: the given ones checked, the others at their defaults."""
        for name in given:
            if name not in self.knobs:
                raise unknown_knob(name, self.knobs)
        return {name: knob.check(given[name]) if name in given else knob.default for name, knob in self.knobs.items()}

    def parse(self, assignments: Iterable[str]) -> dict[str, Any]:
        """Knobs set by text such as ``alpha=0.1``."""
        given: dict[str, Any] = {}
        for assignment in assignments:
            name, equals, text = (part.strip() for part in assignment.partition("="))
            if not equals:
                raise KnobError(
                    f"--set must be KNOB=VALUE; got {assignment!r}", f"--set 须写成 旋钮=取值；收到 {assignment!r}"
                )
            if name not in self.knobs:
                raise unknown_knob(name, self.knobs)
            if name in given:
                raise KnobError(
                    f"Knob {name!r} is set twice; keep one of the values", f"旋钮 {name!r} 设了两次；请保留一个取值"
                )
            given[name] = self.knobs[name].parse(text)
        return given

    def run(self, seed: int = 0, **knobs: Any) -> Iterator[Event]:
        """The events of one run. The knobs are checked here and now, the events as they come."""
        return self._checked(self.function(**self.settings(knobs), seed=checked_seed(seed)))

    def blank(self, seed: int = 0, **knobs: Any) -> RunResult:
        """A result with nothing in it yet, for `RunResult.follow`."""
        plain = {name: self.knobs[name].plain(value) for name, value in self.settings(knobs).items()}
        return RunResult(checked_seed(seed), plain)

    def gather(self, seed: int = 0, **knobs: Any) -> RunResult:
        """Run to the end and gather what came."""
        result = self.blank(seed, **knobs)
        for _ in result.follow(self.run(seed, **knobs)):
            pass
        return result

    def _checked(self, events: Iterator[Event]) -> Iterator[Event]:
        seen: set[Any] = set()
        done = 0.0
        for event in events:
            if not isinstance(event, EVENTS):
                raise self._wrong(
                    f"yields {event!r:.60}, which is no event; yield Progress, Metric, Table, Figure, ..."
                )
            if isinstance(event, Progress):
                if event.done < done:
                    raise self._wrong(f"goes back from {done:g} to {event.done:g}; progress only grows")
                done = event.done
            else:
                key = (type(event), getattr(event, "name", None))
                if key in seen and not isinstance(event, Table | Figure):
                    raise self._wrong(f"yields {_titled(*key)} twice; yield it once, or give the second another name")
                seen.add(key)
            yield event
        kinds = {kind for kind, _ in seen}
        for kind, remedy in (
            (Learned, "end with the sentence that says what was learned"),
            (Figure, "show at least one"),
            (Script, "give the Python that does the same"),
        ):
            if kind not in kinds:
                raise self._wrong(f"yields no {kind.__name__}; {remedy}")

    def _wrong(self, what: str) -> AtlasError:
        return AtlasError(f"{self.where}: the lab {self.name!r} {what}")


def _titled(kind: type[Any], name: str | None) -> str:
    return kind.__name__ if name is None else f"{kind.__name__} {name!r}"


def lab(*, en: str, zh: str, data: str | Text) -> Callable[[LabFunction], Lab]:
    """Make a lab of a generator function; ``data`` names a set in `mlatlas.data`, or says what the data are."""

    def decorate(function: LabFunction) -> Lab:
        if isinstance(data, Text):
            return Lab(function, Text(en, zh), data)
        from mlatlas.data import describe

        return Lab(function, Text(en, zh), describe(data).summary)

    return decorate


def open_lab(room: Room) -> Lab:
    """The one lab of a room, ready to run."""
    return load_lab(lab_module(room))


def load_lab(module: str) -> Lab:
    """The one lab that a module defines, ready to run."""
    return _only_lab(vars(importlib.import_module(module)))


def sketch_lab(room: Room) -> Lab:
    """The lab of a room as far as its title, data and knobs go, read without loading what it would run.

    The statements of ``lab.py`` are executed without the imports of methods and libraries; those that need one are
    passed over, which the declaration of a lab does not.
    """
    name = lab_module(room)
    path = room.folder / "lab.py"
    module = ModuleType(name)
    for statement in ast.parse(path.read_bytes()).body:
        if not all(map(_light, _imported(statement))):
            continue
        code = compile(ast.Module([_FUTURE, statement], []), path, "exec", dont_inherit=True)
        with contextlib.suppress(NameError, AttributeError):  # a dataclass looks for its module among the loaded ones
            exec(code, vars(module))
    return _only_lab(vars(module))


_FUTURE = ast.parse("from __future__ import annotations").body[0]


def _imported(statement: ast.stmt) -> list[str]:
    """The modules that a statement imports from."""
    match statement:
        case ast.Import(names=aliases):
            return [alias.name for alias in aliases]
        case ast.ImportFrom(module=module, level=level):
            return ["." * level + (module or "")]
    return []


def _light(module: str) -> bool:
    """Whether a module may be loaded just to show a lab."""
    top, _, rest = module.partition(".")
    return top in (*sys.stdlib_module_names, "numpy") or (top == "mlatlas" and rest.split(".")[0] in ("atlas", "data"))


def lab_module(room: Room) -> str:
    """The name of the module that holds the room's lab."""
    if not room.has("lab.py"):
        raise AtlasError(f"{room.concept.id} has no lab yet; write lab.py in {room.folder}")
    return f"{room.module}.lab"


def _only_lab(names: Mapping[str, Any]) -> Lab:
    labs = [one for one in names.values() if isinstance(one, Lab) and one.module == names["__name__"]]
    if len(labs) != 1:
        raise AtlasError(f"{names['__name__']} defines {len(labs)} labs; a room has exactly one function under @lab")
    return labs[0]
