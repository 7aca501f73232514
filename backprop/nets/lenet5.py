r"""LeNet-5 as it was in 1998: convolutions, trainable mean pooling, a link table, scaled tanh.

==== ============================= ============ ==========
name layer                         output       parameters
==== ============================= ============ ==========
C1   6 kernels 5 x 5               6 x 28 x 28  156
S2   mean of 2 x 2, scale, bias    6 x 14 x 14  12
C3   60 kernels 5 x 5 by `LINKS`   16 x 10 x 10 1516
S4   mean of 2 x 2, scale, bias    16 x 5 x 5   32
C5   1920 kernels 5 x 5            120 x 1 x 1  48120
F6   linear                        84           10164
out  linear, or distances to codes 10           850, or 0
==== ============================= ============ ==========

After each layer up to F6 comes :math:`f(a) = 1.7159 \tanh(2a/3)`, so that
:math:`f(\pm1) = \pm1`.

Source: Liao18 (CNN-N), (CNN-1)-(CNN-11), corrected; Y. LeCun, L. Bottou, Y. Bengio, P. Haffner:
Gradient-based learning applied to document recognition, Proceedings of the IEEE 86 (1998).
Derivation: ``book/nets/lenet5.ipynb``.
"""

from __future__ import annotations  # so that numpy.random is not imported for a type

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from backprop.arrays import Array, Cache, expect_shapes, expect_upstream
from backprop.layers import conv2d, linear, mean_pool

