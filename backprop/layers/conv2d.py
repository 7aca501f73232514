r"""Convolutional layer: the same small kernels at every place of an image.

.. math::

    y_{noef} = \sum_{cpq} W_{ocpq}\, x_{n,c,\,es+pd-u,\,fs+qd-v} + b_o

with stride :math:`s`, dilation :math:`d`, and :math:`u, v` zeros before the first row and column.
That is a correlation, as every framework has it; ``flip=True`` turns the kernels round and makes
it a convolution.  The gradients, with :math:`g = \partial L/\partial y`:

.. math::

    \frac{\partial L}{\partial x_{ncij}} = \sum_{opq:\; es+pd-u=i,\; fs+qd-v=j}
    g_{noef} W_{ocpq}, \qquad
    \frac{\partial L}{\partial W_{ocpq}} = \sum_{nef} g_{noef}\,
    x_{n,c,\,es+pd-u,\,fs+qd-v}, \qquad
    \frac{\partial L}{\partial b_o} = \sum_{nef} g_{noef}

Source: Ye17 (5)-(8), Liao18 (CNN-1), (CNN-9)-(CNN-11), corrected, CS4670 (1)-(3), (A0)-(A2),
Shen19 (63)-(67b).  Derivation: ``book/layers/conv2d.ipynb``.
Sizes: N images, C channels in, O out, kernels P x Q, images H x W, outputs E x F.
"""

import math
from types import ModuleType
from typing import Any

import numpy as np

from backprop.arrays import Array, Cache, Labels, expect_shapes, expect_upstream
from backprop.convolution import direct, fourier
from backprop.convolution.geometry import Axis, Padding, axes

METHODS = {"direct": direct, "fft": fourier}
Part = tuple[Labels, Labels]  # channels in, channels out


def forward(
    x: Array,
    W: Array,
    b: Array,
    *,
    stride: int | tuple[int, int] = 1,
    padding: Padding = 0,
    dilation: int | tuple[int, int] = 1,
    flip: bool = False,
    link: Any = None,
    method: str = "auto",
) -> tuple[Array, Cache]:
    """Slide every kernel over every image.

    Parameters
    ----------
    x : (N, C, H, W) array
        Images.  Fastest with the batch innermost in memory, as this layer returns them.
    W : (O, C, P, Q) array
        Kernels, one for each pair of channels.
    b : (O,) array
        Bias.
    stride, dilation : int or pair of int
        From one place of the kernel to the next, and from one of its taps to the next: for rows
        and columns.
    padding : int, pair or str
        Zeros around the image: on all sides; (rows, columns); ((top, bottom), (left, right));
        "valid", none; "same", outputs for every pixel that a stride starts from, an odd zero at
        the end; "full", wherever kernel and image touch.
    flip : bool
        Turn the kernels by 180 degrees first: a convolution.
    link : (C, O) array of 0 and 1, optional
        Which input goes to which output.  The weights of an absent link are not looked at, and
        their gradient is zero.  A table with at most a quarter of the links is computed in parts,
        one for all outputs with the same inputs; a fuller one is faster as a whole.
    method : "direct", "fft" or "auto"
        Unroll, or multiply transforms; "auto" takes what `cheaper` names.  All give the same up
        to rounding.

    Returns
    -------
    y : (N, O, E, F) array
        In the dtype of the arguments.
    cache : tuple
        For `backward`.  Holds `x` and `W` themselves: do not write to them in between.

    Raises
    ------
    TypeError
        If an argument is not an array of floats, the dtypes differ, or a number is not whole.
    ValueError
        If shapes disagree, the kernel does not fit into the padded image, the stride leaves its
        last pixels out, or an option is unknown.

    Examples
    --------
    >>> x, W = np.array([[[[1.0, 2.0, 3.0]]]]), np.array([[[[10.0, 1.0]]]])
    >>> forward(x, W, np.array([100.0]))[0]
    array([[[[112., 123.]]]])
    >>> forward(x, W, np.array([100.0]), flip=True)[0]
    array([[[[121., 132.]]]])
    """
    expect_shapes(x=(x, "N C H W"), W=(W, "O C P Q"), b=(b, "O"))
    rows, columns = axes(
        x.shape[2:], W.shape[2:], padding=padding, stride=stride, dilation=dilation
    )
    links = None if link is None else _links(link, W)
    engine = _engine(method, x, W, rows, columns)
    kernel = W[:, :, ::-1, ::-1] if flip else W  # CS4670 (2), Ye17 (5)
    if links is not None:
        kernel = kernel * np.asarray(links, like=kernel)  # Liao18 (CNN-1)
    y = _forward(engine, x, kernel, rows, columns, _parts(links)) + b[:, None, None]  # Ye17 (5)
    return y, (x, kernel, rows, columns, flip, links, engine)


