"""The whole state of a training in a checkpoint, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from backprop.arrays import Array
from backprop.training import checkpoints
from backprop.training.history import History


@dataclass
class Run:
    """The state of a training between two steps.

    `good` are the last parameters whose loss was finite, `best` those with the smallest validation
    loss, if there is one.
    """

    params: list[Array]
    state: Any
    history: History = field(default_factory=History)
    epochs: int = 0
    best: list[Array] | None = None
    good: list[Array] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin with parameters that are good until shown otherwise."""
        self.good = self.good or self.params


def start(
    path: Path, run: Run, rng: np.random.Generator, names: Mapping[str, str], resume: bool
) -> Run:
    """Return the run to begin with: the given one, or that of the file, with its random numbers."""
    if not path.exists():
        if not path.parent.is_dir():
            raise FileNotFoundError(f"checkpoint is {path}; its folder does not exist")
        return run
    if not resume:
        raise FileExistsError(f"{path} is there already; resume=True goes on from it")
    arrays, notes = checkpoints.load(path)
    try:
        if notes["names"] != dict(names):
            raise ValueError(f"it is of {notes['names']}, not {dict(names)}")
        params = _filled("param", run.params, arrays)
        state = run.state
        for key, before in _fields(state).items():
            new: Any = (
                _filled(key, before, arrays)
                if isinstance(before, list)
                else _whole(key, notes["state"][key])
            )
            state = state._replace(**{key: new})
        best = _filled("best", run.params, arrays) if "best.0" in arrays else None
        history = History.of(notes["history"])
        epochs = _whole("epochs", notes["epochs"])
        _set(rng, notes["rng"])
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ValueError(f"{path} is of another training: {error}") from error
    return Run(params, state, history, epochs, best, params)


def save(path: Path, run: Run, rng: np.random.Generator, names: Mapping[str, str]) -> None:
    """Write the run, all or nothing."""
    fields = _fields(run.state)
    lists = {"param": run.params, "best": run.best or []}
    lists |= {key: part for key, part in fields.items() if isinstance(part, list)}
    arrays = {f"{key}.{i}": a for key, part in lists.items() for i, a in enumerate(part)}
    notes = {
        "names": dict(names),
        "epochs": run.epochs,
        "history": run.history.entries(),
        "rng": _packed(rng.bit_generator.state),
        "state": {key: part for key, part in fields.items() if not isinstance(part, list)},
    }
    checkpoints.save(path, arrays, notes)


def name(layer: Any) -> str:
    """Return what a layer is called: modules by their names, other objects by their types."""
    return getattr(layer, "__name__", type(layer).__name__)


def _fields(state: Any) -> dict[str, Any]:
    return dict(state._asdict()) if hasattr(state, "_asdict") else {}


def _filled(key: str, like: list[Array], arrays: Mapping[str, Array]) -> list[Array]:
    """Return the arrays of a list, which must be like those that are there."""
    found = [arrays[f"{key}.{i}"] for i in range(len(like))]
    for i, (a, b) in enumerate(zip(found, like, strict=True)):
        if a.shape != b.shape or a.dtype != b.dtype:
            raise ValueError(f"{key}[{i}] is {a.dtype} {a.shape}, not {b.dtype} {b.shape}")
    if f"{key}.{len(like)}" in arrays:
        raise ValueError(f"it has more than {len(like)} arrays {key}")
    return found


def _whole(key: str, value: Any) -> int:
    """Return a count of steps or epochs."""
    if type(value) is not int or value < 0:
        raise ValueError(f"{key} is {value!r}; needs a whole number from 0")
    return value


def _set(rng: np.random.Generator, state: Any) -> None:
    """Give the generator its state from the file, or leave it as it is and raise."""
    before = rng.bit_generator.state
    try:
        rng.bit_generator.state = _unpacked(state)
    except Exception:
        rng.bit_generator.state = before
        raise


def _packed(state: Any) -> Any:
    """Return the state of a generator without arrays, for JSON."""
    if isinstance(state, dict):
        return {key: _packed(value) for key, value in state.items()}
    if isinstance(state, np.ndarray):
        return {"array": state.tolist(), "dtype": state.dtype.str}
    return state.item() if isinstance(state, np.generic) else state


def _unpacked(state: Any) -> Any:
    if isinstance(state, dict) and set(state) == {"array", "dtype"}:
        return np.array(state["array"], np.dtype(state["dtype"]))
    if isinstance(state, dict):
        return {key: _unpacked(value) for key, value in state.items()}
    return state
