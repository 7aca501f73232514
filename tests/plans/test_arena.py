"""Mirrors backprop/plans/arena.py and parameters.py."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop.plans.arena import ALIGNMENT, Arena
from backprop.plans.parameters import Layout, Parameters, copy_into

shapes = st.lists(st.lists(st.integers(0, 7), max_size=3).map(tuple), min_size=1, max_size=6)
kinds = st.sampled_from([np.float32, np.float64, bool])


def address(array):
    return array.__array_interface__["data"][0]


@given(shapes, st.data())
def test_arrays_are_aligned_zero_and_apart(wanted, data):
    wanted = {f"a{i}": (shape, data.draw(kinds)) for i, shape in enumerate(wanted)}
    arena = Arena(wanted)
    for name, (shape, dtype) in wanted.items():
        array = arena[name]
        assert array.shape == shape and array.dtype == dtype and array.flags.c_contiguous
        assert address(array) % ALIGNMENT == 0 or array.size == 0
        assert array.flags.writeable and not array.any()
        array.fill(1)  # whatever comes later must still be zero
    assert all(arena[name].all() for name in wanted)
    assert arena.nbytes == sum(
        math.ceil(math.prod(shape) * np.dtype(dtype).itemsize / 64) * 64
        for shape, dtype in wanted.values()
    )


def test_everything_lies_in_one_block():
    arena = Arena({"x": ((3, 5), np.float32), "on": ((3,), bool), "y": ((2,), np.float64)})
    starts = [address(arena[name]) for name in ("x", "on", "y")]
    assert np.diff(starts).tolist() == [64, 64]


def test_a_negative_size_raises():
    with pytest.raises(ValueError, match=r"x has shape \(2, -1\); needs sizes of at least 0"):
        Arena({"x": ((2, -1), np.float32)})


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_parameter_is_an_aligned_view_of_one_vector(dtype):
    params = [np.full((3, 5), 1, dtype), np.full(3, 2, dtype), np.full((2, 3), 3, dtype)]
    layout = Layout(params)
    p = Parameters(layout, Arena(Parameters.wanted(layout)))
    p.load(params)
    for view, w in zip(p.now, params, strict=True):
        np.testing.assert_array_equal(view, w)
        assert np.shares_memory(view, p.vectors[0]) and address(view) % ALIGNMENT == 0
    assert p.vectors[0].sum() == 15 * 1 + 3 * 2 + 6 * 3  # nothing between them
    before = p.now
    p.flip()
    assert not any(np.shares_memory(a, b) for a, b in zip(before, p.now, strict=True))


def test_copying_checks_everything_before_it_writes():
    views = [np.zeros(2), np.zeros(3)]
    for wrong, error, message in [
        ([np.ones(2)], ValueError, "grads has 1 arrays; needs 2"),
        ([np.ones(2), np.ones(4)], ValueError, r"grads\[1\] has shape \(4,\); needs \(3,\)"),
        ([np.ones(2), np.ones(3, np.float32)], TypeError, r"grads\[1\] has dtype float32"),
    ]:
        with pytest.raises(error, match=message):
            copy_into(views, wrong, "grads")
        assert not views[0].any()
