"""Losses: layers whose output is one number, the mean over the batch."""

from backprop.losses import binary_cross_entropy, cross_entropy, l1, mse, weight_decay

__all__ = ["binary_cross_entropy", "cross_entropy", "l1", "mse", "weight_decay"]
