"""Which exports of a room can be fitted to a table: classes with scikit-learn's interface that predict a column."""

from __future__ import annotations

import ast
import difflib
import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.judge.subject import ours
from mlatlas.atlas.text import Text

if TYPE_CHECKING:
    from mlatlas.atlas.map import Room

Predicts = Literal["number", "category"]
_TYPES: dict[str, Predicts] = {"regressor": "number", "classifier": "category"}


@dataclass(frozen=True)
class Offer:
    """An estimator that a room offers for tables, and what it predicts."""

    name: str
    make: type[Any]
    predicts: Predicts
    many: bool  # more than two classes
    sparse: bool  # takes sparse matrices
    region: str  # mlatlas.linear
    title: Text  # of the concept

    def estimator(self, given: Mapping[str, str], seed: int) -> Any:
        """An estimator with parameters that were given as text, and the seed where it has one."""
        one = self.make()
        known = one.get_params(deep=False)
        for name in given:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"did you mean {near[0]}?" if near else f"its parameters are {', '.join(known) or 'none'}"
                raise AtlasError(f"--set: {self.name} has no parameter {name!r}; {hint}")
        values = {name: typed_value(text) for name, text in given.items()}
        if "random_state" in known and "random_state" not in values:
            values["random_state"] = seed
        return one.set_params(**values)


def offers(room: Room) -> list[Offer]:
    """What the room offers: the estimator of the concept's own name first, then in the order of its exports."""
    from sklearn.base import BaseEstimator
    from sklearn.utils import get_tags

    found = []
    for name, make in vars(ours(room)).items():
        if not (inspect.isclass(make) and issubclass(make, BaseEstimator) and _needs_nothing(make)):
            continue
        tags = get_tags(make())
        if tags.estimator_type not in _TYPES or not tags.input_tags.two_d_array:
            continue
        many = tags.classifier_tags is not None and tags.classifier_tags.multi_class
        predicts = _TYPES[tags.estimator_type]
        region = room.module.rpartition(".")[0]
        found.append(Offer(name, make, predicts, many, tags.input_tags.sparse, region, room.concept.title))
    own = room.concept.id.replace("-", "")
    return sorted(found, key=lambda one: one.name.lower() != own)


def choose(room: Room, name: str | None, wish: str | None) -> list[Offer]:
    """The offers that come into question; ``wish`` is the kind that the reader gave to the target."""
    all_offers = offers(room)
    id = room.concept.id
    if not all_offers:
        exports = ", ".join(room.exports) or "nothing"
        raise AtlasError(
            f"{id} predicts no column of a table (it exports {exports}); choose another concept with mlatlas map"
        )
    if name is not None:
        named = [one for one in all_offers if one.name == name]
        if not named:
            raise AtlasError(f"--estimator must be one of {', '.join(one.name for one in all_offers)}; got {name!r}")
        all_offers = named
    fitting = [one for one in all_offers if wish in (None, one.predicts)]
    if not fitting:
        first = all_offers[0]
        what = {"number": "numbers", "category": "classes"}[first.predicts]
        raise AtlasError(
            f"--as: {first.name} predicts {what}, so its target cannot be a {wish}; choose another concept"
        )
    return fitting


def exports_class(rooms: Iterable[Room], module: str, name: str) -> bool:
    """Whether a room exports the class of this name from this module, found without importing either."""
    for room in rooms:
        if module.startswith(f"{room.module}.") and room.exports.get(name) == module:
            path = room.folder.joinpath(*module.removeprefix(f"{room.module}.").split(".")).with_suffix(".py")
            body = ast.parse(path.read_bytes()).body
            return any(isinstance(node, ast.ClassDef) and node.name == name for node in body)
    return False


def _needs_nothing(make: type[Any]) -> bool:
    """Whether it can be made without arguments."""
    parameters = list(inspect.signature(make.__init__).parameters.values())[1:]
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return all(one.default is not one.empty or one.kind in kinds for one in parameters)


def typed_value(text: str) -> Any:
    """A parameter as Python writes it; what is not Python is text."""
    if text.lower() in ("inf", "+inf"):
        return float("inf")
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
