"""``nets.mlp`` as a plan."""

from __future__ import annotations

from collections.abc import Sequence

from numpy.typing import DTypeLike

from backprop.arrays import Array, Layer
from backprop.layers import relu
from backprop.losses import cross_entropy
from backprop.nets import mlp
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
    output: Layer | None = None,
) -> Plan:
    """Return a plan for a perceptron with one hidden layer.

    Parameters
    ----------
    params : mlp.Params
        Where to start; copied.
    batch_size : int
        Number of examples of every call.
    dtype : float32 or float64, optional
        Of everything; without it that of the parameters.
    loss : layer
        ``cross_entropy`` or ``mse``.
    activation, output : layers
        As in ``mlp.forward``: ``relu``, ``tanh`` or ``sigmoid``.

    Returns
    -------
    plan : Plan
        With one ``loss_and_gradients``.

    Raises
    ------
    TypeError, ValueError
        If the parameters are none of the network, or `batch_size` is less than 1.
    NotImplementedError
        If there is no plan for the loss or a layer.

    Examples
    --------
    >>> import numpy as np
    >>> params = mlp.init(np.random.default_rng(0), 4, 3, 2)
    >>> plan = compile(params, batch_size=5)
    >>> loss, grads = plan.loss_and_gradients(np.ones((5, 4), np.float32), np.zeros(5, int))
    >>> grads.W1.shape
    (3, 4)
    """
    weights = mlp.Params(*prepared(mlp, params, batch_size, dtype))
    (M, D), C = weights.W1.shape, len(weights.W2)
    units = [Unit(0, 1, D, M, in_place(activation)), Unit(2, 3, M, C, in_place(output))]
    return Plan(Chain(units), weights, batch_size, loss, mlp.Params._make)
