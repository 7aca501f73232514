"""Layers: each module is one ``forward`` and its ``backward``."""

from backprop.layers import (
    batch_norm,
    conv1d,
    conv2d,
    dropout,
    leaky_relu,
    linear,
    max_pool,
    mean_pool,
    relu,
    sigmoid,
    softmax,
    tanh,
)

__all__ = [
    "batch_norm",
    "conv1d",
    "conv2d",
    "dropout",
    "leaky_relu",
    "linear",
    "max_pool",
    "mean_pool",
    "relu",
    "sigmoid",
    "softmax",
    "tanh",
]
