"""An implementation that is not ours, as a subject: where it is found, what it stands for, what it does not offer."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from traceback import extract_tb
from types import ModuleType
from typing import Any

import numpy as np
from scipy.sparse import issparse

from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.judge.subject import NotOffered, Subject

PRECISE, LONG = 1e-8, 1000  # a tolerance no larger and a number of steps no smaller only ask for more effort


# ---- where it is found


def parse(text: str) -> tuple[str, tuple[str, ...]]:
    """``mine.py:MyLasso,Other`` as the file or module and the names; no names where it ends before the colon."""
    source, colon, rest = text.rpartition(":") if ":" in text else (text, "", "")
    names = tuple(name.strip() for name in rest.split(","))
    if not source or (colon and not all(all(part.isidentifier() for part in name.split("=")) for name in names)):
        raise AtlasError(f"{text!r} must be FILE.py:NAME or MODULE:NAME, several with commas, such as mine.py:MyLasso.")
    if source.endswith(".py") and not Path(source).is_file():
        raise AtlasError(f"{source}: there is no such file; name the Python file that holds the implementation.")
    return source, names if colon else ()


def load(source: str) -> ModuleType:
    """Run the file or import the module; AtlasError says where it fails.

    The modules beside it can be imported, but take the place of none that is found without them, and neither does it.
    """
    try:
        if not source.endswith(".py"):
            sys.path.append(os.getcwd())
            return importlib.import_module(source)
        path = Path(source).resolve()
        name = f"graded {path.stem}"
        sys.path.append(str(path.parent))
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module
    except SyntaxError as error:
        raise AtlasError(f"{_place(error.filename, source)}:{error.lineno}: it is not Python: {error.msg}.") from None
    except SystemExit as error:
        raise AtlasError(
            f"{source}: it calls exit({error.code!r}) while it is loaded; guard that by __name__."
        ) from None
    except Exception as error:
        lines = [one.lineno for one in extract_tb(error.__traceback__) if Path(one.filename).name == Path(source).name]
        where = f"{source}:{lines[-1]}" if lines else source
        raise AtlasError(f"{where}: it cannot be loaded: {type(error).__name__}: {error}") from None


def _place(file: str | None, source: str) -> str:
    return source if file is None or Path(file).name == Path(source).name else file


# ---- what it stands for


def exports_of(module: ModuleType, source: str, names: Iterable[str], ours: Mapping[str, Any]) -> dict[str, Any]:
    """The names of a module under those of a concept: ``MyLasso`` stands for ``Lasso``, as ``Lasso=Thing`` says outright."""
    wanted = [(None, name) if "=" not in name else tuple(name.split("=")) for name in names]
    if not wanted:
        wanted = [(name, name) for name in ours if name in vars(module)]
        if not wanted:
            raise AtlasError(f"{source} defines none of {', '.join(ours)}; name what it has, such as {source}:MyName.")
    found: dict[str, Any] = {}
    for export, name in wanted:
        if name not in vars(module):
            public = [one for one, value in vars(module).items() if callable(value) and not one.startswith("_")]
            raise AtlasError(f"{source} has no {name!r}; it has {', '.join(public) or 'nothing that can be called'}.")
        value = vars(module)[name]
        export = export or _meant(name, value, ours)
        if export not in ours:
            raise AtlasError(f"{export}={name}: there is no {export!r} here; there are {', '.join(ours)}.")
        if export in found:
            raise AtlasError(f"{name!r} and another name both stand for {export}; say which, such as {export}={name}.")
        if not callable(value) or isinstance(value, type) != isinstance(ours[export], type):
            kind = "class" if isinstance(ours[export], type) else "function"
            raise AtlasError(f"{name!r} is not a {kind}, as {export} is; name another.")
        found[export] = value
    return found


def _meant(name: str, value: Any, ours: Mapping[str, Any]) -> str:
    """The export that a name stands for: the longest that it contains, otherwise the only one of its kind."""
    plain = name.replace("_", "").lower()
    within = sorted((one for one in ours if one.replace("_", "").lower() in plain), key=len)
    if within:
        return within[-1]
    alike = [one for one, ship in ours.items() if isinstance(ship, type) == isinstance(value, type)]
    if len(alike) == 1:
        return alike[0]
    raise AtlasError(f"{name!r} could stand for {' or '.join(ours)}; say which, such as {next(iter(ours))}={name}.")


# ---- what it does not offer


class Candidate(Subject):
    """What is offered, and ours in place of the rest; it notes which names it is asked for.

    NotOffered is said for parameters, methods and learned names that the offered ones lack. A parameter that they lack is
    left out where it is None, at our default, or only asks for more effort.
    """

    def __init__(self, exports: Mapping[str, Any], ours: Mapping[str, Any]) -> None:
        super().__init__({**ours, **{name: _adapted(name, value, ours[name]) for name, value in exports.items()}})
        self._own, self._asked = frozenset(exports), set[str]()

    def __getattribute__(self, name: str) -> Any:
        if not name.startswith("_"):
            self._asked.add(name)
        return super().__getattribute__(name)

    def asked(self) -> tuple[list[str], list[str]]:
        """What was asked for since the last time: of what is offered, and of ours in its place."""
        asked, self._asked = sorted(vars(self)["_asked"] - {"asked"}), set()
        return [name for name in asked if name in self._own], [name for name in asked if name not in self._own]


def _adapted(export: str, theirs: Any, ours: Any) -> Any:
    if not isinstance(theirs, type):
        return _lenient(export, theirs, ours)
    if hasattr(ours, "fit") and not hasattr(theirs, "fit"):
        raise AtlasError(
            f"{theirs.__name__} has no fit, without which nothing of {export} can be judged; add fit(...) that returns self."
        )
    functions = {
        name: _lenient(f"{export}.{name}", function, getattr(ours, name))
        for name, function in inspect.getmembers_static(theirs, inspect.isfunction)
        if hasattr(ours, name) and not name.startswith("_")
    }
    made = inspect.getattr_static(theirs, "__init__")
    functions["__init__"] = _lenient(export, made if inspect.isfunction(made) else _nothing, ours.__init__)
    if not hasattr(theirs, "get_params"):
        functions["get_params"] = _parameters
    if not hasattr(theirs, "__getattr__"):
        functions["__getattr__"] = _lacking(export)
    about = {"__module__": theirs.__module__, "__qualname__": theirs.__qualname__, "__doc__": theirs.__doc__}
    try:
        return type(theirs)(theirs.__name__, (theirs,), {**functions, **about})
    except TypeError:  # a class that may not be derived from
        return theirs


def _nothing(self: Any) -> None:
    """Make an instance of a class without parameters."""


class _Parameters(dict[str, Any]):
    """Parameters by name, of which some are not offered."""

    def __missing__(self, name: str) -> Any:
        raise NotOffered(f"the parameter {name}")


def _parameters(self: Any, deep: bool = True) -> _Parameters:
    """What scikit-learn's classes say of themselves, for a class that does not."""
    names = list(inspect.signature(type(self).__init__).parameters)[1:]
    return _Parameters({name: vars(self)[name] for name in names if name in vars(self)})


