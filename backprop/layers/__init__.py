"""Layers: each module is one ``forward`` and its ``backward``."""

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

__all__ = [
    "batch_norm",
    "conv1d",
    "conv2d",
    "dropout",
    "leaky_relu",
    "linear",
    "local_response_norm",
    "max_pool",
    "max_pool1d",
    "mean_pool",
    "modulus",
    "relu",
    "rms_norm",
    "sigmoid",
    "softmax",
    "tanh",
]
