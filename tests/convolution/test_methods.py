"""Mirrors backprop/convolution/direct.py and fourier.py: two ways to the same numbers."""

import numpy as np
import pytest

from backprop.convolution import direct, fourier
from backprop.convolution.geometry import axes

SHAPES = [
    # images, kernels, options
    ((2, 3, 8, 9), (4, 3, 3, 2), {"padding": "valid", "stride": 1, "dilation": 1}),
    ((1, 2, 5, 5), (3, 2, 5, 5), {"padding": "full", "stride": 1, "dilation": 1}),
    ((3, 1, 11, 10), (2, 1, 3, 4), {"padding": "same", "stride": (2, 3), "dilation": (2, 1)}),
    ((2, 2, 7, 13), (2, 2, 1, 7), {"padding": (0, 3), "stride": 1, "dilation": (3, 2)}),
]


def given(images, kernels, options, dtype=np.float64):
    rng = np.random.default_rng(0)
    both = axes(images[2:], kernels[2:], **options)
    outputs = (images[0], kernels[0], *(axis.outputs for axis in both))
    arrays = [rng.standard_normal(s).astype(dtype) for s in (outputs, images, kernels)]
    return *arrays, *both


@pytest.mark.parametrize(("images", "kernels", "options"), SHAPES)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-13), (np.float32, 2e-5)])
def test_both_give_the_same(images, kernels, options, dtype, tolerance):
    dy, *rest = given(images, kernels, options, dtype)
    results = [(m.forward(*rest), *m.backward(dy, *rest)) for m in (direct, fourier)]
    for one, other in zip(*results, strict=True):
        assert one.dtype == other.dtype == dtype
        np.testing.assert_allclose(one, other, atol=tolerance)


@pytest.mark.parametrize(("images", "kernels", "options"), SHAPES)
@pytest.mark.parametrize("method", [direct, fourier])
def test_every_pair_of_gradients_is_adjoint(images, kernels, options, method):
    dy, x, W, *both = given(images, kernels, options)
    dx, dW = method.backward(dy, x, W, *both)
    inner = (dy * method.forward(x, W, *both)).sum()
    np.testing.assert_allclose([(dx * x).sum(), (dW * W).sum()], inner, rtol=1e-12)


def test_transforms_have_lengths_that_are_fast():
    for n in range(1, 200):
        [axis] = axes([n], [1], padding=0, stride=1, dilation=1)
        length = fourier.length(axis)
        assert length >= n and length % 2 == 0
        for p in (2, 3, 5, 7):
            while length % p == 0:
                length //= p
        assert length == 1


def test_images_with_the_batch_innermost_are_not_copied():
    x = np.zeros((4, 2, 5, 3)).transpose(3, 1, 0, 2)  # in memory (H, C, W, N)
    rows, columns = axes([4, 5], [3, 3], padding=0, stride=1, dilation=1)
    assert np.shares_memory(direct._pad(x, rows, columns), x)


def test_overlapping_rows_are_a_view():
    x = np.zeros((7, 6, 4, 3))
    [rows] = axes([7], [3], padding=0, stride=1, dilation=1)
    assert np.shares_memory(direct._overlap(x, rows), x)


@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize(("C", "M"), [(8, 1), (1, 8), (4, 4)])
def test_the_scratch_is_not_exceeded_as_long_as_one_output_row_of_one_image_fits(C, M, dilation):
    scratch = direct.SCRATCH
    for N in (1, 100, 10_000):
        rows, columns = axes([200, 300], [7, 5], padding=3, stride=1, dilation=dilation)
        copies = rows.taps if dilation > 1 else 1
        for batch, parts in direct._blocks(
            N, rows, columns, 4, deep=C * 5, high=M, partial=C * M * 140
        ):
            n, r = batch.stop - batch.start, parts[0].stop - parts[0].start
            unrolled = (r + rows.reach - 1) * C * 5 * copies + r * M
            assert n * columns.outputs * 4 * unrolled <= scratch
