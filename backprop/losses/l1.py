r"""Sum of the absolute differences to the target.

.. math::

    L = \frac1N \sum_{nm} \lvert y_{nm} - \hat y_{nm} \rvert, \qquad
    \frac{\partial L}{\partial y} = \frac1N \operatorname{sign}(y - \hat y)

Where they agree the derivative is 0 by convention.

Source: Ye17 (22)-(23), corrected.  Derivation: ``book/losses/distances.ipynb``.
Sizes: N examples, M outputs.
"""

from typing import Any

import numpy as np

from backprop.arrays import Array, Cache, expect_number, expect_shapes, expect_target


def forward(y: Array, *, target: Array) -> tuple[Any, Cache]:
    """Return the mean loss of a batch.

    Parameters
    ----------
    y : (N, M) array
        Prediction.
    target : (N, M) array
        What it should have been; taken in the dtype of `y`.

    Returns
    -------
    loss : scalar in the dtype of `y`
        In units of the target, per example.
    cache : tuple
        For `backward`.

    Raises
    ------
    TypeError
        If an argument is not an array of floats.
    ValueError
        If the shapes differ or there is no example.

    Examples
    --------
    >>> loss, cache = forward(np.array([[3.0, -4.0]]), target=np.array([[0.0, 0.0]]))
    >>> float(loss)
    7.0
    """
    expect_shapes(y=(y, "N M"))
    error = y - expect_target(target, y)
    loss = np.abs(error).sum() / len(y)  # Ye17 (22)
    return loss, (error,)


def backward(dloss: float, cache: Cache) -> Array:
    """Return the gradient on the prediction.

    Parameters
    ----------
    dloss : number
        Gradient on the loss: 1 when the loss is what is minimised.
    cache : tuple
        From `forward`.

    Returns
    -------
    dy : (N, M) array
        In the dtype of the prediction.

    Raises
    ------
    ValueError
        If `dloss` is not a single number.

    Examples
    --------
    >>> loss, cache = forward(np.array([[3.0, -4.0]]), target=np.array([[0.0, 0.0]]))
    >>> backward(1.0, cache)
    array([[ 1., -1.]])
    """
    (error,) = cache
    scale = expect_number("dloss", dloss) / len(error)
    dy: Array = scale * np.sign(error)  # Ye17 (23), corrected
    return dy
