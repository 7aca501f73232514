"""Optimisers: a pure step on parameters, gradients and the optimiser's own state."""

from backprop.optim import (
    adagrad,
    adam,
    adamw,
    clip,
    momentum,
    nesterov,
    rmsprop,
    schedules,
    sgd,
    sgd2,
)

__all__ = [
    "adagrad",
    "adam",
    "adamw",
    "clip",
    "momentum",
    "nesterov",
    "rmsprop",
    "schedules",
    "sgd",
    "sgd2",
]
