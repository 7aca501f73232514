"""Files that hold what was learnt: arrays and notes, in NumPy's own format.

A file is written aside and then renamed, so at every moment the old one or the new one is there,
whole.  It holds numbers and one text in JSON; reading it executes nothing, and takes no more
memory than the file is long.
"""

from __future__ import annotations

import io
import json
import math
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

NOTES, FORMAT = "notes", "backprop checkpoint 1"


def save(path: str | Path, arrays: Mapping[str, NDArray[Any]], notes: Any = None) -> None:
    """Write arrays and notes, all or nothing.

    Parameters
    ----------
    path : str or Path
        Where to; what is there already is replaced when the new file is complete.
    arrays : mapping
        Arrays of numbers by name, such as ``params._asdict()``.
    notes : anything that JSON can hold
        What else should be kept.

    Raises
    ------
    TypeError
        If an array is not one of numbers, or the notes do not fit into JSON.
    ValueError
        If a name is taken by the notes.
    OSError
        If the file cannot be written; the old one is still there.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(Path(folder) / "a.npz", {"W": np.eye(2)}, notes={"epoch": 3})
    ...     arrays, notes = load(Path(folder) / "a.npz")
    >>> arrays["W"].tolist(), notes
    ([[1.0, 0.0], [0.0, 1.0]], {'epoch': 3})
    """
    path = Path(path)
    if NOTES in arrays:
        raise ValueError(f"arrays has an entry {NOTES!r}; that name is taken")
    for name, array in arrays.items():
        if np.asarray(array).dtype.kind not in "fiub":
            raise TypeError(f"{name} has dtype {np.asarray(array).dtype}; needs numbers")
    text = json.dumps({"format": FORMAT, "notes": notes})
    packed = {NOTES: np.frombuffer(text.encode(), np.uint8), **arrays}
    aside = path.with_name(path.name + ".part")
    try:
        with open(aside, "wb") as file:
            _write(file, packed)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def load(path: str | Path) -> tuple[dict[str, NDArray[Any]], Any]:
    """Read what `save` wrote.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    arrays : dict
        Arrays by name.
    notes : as given to `save`
        Tuples have become lists.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is cut short, damaged, or was not written by `save`.
    """
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = {m.filename.removesuffix(".npy"): m for m in archive.infolist()}
            arrays = {name: _array(archive, m) for name, m in members.items()}
        found = json.loads(arrays.pop(NOTES).tobytes())
        if found["format"] != FORMAT:
            raise ValueError(f"its format is {found['format']!r}")
        return arrays, found["notes"]
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise ValueError(f"{path} cannot be read: {error}") from error
    except Exception as error:
        why = str(error) or type(error).__name__
        raise ValueError(f"{path} is damaged or no checkpoint of backprop: {why}") from error


def _write(file: IO[bytes], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write what ``numpy.savez`` would, for any names."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(array), (1, 0), allow_pickle=False)


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    """Return one array; a header that promises more than is there raises."""
    if member.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{member.filename} is compressed")
    content = archive.read(member)  # checks its sum; no longer than the file, as it is stored
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    if version != (1, 0):
        raise ValueError(f"{member.filename} has version {version}")
    shape, by_columns, dtype = np.lib.format.read_array_header_1_0(stream)
    rest = len(content) - stream.tell()
    if dtype.kind not in "fiub" or math.prod(shape) * dtype.itemsize != rest:
        raise ValueError(f"{member.filename} has {rest} bytes for {dtype} in the shape {shape}")
    flat = np.frombuffer(content, dtype, offset=stream.tell())
    return flat.reshape(shape, order="F" if by_columns else "C").copy()
