"""Files that are written as a whole or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mlatlas.atlas.errors import AtlasError

REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the quota is used up",
    errno.EFBIG: "files may not grow so large here",
    errno.EACCES: "permission is denied",
    errno.EPERM: "permission is denied",
    errno.EROFS: "the disk is read-only",
}


@contextmanager
def whole(path: Path, remedy: str) -> Iterator[Path]:
    """Give a file beside ``path`` to write, which takes its place at the end; after an error nothing is left of it."""
    with _beside(path, remedy) as part:
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(part, path)


def write_text(path: Path, text: str, remedy: str) -> None:
    """Write a file of text as a whole, and make the folders on the way to it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AtlasError(f"{path} cannot be written ({error.strerror}); {remedy}") from error
    with whole(path, remedy) as part:
        part.write_text(text, encoding="utf-8")


def check_writable(path: Path, remedy: str) -> None:
    """Refuse a place where no file can be written, before the work is done."""
    with _beside(path, remedy) as part:
        part.touch()


@contextmanager
def _beside(path: Path, remedy: str) -> Iterator[Path]:
    part = path.with_name(f".{path.name[:100]}.{os.getpid()}.part")
    try:
        if path.exists() and not path.is_file():
            raise AtlasError(f"{path} is not a file; {remedy}")
        if not path.parent.is_dir():
            raise AtlasError(f"there is no folder {path.parent} to write {path.name} in; make it, or {remedy}")
        yield part
    except OSError as error:
        why = REASONS.get(error.errno or 0, error.strerror or str(error))
        raise AtlasError(f"{path} cannot be written here: {why}. Nothing of it was written; {remedy}") from error
    finally:
        with suppress(OSError):
            part.unlink()
