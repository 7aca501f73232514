"""Mirrors backprop/layers/conv2d.py."""

import itertools
import tracemalloc

import numpy as np
import pytest

from backprop import check
from backprop.convolution import direct, fourier
from backprop.layers import conv2d

ENDS = {"valid": lambda n, k, s: (0, 0), "full": lambda n, k, s: (k - 1, k - 1)}


def arguments(N=2, C=3, H=6, W=7, O=4, P=3, Q=2, dtype=np.float64):  # noqa: E741
    """Random ``x, W, b``; the sizes differ, so that no transpose can hide."""
    rng = np.random.default_rng(0)
    shapes = [(N, C, H, W), (O, C, P, Q), (O,)]
    return [rng.standard_normal(shape).astype(dtype) for shape in shapes]


def ends(padding, sizes, reach, stride):
    """Zeros before and after, by the words of the documentation."""
    if padding == "same":
        missing = [
            max(0, (-(-n // s) - 1) * s + k - n)
            for n, k, s in zip(sizes, reach, stride, strict=True)
        ]
        return [(m // 2, m - m // 2) for m in missing]
    if isinstance(padding, str):
        return [ENDS[padding](n, k, s) for n, k, s in zip(sizes, reach, stride, strict=True)]
    pairs = [padding] * 2 if isinstance(padding, int) else padding
    return [(p, p) if isinstance(p, int) else p for p in pairs]


def naive(x, W, b, *, stride=(1, 1), padding=0, dilation=(1, 1), flip=False, link=None):
    """Add up the equation, number by number."""
    (s, t), (d, e) = stride, dilation
    O, C, P, Q = W.shape  # noqa: E741
    reach = (P - 1) * d + 1, (Q - 1) * e + 1
    x = np.pad(x, [(0, 0), (0, 0), *ends(padding, x.shape[2:], reach, stride)])
    E, F = ((n - k) // a + 1 for n, k, a in zip(x.shape[2:], reach, stride, strict=True))
    y = np.zeros((len(x), O, E, F)) + b[:, None, None]
    for n, o, i, j in np.ndindex(*y.shape):
        for c, p, q in np.ndindex(C, P, Q):
            if link is None or link[c][o]:
                w = W[o, c, P - 1 - p, Q - 1 - q] if flip else W[o, c, p, q]
                y[n, o, i, j] += w * x[n, c, i * s + p * d, j * t + q * e]
    return y


LINK = np.array([[1, 0, 1, 1], [0, 1, 1, 0], [1, 1, 0, 0]])
SPARSE = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
CROSSOVERS = [  # N, C, O, and the first odd kernel that "auto" transforms, for images of 60 x 60
    (1, 1, 1, 17),
    (1, 1, 64, 25),
    (1, 64, 1, 11),
    (64, 1, 1, 11),
    (4, 3, 5, 13),
    (16, 1, 8, 19),
    (2, 16, 3, 17),
    (8, 8, 8, 11),
]
CASES = {
    "plain": {},
    "padding": {"padding": 2},
    "a padding for each axis": {"padding": (0, 1)},
    "a padding for each side": {"padding": ((1, 0), (2, 3))},
    "more padding than the kernel": {"padding": 5},
    "valid": {"padding": "valid"},
    "same": {"padding": "same"},
    "full": {"padding": "full"},
    "stride": {"stride": (3, 5)},
    "stride over more than the kernel": {"stride": (4, 4), "padding": ((1, 0), (1, 2))},
    "stride and same": {"stride": (2, 3), "padding": "same"},
    "stride and full": {"stride": (7, 7), "padding": "full"},
    "dilation": {"dilation": (2, 3)},
    "dilation of the rows and full": {"dilation": (2, 1), "padding": "full"},
    "dilation, stride and padding": {"dilation": (2, 2), "stride": (3, 2), "padding": 1},
    "flip": {"flip": True},
    "flip and same": {"flip": True, "padding": "same"},
    "link": {"link": LINK},
    "link and flip": {"link": LINK, "flip": True, "padding": "full"},
    "sparse link": {"link": SPARSE, "padding": 1},
    "sparse link and stride": {"link": SPARSE, "stride": (3, 5), "flip": True},
    "no links": {"link": np.zeros((3, 4), int)},
}
cases = pytest.mark.parametrize("options", CASES.values(), ids=CASES)
methods = pytest.mark.parametrize("method", ["direct", "fft"])


@cases
@methods
def test_forward_is_the_sum_of_the_equation(options, method):
    y, _ = conv2d.forward(*arguments(), method=method, **options)
    np.testing.assert_allclose(y, naive(*arguments(), **options), atol=1e-13)


@cases
def test_both_methods_have_the_same_gradients(options):
    grads = []
    for method in ("direct", "fft"):
        y, cache = conv2d.forward(*arguments(), method=method, **options)
        dy = np.random.default_rng(1).standard_normal(y.shape)
        grads.append(conv2d.backward(dy, cache))
    for one, other in zip(*grads, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)


@cases
@methods
def test_backward_is_the_adjoint(options, method):
    x, W, b = arguments()
    y, cache = conv2d.forward(x, W, b * 0, method=method, **options)
    dy = np.random.default_rng(1).standard_normal(y.shape)
    dx, dW, _ = conv2d.backward(dy, cache)
    inner = (dy * y).sum()
    np.testing.assert_allclose([(dx * x).sum(), (dW * W).sum()], inner, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", [n for n in CASES if n != "no links"])
def test_gradients(name):
    errors = check.vjp(conv2d, *arguments(), method="central", **CASES[name])
    assert max(errors.values()) < 1e-8


def test_promises(promises):
    promises(conv2d, *arguments(), analytic=True)


def test_promises_of_every_option(promises):
    options = {"stride": (3, 2), "padding": 1, "dilation": (2, 2), "flip": True, "link": LINK}
    promises(conv2d, *arguments(), analytic=True, **options)


class ByTransforms:
    """The layer with its other method; transforms take no complex numbers."""

    @staticmethod
    def forward(x, W, b):
        return conv2d.forward(x, W, b, method="fft", padding="same")

    backward = staticmethod(conv2d.backward)


def test_promises_by_transforms(promises):
    promises(ByTransforms, *arguments())


@methods
def test_float32_is_as_exact_as_it_can_be(method):
    exact, _ = conv2d.forward(*arguments(8, 3, 20, 20), method=method)
    y, _ = conv2d.forward(*arguments(8, 3, 20, 20, dtype=np.float32), method=method)
    assert y.dtype == np.float32
    assert np.abs(y - exact).max() < 1e-6 * np.abs(exact).max()


@pytest.mark.parametrize(
    "sizes", [(1, 1, 1, 1, 1, 1, 1), (5, 1, 9, 3, 2, 9, 1), (3, 2, 4, 8, 1, 1, 8)]
)
@methods
def test_kernels_of_every_shape(sizes, method):
    y, _ = conv2d.forward(*arguments(*sizes), method=method)
    np.testing.assert_allclose(y, naive(*arguments(*sizes)), atol=1e-13)
    assert max(check.vjp(conv2d, *arguments(*sizes)).values()) < 1e-8


@methods
def test_an_empty_batch_has_gradients_of_zero(method):
    y, cache = conv2d.forward(*arguments(N=0), method=method)
    dx, dW, db = conv2d.backward(y, cache)
    assert y.shape == (0, 4, 4, 6) and dx.shape == (0, 3, 6, 7) and not dW.any() and not db.any()


@methods
@pytest.mark.parametrize("scratch", [1, 3000, 20000])
def test_blocks_of_every_size_give_the_same(monkeypatch, scratch, method):
    options = [
        {},
        {"padding": "full", "dilation": (2, 1)},
        {"stride": (2, 5), "padding": ((1, 0), 0)},
    ]
    expected = [run(method, **o) for o in options]
    monkeypatch.setattr(direct, "SCRATCH", scratch)
    monkeypatch.setattr(direct, "FEW", 2)
    monkeypatch.setattr(fourier, "SCRATCH", scratch)
    for o, before in zip(options, expected, strict=True):
        for a, b in zip(run(method, **o), before, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-12)


def run(method, **options):
    y, cache = conv2d.forward(*arguments(N=7), method=method, **options)
    dy = np.random.default_rng(1).standard_normal(y.shape)
    return y, *conv2d.backward(dy, cache)


def test_both_ways_to_the_images_give_the_same():
    rng = np.random.default_rng(0)
    for padding, dilation in itertools.product(["valid", "same", "full", ((2, 0), (0, 1))], (1, 2)):
        rows, columns = conv2d.axes([6, 7], [3, 2], padding=padding, stride=1, dilation=dilation)
        dy = rng.standard_normal((2, 4, rows.outputs, columns.outputs))
        W = arguments()[1]
        a = direct._by_taps(dy, W, rows, columns)
        b = direct._by_turned_kernel(dy, W, rows, columns)
        np.testing.assert_allclose(a, b, atol=1e-13)


def test_the_order_in_memory_does_not_matter():
    x, W, b = arguments()
    turned = np.ascontiguousarray(x.transpose(3, 2, 0, 1)).transpose(2, 3, 1, 0)
    np.testing.assert_array_equal(conv2d.forward(turned, W, b)[0], conv2d.forward(x, W, b)[0])
    assert conv2d.forward(x, W, b)[0].strides[0] == x.itemsize  # the batch innermost


def test_absent_links_have_no_weight_and_no_gradient():
    x, W, b = arguments()
    absent = LINK.T == 0
    y, cache = conv2d.forward(x, np.where(absent[:, :, None, None], 1e300, W), b, link=LINK)
    np.testing.assert_array_equal(y, conv2d.forward(x, W, b, link=LINK)[0])
    dy = np.random.default_rng(1).standard_normal(y.shape)
    _, dW, _ = conv2d.backward(dy, cache)
    assert not dW[absent].any() and dW[~absent].all()


@pytest.mark.parametrize("link", [LINK, SPARSE])
def test_a_link_table_is_a_kernel_with_zeros(link):
    x, W, b = arguments()
    y, _ = conv2d.forward(x, W, b, link=link)
    np.testing.assert_allclose(y, conv2d.forward(x, W * link.T[:, :, None, None], b)[0], atol=1e-14)


def test_a_sparse_table_costs_no_arithmetic_for_absent_links(monkeypatch):
    seen = []
    forward = direct.forward

    def counting(x, W, *axes):
        seen.append(W.shape[:2])
        return forward(x, W, *axes)

    monkeypatch.setattr(direct, "forward", counting)
    x, W, b = arguments(C=4, O=4)
    conv2d.forward(x, W, b, link=np.eye(4), method="direct")
    assert seen == [(1, 1)] * 4


def test_a_convolution_is_the_product_of_polynomials():
    x, W = np.array([[[[1.0, 2.0, 3.0]]]]), np.array([[[[4.0, 5.0]]]])
    y, _ = conv2d.forward(x, W, np.zeros(1), padding="full", flip=True)
    np.testing.assert_array_equal(y.ravel(), np.convolve([1, 2, 3], [4, 5]))


def test_large_kernels_take_the_transforms_and_small_ones_do_not():
    def chosen(N, C, O, k):  # noqa: E741
        both = conv2d.axes([128, 128], [k, k], padding="same", stride=1, dilation=1)
        return conv2d.cheaper(N, O, C, *both)

    assert [chosen(4, 8, 8, k) for k in (3, 5, 31)] == ["direct", "direct", "fft"]
    assert [chosen(1, 1, 1, k) for k in (3, 31)] == ["direct", "fft"]


def peak(call):
    tracemalloc.start()
    call()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


@pytest.mark.parametrize("N", [256, 1024])
def test_unrolling_takes_no_more_than_its_scratch_whatever_the_batch(N):
    x, W, b = arguments(N, 4, 12, 12, 3, 9, 9, dtype=np.float32)
    y, cache = conv2d.forward(x, W, b, method="direct")
    kept = 2 * (x.nbytes + y.nbytes)  # what is returned, and once more in another order
    assert peak(lambda: conv2d.forward(x, W, b, method="direct")) < kept + 2 * direct.SCRATCH
    assert peak(lambda: conv2d.backward(y, cache)) < kept + 2 * direct.SCRATCH


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"stride": 2}, ValueError, r"stride is \[2, 2\]; it never reaches the last \[1, 1\] pix"),
        ({"stride": 0}, ValueError, "stride is 0; needs at least 1"),
        ({"stride": 1.5}, TypeError, "stride is 1.5; needs whole numbers"),
        ({"stride": (1, 1, 1)}, ValueError, r"stride is \(1, 1, 1\); needs a number, or 2"),
        ({"dilation": 0}, ValueError, "dilation is 0; needs at least 1"),
        ({"dilation": 9}, ValueError, r"W reaches over \[19, 10\] pixels .* padding has \[6, 7\]"),
        ({"padding": -1}, ValueError, "padding is -1; needs at least 0"),
        ({"padding": "some"}, ValueError, "padding is 'some'; needs 'valid', 'same', 'full'"),
        ({"padding": (1, 2, 3)}, ValueError, r"padding is \(1, 2, 3\); needs 2 entries"),
        ({"padding": (1, (1, 2, 3))}, ValueError, r"padding has \(1, 2, 3\) for an axis"),
        ({"method": "magic"}, ValueError, "method is 'magic'; needs 'direct', 'fft' or 'auto'"),
        (
            {"link": LINK.T},
            ValueError,
            r"link has shape \(4, 3\); needs \(C, O\) with C = 3, O = 4",
        ),
        ({"link": 2 * LINK}, ValueError, "link has other entries than 0 and 1"),
    ],
)
def test_bad_options_raise(options, error, message):
    with pytest.raises(error, match=message):
        conv2d.forward(*arguments(), **options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x, W, b: (x[0], W, b), r"x has shape \(3, 6, 7\); needs \(N, C, H, W\)"),
        (lambda x, W, b: (x, W[:, :1], b), r"W has shape \(4, 1, 3, 2\); needs .* with C = 3"),
        (lambda x, W, b: (x, W, b[:1]), r"b has shape \(1,\); needs \(O\) with O = 4"),
        (lambda x, W, b: (x[:, :, :2], W, b), r"W reaches over \[3, 2\] .* has \[2, 7\]"),
        (lambda x, W, b: (x, W[:, :, :0], b), "W has 0 taps along an axis; needs at least 1"),
    ],
)
def test_shapes_that_disagree_raise(change, message):
    with pytest.raises(ValueError, match=message):
        conv2d.forward(*change(*arguments()))


def test_an_input_of_two_parts_gathers_the_gradients_of_both():
    x, W, b = (a.astype(np.float32) for a in arguments())
    few = np.array([[1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]])  # input 0 goes to two kinds
    y, cache = conv2d.forward(x, W, b, link=few)
    whole, of_whole = conv2d.forward(x, W * few.T[:, :, None, None].astype(np.float32), b)
    np.testing.assert_allclose(y, whole, atol=1e-5)
    dy = np.random.default_rng(1).standard_normal(y.shape).astype(np.float32)
    dx, dW, _ = conv2d.backward(dy, cache)
    expected, of_all, _ = conv2d.backward(dy, of_whole)
    assert {y.dtype, dx.dtype, dW.dtype} == {np.dtype(np.float32)}
    np.testing.assert_allclose(dx, expected, atol=1e-4)
    np.testing.assert_allclose(dW, of_all * few.T[:, :, None, None], atol=1e-4)
    assert dx.strides[0] == y.strides[0] == y.itemsize  # the batch innermost


def test_parts_pass_over_to_backward(monkeypatch):
    counted = []
    original = direct.backward
    monkeypatch.setattr(direct, "backward", lambda *a: counted.append(a) or original(*a))
    y, cache = conv2d.forward(*arguments(), link=SPARSE, method="direct")
    conv2d.backward(y, cache)
    assert len(counted) == len({tuple(row) for row in SPARSE.T if row.any()}) > 1


@pytest.mark.parametrize(("N", "C", "O", "first"), CROSSOVERS)
def test_the_smallest_kernel_for_which_transforms_are_taken(N, C, O, first):  # noqa: E741
    def chosen(k):
        both = conv2d.axes([60, 60], [k, k], padding="same", stride=1, dilation=1)
        return conv2d.cheaper(N, O, C, *both)

    sizes = range(1, 41, 2)
    assert [k for k in sizes if chosen(k) == "fft"][:1] == [first]


@pytest.mark.parametrize(("taps", "named"), [(13, "direct"), (19, "fft")])
def test_auto_computes_what_cheaper_names(taps, named):
    x, W, b = arguments(1, 1, 60, 60, 1, taps, taps)
    both = conv2d.axes([60, 60], [taps, taps], padding="same", stride=1, dilation=1)
    assert conv2d.cheaper(1, 1, 1, *both) == named
    y, _ = conv2d.forward(x, W, b, padding="same")
    by = {m: conv2d.forward(x, W, b, padding="same", method=m)[0] for m in ("fft", "direct")}
    assert by["fft"].tobytes() != by["direct"].tobytes()
    assert y.tobytes() == by[named].tobytes()
    turned, _ = conv2d.forward(x + 1e-30j * x, W, b, padding="same")  # never by real transforms
    np.testing.assert_allclose(turned.imag * 1e30, by["direct"] - b, rtol=1e-9, atol=1e-9)


def test_the_message_on_a_table_gives_the_sizes_of_the_kernel():
    x, W, b = arguments(P=2, Q=1)
    needs = r"^link has shape \(2, 2\); needs \(C, O\) with C = 3, O = 4$"
    with pytest.raises(ValueError, match=needs):
        conv2d.forward(x, W, b, link=np.ones((2, 2)))
    with pytest.raises(ValueError, match=r"^link has other entries than 0 and 1$"):
        conv2d.forward(x, W, b, link=2 * LINK)
