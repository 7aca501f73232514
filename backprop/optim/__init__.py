"""Optimisers: a pure step on parameters, gradients and the optimiser's own state."""

from backprop.optim import adam, clip, sgd

__all__ = ["adam", "clip", "sgd"]
