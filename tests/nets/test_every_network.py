"""What holds for every network: names in messages, and the sizes of the first weights."""

import inspect

import numpy as np
import pytest

from backprop.nets import char_model, deep_mlp, lenet5, lenet5_modern, mlp, preact
from backprop.recurrent import gru, lstm, qrnn, rnn

SIZES = {"mlp": (3, 5, 2), "preact": (3, 5, 2), "lenet5": (), "lenet5_modern": ()}
NETS = {"mlp": mlp, "preact": preact, "lenet5": lenet5, "lenet5_modern": lenet5_modern}

NEEDED = r"\(([A-Z]|\d+)(, ([A-Z]|\d+))*\)"  # sizes as the book writes them, a letter each


@pytest.mark.parametrize("name", NETS)
def test_a_misfit_is_named_as_the_signature_names_it(name):
    net = NETS[name]
    params = net.init(np.random.default_rng(0), *SIZES[name])
    x = np.zeros((2, 1, 32, 32) if "lenet5" in name else (4, 3), np.float32)
    names = list(inspect.signature(net.forward).parameters)
    for k, a in enumerate([x, *params]):
        args = [x, *params]
        args[k] = np.zeros((*a.shape, 2), a.dtype)
        with pytest.raises(ValueError, match=rf"^{names[k]} has shape .*; needs {NEEDED}"):
            net.forward(*args)


@pytest.mark.parametrize("D", [None, 4])
def test_a_misfit_of_a_character_model_is_named(D):
    params = char_model.init(np.random.default_rng(0), 6, 5, cell=rnn, D=D)
    names = [*(["E"] if D else []), "Wh", "Wx", "b", "Wy", "by"]
    for k, name in enumerate(names):
        changed = [*params[:k], np.zeros((*params[k].shape, 2), np.float32), *params[k + 1 :]]
        with pytest.raises(ValueError, match=rf"^{name} has shape .*; needs {NEEDED}"):
            char_model.forward(*changed, labels=np.zeros((1, 1), int), cell=rnn)


def test_a_misfit_of_a_deep_perceptron_is_named():
    params = deep_mlp.init(np.random.default_rng(0), [3, 4, 5, 2])
    names = ["x", "W1", "b1", "W2", "b2", "U"]
    for k, name in enumerate(names):
        args = [np.zeros((2, 3), np.float32), *params]
        args[k] = np.zeros((*args[k].shape, 2), np.float32)
        with pytest.raises(ValueError, match=rf"^{name} has shape"):
            deep_mlp.forward(*args)


@pytest.mark.parametrize("net", [mlp, preact])
def test_sizes_of_one_are_fine_and_sizes_of_zero_are_named(net):
    assert net.init(np.random.default_rng(0), 1, 1, 1)[0].shape == (1, 1)
    for k, name in enumerate("DMC"):
        sizes = [3, 5, 2]
        sizes[k] = 0
        with pytest.raises(ValueError, match=rf"^{name} is 0"):
            net.init(np.random.default_rng(0), *sizes)


def spread(a):
    return float(a.std())


def test_a_deep_perceptron_starts_with_the_documented_sizes():
    W1, b1, W2, b2, U = deep_mlp.init(np.random.default_rng(0), [300, 200, 100, 150])
    assert U.shape == (150, 100) and not b1.any() and not b2.any()
    assert spread(W1) == pytest.approx((2 / 300) ** 0.5, rel=0.02)
    assert spread(W2) == pytest.approx((2 / 200) ** 0.5, rel=0.02)
    assert spread(U) == pytest.approx((1 / 100) ** 0.5, rel=0.02)
    *_, U = deep_mlp.init(np.random.default_rng(0), [300, 20, 400, 30, 100, 150])
    assert spread(U) == pytest.approx((1 / 100) ** 0.5, rel=0.02)


def test_lenet5_starts_with_the_documented_sizes():
    modern = lenet5_modern.init(np.random.default_rng(0))
    assert spread(modern.W5) == pytest.approx((2 / 400) ** 0.5, rel=0.02)
    assert not any(getattr(modern, name).any() for name in modern._fields if name[0] == "b")
    old = lenet5.init(np.random.default_rng(0))
    for o, links in enumerate(lenet5.LINKS.T):  # as if each map had only the inputs it has
        kept = old.W3[o, links == 1]
        assert spread(kept) == pytest.approx((25 * links.sum()) ** -0.5, rel=0.25)
        assert not old.W3[o, links == 0].any()
    assert spread(old.W5) == pytest.approx(400**-0.5, rel=0.02)


