"""Mirrors backprop/layers/conv1d.py."""

import numpy as np
import pytest

from backprop.layers import conv1d

LINK = np.array([[1, 0, 1, 1], [0, 1, 1, 0], [1, 1, 0, 0]])
CASES = {
    "plain": {},
    "padding": {"padding": 2},
    "a padding for each side": {"padding": (3, 1)},
    "same": {"padding": "same"},
    "full": {"padding": "full"},
    "stride": {"stride": 2, "padding": (0, 1)},
    "dilation": {"dilation": 3},
    "flip": {"flip": True, "padding": "full"},
    "link": {"link": LINK},
}
cases = pytest.mark.parametrize("options", CASES.values(), ids=CASES)


def arguments(N=2, C=3, L=10, O=4, Q=3, dtype=np.float64):  # noqa: E741
    """Random ``x, W, b``; the sizes differ, so that no transpose can hide."""
    rng = np.random.default_rng(0)
    return [rng.standard_normal(s).astype(dtype) for s in [(N, C, L), (O, C, Q), (O,)]]


def naive(x, W, b, *, stride=1, padding=0, dilation=1, flip=False, link=None):
    """Add up the equation, number by number."""
    O, C, Q = W.shape  # noqa: E741
    reach = (Q - 1) * dilation + 1
    words = {"same": ((reach - 1) // 2, reach // 2), "full": (reach - 1, reach - 1)}
    pair = words.get(padding, padding) if isinstance(padding, str) else padding
    x = np.pad(x, [(0, 0), (0, 0), (pair, pair) if isinstance(pair, int) else pair])
    y = np.zeros((len(x), O, (x.shape[2] - reach) // stride + 1)) + b[:, None]
    for n, o, f in np.ndindex(*y.shape):
        for c, q in np.ndindex(C, Q):
            if link is None or link[c][o]:
                w = W[o, c, Q - 1 - q if flip else q]
                y[n, o, f] += w * x[n, c, f * stride + q * dilation]
    return y


@cases
@pytest.mark.parametrize("method", ["direct", "fft"])
def test_forward_is_the_sum_of_the_equation(options, method):
    y, _ = conv1d.forward(*arguments(), method=method, **options)
    np.testing.assert_allclose(y, naive(*arguments(), **options), atol=1e-13)


@cases
def test_promises(promises, options):
    promises(conv1d, *arguments(), analytic=True, **options)


@pytest.mark.parametrize("mode", ["full", "valid"])
def test_a_flipped_kernel_is_numpys_convolution_and_a_plain_one_its_correlation(mode):
    x, W, _ = arguments(1, 1, 9, 1, 4)
    for flip, theirs in ((True, np.convolve), (False, np.correlate)):
        y, _ = conv1d.forward(x, W, np.zeros(1), padding=mode, flip=flip)
        np.testing.assert_allclose(y.ravel(), theirs(x.ravel(), W.ravel(), mode))


def test_the_full_convolution_is_shen19s_banded_matrix():
    x, w = np.random.default_rng(0).standard_normal((2, 6))
    w = w[:3]
    T = np.array([[w[i - j] if 0 <= i - j < 3 else 0.0 for j in range(6)] for i in range(8)])
    y, cache = conv1d.forward(x[None, None], w[None, None], np.zeros(1), padding="full", flip=True)
    np.testing.assert_allclose(y.ravel(), T @ x)
    dx, _, _ = conv1d.backward(y, cache)
    np.testing.assert_allclose(dx.ravel(), T.T @ y.ravel())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stride": 2}, r"stride is \[2\]; it never reaches the last \[1\]"),
        ({"padding": (1, 2, 3)}, r"padding has \(1, 2, 3\) for an axis; needs a number, or before"),
        ({"dilation": 5}, r"W reaches over \[11\] pixels .* has \[10\]"),
        ({"link": LINK.T}, r"link has shape \(4, 3\); needs \(C, O\)"),
        ({"method": "no"}, "method is 'no'"),
    ],
)
def test_bad_options_raise(options, message):
    with pytest.raises(ValueError, match=message):
        conv1d.forward(*arguments(), **options)


def test_shapes_that_disagree_raise():
    x, W, b = arguments()
    with pytest.raises(ValueError, match=r"x has shape \(3, 10\); needs \(N, C, L\)"):
        conv1d.forward(x[0], W, b)
    with pytest.raises(ValueError, match=r"W has shape \(4, 2, 3\); needs .* with C = 3"):
        conv1d.forward(x, W[:, :2], b)
    with pytest.raises(ValueError, match=r"W has shape \(4, 3\); needs \(O, C, Q\)"):
        conv1d.forward(x, W[:, :, 0], b)
    with pytest.raises(ValueError, match=r"b has shape \(3,\); needs \(O\) with O = 4"):
        conv1d.forward(x, W, b[:3])
