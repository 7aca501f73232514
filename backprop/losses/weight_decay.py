r"""Weight decay: half the squared norm of all weights, times a rate.

.. math::

    L = \frac\lambda2 \sum_i \lVert W_i \rVert^2, \qquad
    \frac{\partial L}{\partial W_i} = \lambda W_i

It is added to a loss once, whatever the size of the batch.

Source: Liao18 (MLP-2).  Derivation: ``book/losses/distances.ipynb``.
"""

from typing import Any

from backprop.arrays import Array, Cache, expect_number, expect_shapes


def forward(*weights: Array, rate: float) -> tuple[Any, Cache]:
    """Return the penalty on `weights`.

    Parameters
    ----------
    *weights : arrays of any shapes
        Usually the matrices of a network, not its biases.
    rate : float
        The factor lambda, at least 0.

    Returns
    -------
    loss : scalar in the dtype of the weights
        In squared units of the weights.
    cache : tuple
        For `backward`.  Holds the weights themselves: do not write to them in between.

    Raises
    ------
    TypeError
        If a weight is not an array of floats, or the dtypes differ.
    ValueError
        If there is no weight or `rate` is negative.

    Examples
    --------
    >>> import numpy as np
    >>> loss, cache = forward(np.array([3.0, 4.0]), rate=0.1)
    >>> float(loss)
    1.25
    """
    expect_shapes(**{f"weights[{i}]": (W, "...") for i, W in enumerate(weights)})
    if not weights:
        raise ValueError("weights is empty; needs at least one array")
    if not rate >= 0:
        raise ValueError(f"rate is {rate}; needs a number of at least 0")
    rate = float(rate)
    loss = rate / 2 * sum((W * W).sum() for W in weights)  # Liao18 (MLP-2), corrected
    return loss, (weights, rate)


def backward(dloss: float, cache: Cache) -> tuple[Array, ...]:
    """Return the gradients on the weights.

    Parameters
    ----------
    dloss : number
        Gradient on the penalty: 1 when it is added to what is minimised.
    cache : tuple
        From `forward`.

    Returns
    -------
    dweights : tuple of arrays
        One for each weight, in its shape and dtype.

    Raises
    ------
    ValueError
        If `dloss` is not a single number.

    Examples
    --------
    >>> import numpy as np
    >>> loss, cache = forward(np.array([3.0, 4.0]), rate=0.5)
    >>> backward(1.0, cache)
    (array([1.5, 2. ]),)
    """
    weights, rate = cache
    scale = rate * expect_number("dloss", dloss)
    return tuple(scale * W for W in weights)
