r"""Sigmoid and cross entropy in one, from one raw score per example: logistic regression's loss.

.. math::

    p_n = \frac{1}{1 + e^{-s_n}}, \qquad
    L = -\frac1N \sum_n \bigl( t_n \log p_n + (1 - t_n) \log(1 - p_n) \bigr), \qquad
    \frac{\partial L}{\partial s} = \frac{p - t}{N}

It is ``cross_entropy`` with the two scores s and 0.  Derivation: ``book/nets/regression.ipynb``.
Sizes: N examples.
"""

from typing import Any

import numpy as np

from backprop.arrays import Array, Cache, expect_number, expect_shapes, expect_target


def forward(scores: Array, *, target: Array) -> tuple[Any, Cache]:
    """Return the mean loss of a batch.

    Parameters
    ----------
    scores : (N, 1) array
        The score of every example; no sigmoid applied.
    target : (N, 1) array
        The probability of every example: 0, 1 or between.

    Returns
    -------
    loss : scalar in the dtype of `scores`
        In nats per example.
    cache : tuple
        For `backward`.

    Raises
    ------
    TypeError
        If an argument is not an array of floats.
    ValueError
        If the shapes differ, there is no example, or a target is no probability.

    Examples
    --------
    >>> loss, cache = forward(np.array([[0.0]]), target=np.array([[1.0]]))
    >>> round(float(loss), 6)
    0.693147
    """
    expect_shapes(scores=(scores, "N 1"))
    t = expect_target(target, scores)
    wrong = np.flatnonzero(~((t >= 0) & (t <= 1)))
    if wrong.size:
        raise ValueError(f"target[{wrong[0]}] is {t[wrong[0], 0]:g}; needs a number from 0 to 1")
    small = np.exp(np.minimum(scores, -scores))  # at most 1, so nothing overflows
    loss = (np.maximum(scores, 0) - t * scores + np.log1p(small)).sum() / len(scores)
    p = np.exp(np.minimum(scores, 0)) / (1 + small)
    return loss, (p, t)


def backward(dloss: float, cache: Cache) -> Array:
    """Return the gradient on the scores.

    Parameters
    ----------
    dloss : number
        Gradient on the loss: 1 when the loss is what is minimised.
    cache : tuple
        From `forward`.

    Returns
    -------
    dscores : (N, 1) array
        In the dtype of the scores.

    Raises
    ------
    ValueError
        If `dloss` is not a single number.

    Examples
    --------
    >>> loss, cache = forward(np.array([[0.0]]), target=np.array([[1.0]]))
    >>> backward(1.0, cache)
    array([[-0.5]])
    """
    p, t = cache
    dscores: Array = (p - t) * (expect_number("dloss", dloss) / len(p))
    return dscores
