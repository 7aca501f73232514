"""An example of every layer, loss and network, and the errors of its gradients."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from backprop import check
from backprop.arrays import Array, Layer
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
from backprop.recurrent import embedding, gru, lstm, qrnn, rnn

Example = tuple[Layer, list[Array], dict[str, Any]]
MASK = SimpleNamespace(  # dropout with the same mask in every call, so that it is a function
    forward=lambda x, rate: dropout.forward(x, rate=rate, rng=np.random.default_rng(7)),
    backward=dropout.backward,
)


def _draw(layer: Any, *shapes: tuple[int, ...], **constants: Any) -> Callable[..., Example]:
    """Return an example with normal entries in these shapes."""
    return lambda rng: (layer, [rng.standard_normal(shape) for shape in shapes], constants)


def _cell(cell: Any, states: int = 1, **constants: Any) -> Callable[..., Example]:
    def example(rng: np.random.Generator) -> Example:
        T, N, D, H = 7, 3, 4, 5
        start = [rng.standard_normal((N, H)) for _ in range(states)]
        params = [p + 0.1 * rng.standard_normal(p.shape) for p in cell.init(rng, D, H, dtype=float)]
        return cell, [rng.standard_normal((T, N, D)), *start, *params], constants

    return example


def _net(net: Any, shape: tuple[int, ...], *sizes: Any) -> Callable[..., Example]:
    def example(rng: np.random.Generator) -> Example:
        return net, [rng.standard_normal(shape), *net.init(rng, *sizes, dtype=float)], {}

    return example


def _char_model(rng: np.random.Generator) -> Example:
    labels = rng.integers(0, 6, (7, 3))
    return char_model, char_model.init(rng, 6, 5, dtype=float), {"labels": labels}


LABELS = np.array([2, 0, 3, 1, 1])
TARGET = np.array([[0.1, 0.2], [1.4, -0.3], [-0.5, 0.8]])
EXAMPLES: dict[str, Callable[[np.random.Generator], Example]] = {
    "linear": _draw(linear, (5, 3), (2, 3), (2,)),
    "conv1d": _draw(conv1d, (2, 3, 9), (4, 3, 3), (4,), stride=2),
    "conv2d": _draw(conv2d, (2, 3, 7, 6), (4, 3, 3, 2), (4,), padding=1, stride=(2, 1)),
    "mean_pool": _draw(mean_pool, (2, 3, 4, 6), (3,), (3,)),
    "max_pool": _draw(max_pool, (2, 3, 5, 7), size=3, stride=2),
    "max_pool1d": _draw(max_pool1d, (2, 3, 7), size=3, stride=2),
    "relu": _draw(relu, (5, 3)),
    "leaky_relu": _draw(leaky_relu, (5, 3), slope=0.1),
    "modulus": _draw(modulus, (5, 3)),
    "sigmoid": _draw(sigmoid, (5, 3)),
    "tanh": _draw(tanh, (5, 3)),
    "softmax": _draw(softmax, (5, 3)),
    "batch_norm": _draw(batch_norm, (5, 3), (3,), (3,)),
    "rms_norm": _draw(rms_norm, (5, 3), (3,)),
    "local_response_norm": _draw(local_response_norm, (2, 7, 3), size=3, alpha=0.5),
    "dropout": _draw(MASK, (5, 3), rate=0.4),
    "cross_entropy": _draw(cross_entropy, (5, 4), target=LABELS),
    "binary_cross_entropy": _draw(binary_cross_entropy, (3, 1), target=np.abs(TARGET[:, :1]) / 2),
    "mse": _draw(mse, (3, 2), target=TARGET),
    "l1": _draw(l1, (3, 2), target=TARGET),
    "weight_decay": _draw(weight_decay, (2, 3), (4, 2), rate=0.3),
    "rnn": _cell(rnn, skip=0.5),
    "qrnn": _cell(qrnn),
    "gru": _cell(gru),
    "lstm": _cell(lstm, states=2),
    "embedding": _draw(embedding, (6, 3), labels=np.array([[5, 0], [2, 2]])),
    "mlp": _net(mlp, (5, 4), 4, 3, 2),
    "deep_mlp": _net(deep_mlp, (5, 4), [4, 6, 3, 2]),
    "preact": _net(preact, (5, 4), 4, 3, 2),
    "lenet5": _net(lenet5, (2, 1, 32, 32)),
    "lenet5_modern": _net(lenet5_modern, (2, 1, 32, 32)),
    "char_model": _char_model,
}


def errors(name: str, seed: int) -> dict[str, tuple[tuple[int, ...], float]]:
    """Return the shape of every gradient and its largest relative error."""
    layer, args, constants = EXAMPLES[name](np.random.default_rng(seed))
    found = check.vjp(layer, *args, seed=seed, **constants)
    return {
        argument: (a.shape, error) for (argument, error), a in zip(found.items(), args, strict=True)
    }
