"""The place of numbers in memory has no influence on what they are."""

import numpy as np
import pytest


def strided(a):
    wide = np.full((*a.shape[:-1], 2 * a.shape[-1]), 7, a.dtype) if a.ndim else a
    wide[..., ::2] = a
    return wide[..., ::2]


def unaligned(a):
    raw = np.zeros(a.nbytes + 1, np.uint8)[1:].view(a.dtype).reshape(a.shape)
    raw[...] = a
    return raw


def frozen(a):
    a = a.copy()
    a.flags.writeable = False
    return a


def broadcast(a):
    return np.broadcast_to(a[:1], a.shape)


LAYOUTS = {
    "Fortran": np.asfortranarray,
    "strided": strided,
    "reversed": lambda a: a[tuple([slice(None, None, -1)] * a.ndim)].copy()[
        tuple([slice(None, None, -1)] * a.ndim)
    ],
    "batch innermost": lambda a: np.moveaxis(np.ascontiguousarray(np.moveaxis(a, 0, -1)), -1, 0),
    "unaligned": unaligned,
    "read-only": frozen,
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_changes_no_number(zoo, name, layout):
    args = zoo.draw(name)
    y, grads = zoo.run(name, args)
    placed = [LAYOUTS[layout](a) for a in args]
    before = [a.copy() for a in placed]
    again, other = zoo.run(name, placed)
    assert np.any(y) and all(np.any(g) for g in grads)
    np.testing.assert_allclose(again, y, rtol=1e-12, atol=1e-13)
    for mine, expected in zip(other, grads, strict=True):
        assert mine.shape == expected.shape and mine.dtype == expected.dtype
        np.testing.assert_allclose(mine, expected, rtol=1e-11, atol=1e-12)
    assert all(np.array_equal(a, b) for a, b in zip(placed, before, strict=True))


def test_an_argument_with_all_rows_in_one_place(zoo, name):
    args = zoo.draw(name)
    shared = [broadcast(a) for a in args]
    y, grads = zoo.run(name, shared)
    expected, others = zoo.run(name, [a.copy() for a in shared])
    np.testing.assert_allclose(y, expected, atol=1e-13)
    for mine, expected in zip(grads, others, strict=True):
        np.testing.assert_allclose(mine, expected, atol=1e-12)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_upstream_gradient_of_any_layout(zoo, name, layout):
    args = zoo.draw(name)
    y, _ = zoo.run(name, args)
    if np.ndim(y) == 0:
        pytest.skip("the upstream gradient is a number")
    dy = np.random.default_rng(8).standard_normal(y.shape)
    _, grads = zoo.run(name, args, dy)
    _, others = zoo.run(name, args, LAYOUTS[layout](dy))
    for mine, expected in zip(others, grads, strict=True):
        np.testing.assert_allclose(mine, expected, rtol=1e-11, atol=1e-12)


def test_results_share_no_memory_with_arguments(zoo, name):
    # else to change a result in place would change what backward needs, or a parameter
    args = zoo.draw(name)
    y, grads = zoo.run(name, args)
    for result in (y, *grads):
        assert not any(np.shares_memory(result, a) for a in args)
