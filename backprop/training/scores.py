"""How good a network is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backprop.arrays import Array, Labels, Layer
from backprop.losses import cross_entropy


class Score(NamedTuple):
    """Loss in the loss's units, accuracy from 0 to 1, predicted classes, (N,)."""

    loss: float
    accuracy: float
    predicted: Labels


def evaluate(
    net: Layer,
    params: Sequence[Array],
    x: Array,
    target: Labels | Array,
    *,
    loss: Layer = cross_entropy,
    constants: Mapping[str, Any] | None = None,
) -> Score:
    """Return the loss, the accuracy and the predicted class of every example.

    Parameters
    ----------
    net, params, x, target, loss, constants
        As in ``fit``.

    Returns
    -------
    score : Score
        The predicted class is the largest output, the true one the label or the largest entry
        of the target.

    Examples
    --------
    >>> from backprop.layers import linear
    >>> score = evaluate(linear, [np.eye(2), np.zeros(2)], np.eye(2), np.array([0, 0]))
    >>> score.accuracy
    0.5
    """
    outputs, _ = net.forward(x, *params, **dict(constants or {}))
    value, _ = loss.forward(outputs, target=target)
    predicted = outputs.argmax(axis=1)
    true = target if target.ndim == 1 else target.argmax(axis=1)
    return Score(float(value), float((predicted == true).mean()), predicted)


def confusion(true: Labels, predicted: Labels, classes: int) -> NDArray[np.int64]:
    """Count how often each true class (row) was taken for each class (column).

    Parameters
    ----------
    true, predicted : (N,) integers
        Labels from 0 to `classes` - 1.
    classes : int
        How many there are.

    Returns
    -------
    counts : (classes, classes) integers
        Sums to N.

    Raises
    ------
    ValueError
        If the lengths differ or a label is out of range.

    Examples
    --------
    >>> confusion(np.array([0, 1, 1]), np.array([0, 1, 0]), 2)
    array([[1, 0],
           [1, 1]])
    """
    if true.shape != predicted.shape or true.ndim != 1:
        raise ValueError(
            f"true has shape {true.shape}, predicted {predicted.shape}; needs (N,) twice"
        )
    for name, labels in {"true": true, "predicted": predicted}.items():
        if labels.size and not 0 <= labels.min() <= labels.max() < classes:
            raise ValueError(
                f"{name} has labels from {labels.min()} to {labels.max()}; needs 0 to {classes - 1}"
            )
    flat = np.bincount(true * classes + predicted, minlength=classes * classes)
    return flat.reshape(classes, classes)
