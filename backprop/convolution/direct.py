"""Correlation as one matrix product: unroll the image, multiply by the kernel.

The images are kept in memory with the batch innermost: (H, C, W, N).  Then a window that moves
by one pixel is the same run of memory moved along, so that the unrolled matrix need not be made:
Q copies of the image, moved by one column each, are enough, and its P moved rows overlap.  What
is returned has the axes (N, C, H, W) all the same; only the order in memory differs, and
elementwise operations pass it on.

Derivation: ``book/convolution/fast.ipynb``.
Sizes: N images, C channels in, O out, kernels P x Q, images H x W, outputs E x F.
"""

import math
from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from backprop.arrays import Array
from backprop.convolution.geometry import Axis

SCRATCH = 2**23  # bytes that one unrolling may take
FEW = 64  # images that are worth a product of their own

# glibc hands a freed block back to the system, and pays for every page when it comes again, until
# a block larger than it was freed once.  Never written to, this one costs microseconds.
np.empty(31 * 2**20, np.uint8)


def forward(x: Array, W: Array, rows: Axis, columns: Axis) -> Array:
    """Correlate every image with every kernel.

    Parameters
    ----------
    x : (N, C, H, W) array
        Images.
    W : (O, C, P, Q) array
        Kernels.
    rows, columns : Axis
        Where the windows lie.

    Returns
    -------
    y : (N, O, E, F) array
        In memory (E, O, F, N).

    Examples
    --------
    >>> from backprop.convolution.geometry import axes
    >>> both = axes([1, 3], [1, 2], padding=0, stride=1, dilation=1)
    >>> forward(np.array([[[[1.0, 2.0, 3.0]]]]), np.array([[[[10.0, 1.0]]]]), *both)
    array([[[[12., 23.]]]])
    """
    O, C, P, Q = W.shape  # noqa: E741 -- output channels, as everywhere
    N, E, F = len(x), rows.outputs, columns.outputs
    kernel = W.transpose(0, 2, 1, 3).reshape(O, P * C * Q)
    y = np.empty((E, O, F, N), np.result_type(x, W), like=x)
    for batch, parts in _blocks(N, rows, columns, x.itemsize, deep=C * Q, high=O):
        padded = _pad(x[batch], rows, columns)
        for part in parts:
            product = kernel @ _unroll(padded, part, rows, columns)
            y[part, :, :, batch] = product.reshape(len(product), O, F, -1)
    return y.transpose(3, 1, 0, 2)


def backward(dy: Array, x: Array, W: Array, rows: Axis, columns: Axis) -> tuple[Array, Array]:
    """Return the gradients on the images and on the kernels.

    Parameters
    ----------
    dy : (N, O, E, F) array
        Gradient of the loss on the output.
    x, W, rows, columns
        As in `forward`.

    Returns
    -------
    dx, dW : arrays
        In the shapes of `x` and `W`.

    Examples
    --------
    >>> from backprop.convolution.geometry import axes
    >>> both = axes([1, 3], [1, 2], padding=0, stride=1, dilation=1)
    >>> x, W = np.array([[[[1.0, 2.0, 3.0]]]]), np.array([[[[10.0, 1.0]]]])
    >>> backward(np.array([[[[1.0, 0.0]]]]), x, W, *both)
    (array([[[[10.,  1.,  0.]]]]), array([[[[1., 2.]]]]))
    """
    return _on_images(dy, W, rows, columns), _on_kernels(dy, x, W, rows, columns)


def _on_kernels(dy: Array, x: Array, W: Array, rows: Axis, columns: Axis) -> Array:
    """Multiply the upstream gradient by the unrolled images, and add up the rows."""
    O, C, P, Q = W.shape  # noqa: E741
    dW, N = np.zeros((O, P * C * Q), W.dtype, like=W), len(x)
    for batch, parts in _blocks(N, rows, columns, x.itemsize, deep=C * Q, partial=dW.nbytes):
        padded, upstream = _pad(x[batch], rows, columns), _batch_last(dy[batch])
        for part in parts:
            unrolled = _unroll(padded, part, rows, columns)
            given = upstream[part].reshape(len(unrolled), O, -1)
            dW += (given @ unrolled.transpose(0, 2, 1)).sum(axis=0)
    return dW.reshape(O, P, C, Q).transpose(0, 2, 1, 3)


def _on_images(dy: Array, W: Array, rows: Axis, columns: Axis) -> Array:
    """Choose the faster of two ways to the same sum."""
    wasted = rows.size - rows.outputs  # rows of zeros that the first way multiplies
    if rows.stride == 1 and wasted * len(W) < 16 * rows.outputs:  # 16 products cost an addition
        return _by_turned_kernel(dy, W, rows, columns)
    return _by_taps(dy, W, rows, columns)


def _by_turned_kernel(dy: Array, W: Array, rows: Axis, columns: Axis) -> Array:
    """Correlate along the rows with the kernel turned round, then add up the columns."""
    O, C, P, Q = W.shape  # noqa: E741
    N, F = len(dy), columns.outputs
    kernel = W[:, :, ::-1].transpose(1, 3, 2, 0).reshape(C * Q, P * O)
    back = Axis(rows.size, P, rows.reach - 1, 0, 1, rows.dilation)
    dx = np.zeros((rows.size, C, columns.padded, N), dy.dtype, like=dy)
    for batch, parts in _blocks(N, back, columns, dy.itemsize, deep=O, high=C * Q):
        spread = _spread(dy[batch], rows)
        for part in parts:
            moved = _overlap(spread[part.start : part.stop + rows.reach - 1], rows)
            of_tap = (kernel @ moved).reshape(len(moved), C, Q, F, -1)
            for q in range(Q):
                dx[part, :, _shifted(q, columns), batch] += of_tap[:, :, q]
    return _crop(dx, slice(None), columns)


