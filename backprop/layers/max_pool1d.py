r"""Max pooling for signals: ``max_pool`` for images of one row.

.. math::

    y_{ncv} = \max_{q<Q} x_{n,c,\,vs+q-k}

Derivation: ``book/layers/max_pool.ipynb``.
Sizes: N signals of length L, C channels, windows of Q entries, outputs of length V.
"""

from collections.abc import Sequence

from backprop.arrays import Array, Cache, expect_shapes, expect_upstream
from backprop.layers import max_pool


def forward(
    x: Array,
    *,
    size: int = 2,
    stride: int | None = None,
    padding: int | str | Sequence[int] = 0,
) -> tuple[Array, Cache]:
    """Replace each window by its largest entry.

    Parameters
    ----------
    x : (N, C, L) array
        Signals.
    size : int
        Entries of a window.
    stride : int, optional
        From one window to the next; the size if it is left out.
    padding : int, pair or str
        At both ends, or before and after; or "valid", "same" or "full", as in ``conv1d``.

    Returns
    -------
    y : (N, C, V) array
        In the dtype of `x`.
    cache : tuple
        For `backward`.  Holds `x` and `y` themselves: do not write to them in between.

    Raises
    ------
    TypeError, ValueError
        As in ``max_pool``.

    Examples
    --------
    >>> import numpy as np
    >>> forward(np.array([[[1.0, 4.0, 3.0, 2.0]]]), size=3, stride=1)[0]
    array([[[4., 4.]]])
    """
    expect_shapes(x=(x, "N C L"))
    wide = padding if isinstance(padding, str) else (0, padding)
    step = size if stride is None else stride
    y, cache = max_pool.forward(x[:, :, None], size=(1, size), stride=(1, step), padding=wide)
    return y[:, :, 0], (cache, y[:, :, 0].shape, y.dtype)


def backward(dy: Array, cache: Cache) -> Array:
    """Return the gradient on the argument of `forward`.

    Parameters
    ----------
    dy : (N, C, V) array
        Gradient of the loss on `y`.
    cache : tuple
        From `forward`.

    Returns
    -------
    dx : array
        In the shape of `x`: at each entry, the sum over the windows that it wins.

    Raises
    ------
    TypeError, ValueError
        If `dy` is not an array in the shape and dtype of `y`.

    Examples
    --------
    >>> import numpy as np
    >>> y, cache = forward(np.array([[[1.0, 4.0, 3.0, 2.0]]]), size=3, stride=1)
    >>> backward(np.array([[[10.0, 1.0]]]), cache)
    array([[[ 0., 11.,  0.,  0.]]])
    """
    images, shape, dtype = cache
    expect_upstream(dy, shape, dtype)
    return max_pool.backward(dy[:, :, None], images)[:, :, 0]
