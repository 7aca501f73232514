"""Mirrors backprop/convolution/direct.py and fourier.py: two ways to the same numbers."""

import numpy as np
import pytest

from backprop.convolution import direct, fourier
from backprop.convolution.geometry import Axis, axes

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


@pytest.mark.parametrize("n", range(1, 500))
def test_a_length_has_small_factors_and_is_the_least_that_does(n):
    def smooth(m):
        return all(
            p <= 7 for p in range(2, m + 1) if m % p == 0 and all(p % q for q in range(2, p))
        )

    found = fourier.length(Axis(n, 1, 0, 0, 1, 1))
    assert found == next(m for m in range(n, 2 * n + 2) if m % 2 == 0 and smooth(m))


def test_float32_is_transformed_and_spread_in_its_own_precision():
    rows, columns = axes([6, 5], [3, 2], padding=1, stride=1, dilation=1)
    x = np.ones((2, 3, 6, 5), np.float32)
    assert fourier._images(x, rows, columns).dtype == np.complex64
    dy = np.ones((2, 3, rows.outputs, columns.outputs), np.float32)
    spread = direct._spread(dy, rows)
    assert spread.dtype == np.float32 and len(spread) == rows.size + rows.reach - 1


def needed(n, r, rows, columns, itemsize, deep, high, partial):
    """Return the bytes that unrolling r output rows of n images takes, as documented."""
    copies = rows.taps if rows.dilation > 1 else 1
    image_rows = (r - 1) * rows.stride + rows.reach
    numbers = columns.outputs * n * (deep * copies * image_rows + high * r)
    return itemsize * numbers + r * partial


@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("N", [0, 1, 7, 200, 5000])
@pytest.mark.parametrize("scratch", [2**12, 2**17, 2**23])
def test_blocks_fill_the_scratch_and_no_more(monkeypatch, N, scratch, stride, dilation):
    monkeypatch.setattr(direct, "SCRATCH", scratch)
    rows, columns = axes([11, 9], [3, 3], padding="full", stride=stride, dilation=dilation)
    how = {"deep": 5, "high": 4, "partial": 64}
    blocks = list(direct._blocks(N, rows, columns, 8, **how))
    assert [i for b, _ in blocks for i in range(b.start, b.stop)] == list(range(N))
    assert len({b.stop - b.start for b, _ in blocks[:-1]}) <= 1
    for batch, parts in blocks:
        assert [i for p in parts for i in range(p.start, p.stop)] == list(range(rows.outputs))
        n, r = batch.stop - batch.start, max(p.stop - p.start for p in parts)
        size = needed(n, r, rows, columns, 8, **how)
        assert size <= scratch or (n == 1 and r == 1)


def test_blocks_of_transforms_fill_the_scratch_and_no_more(monkeypatch):
    rows, columns = axes([11, 9], [3, 3], padding="full", stride=1, dilation=1)
    channel = 8 * fourier.length(rows) * fourier.length(columns)
    monkeypatch.setattr(fourier, "SCRATCH", 24 * channel)
    sizes = {
        (N, M, C): [
            (i.stop - i.start, k.stop - k.start) for i, k in fourier._blocks(N, M, C, rows, columns)
        ]
        for N, M, C in [(50, 50, 4), (50, 50, 1), (3, 50, 0), (50, 3, 24), (50, 50, 99), (1, 1, 2)]
    }
    assert sizes[50, 50, 4][0] == (6, 4)  # 24 channels of images; 24 of kernels, or of products
    assert sizes[50, 50, 1][0] == (24, 1)
    assert sizes[3, 50, 0][0] == (3, 8)
    assert sizes[50, 3, 24][0] == sizes[50, 50, 99][0] == (1, 1)
    assert sizes[1, 1, 2] == [(1, 1)]
