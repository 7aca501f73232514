"""Layers: each module is one ``forward`` and its ``backward``."""

from backprop.layers import (
    batch_norm,
    dropout,
    leaky_relu,
    linear,
    relu,
    sigmoid,
    softmax,
    tanh,
)

__all__ = ["batch_norm", "dropout", "leaky_relu", "linear", "relu", "sigmoid", "softmax", "tanh"]
