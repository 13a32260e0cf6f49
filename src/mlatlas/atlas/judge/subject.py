"""A subject is a namespace with a concept's exports: ours, the peer, a mutant, or the user's own."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlatlas.atlas.map import Room


class NotOffered(AttributeError):
    """The subject lacks an export that a law asks for, so the law says nothing about it."""


class Subject:
    """``subject.Ridge``, ``subject.entropy``: whatever is being judged, under the concept's own names."""

    def __init__(self, exports: Mapping[str, Any]) -> None:
        self.__dict__.update(exports)

    def __getattr__(self, name: str) -> Any:
        raise NotOffered(f"{name} is not offered here; offered are {', '.join(sorted(vars(self))) or 'no names'}")


def ours(room: Room) -> Subject:
    """The room's own exports, imported from the modules that define them."""
    return Subject({name: getattr(importlib.import_module(module), name) for name, module in room.exports.items()})
