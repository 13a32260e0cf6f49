"""Models kept in a file: the fitted pipeline and the schema of its table, as one skops file.

A pickle runs whatever it was told to when it is opened. A skops file says in JSON which objects to make, and here only
what a model of the atlas consists of is ever made: the types below, and one estimator that a room exports. Everything
is compared with that list before anything is imported.
"""

from __future__ import annotations

import json
import re
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.lab.estimators import exports_class
from mlatlas.atlas.lab.tables import Study
from mlatlas.atlas.map import Atlas
from mlatlas.atlas.store import Stamp
from mlatlas.atlas.writing import check_writable, whole
from mlatlas.data.columns import Schema, shown_name

FORMAT = 1
ABOUT = ("format", "concept", "estimator", "source", "rows")
LARGEST = 2**30  # bytes that a model may have when unpacked

# what builds an object in a skops file, with the types that it may build
PLAIN = {
    ("DictNode", "builtins", "dict"),
    ("ListNode", "builtins", "list"),
    ("TupleNode", "builtins", "tuple"),
    ("SliceNode", "builtins", "slice"),
    *(("JsonNode", "builtins", name) for name in ("str", "int", "float", "bool", "NoneType")),
    *(
        ("TypeNode", module, name)
        for module, name in (("builtins", "str"), ("builtins", "object"), ("numpy", "float64"))
    ),
    ("DTypeNode", "numpy", "dtype"),
    ("NdArrayNode", "numpy", "ndarray"),
    *(("NdArrayNode", "numpy", name) for name in ("float64", "float32", "int64", "int32", "bool", "str_")),
}
PREPARATION = {
    ("ObjectNode", "sklearn.pipeline", "Pipeline"),
    ("ObjectNode", "sklearn.compose._column_transformer", "ColumnTransformer"),
    ("ObjectNode", "sklearn.impute._base", "SimpleImputer"),
    ("ObjectNode", "sklearn.impute._base", "MissingIndicator"),
    ("ObjectNode", "sklearn.preprocessing._data", "StandardScaler"),
    ("ObjectNode", "sklearn.preprocessing._encoders", "OneHotEncoder"),
}
_MEMBER = re.compile(r"schema\.json|\d+\.npy")


@dataclass(frozen=True)
class Model:
    """A fitted pipeline with the schema of its table; ``classes`` are those it gives probabilities for."""

    pipeline: Any
    schema: Schema
    classes: tuple[str, ...]
    about: dict[str, str]  # what it was fitted by and to
    versions: dict[str, str]  # of the packages that fitted it


def save_model(atlas: Atlas, study: Study, path: Path) -> None:
    """Write the fitted pipeline and its schema, and make sure that it is read back and predicts the same."""
    skops = _skops()
    check_path(path)
    about = {
        "format": str(FORMAT),
        "concept": study.room.concept.id,
        "estimator": study.offer.name,
        "source": study.file.path.name,
        "rows": str(len(study.reading.lines)),
    }
    content = {
        "about": about,
        "versions": dict(Stamp.now().versions),
        "schema": study.reading.schema.to_json(),
        "pipeline": study.pipeline,
    }
    with whole(path, "choose another file for --save") as part:
        skops.dump(content, part)
        some = study.reading.X[: min(100, len(study.reading.lines))]
        again = load_model(atlas, part).pipeline.predict(some)
        if not np.array_equal(again, study.pipeline.predict(some)):
            raise AtlasError(f"{study.offer.name} does not predict the same after it was saved; nothing was written")


def check_path(path: Path) -> None:
    """Refuse a place where a model cannot be written, before the work of fitting it is done."""
    if path.suffix != ".skops":
        raise AtlasError(f"--save must name a file that ends in .skops; got {str(path)!r}")
    check_writable(path, "choose another file for --save")