@pytest.mark.parametrize("cell", [rnn, qrnn, gru, lstm])
def test_one_hot_inputs_get_weights_as_large_as_their_one_entry_needs(cell):
    V, H = 90, 80
    plain = char_model.init(np.random.default_rng(0), V, H, cell=cell)
    table = char_model.init(np.random.default_rng(0), V, H, cell=cell, D=V)
    Wx, of_table = plain[-4], table[-4]
    assert spread(Wx) / spread(of_table) == pytest.approx(V**0.5, rel=0.05)
    doubled = char_model.init(np.random.default_rng(0), V, H, cell=cell, dtype=np.float64)
    assert {p.dtype for p in doubled} == {np.dtype(np.float64)}


def test_a_text_of_one_step_and_a_sample_of_none():
    params = char_model.init(np.random.default_rng(0), 4, 3)
    assert len(list(char_model.windows(np.arange(4), 1, 1))) == 3
    none = char_model.sample(np.random.default_rng(0), params, start=np.array([1]), length=0)
    assert none.shape == (0,)
    with pytest.raises(ValueError, match=r"needs one label at least, and no negative number$"):
        char_model.sample(np.random.default_rng(0), params, start=np.array([1]), length=-1)


def test_options_reach_the_cell_in_samples_and_in_gradients():
    params = char_model.init(np.random.default_rng(0), 6, 5, cell=rnn)
    labels = np.random.default_rng(1).integers(0, 6, (2, 9, 3))
    how = {"cell": rnn}
    kept, *_ = char_model.gradients(params, *labels, **how)
    skipped, *_ = char_model.gradients(params, *labels, **how, skip=0.9)
    assert kept != skipped
    drawn = [
        char_model.sample(
            np.random.default_rng(3), params, start=np.array([1]), length=200, **how, **options
        ).tolist()
        for options in ({}, {"temperature": 1.0}, {"temperature": 2.0}, {"skip": 0.9})
    ]
    assert drawn[0] == drawn[1] and drawn[1] != drawn[2] and drawn[1] != drawn[3]


def test_lengths_reach_the_inputs_of_a_table():
    params = char_model.init(np.random.default_rng(0), 6, 5, D=4)
    labels = np.array([[1, 2], [3, 4], [5, 0]])
    lengths = np.array([3, 1])
    params[0][[4, 0]] = np.nan  # what stands after the end of the second text
    scores, _ = char_model.forward(*params, labels=labels, lengths=lengths)
    assert np.isfinite(scores[:, 1]).all()


def test_preact_passes_nothing_at_zero():
    W1 = W2 = W3 = W4 = np.ones((1, 1))
    for x in (0.0, -1.0):
        _, cache = preact.forward(np.array([[x]]), W1, W2, W3, W4)
        dx, *_ = preact.backward(np.ones((1, 1)), cache)
        assert dx[0, 0] == 1.0  # the way around both rectifiers alone


def test_large_scores_are_no_obstacle_to_a_sample():
    *params, by = char_model.init(np.random.default_rng(0), 4, 3)
    params = [*params, by + np.array([800, 801, 0, 0], np.float32)]
    how = {"start": np.array([1]), "length": 50}
    drawn = char_model.sample(np.random.default_rng(0), params, **how)
    assert set(drawn.tolist()) == {0, 1}


def test_a_deep_perceptron_has_no_skips_unless_asked():
    params = deep_mlp.init(np.random.default_rng(0), [3, 3, 3, 2])
    x = np.ones((2, 3), np.float32)
    plain, skipped = (deep_mlp.forward(x, *params, skip=skip)[0] for skip in (False, True))
    np.testing.assert_array_equal(deep_mlp.forward(x, *params)[0], plain)
    assert (plain != skipped).any()


def test_messages_of_lenet5():
    rng, x = np.random.default_rng(0), np.zeros((4, 1, 32, 32), np.float32)
    with pytest.raises(ValueError, match=r"^x has shape \(784,\); needs \(N, D\)$"):
        lenet5.images(np.zeros(784))
    with pytest.raises(ValueError, match=r"^needs either W7 and b7, for the linear output, or cod"):
        lenet5.forward(x, *lenet5.init(rng, rbf=True))
    x[2, 0, 3, 4] = np.nan
    with pytest.raises(ValueError, match=r"^x has pixels that are not finite, first in image 2$"):
        lenet5.forward(x, *lenet5.init(rng))
    with pytest.raises(ValueError, match=r"^x has pixels that are not finite"):
        lenet5_modern.forward(x, *lenet5_modern.init(rng))
