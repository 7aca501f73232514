r"""Stochastic gradient descent.

.. math::

    w \leftarrow w - \eta \frac{\partial L}{\partial w}

Source: PreAct (U1)-(U4), Shen19 (3), Liao18 (MLP-6)-(MLP-9), corrected: the documents' signs
differ.  Derivation: ``book/foundations/descent.ipynb``.
"""

from collections.abc import Sequence

from backprop.arrays import Array
from backprop.optim.expect import expect_gradients, expect_positive

State = tuple[()]


def init(params: Sequence[Array]) -> State:
    """Return the state before the first step: there is none.

    Examples
    --------
    >>> init([])
    ()
    """
    return ()


def step(
    params: Sequence[Array], grads: Sequence[Array], state: State, *, lr: float
) -> tuple[list[Array], State]:
    """Take one step against the gradient.

    Parameters
    ----------
    params, grads : sequences of arrays
        One gradient per parameter, in its shape.
    state : tuple
        From `init` or the step before.
    lr : float
        Learning rate, greater than 0.

    Returns
    -------
    params : list of arrays
        New ones; the old are not written to.
    state : tuple
        For the next step.

    Raises
    ------
    ValueError
        If a gradient is missing or misshapen, or `lr` is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> params, state = step([np.array([1.0])], [np.array([10.0])], (), lr=0.01)
    >>> params
    [array([0.9])]
    """
    expect_gradients(params, grads)
    expect_positive(lr=lr)
    moved = [-float(lr) * dw for dw in grads]  # then in place: a new array costs more
    for new, w in zip(moved, params, strict=True):
        new += w  # PreAct (U1)-(U4)
    return moved, state
