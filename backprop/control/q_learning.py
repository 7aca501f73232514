r"""Q-learning: a network that says what each action is worth.

The value of an action is the reward plus what is worth most afterwards, discounted.  What a
network says is moved towards that:

.. math::

    L = \frac{1}{2K} \sum_k \bigl( q_{k, a_k} - t_k \bigr)^2, \qquad
    t_k = r_k + \gamma\, [\text{not out}]\, \max_b q^-_{k b}, \qquad
    \frac{\partial L}{\partial q_{kb}} = \frac1K\, [b = a_k]\, (q_{k b} - t_k)

:math:`q^-` are the values of the state that followed, by the parameters of a while ago.  The
target t is taken as a number: no gradient flows through it.

Source: C. Watkins, Learning from delayed rewards, 1989; V. Mnih et al., Human-level control
through deep reinforcement learning, 2015.  Derivation: ``book/training/control.ipynb``.
Sizes: K remembered steps, D numbers of a state, C actions to choose from.
"""

from __future__ import annotations  # so that numpy.random is not imported for a type

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backprop.arrays import Array, Labels
from backprop.control import cart_pole
from backprop.nets import mlp
from backprop.optim import adam


class Steps(NamedTuple):
    """States (K, D), actions (K,), rewards (K,), states that followed, and whether it was over."""

    states: Array
    actions: Labels
    rewards: Array
    after: Array
    out: NDArray[np.bool_]


def gradients(
    params: Sequence[Array], old: Sequence[Array], steps: Steps, *, gamma: float
) -> tuple[float, tuple[Array, ...]]:
    """Return the loss and its gradients on the parameters.

    Parameters
    ----------
    params, old : sequences of arrays
        Of ``mlp``: those to learn, and those that say what follows is worth.
    steps : Steps
        What is remembered.
    gamma : float
        Discount.

    Returns
    -------
    loss : float
        Mean over the steps.
    grads : tuple of arrays
        One a parameter of `params`.

    Examples
    --------
    >>> params = mlp.init(np.random.default_rng(0), 4, 3, 2, dtype=float)
    >>> one = Steps(np.ones((1, 4)), np.array([1]), np.ones(1), np.ones((1, 4)), np.array([True]))
    >>> loss, grads = gradients(params, params, one, gamma=0.9)
    >>> bool(grads[2][0].any()), bool(grads[2][1].any())  # the other action is not touched
    (False, True)
    """
    q, cache = mlp.forward(steps.states, *params)
    following, _ = mlp.forward(steps.after, *old)
    target = steps.rewards + gamma * ~steps.out * following.max(axis=1)
    rows = np.arange(len(q))
    error = q[rows, steps.actions] - target
    dq = np.zeros_like(q)
    dq[rows, steps.actions] = error / len(q)
    return float((error * error).mean() / 2), mlp.backward(dq, cache)[1:]


def learn(
    rng: np.random.Generator,
    *,
    hidden: int = 32,
    updates: int = 8000,
    carts: int = 4,
    batch_size: int = 64,
    gamma: float = 0.99,
    lr: float = 2e-3,
    memory: int = 10_000,
    renew: int = 200,
    explore: float = 0.1,
) -> tuple[mlp.Params, list[int]]:
    """Learn to balance from nothing: the reward is -1 for being out, and 0 otherwise.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of all random numbers.
    hidden : int
        Hidden units of the network.
    updates, carts : int
        Steps of Adam, and carts that take a step before each.
    batch_size : int
        Remembered steps that an update learns from.
    gamma, lr : float
        Discount and learning rate.
    memory : int
        Steps that are remembered.
    renew : int
        Updates after which the old parameters are replaced.
    explore : float
        Probability of a random action in the end; it starts at 1 and falls during the first
        tenth.

    Returns
    -------
    params : mlp.Params
        Of the network of values.
    lengths : list of int
        Length of every attempt, in the order in which they ended.
    """
    params = mlp.init(rng, 4, hidden, 2, dtype=np.float64)
    old, moments = params, adam.init(params)
    kept = Steps(
        np.zeros((memory, 4)),
        np.zeros(memory, np.int64),
        np.zeros(memory),
        np.zeros((memory, 4)),
        np.zeros(memory, bool),
    )
    state, age, lengths = cart_pole.start(rng, carts), np.zeros(carts, np.int64), []
    for k in range(updates):
        chance = max(explore, 1 - 10 * k / updates)
        action = mlp.forward(state, *params)[0].argmax(axis=1)
        action = np.where(rng.random(carts) < chance, rng.integers(0, 2, carts), action)
        after, out = cart_pole.step(state, action)
        places = np.arange(k * carts, (k + 1) * carts) % memory
        for array, new in zip(kept, (state, action, -1.0 * out, after, out), strict=True):
            array[places] = new
        age += 1
        over = out | (age >= cart_pole.LIMIT)
        lengths += age[over].tolist()
        state = np.where(over[:, None], cart_pole.start(rng, carts), after)
        age[over] = 0
        drawn = rng.integers(0, min(memory, (k + 1) * carts), batch_size)
        batch = Steps._make(array[drawn] for array in kept)
        _, grads = gradients(params, old, batch, gamma=gamma)
        moved, moments = adam.step(params, grads, moments, lr=lr)
        params = mlp.Params(*moved)
        if (k + 1) % renew == 0:
            old = params
    return params, lengths


def balance(
    rng: np.random.Generator, params: Sequence[Array], N: int, *, limit: int = cart_pole.LIMIT
) -> Labels:
    """Return how long carts stay in when the most valuable action is taken always.

    Parameters
    ----------
    rng : numpy.random.Generator
        Places the carts.
    params : sequence of arrays
        Of ``mlp``: of values, or of a policy.
    N : int
        Carts.
    limit : int
        Steps at most.

    Returns
    -------
    lengths : (N,) integers
        From 1 to `limit`.

    Examples
    --------
    Whoever always pushes to the left is soon out:

    >>> params = mlp.Params(np.zeros((1, 4)), np.zeros(1), np.zeros((2, 1)), np.zeros(2))
    >>> balance(np.random.default_rng(0), params, 3)
    array([11,  9,  9])
    """
    state, alive, lengths = cart_pole.start(rng, N), np.ones(N, bool), np.zeros(N, np.int64)
    for _ in range(limit):
        lengths += alive
        after, out = cart_pole.step(state, mlp.forward(state, *params)[0].argmax(axis=1))
        state, alive = np.where(alive[:, None], after, state), alive & ~out
    return lengths
