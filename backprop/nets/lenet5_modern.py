r"""LeNet-5 as it would be built today: ReLU, max pooling, and every map linked to every other.

The sizes are those of ``lenet5``; what is gone are the link table of C3, the scale and the bias
of the pooling layers, and tanh.  C3 has 2416 parameters instead of 1516, the pooling layers have
none.

Derivation: ``book/nets/lenet5.ipynb``.
"""

from __future__ import annotations  # so that numpy.random is not imported for a type

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from backprop.arrays import Array, Cache, expect_shapes
from backprop.layers import conv2d, linear, max_pool, relu

SHAPES = {
    "W1": "6 1 5 5",
    "b1": "6",
    "W3": "16 6 5 5",
    "b3": "16",
    "W5": "120 16 5 5",
    "b5": "120",
    "W6": "84 120",
    "b6": "84",
    "W7": "10 84",
    "b7": "10",
}


class Params(NamedTuple):
    """Parameters in the order of `forward`; shapes in `SHAPES`."""

    W1: Array
    b1: Array
    W3: Array
    b3: Array
    W5: Array
    b5: Array
    W6: Array
    b6: Array
    W7: Array
    b7: Array


def init(rng: np.random.Generator, *, dtype: DTypeLike = np.float32) -> Params:
    """Draw weights whose products keep the size of the activations; biases start at zero.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the random numbers.
    dtype : float32 or float64
        Of every parameter.

    Returns
    -------
    params : Params
        Weights normal with variance 2 / (inputs of the unit).

    Examples
    --------
    >>> sum(p.size for p in init(np.random.default_rng(0)))
    61706
    """

    def draw(name: str, shape: tuple[int, ...]) -> Array:
        if name[0] == "b":
            return np.zeros(shape, dtype)
        W = rng.standard_normal(shape) * math.sqrt(2 / math.prod(shape[1:]))
        return W.astype(dtype)

    shapes = {name: tuple(map(int, shape.split())) for name, shape in SHAPES.items()}
    return Params(**{name: draw(name, shape) for name, shape in shapes.items()})


def forward(
    x: Array,
    W1: Array,
    b1: Array,
    W3: Array,
    b3: Array,
    W5: Array,
    b5: Array,
    W6: Array,
    b6: Array,
    W7: Array,
    b7: Array,
) -> tuple[Array, Cache]:
    """Return the scores of a batch.

    Parameters
    ----------
    x : (N, 1, 32, 32) array
        Images, see ``lenet5.images``.
    W1, b1, W3, b3, W5, b5, W6, b6, W7, b7 : arrays
        Parameters, see `SHAPES`.

    Returns
    -------
    scores : (N, 10) array
        For ``cross_entropy``, in the dtype of the arguments.
    cache : tuple
        For `backward`.  Holds arguments themselves: do not write to them in between.

    Raises
    ------
    TypeError
        If an argument is not an array of floats, or the dtypes differ.
    ValueError
        If a shape is not as in `SHAPES`, or a pixel is not finite.

    Examples
    --------
    >>> params = init(np.random.default_rng(0))
    >>> forward(np.ones((3, 1, 32, 32), np.float32), *params)[0].shape
    (3, 10)
    """
    given = (W1, b1, W3, b3, W5, b5, W6, b6, W7, b7)
    arrays = dict(zip(SHAPES, zip(given, SHAPES.values(), strict=True), strict=True))
    expect_shapes(x=(x, "N 1 32 32"), **arrays)
    if not np.isfinite(x).all():
        raise ValueError("x has pixels that are not finite")
    a, of_1 = conv2d.forward(x, W1, b1)
    a, on_1 = relu.forward(a)
    a, of_2 = max_pool.forward(a)
    a, of_3 = conv2d.forward(a, W3, b3)
    a, on_3 = relu.forward(a)
    a, of_4 = max_pool.forward(a)
    a, of_5 = conv2d.forward(a, W5, b5)
    a, on_5 = relu.forward(a)
    a, of_6 = linear.forward(a[:, :, 0, 0], W6, b6)
    a, on_6 = relu.forward(a)
    scores, of_7 = linear.forward(a, W7, b7)
    return scores, (of_1, on_1, of_2, of_3, on_3, of_4, of_5, on_5, of_6, on_6, of_7)


def backward(dscores: Array, cache: Cache) -> tuple[Array, ...]:
    """Return the gradients on the arguments of `forward`.

    Parameters
    ----------
    dscores : (N, 10) array
        Gradient of the loss on the scores.
    cache : tuple
        From `forward`.

    Returns
    -------
    dx, dW1, db1, ... : arrays
        In the shapes of the arguments.

    Raises
    ------
    TypeError, ValueError
        If `dscores` is not an array in the shape and dtype of the scores.

    Examples
    --------
    >>> params = init(np.random.default_rng(0))
    >>> scores, cache = forward(np.ones((3, 1, 32, 32), np.float32), *params)
    >>> len(backward(scores, cache))
    11
    """
    of_1, on_1, of_2, of_3, on_3, of_4, of_5, on_5, of_6, on_6, of_7 = cache
    d, dW7, db7 = linear.backward(dscores, of_7)
    d, dW6, db6 = linear.backward(relu.backward(d, on_6), of_6)
    d = relu.backward(d[:, :, None, None], on_5)
    d, dW5, db5 = conv2d.backward(d, of_5)
    d = relu.backward(max_pool.backward(d, of_4), on_3)
    d, dW3, db3 = conv2d.backward(d, of_3)
    d = relu.backward(max_pool.backward(d, of_2), on_1)
    dx, dW1, db1 = conv2d.backward(d, of_1)
    return dx, dW1, db1, dW3, db3, dW5, db5, dW6, db6, dW7, db7
