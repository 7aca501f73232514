"""One step of every optimiser on blocks: which operation writes where.

A block is `w` the parameters, `new` what they become, `g` their gradients, then the state, then
scratch `t`.  Every operation and its order are those of `optim`, so the results have the same
bits; `new` serves as scratch until it is written last.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from backprop.arrays import Array
from backprop.optim.expect import expect_part, expect_positive

Blocks = Sequence[tuple[Array, ...]]


def sgd(blocks: Blocks, matrices: Blocks, k: int, *, lr: float) -> None:
    """Take the step of ``sgd``."""
    expect_positive(lr=lr)
    for w, new, g, _ in blocks:
        np.multiply(g, -lr, out=new)
        np.add(new, w, out=new)


def momentum(blocks: Blocks, matrices: Blocks, k: int, *, lr: float, momentum: float = 0.9) -> None:
    """Take the step of ``momentum``."""
    expect_positive(lr=lr)
    expect_part(momentum=momentum)
    for w, new, g, v, _ in blocks:
        np.multiply(v, momentum, out=v)
        np.add(v, g, out=v)
        np.multiply(v, lr, out=new)
        np.subtract(w, new, out=new)


def nesterov(blocks: Blocks, matrices: Blocks, k: int, *, lr: float, momentum: float = 0.9) -> None:
    """Take the step of ``nesterov``."""
    expect_positive(lr=lr)
    expect_part(momentum=momentum)
    for w, new, g, v, _ in blocks:
        np.multiply(v, momentum, out=v)
        np.add(v, g, out=v)
        np.multiply(v, momentum, out=new)
        np.add(g, new, out=new)
        np.multiply(new, lr, out=new)
        np.subtract(w, new, out=new)


def adagrad(blocks: Blocks, matrices: Blocks, k: int, *, lr: float, epsilon: float = 1e-8) -> None:
    """Take the step of ``adagrad``."""
    expect_positive(lr=lr, epsilon=epsilon)
    for w, new, g, s, t in blocks:
        np.multiply(g, g, out=t)
        np.add(s, t, out=s)
        np.sqrt(s, out=t)
        np.add(t, epsilon, out=t)
        np.multiply(g, lr, out=new)
        np.divide(new, t, out=new)
        np.subtract(w, new, out=new)


def rmsprop(
    blocks: Blocks,
    matrices: Blocks,
    k: int,
    *,
    lr: float,
    rho: float = 0.9,
    epsilon: float = 1e-8,
    corrected: bool = False,
) -> None:
    """Take the step of ``rmsprop``."""
    expect_positive(lr=lr, epsilon=epsilon)
    expect_part(rho=rho)
    weights = 1 - rho**k if corrected else 1.0
    for w, new, g, v, t in blocks:
        _mean_of_squares(v, g, rho, t)
        np.divide(v, weights, out=t)
        _divided(w, new, g, lr, t, epsilon)


def adam(
    blocks: Blocks,
    matrices: Blocks,
    k: int,
    *,
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
) -> None:
    """Take the step of ``adam``."""
    expect_positive(lr=lr, epsilon=epsilon)
    expect_part(beta1=beta1, beta2=beta2)
    rate, weights = lr / (1 - beta1**k), 1 - beta2**k
    for w, new, g, m, v, t in blocks:
        np.multiply(m, beta1, out=m)
        np.multiply(g, 1 - beta1, out=t)
        np.add(m, t, out=m)
        _mean_of_squares(v, g, beta2, t)
        np.divide(v, weights, out=t)
        _divided(w, new, m, rate, t, epsilon)


def adamw(
    blocks: Blocks,
    matrices: Blocks,
    k: int,
    *,
    lr: float,
    decay: float = 0.01,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
) -> None:
    """Take the step of ``adamw``: that of ``adam``, and matrices shrink on their own."""
    if not 0 <= decay * lr < 1:
        raise ValueError(f"decay is {decay}; needs a number from 0 to less than 1 / lr")
    adam(blocks, matrices, k, lr=lr, beta1=beta1, beta2=beta2, epsilon=epsilon)
    for w, new, t in matrices:
        np.multiply(w, lr * decay, out=t)
        np.subtract(new, t, out=new)


def _mean_of_squares(v: Array, g: Array, rho: float, t: Array) -> None:
    np.multiply(v, rho, out=v)
    np.multiply(g, 1 - rho, out=t)
    np.multiply(t, g, out=t)
    np.add(v, t, out=v)


def _divided(w: Array, new: Array, g: Array, rate: float, t: Array, epsilon: float) -> None:
    """Step along `g` over the root of `t`, which is written over."""
    np.sqrt(t, out=t)
    np.add(t, epsilon, out=t)
    np.multiply(g, rate, out=new)
    np.divide(new, t, out=new)
    np.subtract(w, new, out=new)
