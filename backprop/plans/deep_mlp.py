"""``nets.deep_mlp`` as a plan."""

from __future__ import annotations

from collections.abc import Sequence

from numpy.typing import DTypeLike

from backprop.arrays import Array, Layer
from backprop.layers import relu
from backprop.losses import cross_entropy
from backprop.nets import deep_mlp
from backprop.plans.activations import in_place
from backprop.plans.chain import Chain
from backprop.plans.dense import Unit
from backprop.plans.plan import Plan, prepared


def compile(
    params: Sequence[Array],
    batch_size: int,
    dtype: DTypeLike | None = None,
    *,
    loss: Layer = cross_entropy,
    activation: Layer = relu,
    skip: bool = False,
) -> Plan:
    """Return a plan for a perceptron with any number of hidden layers.

    Parameters
    ----------
    params : sequence of arrays
        ``W1, b1, ..., WK, bK, U``, where to start; copied.
    batch_size : int
        Number of examples of every call.
    dtype : float32 or float64, optional
        Of everything; without it that of the parameters.
    loss : layer
        ``cross_entropy`` or ``mse``.
    activation : layer
        As in ``deep_mlp.forward``: ``relu``, ``tanh`` or ``sigmoid``.
    skip : bool
        As in ``deep_mlp.forward``.

    Returns
    -------
    plan : Plan
        With one ``loss_and_gradients``.

    Raises
    ------
    TypeError, ValueError
        If the parameters are none of the network, or `batch_size` is less than 1.
    NotImplementedError
        If there is no plan for the loss or the activation.

    Examples
    --------
    >>> import numpy as np
    >>> plan = compile(deep_mlp.init(np.random.default_rng(0), [4, 3, 3, 2]), batch_size=5)
    >>> loss, grads = plan.loss_and_gradients(np.ones((5, 4), np.float32), np.zeros(5, int))
    >>> [g.shape for g in grads]
    [(3, 4), (3,), (3, 3), (3,), (2, 3)]
    """
    weights, f = prepared(deep_mlp, params, batch_size, dtype), in_place(activation)
    units = []
    for i in range(0, len(weights) - 1, 2):
        M, D = weights[i].shape
        units.append(Unit(i, i + 1, D, M, f, skip=skip and M == D))
    C, M = weights[-1].shape
    units.append(Unit(len(weights) - 1, None, M, C))
    return Plan(Chain(units), weights, batch_size, loss, list)
