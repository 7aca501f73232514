"""MNIST: 70,000 handwritten digits of 28 by 28 pixels, from a folder, a cache or the network.

The files come from Y. LeCun, C. Cortes and C. Burges.  60,000 images are to train on and 10,000
to test on; no writer is in both parts.

They are looked for in the folder ``mnist`` below the one that the environment variable
``BACKPROP_DATA`` names; if it names none, in a cache folder, into which they are downloaded once.
Wherever they come from, their content must have the checksum that is written here.
"""

import gzip
import hashlib
import math
import os
import struct
import sys
import tempfile
import urllib.request
import zlib
from http.client import HTTPException
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import DTypeLike, NDArray

from backprop.data.dataset import Dataset

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
SHA256 = {  # of the content, not of its compressed form
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
LARGEST = 60_000 * 28 * 28  # bytes of data in the largest of the four
_CHUNK = 1 << 20


def load(*, dtype: DTypeLike = np.float32) -> Dataset:
    """Return the digits as rows of 784 pixels from -1 (paper) to 1 (ink), with their labels.

    Parameters
    ----------
    dtype : float32 or float64
        Of the pixels.

    Returns
    -------
    data : Dataset
        ``x_train`` (60000, 784), ``y_train`` (60000,), ``x_test`` (10000, 784), ``y_test``
        (10000,).

    Raises
    ------
    FileNotFoundError
        If ``BACKPROP_DATA`` is set and a file is missing there.
    ValueError
        If a file is damaged: truncated, not of this format, or not what its checksum says.
    ConnectionError
        If a download was needed and failed on every mirror.
    """
    return Dataset(*_part("train", dtype), *_part("t10k", dtype))


def folder() -> Path:
    """Return the folder that is looked into: below ``BACKPROP_DATA``, else in the user's cache."""
    if root := os.environ.get("BACKPROP_DATA"):
        return Path(root) / "mnist"
    if sys.platform == "win32":
        cache = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        cache = Path.home() / "Library" / "Caches"
    else:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "backprop" / "mnist"


def read_idx(path: Path, axes: int, sha256: str | None = None) -> NDArray[np.uint8]:
    """Read a compressed IDX file of bytes: magic, size of each axis, data; all big-endian.

    Parameters
    ----------
    path : Path
        The file.
    axes : int
        How many axes it must have: 3 for images, 1 for labels.
    sha256 : str, optional
        Checksum that the uncompressed content must have.

    Returns
    -------
    values : array of bytes
        With `axes` axes.

    Raises
    ------
    ValueError
        If the content is not that of an IDX file of bytes, or its checksum differs; names the
        file, what it has and what it needs.
    """
    try:
        with gzip.open(path) as file:
            head, data, shape = _read(file, path, axes)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{path} is damaged: {error}") from error
    found = hashlib.sha256(head + data).hexdigest() if sha256 else None
    if found != sha256:
        raise ValueError(
            f"{path} has sha256 {found}; needs {sha256}: delete it and get it once more"
        )
    return np.frombuffer(data, np.uint8).reshape(shape)


def _read(
    file: IO[bytes] | gzip.GzipFile, path: Path, axes: int
) -> tuple[bytes, bytearray, tuple[int, ...]]:
    """Return header, data and shape; what is read is what is there, whatever the header says."""
    magic, head = bytes([0, 0, 8, axes]), file.read(4 + 4 * axes)  # 8: unsigned bytes
    if head[:4] != magic:
        raise ValueError(f"{path} starts with {head[:4].hex()}; needs {magic.hex()}")
    if len(head) < 4 + 4 * axes:
        raise ValueError(
            f"{path} ends in its header, after {len(head)} bytes; needs {4 + 4 * axes}"
        )
    shape = struct.unpack(f">{axes}I", head[4:])
    size = math.prod(shape)
    if size > LARGEST:
        raise ValueError(f"{path} claims {size} bytes of data; needs at most {LARGEST}")
    data = bytearray()
    while chunk := file.read(min(_CHUNK, size + 1 - len(data))):
        data += chunk
    if len(data) != size:
        more = "or more " if len(data) > size else ""
        raise ValueError(f"{path} has {len(data)} {more}bytes of data; needs {size}, of {shape}")
    return head, data, shape


def _part(name: str, dtype: DTypeLike) -> tuple[NDArray[np.floating], NDArray[np.int64]]:
    """Return the images of one part as rows, and their labels."""
    images, labels = (
        _values(f"{name}-images-idx3-ubyte", 3),
        _values(f"{name}-labels-idx1-ubyte", 1),
    )
    if len(images) != len(labels):
        raise ValueError(
            f"{folder()} has {len(images)} images and {len(labels)} labels in its part {name!r}; "
            "needs as many"
        )
    x: NDArray[np.floating] = images.reshape(len(images), -1).astype(dtype)
    x /= 127.5  # in place: a copy of 60,000 images is 188 MB
    x -= 1
    return x, labels.astype(np.int64)


def _values(name: str, axes: int) -> NDArray[np.uint8]:
    path = folder() / f"{name}.gz"
    if not path.exists():
        if os.environ.get("BACKPROP_DATA"):
            raise FileNotFoundError(f"{path} is missing, and BACKPROP_DATA says to look there")
        _download(path, axes, SHA256[name])
    return read_idx(path, axes, SHA256[name])


def _download(path: Path, axes: int, sha256: str) -> None:
    """Fetch a file from the first mirror that has it whole; it appears only when it is right."""
    path.parent.mkdir(parents=True, exist_ok=True)
    failures = []
    for mirror in MIRRORS:
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as aside:
            fetched = Path(aside.name)
            try:
                _fetch(mirror + path.name, aside)
                aside.close()
                read_idx(fetched, axes, sha256)
                fetched.replace(path)
                return
            except (OSError, ValueError, HTTPException) as error:
                failures.append(f"{mirror}: {error}")
            finally:
                aside.close()
                fetched.unlink(missing_ok=True)
    raise ConnectionError(
        f"{path.name} cannot be downloaded. Put it into {path.parent}, or set BACKPROP_DATA to a "
        "folder that has it in its folder mnist. Tried:\n" + "\n".join(failures)
    )


def _fetch(url: str, file: IO[bytes]) -> None:
    with urllib.request.urlopen(url, timeout=30) as answer:
        while chunk := answer.read(_CHUNK):
            file.write(chunk)
            if file.tell() > LARGEST:
                raise ValueError(f"{url} sends more than {LARGEST} bytes")
