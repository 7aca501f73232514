r"""Linear layer: one affine map for every row of a batch.

.. math::

    y = x W^\top + b, \qquad
    \frac{\partial L}{\partial x} = \frac{\partial L}{\partial y} W, \qquad
    \frac{\partial L}{\partial W} = \Bigl(\frac{\partial L}{\partial y}\Bigr)^{\!\top} x, \qquad
    \frac{\partial L}{\partial b_m} = \sum_n \frac{\partial L}{\partial y_{nm}}

Source: Ye17 (1)-(4), CS4670 (B0)-(B1).  Derivation: ``book/layers/linear.ipynb``.
Sizes: N examples, D inputs, M outputs.
"""

from backprop.arrays import Array, Cache, expect_shapes, expect_upstream


def forward(x: Array, W: Array, b: Array) -> tuple[Array, Cache]:
    """Map every row of `x`.

    Parameters
    ----------
    x : (N, D) array
        Batch, one example per row.
    W : (M, D) array
        Weights, one output per row.
    b : (M,) array
        Bias.

    Returns
    -------
    y : (N, M) array
        In the dtype of the arguments.
    cache : tuple
        For `backward`.  Holds `x` and `W` themselves: do not write to them in between.

    Raises
    ------
    TypeError
        If an argument is not an array of floats, or the dtypes differ.
    ValueError
        If the shapes disagree.

    Examples
    --------
    >>> import numpy as np
    >>> y, cache = forward(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]]), np.array([5.0]))
    >>> y
    array([[16.]])
    """
    expect_shapes(x=(x, "N D"), W=(W, "M D"), b=(b, "M"))
    y = x @ W.T + b  # Ye17 (1)
    return y, (x, W)


def backward(dy: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Return the gradients on the arguments of `forward`.

    Parameters
    ----------
    dy : (N, M) array
        Gradient of the loss on `y`.
    cache : tuple
        From `forward`.

    Returns
    -------
    dx, dW, db : arrays
        In the shapes of `x`, `W` and `b`.

    Raises
    ------
    TypeError, ValueError
        If `dy` is not an array in the shape and dtype of `y`.

    Examples
    --------
    >>> import numpy as np
    >>> y, cache = forward(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]]), np.array([5.0]))
    >>> backward(np.array([[10.0]]), cache)
    (array([[30., 40.]]), array([[10., 20.]]), array([10.]))
    """
    x, W = cache
    expect_upstream(dy, (len(x), len(W)), x.dtype)
    dx = dy @ W  # Ye17 (2)
    dW = dy.T @ x  # Ye17 (4)
    db = dy.sum(axis=0)  # Ye17 (3)
    return dx, dW, db
