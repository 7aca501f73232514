"""Which plan there is for a training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

from backprop import nets
from backprop.arrays import Array, Labels, Layer
from backprop.plans import deep_mlp, lenet5, lenet5_modern, mlp, preact
from backprop.plans.plan import Plan

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
) -> Plan | None:
    """Return a plan that computes what the network computes, or None where there is none.

    Parameters
    ----------
    net, params, loss, constants
        As ``training.fit`` takes them.
    x, target : arrays
        Examples; batches of them must fit.
    batch_size : int
        Number of examples of a batch.

    Returns
    -------
    plan : Plan or None
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
                plan: Plan = planned.compile(params, batch_size, loss=loss, **constants)
                plan.expect(x[:batch_size], target[:batch_size])
            except (NotImplementedError, TypeError, ValueError):
                return None
            return plan
    return None
