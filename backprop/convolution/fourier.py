r"""Correlation by the convolution theorem: a product of transforms.

.. math::

    y_{no} = \mathcal F^{-1}\Bigl(\sum_c \hat x_{nc}\,\overline{\hat W_{oc}}\Bigr), \qquad
    \frac{\partial L}{\partial x_{nc}}
    = \mathcal F^{-1}\Bigl(\sum_o \hat g_{no}\,\hat W_{oc}\Bigr), \qquad
    \frac{\partial L}{\partial W_{oc}}
    = \mathcal F^{-1}\Bigl(\sum_n \overline{\hat g_{no}}\,\hat x_{nc}\Bigr)

A hat is the transform of an array that zeros make as large as the padded image, at least: then
nothing that wraps around reaches a place that is read.  The transforms are scaled by the root of
their length in both directions: with any other norm NumPy takes float32 by way of float64.

Source: Ye17 (8f).  Derivation: ``book/convolution/fast.ipynb``.
Sizes: N images, C channels in, O out, kernels P x Q, images H x W, outputs E x F.
"""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from backprop.arrays import Array
from backprop.convolution.geometry import Axis

Spectrum = NDArray[np.complexfloating]
SCRATCH = 2**25  # bytes that the transforms of one block of images or kernels may take


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
        Equal to that of ``direct.forward`` up to rounding.

    Examples
    --------
    >>> from backprop.convolution.geometry import axes
    >>> both = axes([1, 3], [1, 2], padding=0, stride=1, dilation=1)
    >>> forward(np.array([[[[1.0, 2.0, 3.0]]]]), np.array([[[[10.0, 1.0]]]]), *both).round(12)
    array([[[[12., 23.]]]])
    """
    y = np.empty((len(x), len(W), rows.outputs, columns.outputs), x.dtype, like=x)
    for images, kernels in _blocks(len(x), len(W), x.shape[1], rows, columns):
        X, K = _images(x[images], rows, columns), _kernels(W[kernels], rows, columns)
        product = _back(_sum(X, K.conj().swapaxes(0, 1)), rows, columns)  # Ye17 (8f)
        y[images, kernels] = product[:, :, _places(rows), _places(columns)]
    return y


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
    >>> [g.round(12) + 0.0 for g in backward(np.array([[[[1.0, 0.0]]]]), x, W, *both)]
    [array([[[[10.,  1.,  0.]]]]), array([[[[1., 2.]]]])]
    """
    dx, dW = np.zeros_like(x), np.zeros_like(W)
    for images, kernels in _blocks(len(x), len(W), x.shape[1], rows, columns):
        X, K = _images(x[images], rows, columns), _kernels(W[kernels], rows, columns)
        G = _upstream(dy[images, kernels], rows, columns)
        dx[images] += _back(_sum(G, K), rows, columns)[:, :, _inside(rows), _inside(columns)]
        of_kernels = _back(_sum(G.conj().swapaxes(0, 1), X), rows, columns)
        dW[kernels] += of_kernels[:, :, _taps(rows), _taps(columns)]
    return dx, dW


def length(axis: Axis) -> int:
    """Return the length of the transform: no prime factor over 7, and room for the padded image.

    Examples
    --------
    >>> length(Axis(size=128, taps=31, before=15, after=15, stride=1, dilation=1))
    160
    """
    n = axis.padded + axis.padded % 2
    while not _smooth(n):
        n += 2
    return n


def _smooth(n: int) -> bool:
    for p in (2, 3, 5, 7):
        while n % p == 0:
            n //= p
    return n == 1


def _sum(A: Spectrum, B: Spectrum) -> Spectrum:
    """Multiply matrices of channels, one for each frequency."""
    product: Spectrum = (A.transpose(2, 3, 0, 1) @ B.transpose(2, 3, 0, 1)).transpose(2, 3, 0, 1)
    return product


def _images(x: Array, rows: Axis, columns: Axis) -> Spectrum:
    return _transform(x, _inside(rows), _inside(columns), rows, columns)


def _kernels(W: Array, rows: Axis, columns: Axis) -> Spectrum:
    return _transform(W, _taps(rows), _taps(columns), rows, columns)


def _upstream(dy: Array, rows: Axis, columns: Axis) -> Spectrum:
    return _transform(dy, _places(rows), _places(columns), rows, columns)


def _transform(a: Array, at_rows: slice, at_columns: slice, rows: Axis, columns: Axis) -> Spectrum:
    """Put an array at its places among zeros, and transform that."""
    S, T = length(rows), length(columns)
    spread = np.zeros((*a.shape[:2], at_rows.stop, T), a.dtype, like=a)
    spread[:, :, at_rows, at_columns] = a
    half = np.fft.rfft(spread, axis=3, norm="ortho")
    return np.fft.fft(half, S, axis=2, norm="ortho")


def _back(product: Spectrum, rows: Axis, columns: Axis) -> Array:
    S, T = length(rows), length(columns)
    half = np.fft.ifft(product, axis=2, norm="ortho")
    result: Array = np.fft.irfft(half, T, axis=3, norm="ortho") * math.sqrt(S * T)
    return result


def _inside(axis: Axis) -> slice:
    return slice(axis.before, axis.before + axis.size)


def _taps(axis: Axis) -> slice:
    return slice(0, axis.reach, axis.dilation)


def _places(axis: Axis) -> slice:
    return slice(0, (axis.outputs - 1) * axis.stride + 1, axis.stride)


def _blocks(
    N: int,
    M: int,
    C: int,
    rows: Axis,
    columns: Axis,
) -> Iterator[tuple[slice, slice]]:
    """Cut images and kernels into blocks whose transforms fit into the scratch."""
    channel = 8 * length(rows) * length(columns)  # half of it complex, in double precision
    n = max(1, min(N, SCRATCH // (channel * max(C, 1))))
    m = max(1, min(M, SCRATCH // (channel * max(C, n, 1))))
    for j in range(0, N, n):
        for i in range(0, M, m):
            yield slice(j, min(j + n, N)), slice(i, min(i + m, M))
