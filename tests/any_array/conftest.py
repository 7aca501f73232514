"""Every layer, loss, cell and network with arguments of pairwise different sizes."""

from types import MappingProxyType, SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest

from backprop.layers import (
    batch_norm,
    conv1d,
    conv2d,
    dropout,
    leaky_relu,
    linear,
    local_response_norm,
    max_pool,
    max_pool1d,
    mean_pool,
    modulus,
    relu,
    rms_norm,
    sigmoid,
    softmax,
    tanh,
)
from backprop.losses import binary_cross_entropy, cross_entropy, l1, mse, weight_decay
from backprop.nets import char_model, deep_mlp, lenet5, lenet5_modern, mlp, preact
from backprop.recurrent import embedding, gru, inputs, lstm, qrnn, rnn

N, D, H, T = 4, 3, 5, 6
FEW_LINKS = np.array([[1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]])
LABELS = np.array([[1, 0, 2, 1], [2, 2, 0, 1]])
DISTRIBUTION = np.random.default_rng(0).dirichlet(np.ones(D), size=N)


class Subject(NamedTuple):
    """A layer, the shapes of its arguments, its constants, and how it treats the batch."""

    layer: object
    shapes: tuple
    constants: dict = MappingProxyType({})
    batch: int | None = 0  # the axis of the examples in the first argument
    out: int | None = None  # the one in the output, if it is another
    mixes: bool = False  # one example has an effect on another's output


class WithMask:
    """Dropout with the same mask in every call."""

    @staticmethod
    def forward(x):
        return dropout.forward(x, rate=0.3, rng=np.random.default_rng(7))

    backward = staticmethod(dropout.backward)


class OnStates:
    """A cell that returns one array: an LSTM's upstream gradient is a pair."""

    @staticmethod
    def forward(*args, **constants):
        (h, c), cache = lstm.forward(*args, **constants)
        return h, (np.zeros_like(c), cache)

    @staticmethod
    def backward(dh, cache):
        return lstm.backward((dh, cache[0]), cache[1])


def of_cell(cell, **constants):
    rng = np.random.default_rng(0)
    params = tuple(p.shape for p in cell.init(rng, D, H))
    return Subject(
        OnStates if cell is lstm else cell,
        ((T, N, D), *[(N, H)] * cell.STATES, *params),
        constants,
        batch=1,
    )


def of_net(net, *sizes, x):
    params = net.init(np.random.default_rng(0), *sizes)
    return Subject(net, (x, *(np.shape(p) for p in params)))


def of_targets(loss, target, x):
    return Subject(loss, (x,), {"target": target}, batch=None)


