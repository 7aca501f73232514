r"""Ye's second-order descent: gradients of linear layers over the correlations of their inputs.

.. math::

    [\,dW \;\, db\,] \leftarrow [\,dW \;\, db\,]
    \Bigl( \frac1N Z^\top Z + \lambda I \Bigr)^{-1}, \qquad Z = [\,x \;\, \mathbf 1\,]

The step that results is the change :math:`P` of the weights with which the layer's output comes
nearest to the change that the loss asks of it, :math:`-R`: it minimises
:math:`\frac1{2N} \lVert Z P^\top + R \rVert^2 + \frac\lambda2 \lVert P \rVert^2` with
:math:`R = N\, \partial L/\partial y`.  The last column of Z, and so the last row of the matrix,
belongs to the bias.

Source: C. Ye et al., LightNet, 2016, its optimiser SGD2.
Derivation: ``book/training/optimisers.ipynb``.
Sizes: N examples, D inputs, M outputs of a linear layer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from backprop.arrays import Array, expect_shapes
from backprop.optim import momentum as heavy_ball
from backprop.optim.expect import expect_gradients, expect_positive
from backprop.optim.momentum import State, init

__all__ = ["State", "init", "precondition", "step"]


def precondition(dW: Array, db: Array, x: Array, *, damping: float = 1.0) -> tuple[Array, Array]:
    """Return the gradients of a linear layer, divided by the correlations of its inputs.

    Parameters
    ----------
    dW, db : (M, D) and (M,) arrays
        Gradients on its weights and its bias.
    x : (N, D) array
        Its inputs.
    damping : float
        The number lambda, greater than 0.  When it is large, the gradients only get shorter.

    Returns
    -------
    dW, db : arrays
        In the shapes and dtype of the arguments.

    Raises
    ------
    TypeError
        If an argument is not an array of floats, or the dtypes differ.
    ValueError
        If the shapes disagree, there is no example, or `damping` is not positive.

    Examples
    --------
    >>> x = np.array([[2.0], [-2.0]])  # mean square 4, mean 0
    >>> precondition(np.array([[5.0]]), np.array([2.0]), x)
    (array([[1.]]), array([1.]))
    """
    N = expect_shapes(dW=(dW, "M D"), db=(db, "M"), x=(x, "N D"))["N"]
    expect_positive(damping=damping)
    if N == 0:
        raise ValueError("x has no example; needs one at least")
    Z = np.concatenate([x, np.ones_like(x[:, :1])], axis=1)
    A = Z.T @ Z / N
    A[np.diag_indices_from(A)] += damping
    both = np.linalg.solve(A, np.concatenate([dW, db[:, None]], axis=1).T).T
    return np.ascontiguousarray(both[:, :-1]), both[:, -1].copy()


def step(
    params: Sequence[Array],
    grads: Sequence[Array],
    state: State,
    *,
    lr: float,
    inputs: Sequence[Array],
    damping: float = 1.0,
    momentum: float = 0.0,
) -> tuple[list[Array], State]:
    """Take one step.

    Parameters
    ----------
    params, grads : sequences of arrays
        Weights and bias of one linear layer after the other, and their gradients.
    state : State
        From `init` or the step before.
    lr : float
        Learning rate, greater than 0.
    inputs : sequence of (N, D) arrays
        What each layer was given.
    damping : float
        As in `precondition`.
    momentum : float
        As in ``momentum.step``, which takes the step.

    Returns
    -------
    params : list of arrays
        New ones; the old are not written to.
    state : State
        For the next step.

    Raises
    ------
    ValueError
        If something is missing or misshapen, or a number is out of its range.

    Examples
    --------
    >>> w, x = [np.array([[0.0]]), np.array([0.0])], np.array([[2.0], [-2.0]])
    >>> step(w, [np.array([[5.0]]), np.array([2.0])], init(w), lr=0.1, inputs=[x])[0]
    [array([[-0.1]]), array([-0.1])]
    """
    expect_gradients(params, grads)
    if len(params) != 2 * len(inputs):
        raise ValueError(
            f"inputs has {len(inputs)} arrays for {len(params)} parameters; needs one for each "
            "pair of weights and bias"
        )
    divided: list[Array] = []
    for dW, db, x in zip(grads[::2], grads[1::2], inputs, strict=True):
        divided += precondition(dW, db, x, damping=damping)
    return heavy_ball.step(params, divided, state, lr=lr, momentum=momentum)
