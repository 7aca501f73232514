r"""Embedding: a row of a table for every label.

.. math::

    x_n = E_{l_n}, \qquad
    \frac{\partial L}{\partial E_v} = \sum_{n : l_n = v} \frac{\partial L}{\partial x_n}

It is the linear layer without a bias for one-hot inputs, which are never written out.

Source: Ye17 (1)-(4) for one-hot inputs.  Derivation: ``book/nets/char_model.ipynb``.
Sizes: V labels, D entries a row.
"""

import numpy as np

from backprop.arrays import Array, Cache, Labels, expect_shapes, expect_upstream


def forward(E: Array, *, labels: Labels) -> tuple[Array, Cache]:
    """Look up the row of every label.

    Parameters
    ----------
    E : (V, D) array
        The table.
    labels : integers of any shape
        From 0 to V - 1.

    Returns
    -------
    x : (..., D) array
        In the dtype of `E`.
    cache : tuple
        For `backward`.  Holds `labels` itself: do not write to it in between.

    Raises
    ------
    TypeError
        If `E` is not an array of floats or `labels` not one of integers.
    ValueError
        If a label is out of range.

    Examples
    --------
    >>> x, cache = forward(np.array([[1.0], [2.0], [3.0]]), labels=np.array([2, 0, 2]))
    >>> x.ravel()
    array([3., 1., 3.])
    """
    V = expect_shapes(E=(E, "V D"))["V"]
    if getattr(getattr(labels, "dtype", None), "kind", "") not in ("i", "u"):
        raise TypeError("labels needs to be an array of integers")
    if labels.size and not (0 <= labels.min() and labels.max() < V):
        worst = labels.min() if labels.min() < 0 else labels.max()
        raise ValueError(f"labels has {worst}; needs labels from 0 to {V - 1}")
    x: Array = E[labels]  # Ye17 (1)
    return x, (labels, E.shape, E.dtype)


def backward(dx: Array, cache: Cache) -> Array:
    """Return the gradient on the table: each row sums over the places that looked it up.

    Parameters
    ----------
    dx : (..., D) array
        Gradient of the loss on `x`.
    cache : tuple
        From `forward`.

    Returns
    -------
    dE : (V, D) array
        Zero for a label that did not occur.

    Raises
    ------
    TypeError, ValueError
        If `dx` is not an array in the shape and dtype of `x`.

    Examples
    --------
    >>> x, cache = forward(np.array([[1.0], [2.0], [3.0]]), labels=np.array([2, 0, 2]))
    >>> backward(np.array([[10.0], [20.0], [30.0]]), cache).ravel()
    array([20.,  0., 40.])
    """
    labels, shape, dtype = cache
    expect_upstream(dx, (*labels.shape, shape[1]), dtype)
    dE = np.zeros_like(dx, shape=shape)
    if labels.size:
        order = np.argsort(labels, axis=None, kind="stable")
        found, starts = np.unique(labels.ravel()[order], return_index=True)
        rows = dx.reshape(labels.size, shape[1])[order]
        dE[found] = np.add.reduceat(rows, starts)  # Ye17 (4)
    return dE