IMAGES, LINES = (N, 2, 5, 7), (N, 2, 9)
SUBJECTS = {
    "relu": Subject(relu, ((N, D),)),
    "modulus": Subject(modulus, ((N, D),)),
    "leaky_relu": Subject(leaky_relu, ((N, D),), {"slope": 0.1}),
    "sigmoid": Subject(sigmoid, ((N, D),)),
    "tanh": Subject(tanh, ((N, D),)),
    "softmax": Subject(softmax, ((N, D),)),
    "dropout": Subject(WithMask, ((N, D),), batch=None),
    "linear": Subject(linear, ((N, D), (H, D), (H,))),
    "batch_norm": Subject(batch_norm, ((N, D), (D,), (D,)), mixes=True),
    "batch_norm of images": Subject(batch_norm, (IMAGES, (2,), (2,)), mixes=True),
    "rms_norm": Subject(rms_norm, ((N, D), (D,))),
    "rms_norm over the batch": Subject(rms_norm, ((N, D), (D,)), {"over": "batch"}, mixes=True),
    "local_response_norm": Subject(local_response_norm, (IMAGES,), {"size": 3, "alpha": 0.5}),
    "conv2d": Subject(conv2d, (IMAGES, (3, 2, 2, 3), (3,)), {"method": "direct"}),
    "conv2d, everything": Subject(
        conv2d,
        (IMAGES, (3, 2, 2, 3), (3,)),
        {"padding": "full", "dilation": (2, 1), "flip": True, "method": "direct"},
    ),
    "conv2d by transforms": Subject(conv2d, (IMAGES, (3, 2, 2, 3), (3,)), {"method": "fft"}),
    "conv2d, few links": Subject(
        conv2d, ((N, 4, 5, 7), (4, 4, 2, 3), (4,)), {"link": FEW_LINKS, "method": "direct"}
    ),
    "conv1d": Subject(conv1d, (LINES, (3, 2, 4), (3,)), {"method": "direct"}),
    "max_pool": Subject(max_pool, ((N, 2, 4, 6),)),
    "max_pool, overlapping": Subject(max_pool, (IMAGES,), {"size": 3, "stride": 2}),
    "max_pool1d": Subject(max_pool1d, ((N, 2, 8),)),
    "mean_pool": Subject(mean_pool, ((N, 2, 4, 6), (2,), (2,))),
    "mse": of_targets(mse, DISTRIBUTION, (N, D)),
    "l1": of_targets(l1, DISTRIBUTION, (N, D)),
    "cross_entropy": of_targets(cross_entropy, DISTRIBUTION, (N, D)),
    "binary_cross_entropy": of_targets(binary_cross_entropy, DISTRIBUTION[:, :1], (N, 1)),
    "weight_decay": Subject(weight_decay, ((N, D), (H, D)), {"rate": 0.1}, batch=None),
    "embedding": Subject(embedding, ((D, H),), {"labels": LABELS}, batch=None),
    "inputs": Subject(inputs, ((T, N, D), (2 * H, D), (2 * H,)), {"gates": 2}, batch=1, out=2),
    "rnn": of_cell(rnn, skip=0.5),
    "qrnn": of_cell(qrnn),
    "gru": of_cell(gru),
    "lstm": of_cell(lstm),
    "mlp": of_net(mlp, D, H, 2, x=(N, D)),
    "preact": of_net(preact, D, H, 2, x=(N, D)),
    "deep_mlp": of_net(deep_mlp, [D, H, 6, 2], x=(N, D)),
    "lenet5": of_net(lenet5, x=(2, 1, 32, 32)),
    "lenet5_modern": of_net(lenet5_modern, x=(2, 1, 32, 32)),
    "char_model": Subject(
        char_model,
        tuple(p.shape for p in char_model.init(np.random.default_rng(0), D, H)),
        {"labels": LABELS},
        batch=None,
    ),
}


def tuple_of(value):
    return value if isinstance(value, tuple) else (value,)


def dtype_of(a):
    dtype = getattr(a, "dtype", np.dtype(float))
    return dtype if dtype.kind == "f" and dtype.isnative else float


def draw(name, dtype=np.float64, seed=3):
    """Return arguments; the scale of a normalisation is not near zero."""
    rng = np.random.default_rng(seed)
    args = [rng.standard_normal(shape) for shape in SUBJECTS[name].shapes]
    if "norm" in name:
        args[1:2] = [np.abs(g) + 0.5 for g in args[1:2]]
    if "lenet5" in name:
        args[1:] = [a / 4 for a in args[1:]]
    return [a.astype(dtype) for a in args]


def run(name, args, dy=None):
    """Return the output and the gradients; the upstream gradient is a fixed random one."""
    subject = SUBJECTS[name]
    constants = dict(subject.constants)
    if "target" in constants:
        constants["target"] = constants["target"].astype(dtype_of(args[0]))
    y, cache = subject.layer.forward(*args, **constants)
    if dy is None:
        dy = np.random.default_rng(5).standard_normal(np.shape(y))
        dy = dy.astype(y.dtype) if np.ndim(y) else float(dy)
    return y, tuple_of(subject.layer.backward(dy, cache))


def pytest_generate_tests(metafunc):
    """Run a test that has an argument `name` for every subject."""
    if "name" in metafunc.fixturenames:
        metafunc.parametrize("name", SUBJECTS)


@pytest.fixture
def zoo():
    """Return the subjects, and the functions that draw their arguments and run them."""
    return SimpleNamespace(subjects=SUBJECTS, draw=draw, run=run)
