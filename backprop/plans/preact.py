"""``nets.preact`` as a plan; the lines there name the equations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from backprop.arrays import Array, Layer
from backprop.losses import cross_entropy
from backprop.nets import preact
from backprop.plans.arena import Arena, Wanted
from backprop.plans.plan import Plan, prepared


def compile(
    params: Sequence[Array],
    batch_size: int,
    dtype: DTypeLike | None = None,
    *,
    loss: Layer = cross_entropy,
) -> Plan:
    """Return a plan for the pre-activation residual network.

    Parameters
    ----------
    params : preact.Params
        Where to start; copied.
    batch_size : int
        Number of examples of every call.
    dtype : float32 or float64, optional
        Of everything; without it that of the parameters.
    loss : layer
        ``cross_entropy`` or ``mse``.

    Returns
    -------
    plan : Plan
        With one ``loss_and_gradients``.

    Raises
    ------
    TypeError, ValueError
        If the parameters are none of the network, or `batch_size` is less than 1.
    NotImplementedError
        If there is no plan for the loss.

    Examples
    --------
    >>> plan = compile(preact.init(np.random.default_rng(0), 4, 3, 2), batch_size=5)
    >>> loss, grads = plan.loss_and_gradients(np.ones((5, 4), np.float32), np.zeros(5, int))
    >>> grads.W2.shape
    (3, 4)
    """
    weights = preact.Params(*prepared(preact, params, batch_size, dtype))
    (M, D), C = weights.W2.shape, len(weights.W4)
    return Plan(PreAct(D, M, C), weights, batch_size, loss, preact.Params._make)


class PreAct:
    """The two passes of ``nets.preact``, for a `Plan`."""

    def __init__(self, D: int, M: int, C: int) -> None:
        self.inputs: tuple[int, ...] = (D,)
        self.hidden, self.outputs = M, C

    def wanted(self, N: int, dtype: Any) -> Wanted:
        """Return what to ask of an arena for a batch of N."""
        wide, narrow = (N, *self.inputs), (N, self.hidden)
        wanted: Wanted = {name: (wide, dtype) for name in ("z", "s", "ds")}
        wanted |= {name: (narrow, dtype) for name in ("t", "p", "r", "dr", "dt")}
        return wanted | {"on": (narrow, bool), "theta": ((N, self.outputs), dtype)}

    def place(self, arena: Arena) -> Array:
        """Take the buffers from an arena; return that of the outputs."""
        self._arena = arena
        return arena["theta"]

    def forward(self, x: Array, params: list[Array]) -> None:
        """Write the scores."""
        W1, W2, W3, W4 = params
        z, s, t, p, r, theta = (self._arena[name] for name in ("z", "s", "t", "p", "r", "theta"))
        np.maximum(x, 0, out=z)
        np.dot(z, W1.T, out=s)
        np.add(s, x, out=s)
        np.dot(s, W2.T, out=t)
        np.maximum(t, 0, out=p)
        np.dot(p, W3.T, out=r)
        np.add(r, t, out=r)
        np.dot(r, W4.T, out=theta)

    def backward(self, dy: Array, x: Array, params: list[Array], grads: list[Array]) -> None:
        """Write the gradients on the weights."""
        _, W2, W3, W4 = params
        dW1, dW2, dW3, dW4 = grads
        z, s, t, p, r = (self._arena[name] for name in ("z", "s", "t", "p", "r"))
        on, ds, dr, dt = (self._arena[name] for name in ("on", "ds", "dr", "dt"))
        np.dot(dy.T, r, out=dW4)
        np.dot(dy, W4, out=dr)
        np.dot(dr.T, p, out=dW3)
        np.dot(dr, W3, out=dt)
        np.greater(t, 0, out=on)
        np.multiply(dt, on, out=dt)
        np.add(dt, dr, out=dt)  # the path through the block and the shortcut
        np.dot(dt.T, s, out=dW2)
        np.dot(dt, W2, out=ds)
        np.dot(ds.T, z, out=dW1)
