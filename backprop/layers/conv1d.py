r"""Convolutional layer for signals: ``conv2d`` for images of one row.

.. math::

    y_{nof} = \sum_{cq} W_{ocq}\, x_{n,c,\,fs+qd-v} + b_o

Source: Shen19 (54), (60), Ye17 (5)-(8).  Derivation: ``book/convolution/one_dimension.ipynb``.
Sizes: N signals of length L, C channels in, O out, kernels of Q taps, outputs of length F.
"""

from typing import Any

from backprop.arrays import Array, Cache, expect_shapes, expect_upstream
from backprop.convolution.geometry import Padding, axes
from backprop.layers import conv2d


def forward(
    x: Array,
    W: Array,
    b: Array,
    *,
    stride: int = 1,
    padding: Padding = 0,
    dilation: int = 1,
    flip: bool = False,
    link: Any = None,
    method: str = "auto",
) -> tuple[Array, Cache]:
    """Slide every kernel along every signal.

    Parameters
    ----------
    x : (N, C, L) array
        Signals.
    W : (O, C, Q) array
        Kernels, one for each pair of channels.
    b : (O,) array
        Bias.
    stride, dilation : int
        From one place of the kernel to the next, and from one of its taps to the next.
    padding : int, pair or str
        Zeros at both ends, or before and after; or "valid", "same" or "full", as in ``conv2d``.
    flip, link, method
        As in ``conv2d``.

    Returns
    -------
    y : (N, O, F) array
        In the dtype of the arguments.
    cache : tuple
        For `backward`.  Holds `x` and `W` themselves: do not write to them in between.

    Raises
    ------
    TypeError
        If an argument is not an array of floats, the dtypes differ, or a number is not whole.
    ValueError
        If shapes disagree, the kernel does not fit into the padded signal, the stride leaves its
        end out, or an option is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> x, W = np.array([[[1.0, 2.0, 3.0]]]), np.array([[[10.0, 1.0]]])
    >>> forward(x, W, np.zeros(1), padding="full", flip=True)[0]
    array([[[10., 21., 32.,  3.]]])
    """
    expect_shapes(x=(x, "N C L"), W=(W, "O C Q"), b=(b, "O"))
    zeros = padding if isinstance(padding, str | int) else [padding]
    [axis] = axes(x.shape[2:], W.shape[2:], padding=zeros, stride=stride, dilation=dilation)
    y, cache = conv2d.forward(
        x[:, :, None],
        W[:, :, None],
        b,
        stride=(1, axis.stride),
        padding=(0, (axis.before, axis.after)),
        dilation=(1, axis.dilation),
        flip=flip,
        link=link,
        method=method,
    )
    return y[:, :, 0], (cache, y[:, :, 0].shape, y.dtype)


def backward(dy: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Return the gradients on the arguments of `forward`.

    Parameters
    ----------
    dy : (N, O, F) array
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
    >>> import numpy as np
    >>> x, W = np.array([[[1.0, 2.0, 3.0]]]), np.array([[[10.0, 1.0]]])
    >>> y, cache = forward(x, W, np.zeros(1))
    >>> backward(np.array([[[1.0, 0.0]]]), cache)
    (array([[[10.,  1.,  0.]]]), array([[[1., 2.]]]), array([1.]))
    """
    images, shape, dtype = cache
    expect_upstream(dy, shape, dtype)
    dx, dW, db = conv2d.backward(dy[:, :, None], images)
    return dx[:, :, 0], dW[:, :, 0], db
