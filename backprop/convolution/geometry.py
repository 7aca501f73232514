"""Where the windows of a convolution or a pooling lie, one axis at a time."""

import operator
from collections.abc import Sequence
from typing import Any, NamedTuple

Padding = int | str | Sequence[Any]
MODES = ("valid", "same", "full")


class Axis(NamedTuple):
    """One axis of an image and what slides along it, all in pixels."""

    size: int  # of the image
    taps: int  # of the kernel
    before: int  # zeros in front
    after: int
    stride: int
    dilation: int  # from one tap to the next

    @property
    def reach(self) -> int:
        """From the first tap to the last, both included."""
        return (self.taps - 1) * self.dilation + 1

    @property
    def padded(self) -> int:
        """The image with its zeros."""
        return self.before + self.size + self.after

    @property
    def outputs(self) -> int:
        """How many places the kernel has.

        Examples
        --------
        >>> Axis(size=14, taps=5, before=0, after=0, stride=1, dilation=1).outputs
        10
        """
        return (self.padded - self.reach) // self.stride + 1

    def seen(self, tap: int) -> tuple[slice, slice]:
        """Return the outputs for which a tap lies in the image, and the pixels it lies on.

        Examples
        --------
        >>> Axis(size=4, taps=3, before=1, after=1, stride=1, dilation=1).seen(0)
        (slice(1, 4, None), slice(0, 3, 1))
        """
        shift = tap * self.dilation - self.before
        first = max(0, -(shift // self.stride))  # the least e with e * stride + shift >= 0
        last = min(self.outputs - 1, (self.size - 1 - shift) // self.stride)
        if last < first:
            return slice(0, 0), slice(0, 0)
        start = first * self.stride + shift
        return slice(first, last + 1), slice(start, last * self.stride + shift + 1, self.stride)


def axes(
    sizes: Sequence[int],
    taps: Sequence[int],
    *,
    padding: Padding,
    stride: int | Sequence[int],
    dilation: int | Sequence[int],
    window: str = "W",
) -> list[Axis]:
    """Return the axes of an image; raise unless every pixel is seen and there is an output.

    Parameters
    ----------
    sizes, taps : sequences of int
        Of the image and of the kernel, an entry for each axis.
    padding : int, str or sequence
        Zeros on every side; "valid" (none), "same" (as many outputs as pixels, divided by the
        stride and rounded up; an odd zero goes to the end) or "full" (every place where kernel
        and image touch); or for each axis an int or a pair, before and after.
    stride, dilation : int or sequence of int
        For all axes or for each.
    window : str
        What the kernel is called in an error.

    Returns
    -------
    axes : list of Axis
        In the order of `sizes`.

    Raises
    ------
    TypeError
        If a number is not whole.
    ValueError
        If a number is out of its range, the window does not fit into the padded image, or its
        last place leaves pixels out.

    Examples
    --------
    >>> [rows] = axes([5], [3], padding="same", stride=1, dilation=1)
    >>> rows.before, rows.after, rows.outputs
    (1, 1, 5)
    """
    D = len(sizes)
    strides = per_axis("stride", stride, D)
    dilations = per_axis("dilation", dilation, D)
    if isinstance(padding, str) and padding not in MODES:
        raise ValueError(f"padding is {padding!r}; needs 'valid', 'same', 'full' or numbers")
    found = []
    for d, (size, tap) in enumerate(zip(sizes, taps, strict=True)):
        if tap < 1:
            raise ValueError(f"{window} has {tap} taps along an axis; needs at least 1")
        bare = Axis(size, tap, 0, 0, strides[d], dilations[d])
        before, after = _zeros(padding, bare, d, D)
        found.append(bare._replace(before=before, after=after))
    _expect_places(found, window)
    return found


def _zeros(padding: Padding, axis: Axis, d: int, D: int) -> tuple[int, int]:
    if isinstance(padding, str):
        outputs = -(-axis.size // axis.stride)
        missing = max(0, (outputs - 1) * axis.stride + axis.reach - axis.size)
        same = missing // 2, missing - missing // 2
        return {"valid": (0, 0), "same": same, "full": (axis.reach - 1,) * 2}[padding]
    if isinstance(padding, Sequence):
        if len(padding) != D:
            raise ValueError(f"padding is {padding}; needs {D} entries, one per axis")
        padding = padding[d]
    pair = padding if isinstance(padding, Sequence) else (padding, padding)
    if isinstance(pair, str) or len(pair) != 2:
        raise ValueError(f"padding has {pair!r} for an axis; needs a number, or before and after")
    before, after = (_whole("padding", zeros, 0) for zeros in pair)
    return before, after


def per_axis(name: str, value: int | Sequence[int], D: int) -> list[int]:
    """Return a number from 1 for each axis, given one for all or a sequence of them.

    Examples
    --------
    >>> per_axis("stride", 2, 2)
    [2, 2]
    """
    values = list(value) if isinstance(value, Sequence) else [value] * D
    if len(values) != D:
        raise ValueError(f"{name} is {value}; needs a number, or {D} of them")
    return [_whole(name, v, 1) for v in values]


def _whole(name: str, value: Any, least: int) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is {value!r}; needs whole numbers") from None
    if number < least:
        raise ValueError(f"{name} is {number}; needs at least {least}")
    return number


def _expect_places(axes: list[Axis], window: str) -> None:
    padded, reach = [a.padded for a in axes], [a.reach for a in axes]
    if any(r > p for r, p in zip(reach, padded, strict=True)):
        raise ValueError(
            f"{window} reaches over {reach} pixels of an image that with padding has {padded}; "
            "needs no more"
        )
    left = [(p - r) % a.stride for p, r, a in zip(padded, reach, axes, strict=True)]
    if any(left):
        raise ValueError(
            f"stride is {[a.stride for a in axes]}; it never reaches the last {left} pixels of "
            f"an image that with padding has {padded}; needs another stride, padding or crop"
        )
