"""Typefaces from installed packages, cut down to the characters that the atlas's pages need.

A wheel carries whole typefaces: STIX Two Math alone is 1.5 MB. A face is cut when it is first asked for and kept in the
user's cache. A face whose package is not installed is not offered, and the page takes what the reader's system has.
"""

from __future__ import annotations

import hashlib
import io
import os
import threading
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, NamedTuple

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse, Response

router = APIRouter()
_CUTTING = threading.Lock()  # cutting is work for one core; four faces at once would make each other late


class Face(NamedTuple):
    """One typeface: how style sheets ask for it, in which package its file is, which characters are kept, and which features."""

    family: str
    style: str
    weight: str
    package: str
    file: str
    characters: str  # ranges as in CSS
    features: tuple[str, ...]


LATIN = "U+20-7E, U+A0-17F, U+2010-2027, U+2032, U+2190-2193, U+2212"
SYMBOLS = (
    "U+20-7E, U+A0, U+AC, U+AF, U+B1, U+B7, U+D7, U+F7, U+2C6, U+2D9, U+2DC, U+391-3CF, U+3D5, U+3F5, U+2016, U+2020-2021, "
    "U+2026, U+2032-2034, U+210E, U+2113, U+2115, U+211D, U+2124, U+2190-2195, U+21A6, U+21D2, U+21D4, U+2200-221E, "
    "U+2223, U+2225, U+2227-222B, U+223C, U+2243-2248, U+2260-2265, U+226A, U+226B, U+2282-2287, U+2295-2299, U+22A4-22A5, "
    "U+22C5-22C6, U+22EE-22F1, U+2308-230B, U+23DE-23DF, U+27C2, U+27E8-27E9, U+27F6, U+27F9-27FA, U+1D434-1D467, "
    "U+1D53C, U+1D6E2-1D71B, U+1D7CE-1D7CF"
)
SCRIPTS = (
    "U+2B, U+30-39, U+2032-2034, U+2212, U+22A4, U+1D44E-1D467"  # what keeps its own form in sub- and superscripts
)
TEXT = ("kern", "liga", "lnum", "tnum", "onum", "pnum")
FACES = {
    "math": Face("STIX Two Math", "normal", "400", "ziamath", "fonts/STIXTwoMath-Regular.ttf", SYMBOLS, ("ssty",)),
    **{
        f"{kind.lower()}-{file.lower()}": Face(
            f"Atlas {kind}", style, weight, f"font_source_{kind.lower()}_pro", f"files/Source{kind}Pro-{file}.ttf", LATIN, TEXT
        )
        for kind, style, weight, file in (
            ("Serif", "normal", "400", "Regular"),
            ("Serif", "italic", "400 700", "It"),
            ("Serif", "normal", "600 700", "Semibold"),
            ("Sans", "normal", "400", "Regular"),
            ("Sans", "normal", "600 700", "Semibold"),
        )
    },
}  # fmt: skip


@router.get("/fonts.css")
def rules() -> Response:
    """The ``@font-face`` of every face whose package is installed."""
    return Response("".join(_rule(name, face) for name, face in FACES.items() if _source(face)), media_type="text/css")


@router.get("/fonts/{name}.woff2")
def font(name: str) -> FileResponse:
    """One face, cut down."""
    face = FACES.get(name)
    source = _source(face) if face else None
    if face is None or source is None:
        raise HTTPException(404, f"There is no typeface {name[:40]!r} here.")
    return FileResponse(_kept(face, source), media_type="font/woff2", headers={"Cache-Control": "max-age=86400"})


def _rule(name: str, face: Face) -> str:
    return (
        f'@font-face {{ font-family: "{face.family}"; font-style: {face.style}; font-weight: {face.weight}; '
        f'font-display: swap; src: url("/fonts/{name}.woff2") format("woff2"); unicode-range: {face.characters}; }}\n'
    )


@cache
def _source(face: Face) -> Path | None:
    """The file of a face in its package."""
    spec = find_spec(face.package)
    path = Path(spec.origin).parent / face.file if spec and spec.origin else None
    return path if path and path.is_file() else None


def _kept(face: Face, source: Path) -> Path:
    """The cut face in the user's cache; it is cut again when the recipe or the typeface changed."""
    from platformdirs import user_cache_path

    recipe = f"{face} {SCRIPTS} {source.stat().st_size}"
    folder = user_cache_path("mlatlas", appauthor=False) / "fonts"
    path = folder / f"{source.stem}-{hashlib.sha256(recipe.encode()).hexdigest()[:16]}.woff2"
    with _CUTTING:
        if not path.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=folder, suffix=".part", delete=False) as file:
                file.write(_cut(face, source))
            os.replace(file.name, path)
    return path


def _codes(characters: str) -> list[int]:
    from fontTools import subset

    return list(subset.parse_unicodes(characters.replace("U+", "")))


def _script_forms(font: Any) -> list[str]:
    """The glyphs that stand for `SCRIPTS` in sub- and superscripts."""
    table, names = font["GSUB"].table, font.getBestCmap()
    wanted = {names[code] for code in _codes(SCRIPTS) if code in names}
    lookups = {
        at for one in table.FeatureList.FeatureRecord if one.FeatureTag == "ssty" for at in one.Feature.LookupListIndex
    }
    rules = [getattr(part, "ExtSubTable", part) for at in lookups for part in table.LookupList.Lookup[at].SubTable]
    return [
        form
        for rule in rules
        for glyph, forms in getattr(rule, "alternates", {}).items()
        if glyph in wanted
        for form in forms
    ]


def _cut(face: Face, source: Path) -> bytes:
    """The face with the characters it is wanted for, without hints, as WOFF2."""
    from fontTools import subset

    options = subset.Options()
    options.hinting, options.layout_features = False, list(face.features)
    font = subset.load_font(source, options)
    cutter = subset.Subsetter(options)
    options.layout_closure = "ssty" not in face.features  # forms for scripts are half of a mathematics font
    cutter.populate(unicodes=_codes(face.characters), glyphs=[] if options.layout_closure else _script_forms(font))
    cutter.subset(font)
    font.flavor = "woff2"
    out = io.BytesIO()
    font.save(out)
    return out.getvalue()
