"""Layers: each module is one ``forward`` and its ``backward``."""

from backprop.layers import linear, relu

__all__ = ["linear", "relu"]