def load_model(atlas: Atlas, path: Path) -> Model:
    """Read a model; AtlasError unless it is one of ours and made of trusted types alone."""
    skops = _skops()
    foreign = f"{path} is no model that mlatlas run --save wrote"
    try:
        if not path.is_file():
            raise AtlasError(
                f"there is no model file {path}; write one with mlatlas run CONCEPT --data FILE --target COLUMN --save {path}"
            )
        trusted = _checked(path, atlas, foreign)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # another version of scikit-learn: `differences` tells
            content = skops.load(path, trusted=trusted)
        about = {name: shown_name(content["about"][name]) for name in ABOUT}
        if about["format"] != str(FORMAT):
            raise AtlasError(
                f"{path} has format {about['format']}, and this version reads {FORMAT}; fit and save the model anew"
            )
        versions = {shown_name(name): shown_name(version) for name, version in content["versions"].items()}
        pipeline, schema = _held(content["pipeline"]), Schema.from_json(content["schema"])
        judges = schema.target.kind == "category" and hasattr(pipeline, "predict_proba")
        classes = tuple(map(str, pipeline.classes_)) if judges else ()
        return Model(pipeline, schema, classes, about, versions)
    except AtlasError:
        raise
    except OSError as error:
        raise AtlasError(f"{path} cannot be read ({error.strerror or error}); check its permissions") from None
    except Exception as error:  # whatever a damaged file makes a library raise
        raise AtlasError(
            f"{foreign}, or it is damaged ({type(error).__name__}: {str(error)[:100]}); save the model anew"
        ) from None


def differences(model: Model) -> list[str]:
    """Packages whose version is not that with which the model was fitted, such as ``scikit-learn 1.8, here 1.9``."""
    here, then = Stamp.now().versions, model.versions
    return [
        f"{name} {then[name]}, here {here[name]}"
        for name in ("mlatlas", "scikit-learn", "numpy")
        if name in then and name in here and then[name] != here[name]
    ]


def _checked(path: Path, atlas: Atlas, foreign: str) -> list[str]:
    """The types in the file, if all of them may be made and the file is no larger than a model is."""
    with path.open("rb") as file:
        if file.read(4) != b"PK\x03\x04":
            raise AtlasError(
                f"{foreign}: it is no skops file. Opening a pickle would run what it holds, so none is read"
            )
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if sum(one.file_size for one in members) > LARGEST:
            raise AtlasError(f"{foreign}: unpacked it has more than {LARGEST:,} bytes")
        if strange := [one.filename for one in members if not _MEMBER.fullmatch(one.filename)]:
            raise AtlasError(f"{foreign}: it holds {strange[0]!r:.60}")
        if damaged := archive.testzip():
            raise AtlasError(f"{path} is damaged: {damaged} is not what was written; save the model anew")
        nodes = list(_nodes(json.loads(archive.read("schema.json"))))
    models = set()
    for loader, module, name in set(nodes) - PLAIN - PREPARATION:
        if loader != "ObjectNode" or not exports_class(atlas.rooms.values(), module, name):
            raise AtlasError(
                f"{foreign}: it would make {module}.{name}, which may not be made (by {loader}); nothing was run. "
                "Do not trust where it came from"
            )
        models.add(f"{module}.{name}")
    if len(models) != 1:
        raise AtlasError(f"{foreign}: it holds {len(models)} estimators of the atlas, and a model has one")
    return [*models, "numpy.dtype"]


def _nodes(value: Any) -> Iterator[tuple[Any, Any, Any]]:
    """(what builds it, module, type) of everything that the file would make; text that is no node has no loader."""
    stack = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, dict):
            if one.keys() & {"__class__", "__module__", "__loader__"}:
                yield tuple(str(one.get(key)) for key in ("__loader__", "__module__", "__class__"))  # type: ignore[misc]
            stack += one.values()
        elif isinstance(one, list):
            stack += one


def _held(pipeline: Any) -> Any:
    """The pipeline, if it has the two steps of ours; what is made of trusted types can still be put together wrongly."""
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import Pipeline

    if not (isinstance(pipeline, Pipeline) and [name for name, _ in pipeline.steps] == ["prepare", "model"]):
        raise ValueError("its pipeline has other steps")
    if not isinstance(pipeline[0], ColumnTransformer):
        raise ValueError("its columns are not prepared by a ColumnTransformer")
    return pipeline


def _skops() -> Any:
    try:
        import skops.io
    except ImportError:
        raise AtlasError("models are saved and read with skops; pip install 'mlatlas[tables]'") from None
    return skops.io
