"""The array types that signatures mention, and the checks that guard them."""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]  # one dtype in a call, never mixed
Labels = NDArray[np.integer[Any]]
Cache = tuple[Any, ...]  # what one forward leaves for its backward


class Layer(Protocol):
    """A module (or any object) with a ``forward`` and its ``backward``."""

    forward: Callable[..., tuple[Any, Cache]]
    backward: Callable[..., Any]


def expect_shapes(**named: tuple[Any, str]) -> dict[str, int]:
    """Raise unless every array has its symbolic shape, and all have one floating dtype.

    Parameters
    ----------
    **named : (array, shape)
        The shape as a string of sizes, such as ``"N D"``; a size that occurs twice must agree,
        a number stands for itself and ``"..."`` at the end for any further axes.

    Returns
    -------
    sizes : dict
        The value of every size.

    Raises
    ------
    TypeError
        If something is not an array of floats, or the dtypes differ.
    ValueError
        If a shape does not fit.

    Examples
    --------
    >>> expect_shapes(x=(np.ones((5, 3)), "N D"), W=(np.ones((2, 3)), "M D"))
    {'N': 5, 'D': 3, 'M': 2}
    """
    sizes: dict[str, int] = {}
    first = ""
    for name, (array, template) in named.items():
        _expect_floats(name, array)
        first = first or name
        if not _same_precision(array.dtype, named[first][0].dtype):
            raise TypeError(
                f"{name} has dtype {array.dtype}; needs {named[first][0].dtype}, that of {first}"
            )
        letters = template.split()
        known = ", ".join(f"{s} = {sizes[s]}" for s in letters if s in sizes)
        named_axes = letters[:-1] if letters[-1] == "..." else letters
        shape = array.shape[: len(named_axes)] if letters[-1] == "..." else array.shape
        fits = len(named_axes) == len(shape) and all(
            size == (int(s) if s.isdigit() else sizes.setdefault(s, size))
            for s, size in zip(named_axes, shape, strict=True)
        )
        if not fits:
            where = f" with {known}" if known else ""
            raise ValueError(f"{name} has shape {array.shape}; needs ({', '.join(letters)}){where}")
    return sizes


def expect_target(target: Any, y: Array) -> Array:
    """Return `target` in the dtype of the prediction `y`; raise unless it has its shape."""
    _expect_floats("target", target)
    if len(y) == 0 or target.shape != y.shape:
        raise ValueError(f"target has shape {target.shape}; needs {y.shape}, one example at least")
    cast: Array = target.astype(y.real.dtype, copy=False)
    return cast


def expect_upstream(dy: Any, shape: tuple[int, ...], dtype: Any) -> None:
    """Raise unless `dy` is an array of exactly this shape and dtype."""
    _expect_floats("dy", dy)
    if dy.shape != shape:
        raise ValueError(f"dy has shape {dy.shape}; needs {shape}, that of the output")
    if dy.dtype != dtype:
        raise TypeError(f"dy has dtype {dy.dtype}; needs {dtype}, that of the output")


def expect_number(name: str, value: Any) -> float:
    """Return the upstream gradient of a loss as a float, so that float32 stays float32."""
    if np.ndim(value) != 0:
        raise ValueError(f"{name} has shape {np.shape(value)}; needs a single number")
    return float(value)


def _same_precision(a: Any, b: Any) -> bool:
    # complex128 goes with float64: check moves one argument at a time by a complex step
    return bool(a == b or np.finfo(a).dtype == np.finfo(b).dtype)


def _expect_floats(name: str, array: Any) -> None:
    dtype = getattr(array, "dtype", None)
    if dtype is None or not hasattr(array, "shape"):
        raise TypeError(f"{name} is a {type(array).__name__}; needs an array of floats")
    if dtype.kind not in "fc":  # complex, so that check can take a complex step
        raise TypeError(f"{name} has dtype {dtype}; needs floats: {name}.astype(np.float32)")
    if not dtype.isnative:  # results are native, and would fit to nothing that was kept
        native = dtype.newbyteorder("=")
        raise TypeError(
            f"{name} has dtype {dtype.str}; needs the byte order of this machine: "
            f"{name}.astype(np.{native})"
        )
