"""Finite modes: where the flipped kernel gives the gradient, and where it does not."""

import numpy as np
import pytest

from backprop.proofs.convolution import check_kernel_gradient, check_mode, convolve


@pytest.mark.parametrize("mode", ["valid", "same", "full"])
def test_the_modes_are_those_of_numpy_for_odd_kernels(mode):
    x, w = np.array([1, 2, 3, 5, 8]), np.array([1, -1, 4])
    assert np.array_equal(convolve(x, w, mode), np.convolve(x, w, mode))


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("mode", ["valid", "full"])
def test_valid_and_full_hold_for_every_kernel(mode, kernel):
    assert check_mode(mode, 6, kernel)
    assert kernel == 1 or not check_mode(mode, 6, kernel, flipped=False)
    assert check_kernel_gradient(mode, 6, kernel)


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5, 6])
def test_same_holds_for_odd_kernels_or_with_the_mirrored_crop(kernel):
    assert check_mode("same", 7, kernel) == (kernel % 2 == 1)
    assert check_mode("same", 7, kernel, mirrored=True)
    assert check_kernel_gradient("same", 7, kernel)


def test_nothing_left_raises():
    with pytest.raises(ValueError, match="leaves nothing"):
        check_mode("valid", 2, 3)
    with pytest.raises(ValueError, match="unknown mode"):
        check_mode("reflect", 5, 3)
