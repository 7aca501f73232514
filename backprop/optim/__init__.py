"""Optimisers: a pure step on parameters, gradients and the optimiser's own state."""

from backprop.optim import clip, sgd

__all__ = ["clip", "sgd"]
