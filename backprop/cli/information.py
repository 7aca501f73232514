"""What is installed."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from backprop import __version__

OTHERS = ("sympy", "matplotlib", "tqdm", "click", "distributed", "torch")
LIMITS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def collect() -> dict[str, str]:
    """Return versions, the BLAS of NumPy, processors and threads."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    set_ = [f"{name}={os.environ[name]}" for name in LIMITS if name in os.environ]
    found = {
        "backprop": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": f"{blas['name']} {blas['version']}",
        "machine": f"{platform.system()} {platform.machine()}",
        "processors": str(os.cpu_count()),
        "threads": ", ".join(set_) or "as many as BLAS likes; OPENBLAS_NUM_THREADS=1 limits them",
        "data": os.environ.get(
            "BACKPROP_DATA", "downloaded when needed; BACKPROP_DATA names a folder"
        ),
    }
    return found | {name: _version(name) for name in OTHERS}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
