r"""The gradient of a batch from the gradients of its parts, which may be computed anywhere.

.. math::

    \nabla L = \sum_k \frac{N_k}{N}\, \nabla L_k

for a batch of N examples in parts of :math:`N_k`, and a loss that is a mean over examples.  It
needs a network that treats every example by itself: batch normalisation does not.

Source: PreAct (22), (B1)-(B4).  Derivation: ``book/training/data_parallel.ipynb``.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np

from backprop.arrays import Array, Labels, Layer

Reference = str | Layer


def gradients(
    net: Layer,
    loss: Layer,
    params: Sequence[Array],
    x: Array,
    target: Labels | Array,
    constants: Mapping[str, Any],
    *,
    executor: Executor,
    parts: int,
) -> tuple[float, list[Array]]:
    """Return the mean loss of a batch and its gradients, from its parts.

    Parameters
    ----------
    net, loss : layers
        Modules, or objects that can be pickled.
    params : sequence of arrays
        Parameters of the network.
    x, target : arrays
        A batch.
    constants : mapping
        Keyword arguments of the network.
    executor : concurrent.futures.Executor
        Computes the parts, in whatever order; they are added in the order of the batch.
    parts : int
        How many, at most one an example.

    Returns
    -------
    loss : float
        Mean over the batch.
    grads : list of arrays
        One a parameter.

    Raises
    ------
    Exception
        What a part raised, or the executor.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from backprop.layers import linear
    >>> from backprop.losses import mse
    >>> x, W = np.array([[1.0], [2.0], [3.0]]), np.array([[2.0]])
    >>> with ThreadPoolExecutor(2) as pool:
    ...     gradients(linear, mse, [W, np.zeros(1)], x, x, {}, executor=pool, parts=2)
    (2.333333333333333, [array([[4.66666667]]), array([2.])])
    """
    cut = [round(k * len(x) / parts) for k in range(parts + 1)]
    pieces = [slice(a, b) for a, b in itertools.pairwise(cut) if b > a]
    shared = reference(net), reference(loss), list(params)
    futures = [
        executor.submit(part, *shared, x[piece], target[piece], dict(constants)) for piece in pieces
    ]
    total, sums = 0.0, None
    for piece, future in zip(pieces, futures, strict=True):
        share = (piece.stop - piece.start) / len(x)
        value, grads = future.result()
        total += share * value
        weighted = [share * g for g in grads]
        if sums is None:
            sums = weighted
        else:
            for s, g in zip(sums, weighted, strict=True):
                s += g
    return total, sums or []


def part(
    net: Reference,
    loss: Reference,
    params: Sequence[Array],
    x: Array,
    target: Labels | Array,
    constants: Mapping[str, Any],
) -> tuple[float, list[Array]]:
    """Return the mean loss of some examples and its gradients: what a worker does."""
    net, loss = resolve(net), resolve(loss)
    outputs, cache = net.forward(x, *params, **constants)
    value, of_loss = loss.forward(outputs, target=target)
    grads = net.backward(loss.backward(1.0, of_loss), cache)[1:]
    return float(value), [np.asarray(g) for g in grads]


def reference(layer: Layer) -> Reference:
    """Return what a worker can find the layer by: modules are not sent, but named."""
    return layer.__name__ if isinstance(layer, ModuleType) else layer


def resolve(layer: Reference) -> Layer:
    """Return the layer of a reference.

    Examples
    --------
    >>> from backprop.layers import relu
    >>> resolve(reference(relu)) is relu
    True
    """
    return import_module(layer) if isinstance(layer, str) else layer
