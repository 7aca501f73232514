r"""AdamW: Adam, with weights that shrink on their own.

.. math::

    w \leftarrow (1 - \eta \lambda)\, w - \eta\, \frac{\hat m_k}{\sqrt{\hat v_k} + \epsilon}

Weight decay in the loss adds :math:`\lambda w` to the gradient, and Adam divides that by the root
of the mean square as it divides everything: where gradients are large, weights hardly decay.
Here decay goes past the division.

Source: I. Loshchilov and F. Hutter, Decoupled weight decay regularization, 2019.
Derivation: ``book/training/optimisers.ipynb``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from backprop.arrays import Array
from backprop.optim import adam
from backprop.optim.adam import State, init

__all__ = ["State", "init", "step"]


def step(
    params: Sequence[Array],
    grads: Sequence[Array],
    state: State,
    *,
    lr: float,
    decay: float = 0.01,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
) -> tuple[list[Array], State]:
    """Take one step.

    Parameters
    ----------
    params, grads, state, lr, beta1, beta2, epsilon
        As in ``adam.step``.
    decay : float
        The rate lambda, at least 0, for parameters with two or more axes; biases are left alone.

    Returns
    -------
    params : list of arrays
        New ones; the old are not written to.
    state : State
        For the next step.

    Raises
    ------
    ValueError
        If a gradient is missing or misshapen, or a number is out of its range.

    Examples
    --------
    >>> w = [np.ones((1, 1)), np.ones(1)]
    >>> step(w, [0 * w[0], 0 * w[1]], init(w), lr=0.1, decay=0.5)[0]
    [array([[0.95]]), array([1.])]
    """
    if not 0 <= decay * lr < 1:
        raise ValueError(f"decay is {decay}; needs a number from 0 to less than 1 / lr")
    moved, after = adam.step(params, grads, state, lr=lr, beta1=beta1, beta2=beta2, epsilon=epsilon)
    for i, w in enumerate(params):
        if np.ndim(w) > 1:
            moved[i] -= lr * decay * w
    return moved, after
