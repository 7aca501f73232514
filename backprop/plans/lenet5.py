r"""``nets.lenet5`` as a plan; the lines there name the equations.

The scaled tanh, :math:`1.7159 \tanh(2a/3)`, would be three passes over every map.  Here maps hold
the bare tanh, and the two factors are multiplied to the weights, which are few.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from backprop.arrays import Array, Layer
from backprop.losses import cross_entropy
from backprop.nets import lenet5
from backprop.nets.lenet5 import LINKS, STEEP, TALL
from backprop.plans.activations import Tanh
from backprop.plans.arena import Arena, Wanted
from backprop.plans.columns import Columns, Distances, Scores
from backprop.plans.conv import Conv, channel_sums
from backprop.plans.lenet5_modern import C1, C3, IMAGE, batch_last, rows_first
from backprop.plans.plan import Plan, pieces, prepared
from backprop.plans.pool import MeanPool

BOTH = STEEP * TALL


def compile(
    params: Sequence[Array],
    batch_size: int,
    dtype: DTypeLike | None = None,
    *,
    loss: Layer = cross_entropy,
    codes: Any = None,
) -> Plan:
    """Return a plan for LeNet-5 of 1998.

    Parameters
    ----------
    params : lenet5.Params, or lenet5.Trunk with `codes`
        Where to start; copied.
    batch_size : int
        Number of images of every call.
    dtype : float32 or float64, optional
        Of everything; without it that of the parameters.
    loss : layer
        ``cross_entropy`` or ``mse``.
    codes : (10, 84) array, optional
        As in ``lenet5.forward``.

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
    >>> plan = compile(lenet5.init(np.random.default_rng(0)), batch_size=5)
    >>> x = np.ones((5, 1, 32, 32), np.float32)
    >>> loss, grads = plan.loss_and_gradients(x, np.zeros(5, int))
    >>> grads.w2.shape
    (6,)
    """
    weights = prepared(lenet5, params, batch_size, dtype, IMAGE, codes=codes)
    make = (lenet5.Params if codes is None else lenet5.Trunk)._make
    return Plan(LeNet5(codes), weights, batch_size, loss, make, rows=pieces(batch_size))


class LeNet5:
    """The two passes of ``nets.lenet5``, for a `Plan`; maps hold the bare tanh."""

    inputs: tuple[int, ...] = IMAGE
    outputs = 10

    def __init__(self, codes: Any) -> None:
        self._codes = codes

    def wanted(self, N: int, dtype: Any) -> Wanted:
        """Return what to ask of an arena for a batch of N."""
        largest = 28 * 6 * 28 * N
        floats: dict[str, tuple[int, ...]] = {"image": (32, 1, 32, N), "t": (largest,)}
        floats |= {"ones": (28 * N,), "by_row": (28 * 6,), "links": (16, 1, 6, 1)}
        floats |= {"S2": (14, 6, 14, N), "S4": (400, N), "dS4": (400, N), "b1": (6,), "b3": (16,)}
        wanted: Wanted = {name: (shape, dtype) for name, shape in floats.items()}
        wanted |= {"finite": ((N, *IMAGE), bool), "on": ((largest,), bool)}
        wanted |= Conv.wanted("C1", C1, N, dtype, first=True) | Conv.wanted("C3", C3, N, dtype)
        wanted |= MeanPool.wanted("P2", 6, 14, N, dtype) | MeanPool.wanted("P4", 16, 5, N, dtype)
        wanted |= Columns.wanted("C5", 120, N, dtype) | Columns.wanted("F6", 84, N, dtype)
        output = Scores if self._codes is None else Distances
        return wanted | output.wanted(84, 10, N, dtype)

    def place(self, arena: Arena) -> Array:
        """Take the buffers from an arena; return that of the outputs."""
        self._arena, N = arena, arena["S4"].shape[1]
        arena["ones"].fill(1)
        arena["links"][...] = LINKS.T[:, None, :, None]
        np.multiply(arena["links"], BOTH, out=arena["links"])
        self._c1 = Conv("C1", C1, N, arena, STEEP, first=True)
        self._c3 = Conv("C3", C3, N, arena, arena["links"])
        self._p2 = MeanPool("P2", arena, arena["S2"])
        self._p4 = MeanPool("P4", arena, rows_first(arena["S4"]))
        self._c5 = Columns("C5", arena, Tanh, BOTH, STEEP)
        self._f6 = Columns("F6", arena, Tanh, BOTH, STEEP)
        linear = self._codes is None
        self._out: Any = Scores(arena, TALL) if linear else Distances(arena, self._codes, TALL)
        return arena["scores"]

    def forward(self, x: Array, params: list[Array]) -> None:
        """Write the scores."""
        W1, b1, w2, a2, W3, b3, w4, a4, W5, b5, W6, b6, *last = params
        S2, S4, of_1, of_3 = self._buffers("S2", "S4", "b1", "b3")
        image = batch_last(x, self._arena)
        C1 = self._squash(self._c1.forward(image, W1), np.multiply(b1, STEEP, out=of_1))
        self._p2.forward(C1, w2, a2, BOTH / 4, STEEP)
        np.tanh(S2, out=S2)
        C3 = self._squash(self._c3.forward(S2, W3), np.multiply(b3, STEEP, out=of_3))
        self._p4.forward(C3, w4, a4, BOTH / 4, STEEP)
        np.tanh(S4, out=S4)
        self._out.forward(self._f6.forward(self._c5.forward(S4, W5, b5), W6, b6), *last)

    def backward(self, dy: Array, x: Array, params: list[Array], grads: list[Array]) -> None:
        """Write the gradients on the parameters."""
        _, _, _, _, _, _, _, _, W5, _, W6, _, *last = params
        dW1, db1, dw2, da2, dW3, db3, dw4, da4, dW5, db5, dW6, db6, *of_output = grads
        c5, f6, (S2, S4, dS4) = self._c5, self._f6, self._buffers("S2", "S4", "dS4")
        self._out.backward(dy, f6.y, *last[:1], f6.d, *of_output)
        f6.backward(c5.y, W6, dW6, db6, c5.d)
        c5.backward(S4, W5, dW5, db5, dS4)
        Tanh.backward(dS4, S4, dS4, *self._scratch(S4))
        dC3 = self._c3.dy
        by_sum = self._p4.backward(rows_first(dS4), dC3)
        np.add.reduce(dS4.reshape(16, -1), axis=1, out=da4)
        np.multiply(da4, STEEP, out=da4)
        self._sums(by_sum, BOTH / 4, dw4)
        Tanh.backward(dC3, self._c3.y, dC3, *self._scratch(dC3))
        self._sums(dC3, STEEP, db3)
        dS2 = self._c3.backward(dW3)
        Tanh.backward(dS2, S2, dS2, *self._scratch(S2))
        dC1 = self._c1.dy
        by_sum = self._p2.backward(dS2, dC1)
        self._sums(dS2, STEEP, da2)
        self._sums(by_sum, BOTH / 4, dw2)
        Tanh.backward(dC1, self._c1.y, dC1, *self._scratch(dC1))
        self._sums(dC1, STEEP, db1)
        self._c1.backward(dW1)

    def _squash(self, a: Array, b: Array) -> Array:
        np.add(a, b[:, None, None], out=a)
        return np.tanh(a, out=a)

    def _sums(self, a: Array, scale: float, out: Array) -> None:
        channel_sums(a, self._arena, out)
        np.multiply(out, scale, out=out)

    def _buffers(self, *names: str) -> list[Any]:
        return [self._arena[name] for name in names]

    def _scratch(self, a: Array) -> list[Any]:
        return [scratch[: a.size].reshape(a.shape) for scratch in self._buffers("t", "on")]
