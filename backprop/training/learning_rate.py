"""Which learning rate: a range test, and LightNet's choice among candidates.

Derivation: ``book/training/learning_rate.ipynb``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from backprop.arrays import Array, Labels, Layer
from backprop.losses import cross_entropy
from backprop.optim import sgd
from backprop.training.parallel import part

CANDIDATES = tuple(a * b for b in (1.0, 0.1, 0.01, 0.001) for a in (1.0, 0.5))


class Range(NamedTuple):
    """The learning rate of every step, and the loss before the step."""

    rates: list[float]
    losses: list[float]


class Choice(NamedTuple):
    """The chosen rate, and the mean loss that each candidate led to; infinite if it diverged."""

    lr: float
    losses: dict[float, float]


def range_test(
    net: Layer,
    params: Sequence[Array],
    x: Array,
    target: Labels | Array,
    *,
    rng: np.random.Generator,
    batch_size: int,
    low: float = 1e-5,
    high: float = 10.0,
    steps: int = 100,
    loss: Layer = cross_entropy,
    optimiser: ModuleType = sgd,
    options: Mapping[str, Any] | None = None,
    constants: Mapping[str, Any] | None = None,
) -> Range:
    """Take steps with a learning rate that grows by the same factor each time.

    The loss falls where the rate is right, and turns where it is too large.  It ends early when
    the loss is four times the smallest, or not finite.

    Parameters
    ----------
    net, params, x, target, loss, optimiser, options, constants
        As in ``training.fit``; nothing is written to.
    rng : numpy.random.Generator
        Draws the batches.
    batch_size : int
        Examples of a step.
    low, high : float
        First and last rate, greater than 0.
    steps : int
        How many, at least 2.

    Returns
    -------
    range : Range
        Rates and losses, one a step.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Examples
    --------
    >>> from backprop.layers import linear
    >>> from backprop.losses import mse
    >>> x = np.array([[1.0], [2.0]])
    >>> found = range_test(linear, [np.zeros((1, 1)), np.zeros(1)], x, x, loss=mse, batch_size=2,
    ...     rng=np.random.default_rng(0), low=1e-3, high=10.0, steps=50)
    >>> best = found.losses.index(min(found.losses))
    >>> 0 < best < len(found.losses) - 1
    True
    """
    if not 0 < low < high:
        raise ValueError(f"low is {low}, high is {high}; needs 0 < low < high")
    if steps < 2 or batch_size < 1:
        raise ValueError(f"steps is {steps}, batch_size {batch_size}; needs at least 2 and 1")
    rates, losses, state = [], [], optimiser.init(params)
    for lr in np.geomspace(low, high, steps).tolist():
        batch = rng.integers(0, len(x), batch_size)
        with np.errstate(over="ignore", invalid="ignore"):
            value, grads = part(net, loss, params, x[batch], target[batch], constants or {})
        rates.append(lr)
        losses.append(value)
        if not value <= 4 * min(losses):  # NaN as well
            break
        params, state = optimiser.step(params, grads, state, lr=lr, **dict(options or {}))
    return Range(rates, losses)


def select(
    net: Layer,
    params: Sequence[Array],
    x: Array,
    target: Labels | Array,
    *,
    rng: np.random.Generator,
    batch_size: int,
    candidates: Sequence[float] = CANDIDATES,
    steps: int = 30,
    state: Any = None,
    loss: Layer = cross_entropy,
    optimiser: ModuleType = sgd,
    options: Mapping[str, Any] | None = None,
    constants: Mapping[str, Any] | None = None,
) -> Choice:
    """Try every candidate for some steps from the same start on the same batches; take the best.

    This is the idea of Selective-SGD (LightNet): every few epochs the rate is chosen anew among
    those that are not above the first choice.

    Parameters
    ----------
    net, params, x, target, loss, optimiser, options, constants
        As in ``training.fit``; nothing is written to.
    rng : numpy.random.Generator
        Draws the batches.
    batch_size : int
        Examples of a step.
    candidates : sequence of float
        Learning rates to try.
    steps : int
        How many with each.
    state : optional
        The optimiser's state to start from; that before the first step if it is left out.

    Returns
    -------
    choice : Choice
        The rate with the smallest mean loss over the last third of its steps.

    Raises
    ------
    ValueError
        If there is no candidate, or none led to a finite loss.

    Examples
    --------
    >>> from backprop.layers import linear
    >>> from backprop.losses import mse
    >>> x = np.array([[1.0], [2.0]])
    >>> choice = select(linear, [np.zeros((1, 1)), np.zeros(1)], x, x, loss=mse, batch_size=2,
    ...     rng=np.random.default_rng(0), candidates=[1e-3, 0.1, 1e3])
    >>> choice.lr
    0.1
    """
    batches = rng.integers(0, len(x), (steps, batch_size))
    found: dict[float, float] = {}
    for lr in candidates:
        tried, after, losses = params, state or optimiser.init(params), []
        for batch in batches:
            with np.errstate(over="ignore", invalid="ignore"):
                value, grads = part(net, loss, tried, x[batch], target[batch], constants or {})
            losses.append(value)
            if not math.isfinite(value):
                break
            tried, after = optimiser.step(tried, grads, after, lr=lr, **dict(options or {}))
        whole = len(losses) == steps and math.isfinite(losses[-1])
        found[lr] = float(np.mean(losses[-max(1, steps // 3) :])) if whole else math.inf
    if not found or not math.isfinite(min(found.values())):
        raise ValueError(f"candidates are {list(candidates)}; none led to a finite loss")
    return Choice(min(found, key=found.__getitem__), found)
