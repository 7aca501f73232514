r"""Policy gradient: make what went well more likely.

A network gives the scores of the actions, a softmax their probabilities :math:`p`.  With the
advantage A of what was done, how much better it went than usual,

.. math::

    L = -\frac1K \sum_k A_k \log p_{k, a_k}, \qquad
    \frac{\partial L}{\partial s_k} = \frac{A_k}{K} (p_k - e_{a_k})

The world between two actions is not differentiated, and need not be: the expectation of this
gradient is that of minus the expected return, if A is the return less a number that does not
depend on the action.

Source: R. Williams, Simple statistical gradient-following algorithms for connectionist
reinforcement learning, 1992.  Derivation: ``book/training/control.ipynb``.
Sizes: K actions taken, D numbers of a state, C actions to choose from.
"""

from __future__ import annotations  # so that numpy.random is not imported for a type

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backprop.arrays import Array, Labels
from backprop.control import cart_pole
from backprop.layers import softmax
from backprop.nets import mlp
from backprop.optim import adam


class Attempts(NamedTuple):
    """States (T, N, 4), actions (T, N), which were taken by carts still in, and lengths (N,)."""

    states: Array
    actions: Labels
    alive: NDArray[np.bool_]
    lengths: Labels


def gradients(
    params: Sequence[Array], states: Array, actions: Labels, advantages: Array
) -> tuple[float, tuple[Array, ...]]:
    """Return the loss and its gradients on the parameters.

    Parameters
    ----------
    params : sequence of arrays
        Of ``mlp``.
    states : (K, D) array
        Where something was done.
    actions : (K,) integers
        What was done.
    advantages : (K,) array
        How much better it went than usual.

    Returns
    -------
    loss : float
        Only its gradient has a meaning.
    grads : tuple of arrays
        One a parameter.

    Examples
    --------
    >>> params = mlp.init(np.random.default_rng(0), 4, 3, 2, dtype=float)
    >>> loss, grads = gradients(params, np.ones((1, 4)), np.array([1]), np.array([2.0]))
    >>> len(grads), loss > 0
    (4, True)
    """
    scores, cache = mlp.forward(states, *params)
    p, _ = softmax.forward(scores)
    rows = np.arange(len(actions))
    loss = -float((advantages * np.log(p[rows, actions])).mean())
    dscores = p * (advantages / len(actions))[:, None]
    dscores[rows, actions] -= advantages / len(actions)
    return loss, mlp.backward(dscores, cache)[1:]


def attempt(
    rng: np.random.Generator, params: Sequence[Array], N: int, *, limit: int = cart_pole.LIMIT
) -> Attempts:
    """Let the policy steer carts until all are out, or for so many steps.

    Parameters
    ----------
    rng : numpy.random.Generator
        Places the carts and draws the actions.
    params : sequence of arrays
        Of ``mlp``.
    N : int
        Carts.
    limit : int
        Steps at most.

    Returns
    -------
    attempts : Attempts
        What happened.  A cart that is out stays where it is.

    Examples
    --------
    >>> params = mlp.init(np.random.default_rng(0), 4, 3, 2, dtype=float)
    >>> found = attempt(np.random.default_rng(0), params, 5)
    >>> bool((found.alive.sum(axis=0) == found.lengths).all())
    True
    """
    state, alive = cart_pole.start(rng, N), np.ones(N, bool)
    states, actions, living = [], [], []
    for _ in range(limit):
        p, _ = softmax.forward(mlp.forward(state, *params)[0])
        action = (rng.random(N) < p[:, 1]).astype(np.int64)
        states.append(state)
        actions.append(action)
        living.append(alive)
        after, out = cart_pole.step(state, action)
        state, alive = np.where(alive[:, None], after, state), alive & ~out
        if not alive.any():
            break
    still = np.array(living)
    return Attempts(np.array(states), np.array(actions), still, still.sum(axis=0))


def advantages(alive: NDArray[np.bool_], gamma: float) -> Array:
    """Return how much longer, discounted, each cart lived on than carts did at that time.

    Parameters
    ----------
    alive : (T, N) array of bool
        From `attempt`.
    gamma : float
        What a step later counts less.

    Returns
    -------
    advantages : (T, N) array
        Zero for carts that were out.

    Examples
    --------
    >>> advantages(np.array([[True, True], [True, False]]), 1.0)
    array([[ 0.5, -0.5],
           [ 0. ,  0. ]])
    """
    returns, total = np.zeros(alive.shape), np.zeros(alive.shape[1])
    for t in reversed(range(len(alive))):
        total = alive[t] * (1 + gamma * total)
        returns[t] = total
    usual = returns.sum(axis=1) / np.maximum(1, alive.sum(axis=1))
    better: Array = np.where(alive, returns - usual[:, None], 0.0)
    return better


def learn(
    rng: np.random.Generator,
    *,
    hidden: int = 16,
    iterations: int = 80,
    carts: int = 32,
    gamma: float = 0.99,
    lr: float = 0.02,
) -> tuple[mlp.Params, list[float]]:
    """Learn to balance from nothing.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of all random numbers.
    hidden : int
        Hidden units of the policy.
    iterations, carts : int
        Steps of Adam, and attempts for each.
    gamma, lr : float
        Discount and learning rate.

    Returns
    -------
    params : mlp.Params
        The policy.
    lengths : list of float
        Mean length of the attempts, one an iteration.
    """
    params = mlp.init(rng, 4, hidden, 2, dtype=np.float64)
    state, lengths = adam.init(params), []
    for _ in range(iterations):
        found = attempt(rng, params, carts)
        gain = advantages(found.alive, gamma)[found.alive]
        gain /= gain.std() + 1e-8
        _, grads = gradients(params, found.states[found.alive], found.actions[found.alive], gain)
        moved, state = adam.step(params, grads, state, lr=lr)
        params = mlp.Params(*moved)
        lengths.append(float(found.lengths.mean()))
    return params, lengths
