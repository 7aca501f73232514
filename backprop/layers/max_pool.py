r"""Max pooling: the largest entry of each window.

.. math::

    y_{nc,uv} = \max_{p<P,\,q<Q} x_{n,c,\,us+p-h,\,vs+q-k}, \qquad
    \frac{\partial L}{\partial x_{ncij}} = \sum_{uv:\; (i,j)\ \text{wins}\ (u,v)}
    \frac{\partial L}{\partial y_{ncuv}}

with stride :math:`s`; the padding, :math:`h` rows and :math:`k` columns, lies in no window as far
as the maximum is concerned.  Of several largest entries the first wins, row by row: a convention,
as the derivative does not exist there.

Derivation: ``book/layers/max_pool.ipynb``.
Sizes: N images, C channels, windows P x Q, images H x W, outputs U x V.
"""

import itertools
from collections.abc import Iterator

import numpy as np

from backprop.arrays import Array, Cache, expect_shapes, expect_upstream
from backprop.convolution.geometry import Axis, Padding, axes, per_axis

Tap = tuple[slice, slice, slice, slice]


def forward(
    x: Array,
    *,
    size: int | tuple[int, int] = 2,
    stride: int | tuple[int, int] | None = None,
    padding: Padding = 0,
) -> tuple[Array, Cache]:
    """Replace each window by its largest entry.

    Parameters
    ----------
    x : (N, C, H, W) array
        Images.
    size : int or pair of int
        Rows and columns of a window.
    stride : int or pair of int, optional
        From one window to the next; the size if it is left out, so that none overlap.
    padding : int, pair or str
        As in ``conv2d``, less than the size.  It never wins, whatever the image has.

    Returns
    -------
    y : (N, C, U, V) array
        In the dtype of `x`.  NaN stays NaN, and has no gradient.
    cache : tuple
        For `backward`.  Holds `x` and `y` themselves: do not write to them in between.

    Raises
    ------
    TypeError
        If `x` is not an array of floats, or a number is not whole.
    ValueError
        If a window does not fit into the padded image or lies outside the image, or the stride
        leaves pixels out.

    Examples
    --------
    >>> forward(np.array([[[[1.0, 2.0], [3.0, -6.0]]]]))[0]
    array([[[[3.]]]])
    """
    expect_shapes(x=(x, "N C H W"))
    rows, columns = _windows(x, size, stride, padding)
    y = np.full_like(x, -np.inf, shape=(*x.shape[:2], rows.outputs, columns.outputs))
    for places, pixels in _taps(rows, columns):
        np.maximum(y[places], x[pixels], out=y[places])
    return y, (x, y, rows, columns)


def backward(dy: Array, cache: Cache) -> Array:
    """Return the gradient on the argument of `forward`.

    Parameters
    ----------
    dy : (N, C, U, V) array
        Gradient of the loss on `y`.
    cache : tuple
        From `forward`.

    Returns
    -------
    dx : array
        In the shape of `x`: at each pixel, the sum over the windows that it wins.

    Raises
    ------
    TypeError, ValueError
        If `dy` is not an array in the shape and dtype of `y`.

    Examples
    --------
    >>> y, cache = forward(np.array([[[[3.0, 2.0], [3.0, -6.0]]]]))
    >>> backward(np.array([[[[5.0]]]]), cache)
    array([[[[5., 0.],
             [0., 0.]]]])
    """
    x, y, rows, columns = cache
    expect_upstream(dy, y.shape, y.dtype)
    dx: Array = np.zeros_like(x)
    open_ = np.ones_like(y, bool)
    for places, pixels in _taps(rows, columns):
        wins = (x[pixels] == y[places]) & open_[places]
        open_[places] ^= wins  # a window has one winner
        dx[pixels] += dy[places] * wins
    return dx


def _taps(rows: Axis, columns: Axis) -> Iterator[tuple[Tap, Tap]]:
    """Return, for each tap, the windows where it lies in the image and the pixels it lies on."""
    every = slice(None)
    for p, q in itertools.product(range(rows.taps), range(columns.taps)):
        (e, i), (f, j) = rows.seen(p), columns.seen(q)
        yield (every, every, e, f), (every, every, i, j)


def _windows(
    x: Array,
    size: int | tuple[int, int],
    stride: int | tuple[int, int] | None,
    padding: Padding,
) -> list[Axis]:
    taps = per_axis("size", size, 2)
    both = axes(
        x.shape[2:],
        taps,
        padding=padding,
        stride=taps if stride is None else stride,
        dilation=1,
        window="size",
    )
    for axis in both:
        if max(axis.before, axis.after) >= axis.taps:
            raise ValueError(
                f"padding is {padding!r}; needs less than size {size}, or a window sees no pixel"
            )
    return both
