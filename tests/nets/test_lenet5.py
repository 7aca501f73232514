"""Mirrors backprop/nets/lenet5.py and lenet5_modern.py."""

from types import SimpleNamespace

import numpy as np
import pytest

from backprop import check, training
from backprop.data import digits
from backprop.layers import conv2d, linear, max_pool, mean_pool, relu
from backprop.losses import cross_entropy
from backprop.nets import lenet5, lenet5_modern

RBF = SimpleNamespace(
    forward=lambda x, *params: lenet5.forward(x, *params, codes=lenet5.CODES),
    backward=lenet5.backward,
)
PUBLISHED = {"C1": 156, "S2": 12, "C3": 1516, "S4": 32, "C5": 48120, "F6": 10164}
VARIANTS = {
    "linear output": (lenet5, {}),
    "distances": (RBF, {"rbf": True}),
    "modern": (lenet5_modern, {}),
}
variants = pytest.mark.parametrize("name", VARIANTS)


def arguments(name="linear output", N=3, dtype=np.float64):
    """Random images and parameters; the biases are not zero."""
    net, options = VARIANTS[name]
    init = lenet5_modern.init if net is lenet5_modern else lenet5.init
    rng = np.random.default_rng(0)
    params = init(rng, dtype=np.float64, **options)
    params = [p + 0.1 * rng.standard_normal(p.shape) for p in params]
    return [p.astype(dtype) for p in (rng.standard_normal((N, 1, 32, 32)), *params)]


def test_it_has_the_published_number_of_parameters_layer_by_layer():
    params = lenet5.init(np.random.default_rng(0))
    assert lenet5.count(params) == {**PUBLISHED, "output": 850}
    trunk = lenet5.init(np.random.default_rng(0), rbf=True)
    assert lenet5.count(trunk) == PUBLISHED
    assert sum(lenet5.count(trunk).values()) == 60_000


def test_the_link_table_is_the_published_one():
    three, four = lenet5.LINKS[:, :6], lenet5.LINKS[:, 6:15]
    assert lenet5.LINKS.shape == (6, 16) and lenet5.LINKS.sum() == 60
    assert (three.sum(axis=0) == 3).all() and (four.sum(axis=0) == 4).all()
    for k in range(6):  # three neighbours, then four, going round
        assert set(np.flatnonzero(lenet5.LINKS[:, k])) == {(k + i) % 6 for i in range(3)}
        assert set(np.flatnonzero(lenet5.LINKS[:, 6 + k])) == {(k + i) % 6 for i in range(4)}
    for k in range(3):  # two neighbours twice, with a gap
        expected = {(k + i) % 6 for i in (0, 1, 3, 4)}
        assert set(np.flatnonzero(lenet5.LINKS[:, 12 + k])) == expected
    assert lenet5.LINKS[:, 15].all()


def test_weights_of_absent_links_start_at_zero_and_stay_there():
    x, *_ = arguments(dtype=np.float32)
    params = lenet5.init(np.random.default_rng(0))
    absent = lenet5.LINKS.T == 0
    scores, cache = lenet5.forward(x, *params)
    assert not params.W3[absent].any()
    assert not lenet5.backward(scores, cache)[5][absent].any()


@pytest.fixture
def few_directions(monkeypatch):
    """Try fewer directions: the layers are checked by themselves, here it is how they are put."""
    monkeypatch.setattr(check, "PROBES", 8)


@pytest.mark.usefixtures("few_directions")
@variants
def test_gradients(name):
    net, _ = VARIANTS[name]
    errors = check.vjp(net, *arguments(name, N=2), seed=1)
    assert max(errors.values()) < 1e-7
    assert len(errors) == len(arguments(name))


@pytest.mark.usefixtures("few_directions")
@pytest.mark.parametrize("name", ["linear output", "distances"])
def test_gradients_by_a_complex_step(name):
    net, _ = VARIANTS[name]
    errors = check.vjp(net, *arguments(name, N=2), method="complex")
    assert max(errors.values()) < 1e-12


@variants
def test_dtype_is_kept_and_nothing_is_written_to(name):
    net, _ = VARIANTS[name]
    for dtype in (np.float32, np.float64):
        args = arguments(name, dtype=dtype)
        for a in args:
            a.flags.writeable = False
        scores, cache = net.forward(*args)
        grads = net.backward(scores, cache)
        assert {a.dtype for a in (scores, *grads)} == {np.dtype(dtype)}
        assert [g.shape for g in grads] == [a.shape for a in args]


def test_forward_is_its_layers():
    def f(a):
        return 1.7159 * np.tanh(2 * a / 3)

    x, W1, b1, w2, a2, W3, b3, w4, a4, W5, b5, W6, b6, W7, b7 = arguments()
    y = f(conv2d.forward(x, W1, b1)[0])
    y = f(mean_pool.forward(y, w2, a2)[0])
    y = f(conv2d.forward(y, W3 * lenet5.LINKS.T[:, :, None, None], b3)[0])
    y = f(mean_pool.forward(y, w4, a4)[0])
    y = f(np.einsum("ncij,ocij->no", y, W5) + b5)
    y = f(y @ W6.T + b6)
    np.testing.assert_allclose(lenet5.forward(*arguments())[0], y @ W7.T + b7, atol=1e-12)


def test_modern_forward_is_its_layers():
    x, W1, b1, W3, b3, W5, b5, W6, b6, W7, b7 = arguments("modern")
    y = x
    for W, b in ((W1, b1), (W3, b3)):
        y = max_pool.forward(relu.forward(conv2d.forward(y, W, b)[0])[0])[0]
    y = y.reshape(len(x), -1)
    for W, b in ((W5.reshape(120, -1), b5), (W6, b6)):
        y = relu.forward(linear.forward(y, W, b)[0])[0]
    scores, _ = lenet5_modern.forward(*arguments("modern"))
    np.testing.assert_allclose(scores, y @ W7.T + b7, atol=1e-12)


