"""A convolution with its buffers: images with the batch innermost, windows without copies.

In memory a stack of images is (rows, channels, columns, batch).  A window that moves by a column is
then the same run of memory moved along, so Q copies of the image, one for each column of the
kernel, hold all windows: a matrix of windows is a view whose rows overlap with those of the next.
The equations are those of ``layers.conv2d``, whose lines name their source.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from backprop.arrays import Array
from backprop.plans.arena import Arena, Wanted

SMALL = 1_000_000  # products of one multiplication that OpenBLAS does without packing first
NARROW = 320  # columns of a matrix of windows that stay in the first cache


class Sizes(NamedTuple):
    """Of a convolution of square images with square kernels."""

    size: int  # rows and columns of an image
    channels: int
    outputs: int
    taps: int  # rows and columns of a kernel

    @property
    def places(self) -> int:
        """Rows and columns of an output."""
        return self.size - self.taps + 1


def together(places: int, N: int, products: int) -> int:
    """Return how many columns of places go into one multiplication: a divisor of `places`.

    Parameters
    ----------
    places, N : int
        Columns of the output, and examples; each place is N columns of the matrix.
    products : int
        Of each of those.

    Examples
    --------
    >>> together(10, 64, 2400), together(10, 4096, 2400)
    (5, 1)
    """
    fits = [
        d
        for d in range(1, places + 1)
        if places % d == 0 and d * N <= NARROW and d * N * products <= SMALL
    ]
    return max(fits, default=1)


class Conv:
    """A convolution whose kernels are multiplied by a factor on the way in and out.

    ``conv.y`` holds the outputs, ``conv.dy`` is where their gradients go and ``conv.dx``, if
    anybody needs it, those of the images.

    Parameters
    ----------
    name : str
        Of its buffers.
    sizes : Sizes
        What it is.
    N : int
        Number of images.
    arena : Arena
        With the arrays of `wanted`.
    factor : float or (O, 1, C, 1) array
        Of the kernels.
    """

    def __init__(
        self, name: str, sizes: Sizes, N: int, arena: Arena, factor: Any, *, first: bool = False
    ) -> None:
        S, C, O, K = sizes  # noqa: E741 -- output channels, as everywhere
        E = sizes.places
        self._sizes, self._factor = sizes, factor
        self._copies, self.y = arena[f"{name}copies"], arena[f"{name}y"]
        self._kernel = arena[f"{name}kernel"]
        upstream = arena[f"{name}dy"]  # with rows of zeros around, unless it is the first layer
        self.dy = upstream if first else upstream[K - 1 : K - 1 + E]
        self._by_row: Array = arena[f"{name}by_row"]
        self._sum: Array = arena[f"{name}sum"]
        n = together(E, N, O * C * K * K)
        self._windows = _overlapping(self._copies, E, K, n)
        self._y = _cut(self.y, n)
        if first:
            self._across = _overlapping(self._copies, E, K, E)[:, 0].transpose(0, 2, 1)
            self._given: Array = self.dy.reshape(E, O, E * N)
            self.dx: Any = None
            return
        m = together(E, N, O * C * K * K)
        self._across = _overlapping(self._copies, E, K, m)
        self._turned = arena[f"{name}turned"]
        self._given = self._turned.reshape(E, E // m, m * N, O)
        k = together(E, N, C * K * K * O)
        self._around = _overlapping(upstream.reshape(-1, O, 1, E, N), S, K, k)
        self._back, self._of_taps = arena[f"{name}back"], arena[f"{name}of_taps"]
        self._taps = _cut(self._of_taps.reshape(S, C * K, E, N), k)
        self.dx = arena[f"{name}dx"]

    @staticmethod
    def wanted(name: str, sizes: Sizes, N: int, dtype: Any, *, first: bool = False) -> Wanted:
        """Return what to ask of an arena for a batch of N."""
        S, C, O, K = sizes  # noqa: E741
        E = sizes.places
        shapes: dict[str, tuple[int, ...]] = {
            "copies": (S, C, K, E, N),
            "kernel": (O, K, C, K),
            "y": (E, O, E, N),
            "sum": (O, K, C, K) if first else (K, C, K, O),
        }
        if first:
            shapes |= {"dy": (E, O, E, N), "by_row": (E, O, K * C * K)}
        else:
            m = E // together(E, N, O * C * K * K)
            shapes |= {
                "dy": (E + 2 * (K - 1), O, E, N),
                "by_row": (E, m, K * C * K, O),
                "turned": (E, E, N, O),
                "back": (C, K, K, O),
                "of_taps": (S, C, K, E, N),
                "dx": (S, C, S, N),
            }
        return {name + part: (shape, dtype) for part, shape in shapes.items()}

    def forward(self, x: Array, W: Array) -> Array:
        """Return the outputs without a bias, (E, O, E, N), of images (S, C, S, N)."""
        E, K = self._sizes.places, self._sizes.taps
        for q in range(K):
            np.copyto(self._copies[:, :, q], x[:, :, q : q + E])
        np.multiply(W.transpose(0, 2, 1, 3), self._factor, out=self._kernel)
        np.matmul(self._kernel.reshape(len(W), -1), self._windows, out=self._y)
        return self.y

    def backward(self, dW: Array) -> Any:
        """Write the gradient on the kernels; return that on the images, if anybody needs it."""
        if self.dx is None:
            np.matmul(self._given, self._across, out=self._by_row)
            np.add.reduce(self._by_row, axis=0, out=self._sum.reshape(len(dW), -1))
            np.multiply(self._sum, self._factor, out=dW.transpose(0, 2, 1, 3))
            return None
        np.copyto(self._turned, self.dy.transpose(0, 2, 3, 1))
        np.matmul(self._across, self._given, out=self._by_row)
        K = self._sizes.taps
        parts = self._by_row.reshape(-1, *self._sum.shape)
        np.add.reduce(parts, axis=0, out=self._sum)
        turned = dW.transpose(0, 2, 1, 3)
        np.multiply(self._sum.transpose(3, 0, 1, 2), self._factor, out=turned)
        return self._of_images(K, self._sizes.places)

    def _of_images(self, K: int, E: int) -> Array:
        """Correlate along the rows with the kernel turned round, then add up the columns."""
        dx: Array = self.dx
        kernel = self._kernel[:, ::-1].transpose(2, 3, 1, 0)
        np.copyto(self._back, kernel)
        C, _, _, O = self._back.shape  # noqa: E741
        np.matmul(self._back.reshape(C * K, K * O), self._around, out=self._taps)
        np.copyto(dx[:, :, :E], self._of_taps[:, :, 0])
        dx[:, :, E:] = 0
        for q in range(1, K):
            moved = dx[:, :, q : q + E]
            np.add(moved, self._of_taps[:, :, q], out=moved)
        return dx


def channel_sums(a: Array, arena: Arena, out: Array) -> None:
    """Write the sum over rows, columns and batch of (H, C, W, N) to (C,).

    The arena has enough ``ones``, and room for the sums of each row, ``by_row``.
    """
    H, C, W, N = a.shape
    rows, ones = arena["by_row"][: H * C].reshape(H, C), arena["ones"][: W * N]
    np.matmul(a.reshape(H, C, W * N), ones, out=rows)
    np.add.reduce(rows, axis=0, out=out)


def _overlapping(copies: Array, E: int, K: int, n: int) -> Array:
    """Return the windows of E rows as columns, n places each: (E, F / n, K C Q, n N)."""
    _, C, Q, F, N = copies.shape
    tap = F * N * copies.itemsize  # from one entry of a window to the next
    strides = C * Q * tap, n * N * copies.itemsize, tap, copies.itemsize
    shape = E, F // n, K * C * Q, n * N
    return as_strided(copies, shape, strides, writeable=False)


def _cut(y: Array, n: int) -> Array:
    """Return (E, O, F, N) as (E, F / n, O, n N)."""
    E, O, F, N = y.shape  # noqa: E741
    return y.reshape(E, O, F // n, n * N).transpose(0, 2, 1, 3)
