"""Train a network on batches, and say how good it is."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backprop.arrays import Array, Labels, Layer
from backprop.losses import cross_entropy, weight_decay
from backprop.optim import sgd


class History:
    """What happened, one entry per epoch; `steps` holds the loss of every step.

    `stopped` says why training ended early; it is empty when it did not.
    """

    def __init__(
        self,
        loss: Sequence[float] = (),
        test_loss: Sequence[float] = (),
        test_accuracy: Sequence[float] = (),
    ) -> None:
        self.loss = list(loss)
        self.test_loss = list(test_loss)
        self.test_accuracy = list(test_accuracy)
        self.steps: list[float] = []
        self.stopped = ""


class Score(NamedTuple):
    """Loss in the loss's units, accuracy from 0 to 1, predicted classes, (N,)."""

    loss: float
    accuracy: float
    predicted: Labels


def fit(
    net: Layer,
    params: Sequence[Array],
    x: Array,
    target: Labels | Array,
    *,
    loss: Layer = cross_entropy,
    optimiser: ModuleType = sgd,
    lr: float = 0.1,
    epochs: int,
    batch_size: int,
    rng: np.random.Generator,
    decay: float = 0.0,
    constants: Mapping[str, Any] | None = None,
    test: tuple[Array, Labels | Array] | None = None,
    progress: bool = True,
) -> tuple[Any, History]:
    """Minimise the mean loss over a training set; the same seed gives the same bits.

    Parameters
    ----------
    net : layer
        Called as ``net.forward(x, *params, **constants)``.
    params : sequence of arrays
        Where to start; a ``NamedTuple`` comes back as one.  Not written to.
    x : (N, ...) array
        Examples.
    target : (N,) integers or (N, ...) array
        What `loss` takes as ``target=``.
    loss : layer
        Called as ``loss.forward(outputs, target=...)``.
    optimiser : module
        With ``init(params)`` and ``step(params, grads, state, lr=...)``.
    lr : float
        Learning rate.
    epochs, batch_size : int
        How often every example is seen, and how many make one step; the last batch of an epoch
        may be smaller.
    rng : numpy.random.Generator
        Shuffles the examples.
    decay : float
        Adds ``decay / 2`` times the squared norm of every parameter with two or more axes to
        the loss: weight decay, which leaves biases alone.
    constants : mapping, optional
        Keyword arguments of the network.
    test : (x, target), optional
        Scored after every epoch; never learnt from.
    progress : bool
        Show a progress bar if this takes more than a second and tqdm is installed.

    Returns
    -------
    params : as `params`
        New arrays.  After Ctrl-C, or a loss that is not finite, the last good ones.
    history : History
        The training loss of an epoch is the mean over its steps, weight decay not counted.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit, before anything is trained.

    Warns
    -----
    UserWarning
        If training stopped at a loss that is not finite, naming the epoch and the step.

    Examples
    --------
    >>> from backprop.layers import linear
    >>> from backprop.losses import mse
    >>> x = np.array([[0.0], [1.0], [2.0]])
    >>> params, history = fit(linear, [np.zeros((1, 1)), np.zeros(1)], x, 3 * x + 1, loss=mse,
    ...     lr=0.5, epochs=200, batch_size=3, rng=np.random.default_rng(0))
    >>> [p.round(3).ravel().tolist() for p in params]
    [[3.0], [1.0]]
    """
    _expect(x, target, epochs, batch_size, decay)
    constants = dict(constants or {})
    if test is not None:
        evaluate(net, params, *test, loss=loss, constants=constants)  # bad input raises here
    make = getattr(type(params), "_make", list)
    state, good, history = optimiser.init(params), params, History()
    steps = epochs * math.ceil(len(x) / batch_size)
    try:
        with np.errstate(over="ignore", invalid="ignore"), _bar(steps, progress) as bar:
            for epoch in range(epochs):
                total = 0.0
                for step, batch in enumerate(_batches(len(x), batch_size, rng)):
                    value, grads = _gradients(
                        net, params, x[batch], target[batch], loss, decay, constants
                    )
                    if not math.isfinite(value):
                        where = f"epoch {epoch + 1}, step {step + 1}"
                        history.stopped = f"the loss is {value} in {where}"
                        warnings.warn(f"training stopped: {history.stopped}", stacklevel=2)
                        return make(good), history
                    good = params
                    params, state = optimiser.step(params, grads, state, lr=lr)
                    total += value * len(batch)
                    history.steps.append(value)
                    bar.update()
                history.loss.append(total / len(x))
                if test is not None:
                    score = evaluate(net, params, *test, loss=loss, constants=constants)
                    history.test_loss.append(score.loss)
                    history.test_accuracy.append(score.accuracy)
    except KeyboardInterrupt:
        history.stopped = f"interrupted in epoch {len(history.loss) + 1}"
    return make(params), history


def _gradients(
    net: Layer,
    params: Sequence[Array],
    x: Array,
    target: Labels | Array,
    loss: Layer,
    decay: float,
    constants: Mapping[str, Any],
) -> tuple[float, list[Array]]:
    """Return the loss of a batch and the gradient on every parameter, weight decay included."""
    outputs, cache = net.forward(x, *params, **constants)
    value, of_loss = loss.forward(outputs, target=target)
    grads = list(net.backward(loss.backward(1.0, of_loss), cache)[1:])
    matrices = [i for i, w in enumerate(params) if w.ndim > 1]
    if decay and matrices:
        _, of_decay = weight_decay.forward(*[params[i] for i in matrices], rate=decay)
        for i, dw in zip(matrices, weight_decay.backward(1.0, of_decay), strict=True):
            grads[i] = grads[i] + dw  # two terms of one loss: their gradients add
    return float(value), grads


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
        As in `fit`.

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


def _batches(N: int, batch_size: int, rng: np.random.Generator) -> Iterator[Labels]:
    order = rng.permutation(N)
    for start in range(0, N, batch_size):
        yield order[start : start + batch_size]


def _expect(x: Array, target: Any, epochs: int, batch_size: int, decay: float) -> None:
    if len(x) == 0 or len(x) != len(target):
        raise ValueError(f"x has {len(x)} examples and target {len(target)}; needs the same, not 0")
    for name, number in {"epochs": epochs, "batch_size": batch_size}.items():
        if number != int(number) or number < 1:
            raise ValueError(f"{name} is {number}; needs a whole number of at least 1")
    if not decay >= 0:
        raise ValueError(f"decay is {decay}; needs a number of at least 0")


class _NoBar:
    def __enter__(self) -> _NoBar:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self) -> None:
        pass


def _bar(total: int, wanted: bool) -> Any:
    if wanted:
        try:
            from tqdm import tqdm
        except ModuleNotFoundError:
            return _NoBar()
        return tqdm(total=total, unit="step", delay=1, leave=False)
    return _NoBar()
