"""Mirrors backprop/arrays.py."""

import numpy as np
import pytest

from backprop import arrays


def test_sizes_are_read_from_the_first_array_that_has_them():
    found = arrays.expect_shapes(a=(np.ones((2, 3)), "N D"), b=(np.ones((3, 4)), "D 4"))
    assert found == {"N": 2, "D": 3}


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((4, 5), r"b has shape \(4, 5\); needs \(D, M\) with D = 3$"),
        ((3,), r"b has shape \(3,\); needs \(D, M\) with D = 3$"),
    ],
)
def test_the_message_names_what_is_known_before(shape, message):
    with pytest.raises(ValueError, match=message):
        arrays.expect_shapes(a=(np.ones((2, 3)), "N D"), b=(np.ones(shape), "D M"))


def test_a_number_stands_for_itself():
    with pytest.raises(ValueError, match=r"needs \(N, 4\)"):
        arrays.expect_shapes(a=(np.ones((2, 3)), "N 4"))


def test_complex_goes_with_its_own_precision_only():
    z = np.ones(2, np.complex128)
    arrays.expect_shapes(a=(z, "N"), b=(np.ones(2), "N"))
    with pytest.raises(TypeError, match="b has dtype float32; needs complex128, that of a"):
        arrays.expect_shapes(a=(z, "N"), b=(np.ones(2, np.float32), "N"))


def test_dots_stand_for_further_axes():
    image = np.ones((2, 3, 4, 5))
    assert arrays.expect_shapes(x=(image, "N C ..."), g=(np.ones(3), "C")) == {"N": 2, "C": 3}
    arrays.expect_shapes(x=(image, "..."))
    with pytest.raises(ValueError, match=r"x has shape \(2,\); needs \(N, C, ...\)"):
        arrays.expect_shapes(x=(np.ones(2), "N C ..."))
