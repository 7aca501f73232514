"""What the benchmarks measured, as the book shows it.

The scripts in ``benchmarks/`` write one JSON file each; the wheel carries them, so that a chapter
shows the same numbers wherever it is run.
"""

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
FOLDERS = (HERE.parents[1] / "benchmarks" / "records", HERE.parent / "measured")


def load(name: str) -> dict[str, Any]:
    """Return the record of one benchmark.

    Parameters
    ----------
    name : str
        Name of the record, such as ``"mnist"``.

    Raises
    ------
    ValueError
        If there is no such record.

    Examples
    --------
    >>> load("mnist")["nets"]["mlp"]["sizes"]
    [784, 256, 10]
    """
    known = {path.stem: path for folder in FOLDERS for path in folder.glob("*.json")}
    if name not in known:
        raise ValueError(f"name must be one of {', '.join(sorted(known))}, got {name!r}")
    record: dict[str, Any] = json.loads(known[name].read_text(encoding="utf-8"))
    return record
