"""Train a network on batches, keep what was learnt, and say how good it is."""

from backprop.training import checkpoints, learning_rate, parallel
from backprop.training.fitting import Epoch, fit
from backprop.training.history import History
from backprop.training.scores import Score, confusion, evaluate

__all__ = [
    "Epoch",
    "History",
    "Score",
    "checkpoints",
    "confusion",
    "evaluate",
    "fit",
    "learning_rate",
    "parallel",
]
