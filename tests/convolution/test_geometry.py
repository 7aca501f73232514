"""Mirrors backprop/convolution/geometry.py."""

import itertools

import numpy as np
import pytest

from backprop.convolution.geometry import Axis, axes

EVERY = [
    Axis(*numbers)
    for numbers in itertools.product([1, 4, 7], [1, 2, 3], [0, 2], [0, 3], [1, 2, 3], [1, 2])
]


def test_what_a_tap_sees_is_what_counting_says():
    for axis in EVERY:
        if axis.reach <= axis.padded:
            compare(axis)


def compare(axis):
    padded = np.full(axis.padded, -1)
    padded[axis.before : axis.before + axis.size] = np.arange(axis.size)
    for tap in range(axis.taps):
        places, pixels = axis.seen(tap)
        met = padded[tap * axis.dilation :: axis.stride][: axis.outputs]
        outputs = np.arange(axis.outputs)
        np.testing.assert_array_equal(outputs[places], outputs[met >= 0])
        np.testing.assert_array_equal(np.arange(axis.size)[pixels], met[met >= 0])


@pytest.mark.parametrize("size", range(1, 9))
@pytest.mark.parametrize("taps", range(1, 6))
def test_the_three_modes(size, taps):
    def outputs(padding):
        [axis] = axes([size], [taps], padding=padding, stride=1, dilation=1)
        return axis.outputs

    assert outputs("same") == size
    assert outputs("full") == size + taps - 1
    if taps <= size:
        assert outputs("valid") == size - taps + 1


def test_an_odd_zero_goes_to_the_end():
    [axis] = axes([5], [2], padding="same", stride=1, dilation=1)
    assert (axis.before, axis.after) == (0, 1)


def test_numbers_of_numpy_are_numbers():
    [axis] = axes([5], [3], padding=np.int64(1), stride=np.int64(2), dilation=1)
    assert axis == Axis(size=5, taps=3, before=1, after=1, stride=2, dilation=1)