def _lacking(export: str) -> Callable[[Any, str], Any]:
    def __getattr__(self: Any, name: str) -> Any:  # noqa: N807
        if name.startswith("_"):
            raise AttributeError(f"{export!r} object has no attribute {name!r}")
        raise NotOffered(f"{export}.{name}")

    return __getattr__


def _lenient(what: str, function: Callable[..., Any], ours: Callable[..., Any]) -> Callable[..., Any]:
    """The function without the parameters that it lacks, where they make no difference."""
    try:
        signature = inspect.signature(function)
        defaults = {one.name: one.default for one in inspect.signature(ours).parameters.values()}
    except (TypeError, ValueError):  # compiled code that does not tell
        return function
    kinds = {one.kind for one in signature.parameters.values()}
    named = {
        one.name for one in signature.parameters.values() if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)
    }

    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        lacking = set() if inspect.Parameter.VAR_KEYWORD in kinds else options.keys() - named
        for name in lacking:
            if not _needless(name, options[name], defaults):
                raise NotOffered(f"{what}({name}=...)")
        kept = {name: value for name, value in options.items() if name not in lacking}
        while args and args[-1] is None and not _fits(signature, args, kept):
            args = args[:-1]
        try:
            signature.bind(*args, **kept)
        except TypeError as error:
            raise NotOffered(f"{what}, which has {error}") from None
        return _called(what, function, args, kept)

    return call


def _fits(signature: inspect.Signature, args: tuple[Any, ...], options: Mapping[str, Any]) -> bool:
    try:
        signature.bind(*args, **options)
    except TypeError:
        return False
    return True


def _called(what: str, function: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    try:
        result = function(*args, **options)
    except NotOffered:
        raise
    except NotImplementedError as error:
        raise NotOffered(f"{what}: {error or 'not implemented'}") from error
    except Exception as error:
        if beyond := _beyond(what, args, options):
            raise NotOffered(f"{what} of {beyond} ({type(error).__name__}: {error})") from error
        raise
    if result is None and what.endswith(".fit"):
        raise TypeError(f"{what} returned None; it must return self")
    return _Parameters(result) if what.endswith(".get_params") else result


def _beyond(what: str, args: tuple[Any, ...], options: Mapping[str, Any]) -> str:
    """What goes beyond a plain table and a column of targets, which an implementation need not take."""
    if any(issparse(value) for value in (*args, *options.values())):
        return "a sparse matrix"
    several = any(isinstance(value, np.ndarray) and value.ndim > 1 for value in args[2:3])
    return "several targets" if what.endswith(".fit") and several else ""


def _needless(name: str, value: Any, defaults: Mapping[str, Any]) -> bool:
    if value is None or name in ("random_state", "n_jobs"):
        return True
    if name.endswith("tol"):
        return isinstance(value, int | float) and value <= PRECISE
    if name.startswith("max_"):
        return isinstance(value, int) and value >= LONG
    default = defaults.get(name, inspect.Parameter.empty)
    return type(value) is type(default) and isinstance(value, bool | int | float | str) and value == default