def test_the_squashing_function_keeps_one():
    np.testing.assert_allclose(lenet5._squash(np.array([-1.0, 0, 1])), [-1, 0, 1], atol=1e-4)


def test_the_scores_of_the_codes_are_distances():
    args = arguments("distances")
    scores, cache = lenet5.forward(*args, codes=lenet5.CODES)
    F6 = lenet5.feature_maps(cache)["F6"]
    expected = [[-((row - code) ** 2).sum() for code in lenet5.CODES] for row in F6]
    np.testing.assert_allclose(scores, expected)


def test_the_codes_are_ten_different_drawings():
    assert lenet5.CODES.shape == (10, 84) and set(lenet5.CODES.ravel()) == {-1, 1}
    assert len({code.tobytes() for code in lenet5.CODES}) == 10


def test_maps_can_be_drawn():
    args = arguments()
    scores, cache = lenet5.forward(*args)
    shapes = {name: a.shape[1:] for name, a in lenet5.feature_maps(cache).items()}
    assert shapes == {
        "C1": (6, 28, 28), "S2": (6, 14, 14), "C3": (16, 10, 10), "S4": (16, 5, 5),
        "C5": (120, 1, 1), "F6": (84,),
    }  # fmt: skip
    gradients = lenet5.gradient_maps(scores, cache)
    np.testing.assert_array_equal(gradients.pop("x"), lenet5.backward(scores, cache)[0])
    assert {name: a.shape[1:] for name, a in gradients.items()} == shapes


def test_gradient_maps_are_gradients():
    x, W1, b1, w2, a2, *rest = arguments()
    scores, cache = lenet5.forward(x, W1, b1, w2, a2, *rest)
    S2 = lenet5.gradient_maps(scores, cache)["S2"]
    slope = 1.7159 * 2 / 3 - (2 / 3) / 1.7159 * lenet5.feature_maps(cache)["S2"] ** 2
    np.testing.assert_allclose(lenet5.backward(scores, cache)[4], (S2 * slope).sum((0, 2, 3)))


def test_images_are_centred_and_scaled():
    x = -np.ones((2, 784))
    x[:, 28 * 3 + 5] = 1  # row 3, column 5
    large = lenet5.images(x)
    assert large.shape == (2, 1, 32, 32)
    np.testing.assert_allclose(large[:, 0, 5, 7], 1.175)
    np.testing.assert_allclose(np.sort(large.ravel())[:-2], -0.1)
    small = lenet5.images(np.eye(1, 64) * 2 - 1)
    np.testing.assert_allclose(small[0, 0, 4:7, 4:7], 1.175)
    assert (small > 0).sum() == 9
    assert lenet5.images(x.astype(np.float32)).dtype == np.float32
    with pytest.raises(ValueError, match=r"x has shape \(1, 100\); needs rows of 784 or 64"):
        lenet5.images(np.zeros((1, 100)))


@variants
def test_digits_are_learnt(name):
    net, options = VARIANTS[name]
    init = lenet5_modern.init if net is lenet5_modern else lenet5.init
    data, rng = digits.load(), np.random.default_rng(0)
    x = lenet5.images(data.x_train[:400])
    params, history = training.fit(
        net, init(rng, **options), x, data.y_train[:400], lr=0.001 if options else 0.05, epochs=5,
        batch_size=16, rng=rng, progress=False)  # fmt: skip
    score = training.evaluate(net, params, lenet5.images(data.x_test), data.y_test)
    assert score.accuracy > 0.85 and history.loss[-1] < history.loss[0]


def test_the_loss_of_the_codes_is_the_discriminative_one():
    args = arguments("distances")
    labels = np.array([3, 1, 4])
    scores, _ = lenet5.forward(*args, codes=lenet5.CODES)
    loss, _ = cross_entropy.forward(scores, target=labels)
    distance = -scores
    expected = [d[k] + np.log(np.exp(-d).sum()) for d, k in zip(distance, labels, strict=True)]
    np.testing.assert_allclose(loss, np.mean(expected))


@variants
def test_pixels_that_are_not_finite_raise(name):
    net, _ = VARIANTS[name]
    for value in (np.nan, np.inf):
        x, *params = arguments(name)
        x[1, 0, 3, 3] = value
        with pytest.raises(ValueError, match="x has pixels that are not finite"):
            net.forward(x, *params)


def test_bad_input_raises():
    x, *params = arguments()
    with pytest.raises(ValueError, match=r"x has shape \(3, 1, 28, 28\); needs \(N, 1, 32, 32\)"):
        lenet5.forward(x[:, :, 2:-2, 2:-2], *params)
    with pytest.raises(ValueError, match=r"W1 has shape .* needs \(6, 1, 5, 5\)"):
        lenet5.forward(x, params[0][:5], *params[1:])
    with pytest.raises(ValueError, match="either W7 and b7, for the linear output, or codes"):
        lenet5.forward(x, *params[:-2])
    with pytest.raises(ValueError, match="either W7 and b7, for the linear output, or codes"):
        lenet5.forward(x, *params, codes=lenet5.CODES)
    with pytest.raises(ValueError, match=r"codes has shape \(9, 84\); needs \(10, 84\)"):
        lenet5.forward(x, *params[:-2], codes=lenet5.CODES[:9])
    scores, cache = lenet5.forward(x, *params)
    with pytest.raises(ValueError, match=r"dy has shape \(3, 9\); needs \(3, 10\)"):
        lenet5.backward(scores[:, :9], cache)
