"""A network and a loss, compiled for a batch size and a dtype."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike

from backprop.arrays import Array, Labels, Layer
from backprop.plans.arena import Arena, Wanted
from backprop.plans.losses import in_place
from backprop.plans.parameters import Layout, Parameters


class Network(Protocol):
    """What a plan needs of a network: shape of an input, number of outputs, the two passes."""

    inputs: tuple[int, ...]
    outputs: int

    def wanted(self, N: int, dtype: Any) -> Wanted:
        """Return what to ask of an arena for a batch of N."""

    def place(self, arena: Arena) -> Array:
        """Take the buffers from an arena; return that of the outputs."""

    def forward(self, x: Array, params: list[Array]) -> None:
        """Write the outputs."""

    def backward(self, dy: Array, x: Array, params: list[Array], grads: list[Array]) -> None:
        """Write the gradients on the parameters; that on `x` nobody needs."""


class Plan:
    """A network with all memory that its training needs, taken once.

    Made by the ``compile`` of a module of this package.  One plan serves one thread: every call
    overwrites what the call before returned.  ``plan.parameters`` is what an `Optimiser` moves,
    ``plan.inputs`` an aligned (N, ...) array that `x` may be gathered in, and ``plan.nbytes`` the
    size of the block.

    Parameters
    ----------
    network : Network
        Its passes.
    params : sequence of arrays
        Copied; not written to.
    batch_size : int
        Number of examples N of every call.
    loss : layer
        ``cross_entropy`` with integer labels, or ``mse``.
    make : function
        Makes of a list of arrays what the network calls its parameters.
    rows : int, optional
        Examples that go through the network together, a divisor of the batch size; without it
        all.  Buffers of fewer examples stay in the cache.
    """

    def __init__(
        self,
        network: Network,
        params: Sequence[Array],
        batch_size: int,
        loss: Layer,
        make: Callable[[list[Array]], Any],
        rows: int | None = None,
    ) -> None:
        planned, layout = in_place(loss), Layout(params)
        N, dtype = batch_size, layout.dtype
        n = rows or N
        wanted: Wanted = {"x": ((N, *network.inputs), dtype)} | Parameters.wanted(layout)
        wanted |= network.wanted(n, dtype) | planned.wanted((n, network.outputs), dtype)
        if n < N:
            wanted["total"] = (layout.size,), dtype
        arena = Arena(wanted)
        self.parameters = Parameters(layout, arena)
        self.parameters.load(params)
        self.inputs: Array = arena["x"]
        self.nbytes = arena.nbytes
        self._network = network
        self._loss = planned(network.place(arena), arena)
        self._make, self._rows = make, n
        self._total: Array | None = arena["total"] if n < N else None

    @property
    def params(self) -> Any:
        """The parameters as they are, as views that the step after the next overwrites."""
        return self._make(self.parameters.now)

    def load(self, params: Sequence[Array]) -> None:
        """Copy parameters in; shapes and dtypes are those the plan was made for."""
        self.parameters.load(params)

    def loss_and_gradients(self, x: Array, target: Labels | Array) -> tuple[float, Any]:
        """Return the mean loss of a batch and its gradients on the parameters.

        Parameters
        ----------
        x : (N, ...) array
            Batch, in the dtype of the plan.
        target : (N,) integers or (N, C) array
            What the loss takes.

        Returns
        -------
        loss : float
            As the readable network has it.
        grads : as the parameters
            Views, valid until the next call.

        Raises
        ------
        TypeError, ValueError
            If an argument does not fit, before anything is written.
        """
        self.expect(x, target)
        if self._total is None:
            value = self._piece(x, target)
        else:
            value = self._pieces(x, target, self._total)
        return value, self._make(self.parameters.gradients)

    def _piece(self, x: Array, target: Any) -> float:
        params, grads = self.parameters.now, self.parameters.gradients
        self._network.forward(x, params)
        value = self._loss.value(target)
        self._network.backward(self._loss.dy, x, params, grads)
        return value

    def _pieces(self, x: Array, target: Any, total: Array) -> float:
        """Average the losses and the gradients of pieces of one size."""
        value, gradient, n = 0.0, self.parameters.gradient, self._rows
        total.fill(0)
        for start in range(0, len(x), n):
            value += self._piece(x[start : start + n], target[start : start + n])
            np.add(total, gradient, out=total)
        np.multiply(total, n / len(x), out=gradient)
        return value * n / len(x)

    def expect(self, x: Any, target: Any, batch: Array | None = None) -> None:
        """Raise unless this is a batch that the plan was made for, or one like `batch`."""
        wanted = self.inputs if batch is None else batch
        if not isinstance(x, np.ndarray):
            raise TypeError(f"x is a {type(x).__name__}; needs a NumPy array")
        if x.dtype != wanted.dtype:
            raise TypeError(f"x has dtype {x.dtype}; needs {wanted.dtype}, that of the plan")
        if x.shape != wanted.shape:
            raise ValueError(f"x has shape {x.shape}; needs {wanted.shape}, that of the plan")
        self._loss.expect(target, len(wanted))


def pieces(batch_size: int) -> int:
    """Return how many images go through a network together: a divisor of the batch size.

    Examples
    --------
    >>> pieces(64), pieces(256), pieces(96), pieces(101)
    (64, 64, 48, 101)
    """
    fits = [n for n in range(32, 65) if batch_size % n == 0]
    return max(fits) if fits and batch_size > 64 else batch_size


def prepared(
    net: Layer,
    params: Sequence[Array],
    batch_size: int,
    dtype: DTypeLike | None,
    example: tuple[int, ...] | None = None,
    **constants: Any,
) -> list[Array]:
    """Return the parameters in the dtype of a plan; raise unless network and plan take them."""
    if batch_size != int(batch_size) or batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}; needs a whole number of at least 1")
    for i, w in enumerate(params):
        if not isinstance(w, np.ndarray):
            raise TypeError(f"params[{i}] is a {type(w).__name__}; needs a NumPy array")
    cast = [w if dtype is None else w.astype(dtype, copy=False) for w in params]
    inputs = cast[0].shape[-1] if cast and cast[0].ndim == 2 else 0
    nobody = np.zeros((0, *(example or (inputs,))), cast[0].dtype if cast else None)
    net.forward(nobody, *cast, **constants)  # its own checks
    if cast[0].dtype not in (np.float32, np.float64):
        raise TypeError(f"params have dtype {cast[0].dtype}; needs float32 or float64")
    return cast
