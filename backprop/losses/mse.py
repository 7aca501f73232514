r"""Half the squared distance to the target.

.. math::

    L = \frac{1}{2N} \sum_n \lVert y_n - \hat y_n \rVert^2, \qquad
    \frac{\partial L}{\partial y} = \frac{y - \hat y}{N}

Source: Ye17 (20)-(21).  Derivation: ``book/losses/distances.ipynb``.
Sizes: N examples, M outputs.
"""

from typing import Any

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
        In squared units of the target, per example.
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
    >>> import numpy as np
    >>> loss, cache = forward(np.array([[3.0, 4.0]]), target=np.array([[0.0, 0.0]]))
    >>> float(loss)
    12.5
    """
    expect_shapes(y=(y, "N M"))
    error = y - expect_target(target, y)
    loss = (error * error).sum() / (2 * len(y))  # Ye17 (20)
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
    >>> import numpy as np
    >>> loss, cache = forward(np.array([[3.0, 4.0]]), target=np.array([[0.0, 0.0]]))
    >>> backward(1.0, cache)
    array([[3., 4.]])
    """
    (error,) = cache
    dy: Array = error * (expect_number("dloss", dloss) / len(error))  # Ye17 (21)
    return dy
