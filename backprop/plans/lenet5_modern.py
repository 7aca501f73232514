"""``nets.lenet5_modern`` as a plan; the lines there name the equations.

The largest of four numbers plus a bias is the largest of the four sums, and the same holds with
ReLU: so bias and ReLU come after the pooling, where there are a quarter of the numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from backprop.arrays import Array, Layer
from backprop.losses import cross_entropy
from backprop.nets import lenet5_modern
from backprop.plans.activations import ReLU
from backprop.plans.arena import Arena, Wanted
from backprop.plans.columns import Columns, Scores
from backprop.plans.conv import Conv, Sizes, channel_sums
from backprop.plans.plan import Plan, pieces, prepared
from backprop.plans.pool import MaxPool

IMAGE = (1, 32, 32)
C1, C3 = Sizes(32, 1, 6, 5), Sizes(14, 6, 16, 5)


def compile(
    params: Sequence[Array],
    batch_size: int,
    dtype: DTypeLike | None = None,
    *,
    loss: Layer = cross_entropy,
) -> Plan:
    """Return a plan for LeNet-5 with ReLU and max pooling.

    Parameters
    ----------
    params : lenet5_modern.Params
        Where to start; copied.
    batch_size : int
        Number of images of every call.
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
    >>> plan = compile(lenet5_modern.init(np.random.default_rng(0)), batch_size=5)
    >>> x = np.ones((5, 1, 32, 32), np.float32)
    >>> loss, grads = plan.loss_and_gradients(x, np.zeros(5, int))
    >>> grads.W3.shape
    (16, 6, 5, 5)
    """
    weights = prepared(lenet5_modern, params, batch_size, dtype, IMAGE)
    make, rows = lenet5_modern.Params._make, pieces(batch_size)
    return Plan(LeNet5Modern(), weights, batch_size, loss, make, rows=rows)


class LeNet5Modern:
    """The two passes of ``nets.lenet5_modern``, for a `Plan`."""

    inputs: tuple[int, ...] = IMAGE
    outputs = 10

    def wanted(self, N: int, dtype: Any) -> Wanted:
        """Return what to ask of an arena for a batch of N."""
        floats = {"image": (32, 1, 32, N), "t": (14 * 6 * 14 * N,), "by_row": (14 * 6,)}
        floats |= {"ones": (14 * N,), "S2": (14, 6, 14, N), "S4": (400, N), "dS4": (400, N)}
        wanted: Wanted = {name: (shape, dtype) for name, shape in floats.items()}
        wanted |= {"finite": ((N, *IMAGE), bool), "on": ((14 * 6 * 14 * N,), bool)}
        wanted |= Conv.wanted("C1", C1, N, dtype, first=True) | Conv.wanted("C3", C3, N, dtype)
        wanted |= MaxPool.wanted("P2", 6, 14, N, dtype) | MaxPool.wanted("P4", 16, 5, N, dtype)
        wanted |= Columns.wanted("C5", 120, N, dtype) | Columns.wanted("F6", 84, N, dtype)
        return wanted | Scores.wanted(84, 10, N, dtype)

    def place(self, arena: Arena) -> Array:
        """Take the buffers from an arena; return that of the outputs."""
        self._arena, N = arena, arena["S4"].shape[1]
        arena["ones"].fill(1)
        self._c1 = Conv("C1", C1, N, arena, 1.0, first=True)
        self._c3 = Conv("C3", C3, N, arena, 1.0)
        self._p2 = MaxPool("P2", arena, arena["S2"])
        self._p4 = MaxPool("P4", arena, rows_first(arena["S4"]))
        self._c5, self._f6 = Columns("C5", arena, ReLU), Columns("F6", arena, ReLU)
        self._out = Scores(arena)
        return self._out.y

    def forward(self, x: Array, params: list[Array]) -> None:
        """Write the scores."""
        W1, b1, W3, b3, W5, b5, W6, b6, W7, b7 = params
        S2, S4 = self._arena["S2"], self._arena["S4"]
        image = batch_last(x, self._arena)
        self._p2.forward(self._c1.forward(image, W1))
        np.add(S2, b1[:, None, None], out=S2)
        np.maximum(S2, 0, out=S2)
        s4 = self._p4.forward(self._c3.forward(S2, W3))
        np.add(s4, b3[:, None, None], out=s4)
        np.maximum(S4, 0, out=S4)
        self._out.forward(self._f6.forward(self._c5.forward(S4, W5, b5), W6, b6), W7, b7)

    def backward(self, dy: Array, x: Array, params: list[Array], grads: list[Array]) -> None:
        """Write the gradients on the parameters."""
        _, _, _, _, W5, _, W6, _, W7, _ = params
        dW1, db1, dW3, db3, dW5, db5, dW6, db6, dW7, db7 = grads
        c5, f6, (S2, S4, dS4) = self._c5, self._f6, self._buffers("S2", "S4", "dS4")
        self._out.backward(dy, f6.y, W7, f6.d, dW7, db7)
        f6.backward(c5.y, W6, dW6, db6, c5.d)
        c5.backward(S4, W5, dW5, db5, dS4)
        ReLU.backward(dS4, S4, dS4, *self._scratch(S4))
        np.add.reduce(dS4.reshape(16, -1), axis=1, out=db3)
        self._p4.backward(rows_first(dS4), self._c3.dy)
        dS2 = self._c3.backward(dW3)
        ReLU.backward(dS2, S2, dS2, *self._scratch(S2))
        channel_sums(dS2, self._arena, db1)
        self._p2.backward(dS2, self._c1.dy)
        self._c1.backward(dW1)

    def _buffers(self, *names: str) -> list[Any]:
        return [self._arena[name] for name in names]

    def _scratch(self, a: Array) -> list[Any]:
        return [scratch[: a.size].reshape(a.shape) for scratch in self._buffers("t", "on")]


def rows_first(a: Array) -> Array:
    """Return (16 5 5, N) as the images that convolutions take, (5, 16, 5, N); the same memory."""
    return a.reshape(16, 5, 5, -1).transpose(1, 0, 2, 3)


def batch_last(x: Array, arena: Arena) -> Array:
    """Return images (N, 1, 32, 32) as (32, 1, 32, N).

    Raises
    ------
    ValueError
        If a pixel is not finite.
    """
    if not np.logical_and.reduce(np.isfinite(x, out=arena["finite"]), axis=None):
        raise ValueError("x has pixels that are not finite")
    image: Array = arena["image"]
    for n in range(0, len(x), 8):  # more lines of memory at a time evict one another
        np.copyto(image[..., n : n + 8], x[n : n + 8].transpose(2, 1, 3, 0))
    return image