def _by_taps(dy: Array, W: Array, rows: Axis, columns: Axis) -> Array:
    """Multiply by every tap, and add each product where the tap has been."""
    O, C, P, Q = W.shape  # noqa: E741
    N, F = len(dy), columns.outputs
    kernel = W.transpose(2, 1, 3, 0).reshape(P * C * Q, O)
    dx = np.zeros((rows.padded, C, columns.padded, N), dy.dtype, like=dy)
    for batch, parts in _blocks(N, rows, columns, dy.itemsize, high=P * C * Q):
        upstream = _batch_last(dy[batch])
        for part in parts:
            given = upstream[part]
            product = kernel @ given.reshape(len(given), O, -1)
            of_tap = product.reshape(len(given), P, C, Q, F, -1)
            for p in range(P):
                at = _shifted(p, rows, part)
                for q in range(Q):
                    dx[at, :, _shifted(q, columns), batch] += of_tap[:, p, :, q]
    return _crop(dx, slice(rows.before, rows.before + rows.size), columns)


def _blocks(
    N: int,
    rows: Axis,
    columns: Axis,
    itemsize: int,
    *,
    deep: int = 0,
    high: int = 0,
    partial: int = 0,
) -> Iterator[tuple[slice, list[slice]]]:
    """Cut the batch, and if need be its output rows, so that the unrolling fits the scratch.

    `deep` numbers are unrolled for each output column and row of the image, `high` numbers come
    out, and each output row needs `partial` bytes besides.
    """
    pixel = columns.outputs * itemsize
    copies = rows.taps if rows.dilation > 1 else 1  # then the rows are copied, not overlapped
    row = pixel * (deep * copies * rows.stride + high)
    first = pixel * (deep * copies * rows.reach + high)
    image = first + (rows.outputs - 1) * row
    n = max(1, min(N, max(FEW, SCRATCH // image), SCRATCH // first))
    n = math.ceil(N / math.ceil(N / n)) if N else 1  # parts of the same size
    r = max(1, min(rows.outputs, 1 + (SCRATCH - n * first) // (n * row + partial)))
    parts = [slice(i, min(i + r, rows.outputs)) for i in range(0, rows.outputs, r)]
    for j in range(0, N, n):
        yield slice(j, min(j + n, N)), parts


def _unroll(padded: Array, part: slice, rows: Axis, columns: Axis) -> Array:
    """Return the windows of some output rows as columns: (rows, P * C * Q, F * N)."""
    first, last = part.start * rows.stride, (part.stop - 1) * rows.stride + rows.reach
    x = padded[first:last]
    H, C, _, N = x.shape
    moved = np.empty((H, C, columns.taps, columns.outputs, N), x.dtype, like=x)
    for q in range(columns.taps):
        moved[:, :, q] = x[:, :, _shifted(q, columns)]
    return _overlap(moved.reshape(H, C * columns.taps, columns.outputs, N), rows)


def _overlap(x: Array, rows: Axis) -> Array:
    """Return each P rows below each other; without dilation this is a view, not a copy."""
    _, D, F, N = x.shape
    windows = sliding_window_view(x, rows.reach, axis=0)[:: rows.stride, ..., :: rows.dilation]
    return np.moveaxis(windows, -1, 1).reshape(-1, rows.taps * D, F * N)


def _pad(x: Array, rows: Axis, columns: Axis) -> Array:
    if rows.padded == rows.size and columns.padded == columns.size:
        return _batch_last(x)
    N, C, H, W = x.shape
    padded = np.zeros((rows.padded, C, columns.padded, N), x.dtype, like=x)
    padded[rows.before : rows.before + H, :, columns.before : columns.before + W] = _turned(x)
    return padded


def _spread(dy: Array, rows: Axis) -> Array:
    """Return the rows of the upstream gradient at their places, with zeros around them."""
    N, O, E, F = dy.shape  # noqa: E741
    spread = np.zeros((rows.padded + rows.reach - 1, O, F, N), dy.dtype, like=dy)
    first = rows.reach - 1
    spread[first : first + E * rows.stride : rows.stride] = _turned(dy)
    return spread[rows.before : rows.before + rows.size + rows.reach - 1]


def _shifted(tap: int, axis: Axis, part: slice | None = None) -> slice:
    """Return the pixels of the padded image that a tap meets, for all or some outputs."""
    first, last = (part.start, part.stop) if part else (0, axis.outputs)
    start = tap * axis.dilation + first * axis.stride
    return slice(start, start + (last - first - 1) * axis.stride + 1, axis.stride)


def _crop(dx: Array, rows: slice, columns: Axis) -> Array:
    inner = slice(columns.before, columns.before + columns.size)
    return dx[rows, :, inner].transpose(3, 1, 0, 2)


def _turned(x: Array) -> Array:
    return x.transpose(2, 1, 3, 0)


def _batch_last(x: Array) -> Array:
    """Return (H, C, W, N); nothing is copied if that is how `x` lies in memory."""
    return np.ascontiguousarray(_turned(x), like=x)
