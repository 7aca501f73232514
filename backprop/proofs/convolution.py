"""Convolutions of finite signals in the modes valid, same and full, decided exactly.

Over all integers a convolution is an ordinary claim with indices over ``ZZ``.  A finite
mode keeps a window of it.  The forward map is linear in the input and in the kernel, so a
statement "the gradient is such-and-such a convolution" is decided for given sizes by
comparing integer matrices for every unit kernel.  Images are pairs of such axes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.int64]
BACK = {"valid": "full", "full": "valid", "same": "same"}


def bounds(mode: str, size: int, kernel: int, mirrored: bool = False) -> range:
    """Return the positions of the full convolution that a mode keeps.

    Parameters
    ----------
    mode : str
        Which window of the ``size + kernel - 1`` positions is kept: "valid", "same" or "full".
    size, kernel : int
        Lengths of the signal and of the kernel.
    mirrored : bool
        Crop "same" from the other end; only for even kernels is that another window.

    Examples
    --------
    >>> bounds("valid", 5, 3), bounds("same", 5, 3), bounds("full", 5, 3)
    (range(2, 5), range(1, 6), range(0, 7))
    """
    if mode == "full":
        return range(size + kernel - 1)
    if mode == "valid":
        return range(kernel - 1, size)
    if mode == "same":
        first = kernel // 2 if mirrored else (kernel - 1) // 2
        return range(first, first + size)
    raise ValueError(f"unknown mode {mode!r}")


def convolve(
    x: NDArray[np.int64], w: NDArray[np.int64], mode: str, mirrored: bool = False
) -> NDArray[np.int64]:
    """Convolve two finite integer signals in a mode.

    Examples
    --------
    >>> convolve(np.array([1, 2, 3]), np.array([1, 10]), "full").tolist()
    [1, 12, 23, 30]
    """
    window = bounds(mode, len(x), len(w), mirrored)
    return np.convolve(x, w)[window.start : window.stop]


def forward_matrix(w: NDArray[np.int64], size: int, mode: str, mirrored: bool = False) -> Matrix:
    """Return the matrix of x -> x * w in a mode, one column for each unit signal."""
    columns = [convolve(unit, w, mode, mirrored) for unit in np.eye(size, dtype=np.int64)]
    return np.array(columns).T


def check_mode(
    mode: str,
    size: int,
    kernel: int,
    *,
    back: str | None = None,
    flipped: bool = True,
    mirrored: bool = False,
) -> bool:
    """Decide whether the input gradient is a convolution with the flipped kernel.

    Forward is ``y = x * w`` in a mode.  The input gradient is the transpose of that map; it
    is compared with ``dy * flip(w)`` in the mode `back`, for every unit kernel, hence for
    every kernel.

    Parameters
    ----------
    mode : str
        Mode of the forward convolution: "valid", "same" or "full".
    size, kernel : int
        Lengths of the input and of the kernel.
    back : str, optional
        Mode of the backward convolution: full for valid, valid for full, same for same.
    flipped : bool
        Flip the kernel in the backward convolution.
    mirrored : bool
        Crop the backward "same" window from the other end.

    Returns
    -------
    bool
        Whether the two maps are the same for every kernel.

    Raises
    ------
    ValueError
        If the mode is unknown, or leaves nothing of the input.

    Examples
    --------
    >>> check_mode("valid", 6, 3), check_mode("same", 6, 3), check_mode("same", 6, 4)
    (True, True, False)
    >>> check_mode("same", 6, 4, mirrored=True)
    True
    """
    if len(bounds(mode, size, kernel)) < 1:
        raise ValueError(f"mode {mode} leaves nothing of size {size} with kernel {kernel}")
    for w in np.eye(kernel, dtype=np.int64):
        true = forward_matrix(w, size, mode).T
        v = w[::-1] if flipped else w
        claimed = forward_matrix(v, true.shape[1], back or BACK[mode], mirrored)
        if not np.array_equal(true, claimed):
            return False
    return True


def check_kernel_gradient(mode: str, size: int, kernel: int, *, flipped: bool = True) -> bool:
    """Decide whether the kernel gradient is a valid convolution with the flipped input.

    Forward is ``y = x * w``; the gradient on w is compared with the window of
    ``dy * flip(x)`` of the length of the kernel that starts where `mode` says, for every
    unit input, hence for every input.

    Parameters
    ----------
    mode : str
        Mode of the forward convolution: "valid", "same" or "full".
    size, kernel : int
        Lengths of the input and of the kernel.
    flipped : bool
        Flip the input.

    Returns
    -------
    bool
        Whether the two maps are the same for every input.

    Examples
    --------
    >>> check_kernel_gradient("valid", 6, 3), check_kernel_gradient("valid", 6, 3, flipped=False)
    (True, False)
    """
    window = bounds(mode, size, kernel)
    for x in np.eye(size, dtype=np.int64):
        units = np.eye(kernel, dtype=np.int64)
        true = np.array([convolve(x, unit, mode) for unit in units])
        v = x[::-1] if flipped else x
        full = forward_matrix(v, len(window), "full")
        first = size - 1 - window.start
        if not np.array_equal(true, full[first : first + kernel]):
            return False
    return True
