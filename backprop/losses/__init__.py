"""Losses: layers whose output is one number, the mean over the batch."""

from backprop.losses import cross_entropy, mse, weight_decay

__all__ = ["cross_entropy", "mse", "weight_decay"]
