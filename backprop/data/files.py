"""Files of a data set: below ``BACKPROP_DATA``, else from a cache that is filled once."""

from __future__ import annotations

import gzip
import hashlib
import os
import sys
import zlib
from pathlib import Path


def folder(name: str) -> Path:
    """Return the folder of a data set: below ``BACKPROP_DATA``, else in the user's cache."""
    if root := os.environ.get("BACKPROP_DATA"):
        return Path(root) / name
    if sys.platform == "win32":
        cache = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        cache = Path.home() / "Library" / "Caches"
    else:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "backprop" / name


def content(path: Path, sha256: str, size: int, url: str = "") -> bytes:
    """Return the content of a file, plain or with ``.gz`` at the end of its name.

    Parameters
    ----------
    path : Path
        The file, without ``.gz``; usually in a `folder`.
    sha256 : str
        Checksum that the uncompressed content must have.
    size : int
        Bytes that it must have; no more than one byte above is ever read.
    url : str, optional
        Where it is fetched from if it is missing, unless ``BACKPROP_DATA`` is set.

    Returns
    -------
    content : bytes
        Uncompressed.

    Raises
    ------
    FileNotFoundError
        If the file is missing, and not to be fetched.
    ValueError
        If it is damaged, or not what its checksum says.
    ConnectionError
        If the download failed.
    """
    packed = path.with_name(path.name + ".gz")
    if not path.exists() and not packed.exists():
        if os.environ.get("BACKPROP_DATA") or not url:
            raise FileNotFoundError(
                f"neither {path} nor {packed.name} is there; set BACKPROP_DATA to a folder that "
                f"has it in its folder {path.parent.name}"
            )
        _download(packed, sha256, size, url)
    found = path if path.exists() else packed
    data = _read(found, size)
    _expect(found, data, sha256, size)
    return data


def _read(path: Path, size: int) -> bytes:
    opened = gzip.open(path) if path.suffix == ".gz" else path.open("rb")
    try:
        with opened as file:
            return file.read(size + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{path} is damaged: {error}") from error


def _expect(where: Path | str, data: bytes, sha256: str, size: int) -> None:
    if len(data) != size:
        more = "or more " if len(data) > size else ""
        raise ValueError(f"{where} has {len(data)} {more}bytes; needs {size}")
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise ValueError(f"{where} has sha256 {found}; needs {sha256}")


def _download(packed: Path, sha256: str, size: int, url: str) -> None:
    """Fetch and pack a file; it appears only when it is right."""
    import tempfile  # these three here, because importing the package shall be quick
    import urllib.request
    from http.client import HTTPException

    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            data = answer.read(size + 1)
        _expect(url, data, sha256, size)
    except (OSError, ValueError, HTTPException) as error:
        raise ConnectionError(
            f"{packed.name} cannot be downloaded. Put it into {packed.parent}, or set "
            f"BACKPROP_DATA to a folder that has it in its folder {packed.parent.name}. {error}"
        ) from error
    packed.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=packed.parent, suffix=".part", delete=False) as aside:
        aside.write(gzip.compress(data, mtime=0))
    Path(aside.name).replace(packed)
