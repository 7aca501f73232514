"""Which plan there is for a training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

from backprop import nets
from backprop.arrays import Array, Labels, Layer
from backprop.plans import deep_mlp, lenet5, lenet5_modern, mlp, preact
from backprop.plans import threads as side_by_side
from backprop.plans.plan import Plan
from backprop.plans.threads import Threaded

PLANS: tuple[tuple[ModuleType, Any], ...] = (
    (nets.mlp, mlp),
    (nets.deep_mlp, deep_mlp),
    (nets.preact, preact),
    (nets.lenet5, lenet5),
    (nets.lenet5_modern, lenet5_modern),
)


def find(
    net: Layer,
    params: Sequence[Array],
    x: Array,
    target: Labels | Array,
    *,
    batch_size: int,
    loss: Layer,
    constants: Mapping[str, Any],
    threads: int = 1,
) -> Plan | Threaded | None:
    """Return a plan that computes what the network computes, or None where there is none.

    Parameters
    ----------
    net, params, loss, constants
        As ``training.fit`` takes them.
    x, target : arrays
        Examples; batches of them must fit.
    batch_size : int
        Number of examples of a batch.
    threads : int
        With more than one, the parts of a batch are computed side by side.

    Returns
    -------
    plan : Plan, Threaded or None
        None as well if anything is wrong: the readable network says what.

    Examples
    --------
    >>> import numpy as np
    >>> from backprop.losses import cross_entropy, l1
    >>> params = nets.mlp.init(np.random.default_rng(0), 4, 3, 2)
    >>> data = np.ones((6, 4), np.float32), np.zeros(6, int)
    >>> how = {"batch_size": 2, "constants": {}}
    >>> find(nets.mlp, params, *data, loss=cross_entropy, **how).inputs.shape
    (2, 4)
    >>> find(nets.mlp, params, *data, loss=l1, **how) is None
    True
    """
    for known, planned in PLANS:
        if net is known:
            try:
                plan: Plan | Threaded = (
                    planned.compile(params, batch_size, loss=loss, **constants)
                    if threads == 1
                    else side_by_side.compile(
                        planned, params, batch_size, threads=threads, loss=loss, **constants
                    )
                )
                plan.expect(x[:batch_size], target[:batch_size])
            except (NotImplementedError, TypeError, ValueError):
                return None
            return plan
    return None