LINKS: NDArray[np.int8] = np.array(  # which map of S2, a row, goes to which map of C3, a column
    [
        [1, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 1],
        [1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1],
        [1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 1, 0, 1, 1, 1],
        [0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 1, 0, 1, 1],
        [0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 1, 0, 1],
        [0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 1, 1],
    ],
    np.int8,
)
TALL, STEEP = 1.7159, 2 / 3  # of the scaled tanh
DRAWN = """
    ..###.. ...#... .#####. .#####. ....##. ####### ..####. ####### .#####. ..###..
    .#...#. ..##... #.....# #.....# ...#.#. #...... .#..... ......# #.....# .#...#.
    #.....# .###... ......# ......# ...#.#. #...... #...... .....#. #.....# #.....#
    #.....# ...#... ......# ......# ..#..#. #...... #...... .....#. #.....# #.....#
    #.....# ...#... .....#. ......# ..#..#. ######. #.###.. ....#.. .#...#. #.....#
    #.....# ...#... ....#.. ..####. .#...#. ......# ##...#. ....#.. ..###.. #.....#
    #.....# ...#... ...#... ......# .#...#. ......# #.....# ...#... .#...#. .#...##
    #.....# ...#... ..#.... ......# ####### ......# #.....# ...#... #.....# ..###.#
    #.....# ...#... .#..... ......# .....#. ......# #.....# ..#.... #.....# ......#
    #.....# ...#... #...... ......# .....#. ......# #.....# ..#.... #.....# ......#
    .#...#. ...#... #...... #.....# .....#. #.....# .#...#. ..#.... #.....# .....#.
    ..###.. .#####. ####### .#####. .....#. .#####. ..###.. ..#.... .#####. .####..
"""  # the digits in 7 x 12 pixels, side by side
CODES: NDArray[np.int8] = np.array(
    [
        [1 if pixel == "#" else -1 for line in DRAWN.split("\n")[1:-1] for pixel in line.split()[d]]
        for d in range(10)
    ],
    np.int8,
)
SHAPES = {
    "x": "N 1 32 32",
    "W1": "6 1 5 5",
    "b1": "6",
    "w2": "6",
    "a2": "6",
    "W3": "16 6 5 5",
    "b3": "16",
    "w4": "16",
    "a4": "16",
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
    w2: Array
    a2: Array
    W3: Array
    b3: Array
    w4: Array
    a4: Array
    W5: Array
    b5: Array
    W6: Array
    b6: Array
    W7: Array
    b7: Array


class Trunk(NamedTuple):
    """Parameters up to F6, for the output by distances, which has none."""

    W1: Array
    b1: Array
    w2: Array
    a2: Array
    W3: Array
    b3: Array
    w4: Array
    a4: Array
    W5: Array
    b5: Array
    W6: Array
    b6: Array


def init(
    rng: np.random.Generator, *, rbf: bool = False, dtype: DTypeLike = np.float32
) -> Params | Trunk:
    """Draw weights whose products keep the size of the activations; biases start at zero.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the random numbers.
    rbf : bool
        Without the weights of the linear output: for the output by distances to codes.
    dtype : float32 or float64
        Of every parameter.

    Returns
    -------
    params : Params, or Trunk with `rbf`
        Weights normal with variance 1 / (inputs of the unit), by the link table in C3; the
        scales of the pooling layers are 1.

    Examples
    --------
    >>> count(init(np.random.default_rng(0)))
    {'C1': 156, 'S2': 12, 'C3': 1516, 'S4': 32, 'C5': 48120, 'F6': 10164, 'output': 850}
    """
    kind = Trunk if rbf else Params
    drawn = {}
    for name in kind._fields:
        shape = tuple(map(int, SHAPES[name].split()))
        if name[0] == "W":
            drawn[name] = rng.standard_normal(shape) / math.sqrt(math.prod(shape[1:]))
        else:
            drawn[name] = np.ones(shape) if name[0] == "w" else np.zeros(shape)
    links = LINKS.T[:, :, None, None]
    drawn["W3"] *= links * np.sqrt(len(LINKS) / links.sum(axis=1, keepdims=True))
    return kind(**{name: p.astype(dtype) for name, p in drawn.items()})


def count(params: Params | Trunk) -> dict[str, int]:
    """Return how many numbers each layer learns; the absent links of C3 have none."""
    names = ["C1", "S2", "C3", "S4", "C5", "F6", "output"]
    pairs = zip(names, params[::2], params[1::2], strict=False)
    sizes = {name: W.size + b.size for name, W, b in pairs}
    sizes["C3"] -= int((LINKS == 0).sum()) * params.W3[0, 0].size
    return sizes


def images(x: Array) -> Array:
    """Return rows of 28 x 28 or 8 x 8 pixels from -1 to 1 as images of 32 x 32 for `forward`.

    Small pixels become squares of 3 x 3.  Paper is -0.1 and ink 1.175, as LeCun has them: then
    the mean over digits is about 0 and the variance about 1.

    Parameters
    ----------
    x : (N, 784) or (N, 64) array
        Rows as ``mnist.load`` and ``digits.load`` return them.

    Returns
    -------
    images : (N, 1, 32, 32) array
        In the dtype of `x`.

    Raises
    ------
    ValueError
        If a row has another length.

    Examples
    --------
    >>> image = images(-np.ones((1, 64), np.float32))
    >>> image.shape, image.max()
    ((1, 1, 32, 32), np.float32(-0.1))
    """
    expect_shapes(x=(x, "N D"))
    N, D = x.shape
    if D not in (784, 64):
        raise ValueError(f"x has shape {x.shape}; needs rows of 784 or 64 pixels")
    side = math.isqrt(D)
    scale = 28 // side
    large = x.reshape(N, side, 1, side, 1) * np.ones((scale, 1, scale), x.dtype)
    edge = (32 - side * scale) // 2
    framed = np.full((N, 1, 32, 32), -1, x.dtype)
    framed[:, 0, edge:-edge, edge:-edge] = large.reshape(N, side * scale, side * scale)
    framed += 1
    framed *= 1.275 / 2
    framed -= 0.1
    return framed


def forward(
    x: Array,
    W1: Array,
    b1: Array,
    w2: Array,
    a2: Array,
    W3: Array,
    b3: Array,
    w4: Array,
    a4: Array,
    W5: Array,
    b5: Array,
    W6: Array,
    b6: Array,
    W7: Array | None = None,
    b7: Array | None = None,
    *,
    codes: NDArray[np.int8] | None = None,
) -> tuple[Array, Cache]:
    """Return the scores of a batch.

    Parameters
    ----------
    x : (N, 1, 32, 32) array
        Images, see `images`.
    W1, b1, w2, a2, W3, b3, w4, a4, W5, b5, W6, b6 : arrays
        Parameters, see `SHAPES`.
    W7, b7 : arrays, optional
        Of the linear output.
    codes : (10, 84) array, optional
        Instead of them, what F6 should say for each digit: `CODES` of LeNet's radial basis
        functions.  Not learnt.

    Returns
    -------
    scores : (N, 10) array
        For ``cross_entropy``, in the dtype of the arguments.  With `codes`, minus the squared
        distances of F6 to them; then the cross entropy is LeCun's discriminative loss.
    cache : tuple
        For `backward` and `feature_maps`.  Holds arguments themselves: do not write to them in
        between.

    Raises
    ------
    TypeError
        If an argument is not an array of floats, or the dtypes differ.
    ValueError
        If a shape is not as in `SHAPES`, a pixel is not finite, or the output is not given in
        one of the two ways.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> scores, cache = forward(images(-np.ones((3, 784), np.float32)), *init(rng))
    >>> scores.shape
    (3, 10)
    """
    given = (W1, b1, w2, a2, W3, b3, w4, a4, W5, b5, W6, b6, W7, b7)
    _expect(x, dict(zip(Params._fields, given, strict=True)), codes)
    c1, of_c1 = conv2d.forward(x, W1, b1)  # Liao18 (CNN-1)
    C1 = _squash(c1)  # Liao18 (CNN-2)
    s2, of_s2 = mean_pool.forward(C1, w2, a2)  # Liao18 (CNN-3), corrected
    S2 = _squash(s2)  # Liao18 (CNN-4)
    c3, of_c3 = conv2d.forward(S2, W3, b3, link=LINKS)  # Liao18 (CNN-1)
    C3 = _squash(c3)
    s4, of_s4 = mean_pool.forward(C3, w4, a4)
    S4 = _squash(s4)
    c5, of_c5 = conv2d.forward(S4, W5, b5)
    C5 = _squash(c5)
    f6, of_f6 = linear.forward(C5[:, :, 0, 0], W6, b6)
    F6 = _squash(f6)
    scores, last = _output(F6, W7, b7, codes)
    maps = {"C1": C1, "S2": S2, "C3": C3, "S4": S4, "C5": C5, "F6": F6}
    return scores, (maps, of_c1, of_s2, of_c3, of_s4, of_c5, of_f6, last, codes)


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
        In the shapes of the arguments, one for each that was given.

    Raises
    ------
    TypeError, ValueError
        If `dscores` is not an array in the shape and dtype of the scores.

    Examples
    --------
    >>> params = init(np.random.default_rng(0))
    >>> scores, cache = forward(images(np.ones((3, 784), np.float32)), *params)
    >>> dx, *grads = backward(scores, cache)
    >>> [g.shape for g in grads] == [p.shape for p in params]
    True
    """
    return _backward(dscores, cache)[0]


def feature_maps(cache: Cache) -> dict[str, Array]:
    """Return what each layer made of the batch: C1, S2, C3, S4, C5 and F6, squashed.

    Examples
    --------
    >>> params = init(np.random.default_rng(0))
    >>> scores, cache = forward(images(np.ones((3, 784), np.float32)), *params)
    >>> feature_maps(cache)["C3"].shape
    (3, 16, 10, 10)
    """
    return dict(cache[0])


def gradient_maps(dscores: Array, cache: Cache) -> dict[str, Array]:
    """Return the gradient on each of the `feature_maps`, and on the image, ``"x"``.

    Parameters
    ----------
    dscores, cache
        As in `backward`.

    Returns
    -------
    maps : dict of arrays
        In the shapes of the feature maps.

    Examples
    --------
    >>> params = init(np.random.default_rng(0))
    >>> scores, cache = forward(images(np.ones((3, 784), np.float32)), *params)
    >>> list(gradient_maps(scores, cache))
    ['x', 'C1', 'S2', 'C3', 'S4', 'C5', 'F6']
    """
    return _backward(dscores, cache)[1]


def _backward(dscores: Array, cache: Cache) -> tuple[tuple[Array, ...], dict[str, Array]]:
    maps, of_c1, of_s2, of_c3, of_s4, of_c5, of_f6, last, codes = cache
    expect_upstream(dscores, (len(maps["F6"]), 10), maps["F6"].dtype)
    back = linear.backward if codes is None else _distances_backward
    dF6, *of_output = back(dscores, last)
    df6 = dF6 * _slope(maps["F6"])
    dC5, dW6, db6 = linear.backward(df6, of_f6)
    dC5 = dC5[:, :, None, None]
    dc5 = dC5 * _slope(maps["C5"])
    dS4, dW5, db5 = conv2d.backward(dc5, of_c5)
    ds4 = dS4 * _slope(maps["S4"])
    dC3, dw4, da4 = mean_pool.backward(ds4, of_s4)  # Liao18 (CNN-5)-(CNN-7), corrected
    dc3 = dC3 * _slope(maps["C3"])  # Liao18 (CNN-8), corrected
    dS2, dW3, db3 = conv2d.backward(dc3, of_c3)  # Liao18 (CNN-9)-(CNN-11), corrected
    ds2 = dS2 * _slope(maps["S2"])
    dC1, dw2, da2 = mean_pool.backward(ds2, of_s2)
    dc1 = dC1 * _slope(maps["C1"])
    dx, dW1, db1 = conv2d.backward(dc1, of_c1)
    grads = (dx, dW1, db1, dw2, da2, dW3, db3, dw4, da4, dW5, db5, dW6, db6, *of_output)
    names = ("x", "C1", "S2", "C3", "S4", "C5", "F6")
    return grads, dict(zip(names, (dx, dC1, dS2, dC3, dS4, dC5, dF6), strict=True))


def _squash(a: Array) -> Array:
    y: Array = TALL * np.tanh(STEEP * a)
    return y


def _slope(y: Array) -> Array:
    """Return the derivative of the squashing function where its value is `y`."""
    slope: Array = TALL * STEEP - (STEEP / TALL) * (y * y)
    return slope


def _output(
    F6: Array, W7: Array | None, b7: Array | None, codes: NDArray[np.int8] | None
) -> tuple[Array, Cache]:
    if codes is not None and W7 is None and b7 is None:
        return _distances(F6, codes)
    if codes is None and W7 is not None and b7 is not None:
        return linear.forward(F6, W7, b7)
    raise ValueError("needs either W7 and b7, for the linear output, or codes")


def _distances(F6: Array, codes: NDArray[np.int8]) -> tuple[Array, Cache]:
    """Return minus the squared distance of each row to each code."""
    apart = F6[:, None] - codes.astype(F6.real.dtype)
    scores: Array = -(apart * apart).sum(axis=2)
    return scores, (apart,)


def _distances_backward(dscores: Array, cache: Cache) -> tuple[Array]:
    (apart,) = cache
    dF6: Array = -2 * (dscores[:, :, None] * apart).sum(axis=1)
    return (dF6,)


def _expect(x: Array, given: dict[str, Array | None], codes: NDArray[np.int8] | None) -> None:
    arrays = {name: (v, SHAPES[name]) for name, v in given.items() if v is not None}
    expect_shapes(x=(x, SHAPES["x"]), **arrays)
    if codes is not None and np.shape(codes) != (10, 84):
        raise ValueError(f"codes has shape {np.shape(codes)}; needs (10, 84)")
    finite = np.isfinite(x).all(axis=(1, 2, 3))
    if not finite.all():
        raise ValueError(f"x has pixels that are not finite, first in image {np.argmin(finite)}")
