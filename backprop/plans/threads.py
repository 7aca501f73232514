"""A plan whose batch is cut into equal parts, each with a thread and buffers of its own.

NumPy lets other threads run while it computes, so two of them take little more than half the time
where a part is work for a millisecond or more.  The gradient of the batch is the mean of those of
its parts, see ``book/training/data_parallel.ipynb``: the same numbers as those of one plan, up to
rounding, and always the same bits, as the parts are added in their order.

The matrix library has threads as well; let it have one (``OPENBLAS_NUM_THREADS=1``, before NumPy is
imported), or they get in one another's way.
"""

from __future__ import annotations

import contextvars
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from backprop.arrays import Array, Labels
from backprop.plans.arena import Arena
from backprop.plans.parameters import Parameters
from backprop.plans.plan import Plan


class Threaded:
    """Plans of equal parts as one plan of the batch, made by `compile`; used as a `Plan` is.

    Parameters
    ----------
    parts : sequence of Plan
        All of one network, at least two; only the first keeps its parameters.
    """

    def __init__(self, parts: Sequence[Plan]) -> None:
        first, *others = parts
        for plan in others:
            plan.parameters = Lent(first.parameters, plan.parameters)
        n, *shape = first.inputs.shape
        arena = Arena({"x": ((n * len(parts), *shape), first.inputs.dtype)})
        self.parameters, self.inputs = first.parameters, arena["x"]
        self.nbytes = arena.nbytes + sum(plan.nbytes for plan in parts)
        self._parts, self._rows = list(parts), n
        self._pool = ThreadPoolExecutor(len(others), "backprop.plans")

    @property
    def params(self) -> Any:
        """The parameters as they are, as views that the step after the next overwrites."""
        return self._parts[0].params

    def load(self, params: Sequence[Array]) -> None:
        """Copy parameters in; shapes and dtypes are those the plan was made for."""
        self.parameters.load(params)

    def loss_and_gradients(self, x: Array, target: Labels | Array) -> tuple[float, Any]:
        """Return what ``Plan.loss_and_gradients`` returns, for the whole batch.

        Raises
        ------
        TypeError, ValueError
            If an argument does not fit, before anything is written.
        """
        self.expect(x, target)
        n, (first, *others) = self._rows, self._parts
        waiting = []
        for k, plan in enumerate(others, start=1):
            cut = slice(k * n, (k + 1) * n)
            run = contextvars.copy_context().run  # with what NumPy shall do about overflows
            waiting.append(self._pool.submit(run, plan.loss_and_gradients, x[cut], target[cut]))
        try:
            value, grads = first.loss_and_gradients(x[:n], target[:n])
        finally:
            wait(waiting)  # nobody writes to the buffers later, whatever happened
        gradient = self.parameters.gradient
        for plan, future in zip(others, waiting, strict=True):
            value += future.result()[0]
            np.add(gradient, plan.parameters.gradient, out=gradient)
        np.multiply(gradient, 1 / len(self._parts), out=gradient)
        return value / len(self._parts), grads

    def expect(self, x: Any, target: Any) -> None:
        """Raise unless this is a batch that the plan was made for."""
        self._parts[0].expect(x, target, self.inputs)


class Lent(Parameters):
    """The parameters of another plan, with gradients of one's own."""

    def __init__(self, owner: Parameters, own: Parameters) -> None:
        self.layout, self._owner = own.layout, owner
        self.gradient, self.gradients = own.gradient, own.gradients

    @property
    def now(self) -> list[Array]:
        """The parameters as they are, as views that the step after the next overwrites."""
        return self._owner.now


def compile(
    module: Any,
    params: Sequence[Array],
    batch_size: int,
    dtype: DTypeLike | None = None,
    *,
    threads: int = 2,
    **options: Any,
) -> Threaded:
    """Return a plan that computes the parts of a batch side by side.

    Parameters
    ----------
    module : module
        Of this package, such as ``plans.lenet5_modern``.
    params, dtype, **options
        As its ``compile`` takes them.
    batch_size : int
        Number of examples of every call, a multiple of `threads`.
    threads : int
        Number of parts and of threads, at least 2.

    Returns
    -------
    plan : Threaded
        With the methods of a `Plan`.

    Raises
    ------
    TypeError, ValueError
        If `threads` is less than 2 or does not divide `batch_size`, or as `module` raises.
    NotImplementedError
        If `module` has no plan for the loss or the activation.

    Examples
    --------
    >>> from backprop import nets, plans
    >>> start = nets.mlp.init(np.random.default_rng(0), 4, 3, 2)
    >>> plan = compile(plans.mlp, start, batch_size=6, threads=2)
    >>> loss, grads = plan.loss_and_gradients(np.ones((6, 4), np.float32), np.zeros(6, int))
    >>> grads.W1.shape
    (3, 4)
    """
    if threads != int(threads) or threads < 2:
        raise ValueError(f"threads is {threads}; needs a whole number of at least 2")
    if batch_size % threads:
        raise ValueError(f"batch_size is {batch_size}; needs a multiple of threads, {threads}")
    n = batch_size // threads
    return Threaded([module.compile(params, n, dtype, **options) for _ in range(threads)])
