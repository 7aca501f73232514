"""Numerical proof that a ``backward`` is the derivative of its ``forward``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backprop.arrays import Array, Layer

PROBES = 64  # directions per argument; all entries one by one when there are no more of them


def vjp(
    layer: Layer, *args: Array, seed: int = 0, method: str = "central", **constants: Any
) -> dict[str, float]:
    """Return the relative error of every gradient of `layer`, by the name of its argument.

    With a random upstream gradient ``dy``, the derivative of ``sum(dy * forward(...))`` along a
    direction ``v`` must be ``sum(dx * v)``.  Arguments of at most 64 entries are tried entry by
    entry, larger ones along 64 random directions.

    Parameters
    ----------
    layer : module or object
        With ``forward(*args, **constants) -> (y, cache)`` and ``backward(dy, cache)`` returning
        one gradient per argument: an array, or a tuple in the same order.
    *args : float64 arrays
        The differentiable arguments.
    seed : int
        For `dy` and the directions.
    method : "central" or "complex"
        Central differences, right to about 1e-9, for every function; or a complex step, exact to
        rounding, for functions that are analytic in the arguments.
    **constants
        Keyword arguments, which are not differentiated: labels, strides, rates.

    Returns
    -------
    errors : dict of float
        The largest error over the directions, relative to the largest derivative.

    Raises
    ------
    TypeError
        If an argument is not a float64 array.
    ValueError
        If `method` is unknown.
    AssertionError
        If a gradient is missing, differs from its argument in shape or dtype, or is zero in every
        direction (nothing would be shown); if an argument was written to; or if a second call
        of ``backward`` gives something else.

    Examples
    --------
    >>> from backprop.layers import linear
    >>> x, W, b = np.eye(3, 4), np.ones((2, 4)), np.zeros(2)
    >>> max(vjp(linear, x, W, b).values()) < 1e-8
    True
    """
    for i, x in enumerate(args):
        if getattr(x, "dtype", None) != np.float64:
            raise TypeError(f"argument {i} needs to be a float64 array, to be moved by 1e-6")
    if method not in ("central", "complex"):
        raise ValueError(f"method is {method!r}; needs 'central' or 'complex'")
    rng = np.random.default_rng([seed, 1986])  # not the stream that drew the arguments
    y, _ = layer.forward(*[x.copy() for x in args], **constants)
    dy = _random_like(y, rng)
    grads = _gradients(layer, args, dy, constants)
    derivative = _central if method == "central" else _complex_step

    errors = {}
    for i, (name, x, dx) in enumerate(zip(_names(layer, args), args, grads, strict=True)):

        def loss(moved: Array, i: int = i) -> Any:
            y, _ = layer.forward(*args[:i], moved, *args[i + 1 :], **constants)
            return _inner(dy, y)

        errors[name] = _error(derivative, loss, name, x, dx, rng)
    return errors


def _gradients(
    layer: Layer, args: tuple[Array, ...], dy: Any, constants: dict[str, Any]
) -> tuple[Array, ...]:
    """Run forward and backward once, holding them to the protocol."""
    given = [x.copy() for x in args]
    upstream = tuple(d.copy() for d in dy) if isinstance(dy, tuple) else np.copy(dy)
    _, cache = layer.forward(*given, **constants)
    grads, again = (
        g if isinstance(g, tuple) else (g,)
        for g in (layer.backward(upstream, cache), layer.backward(upstream, cache))
    )
    names = _names(layer, args)
    assert len(grads) == len(args), f"{len(grads)} gradients; needs {len(args)}, one per argument"
    for name, x, dx, twice in zip(names, args, grads, again, strict=True):
        found = getattr(dx, "shape", None), getattr(dx, "dtype", None)
        needed = x.shape, x.dtype
        assert found == needed, f"d{name} has shape and dtype {found}; needs {needed}"
        same = np.array_equal(dx, twice, equal_nan=True)
        assert same, f"d{name} differs in a second call of backward: state was kept"
    kept = [*args, *_tuple(dy)]
    for name, x, passed in zip([*names, "dy"], kept, [*given, *_tuple(upstream)], strict=False):
        assert np.array_equal(x, passed, equal_nan=True), f"{name} was written to"
    return grads


def _error(
    derivative: Callable[..., float],
    loss: Callable[[Array], Any],
    name: str,
    x: Array,
    dx: Array,
    rng: np.random.Generator,
) -> float:
    """Return the largest difference over the directions, relative to the largest derivative."""
    if x.size == 0:
        return 0.0
    one_by_one = x.size <= PROBES
    probes = np.eye(x.size) if one_by_one else rng.standard_normal((PROBES, x.size))
    true = np.array([derivative(loss, x, v.reshape(x.shape)) for v in probes])
    claimed = probes @ dx.ravel()
    largest = np.abs(true).max()
    assert largest > 0, f"the derivative by {name} is zero everywhere: this shows nothing"
    return float(np.abs(true - claimed).max() / largest)


def _central(loss: Callable[[Array], Any], x: Array, v: Array) -> float:
    h = 1e-6
    return float((loss(x + h * v) - loss(x - h * v)) / (2 * h))


def _complex_step(loss: Callable[[Array], Any], x: Array, v: Array) -> float:
    h = 1e-30  # nothing is subtracted, so nothing cancels
    return float(np.imag(loss(x + 1j * h * v)) / h)


def _inner(dy: Any, y: Any) -> Any:
    return sum(np.sum(a * b) for a, b in zip(_tuple(dy), _tuple(y), strict=True))


def _random_like(y: Any, rng: np.random.Generator) -> Any:
    if isinstance(y, tuple):
        return tuple(_random_like(part, rng) for part in y)
    return rng.standard_normal(np.shape(y))


def _tuple(y: Any) -> tuple[Any, ...]:
    return y if isinstance(y, tuple) else (y,)


def _names(layer: Layer, args: tuple[Array, ...]) -> list[str]:
    """Return the names of the positional parameters, numbered where there is only ``*args``."""
    import inspect  # here, because it takes a third of the time that importing the package takes

    names: list[str] = []
    for p in inspect.signature(layer.forward).parameters.values():
        if p.kind is p.VAR_POSITIONAL:
            names += [f"{p.name}[{i}]" for i in range(len(args) - len(names))]
        elif p.kind is not p.KEYWORD_ONLY and p.kind is not p.VAR_KEYWORD:
            names.append(p.name)
    return names[: len(args)]
