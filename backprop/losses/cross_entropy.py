r"""Softmax and cross entropy in one, from raw scores.

.. math::

    p_{nc} = \frac{e^{s_{nc}}}{\sum_k e^{s_{nk}}}, \qquad
    L = -\frac1N \sum_{nc} t_{nc} \log p_{nc}, \qquad
    \frac{\partial L}{\partial s} = \frac{p - t}{N}

Source: Ye17 (15), (18)-(19), CS4670 (C1)-(C4), PreAct (2)-(8), Liao18 (MLP-1).
Derivation: ``book/losses/cross_entropy.ipynb``.
Sizes: N examples, C classes.
"""

from typing import Any

import numpy as np

from backprop.arrays import Array, Cache, Labels, expect_number, expect_shapes


def forward(scores: Array, *, target: Labels | Array) -> tuple[Any, Cache]:
    """Return the mean loss of a batch.

    Parameters
    ----------
    scores : (N, C) array
        One row of raw scores per example; no softmax applied.
    target : (N,) integers or (N, C) array
        The class of every example, or its distribution over the classes.

    Returns
    -------
    loss : scalar in the dtype of `scores`
        In nats per example.
    cache : tuple
        For `backward`.

    Raises
    ------
    TypeError
        If `scores` is not an array of floats.
    ValueError
        If there is no example, a label is out of range, or a row of `target` is no distribution.

    Examples
    --------
    Two equal scores: the loss is log 2.

    >>> loss, cache = forward(np.array([[7.0, 7.0]]), target=np.array([0]))
    >>> round(float(loss), 6)
    0.693147
    """
    expect_shapes(scores=(scores, "N C"))
    t = distribution(target, scores)
    p = scores - scores.max(axis=1, keepdims=True)  # the largest exponent is 0
    agreement = np.vdot(t, p)
    np.exp(p, out=p)  # in place: a fresh array costs more than what is computed in it
    total = p.sum(axis=1, keepdims=True)
    loss = (np.log(total).sum() - agreement) / len(t)  # Ye17 (18), CS4670 (C1), PreAct (22)
    p /= total  # CS4670 (C3)
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
    dscores : (N, C) array
        In the dtype of the scores.

    Raises
    ------
    ValueError
        If `dloss` is not a single number.

    Examples
    --------
    >>> loss, cache = forward(np.array([[7.0, 7.0]]), target=np.array([0]))
    >>> backward(1.0, cache)
    array([[-0.5,  0.5]])
    """
    p, t = cache
    dscores: Array = p - t  # CS4670 (C4)
    dscores *= expect_number("dloss", dloss) / len(t)
    return dscores


def distribution(target: Labels | Array, scores: Array) -> Array:
    """Return `target` as rows that sum to one, in the shape and dtype of `scores`."""
    N, C = scores.shape
    if N == 0 or C == 0:
        raise ValueError(f"scores has shape {scores.shape}; needs at least one example and class")
    dtype = getattr(target, "dtype", np.dtype(object))
    if dtype.kind in "iu" and target.shape == (N,):
        return one_hot(target, scores)
    if dtype.kind != "f" or target.shape != (N, C):
        raise ValueError(
            f"target has shape {np.shape(target)} and dtype {dtype}; "
            f"needs ({N},) integers or ({N}, {C}) floats"
        )
    sums = target.sum(axis=1)
    wrong = np.flatnonzero(~((np.abs(sums - 1) < 1e-3) & (target >= 0).all(axis=1)))
    if wrong.size:
        n = wrong[0]
        raise ValueError(
            f"target[{n}] sums to {sums[n]:g} with smallest entry {target[n].min():g}; "
            "needs a distribution: entries of at least 0 that sum to 1"
        )
    t: Array = target.astype(scores.real.dtype, copy=False)
    return t


def one_hot(labels: Any, scores: Array) -> Array:
    """Return a row for every label, 1 at the label and 0 elsewhere, in the shape of `scores`."""
    C = scores.shape[1]
    wrong = np.flatnonzero((labels < 0) | (labels >= C))
    if wrong.size:
        n = wrong[0]
        raise ValueError(f"target[{n}] is {labels[n]}; needs a label from 0 to {C - 1}")
    t: Array = np.zeros_like(scores.real)
    t[np.arange(len(labels)), labels] = 1  # CS4670 (C2)
    return t