def backward(dy: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Return the gradients on the arguments of `forward`.

    Parameters
    ----------
    dy : (N, O, E, F) array
        Gradient of the loss on `y`.
    cache : tuple
        From `forward`.

    Returns
    -------
    dx, dW, db : arrays
        In the shapes of `x`, `W` and `b`.

    Raises
    ------
    TypeError, ValueError
        If `dy` is not an array in the shape and dtype of `y`.

    Examples
    --------
    >>> x, W = np.array([[[[1.0, 2.0, 3.0]]]]), np.array([[[[10.0, 1.0]]]])
    >>> y, cache = forward(x, W, np.array([100.0]))
    >>> backward(np.array([[[[1.0, 0.0]]]]), cache)
    (array([[[[10.,  1.,  0.]]]]), array([[[[1., 2.]]]]), array([1.]))
    """
    x, kernel, rows, columns, flip, links, engine = cache
    expect_upstream(dy, (len(x), len(kernel), rows.outputs, columns.outputs), x.dtype)
    dx, dkernel = _backward(engine, dy, x, kernel, rows, columns, _parts(links))
    if links is not None:
        dkernel *= np.asarray(links, like=dkernel)  # Liao18 (CNN-9), corrected
    dW = dkernel[:, :, ::-1, ::-1] if flip else dkernel  # Ye17 (8), CS4670 (A2)
    db = dy.sum(axis=(0, 2, 3))  # Ye17 (7), Liao18 (CNN-10), corrected
    return dx, dW, db


def cheaper(N: int, M: int, C: int, rows: Axis, columns: Axis) -> str:
    """Return "fft" or "direct", whichever needs less time by a count of operations.

    Unrolling takes N C P Q E F products for each output channel, and is no faster with fewer than
    3 of them, M = O here.  Transforms of S x T numbers take about 10 S T log2(S T) such products
    each, and there are N C + O C + N O of them; N O C S T complex products, worth 16, come to
    that.  The weights are measured.

    Examples
    --------
    >>> [cheaper(4, 8, 8, *axes([128, 128], [k, k], padding="same", stride=1, dilation=1))
    ...     for k in (5, 31)]
    ['direct', 'fft']
    """
    area = fourier.length(rows) * fourier.length(columns)
    transforms = (N * C + M * C + N * M) * 10 * area * math.log2(area)
    fft = transforms + 16 * N * M * C * area
    taps, places = rows.taps * columns.taps, rows.outputs * columns.outputs
    return "fft" if fft < N * C * taps * places * max(M, 3) else "direct"


def _engine(method: str, x: Array, W: Array, rows: Axis, columns: Axis) -> ModuleType:
    if method == "auto":
        real = x.dtype.kind == W.dtype.kind == "f"  # check takes complex steps
        method = cheaper(len(x), len(W), x.shape[1], rows, columns) if real else "direct"
    if method not in METHODS:
        raise ValueError(f"method is {method!r}; needs 'direct', 'fft' or 'auto'")
    return METHODS[method]


def _forward(
    engine: ModuleType, x: Array, kernel: Array, rows: Axis, columns: Axis, parts: list[Part]
) -> Array:
    if not parts:
        whole: Array = engine.forward(x, kernel, rows, columns)
        return whole
    shape, dtype = (len(x), len(kernel), rows.outputs, columns.outputs), np.result_type(x, kernel)
    y = _zeros(shape, dtype, x)
    for ins, outs in parts:
        y[:, outs] = engine.forward(x[:, ins], kernel[np.ix_(outs, ins)], rows, columns)
    return y


def _backward(
    engine: ModuleType,
    dy: Array,
    x: Array,
    kernel: Array,
    rows: Axis,
    columns: Axis,
    parts: list[Part],
) -> tuple[Array, Array]:
    if not parts:
        dx, dkernel = engine.backward(dy, x, kernel, rows, columns)  # Ye17 (6), CS4670 (A1)
        return dx, dkernel
    dx, dkernel = _zeros(x.shape, x.dtype, x), np.zeros_like(kernel)
    for ins, outs in parts:
        weights = kernel[np.ix_(outs, ins)]
        of_x, of_weights = engine.backward(dy[:, outs], x[:, ins], weights, rows, columns)
        dx[:, ins] += of_x  # Liao18 (CNN-11), corrected
        dkernel[np.ix_(outs, ins)] = of_weights
    return dx, dkernel


def _links(link: Any, W: Array) -> Array:
    """Return the link table in the axes and dtype of the kernels, (O, C, 1, 1)."""
    table = np.asarray(link)
    if table.shape != (W.shape[1], W.shape[0]):
        raise ValueError(
            f"link has shape {table.shape}; needs (C, O) with C = {W.shape[1]}, O = {W.shape[0]}"
        )
    if not np.isin(table, (0, 1)).all():
        raise ValueError("link has other entries than 0 and 1")
    links: Array = table.T.astype(W.real.dtype)[:, :, None, None]
    return links


def _parts(links: Array | None) -> list[Part]:
    """Return inputs and outputs of each product to be made; nothing if one is to do it all."""
    if links is None or 4 * links.sum() > links.size:
        return []
    kinds, kind = np.unique(links[:, :, 0, 0], axis=0, return_inverse=True)
    return [
        (np.flatnonzero(row), np.flatnonzero(kind == k)) for k, row in enumerate(kinds) if row.any()
    ]


def _zeros(shape: tuple[int, ...], dtype: Any, like: Array) -> Array:
    N, C, H, W = shape
    return np.zeros((H, C, W, N), dtype, like=like).transpose(3, 1, 0, 2)  # the batch innermost
