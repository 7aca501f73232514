r"""Stochastic gradient descent.

.. math::

    w \leftarrow w - \eta \frac{\partial L}{\partial w}

Source: PreAct (U1)-(U4), Shen19 (3), Liao18 (MLP-6)-(MLP-9), corrected: the documents' signs
differ.  Derivation: ``book/foundations/descent.ipynb``.
"""

from collections.abc import Sequence

from backprop.arrays import Array

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
    if not lr > 0:
        raise ValueError(f"lr is {lr}; needs a number greater than 0")
    moved = [-float(lr) * dw for dw in grads]  # then in place: a new array costs more
    for new, w in zip(moved, params, strict=True):
        new += w  # PreAct (U1)-(U4)
    return moved, state


def expect_gradients(params: Sequence[Array], grads: Sequence[Array]) -> None:
    """Raise unless there is one gradient per parameter, in its shape."""
    if len(params) != len(grads):
        raise ValueError(f"grads has {len(grads)} arrays; needs {len(params)}, one per parameter")
    for i, (w, dw) in enumerate(zip(params, grads, strict=True)):
        if w.shape != dw.shape:
            raise ValueError(f"grads[{i}] has shape {dw.shape}; needs {w.shape}")
