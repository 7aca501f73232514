"""The optimisers of `optim` on one vector: the same arithmetic, block by block.

A block is read, changed and left while it is in the processor's cache; a pass over all parameters
for each operation would fetch them from memory each time.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

from backprop.arrays import Array
from backprop.optim import adagrad, adam, adamw, momentum, nesterov, rmsprop, sgd
from backprop.plans import rules
from backprop.plans.arena import Arena
from backprop.plans.parameters import Parameters, copy_into

BLOCK = 65536  # entries: six such pieces of float32 fit the cache of one core
RULES: dict[str, Callable[..., None]] = {
    sgd.__name__: rules.sgd,
    momentum.__name__: rules.momentum,
    nesterov.__name__: rules.nesterov,
    adagrad.__name__: rules.adagrad,
    rmsprop.__name__: rules.rmsprop,
    adam.__name__: rules.adam,
    adamw.__name__: rules.adamw,
}


class _Side(NamedTuple):
    """The blocks of a step from one of the two vectors to the other."""

    blocks: list[tuple[Array, ...]]
    matrices: list[tuple[Array, ...]]


class Optimiser:
    """An optimiser with all memory that its steps need, taken once.

    Parameters
    ----------
    module : module
        Of `optim`: sgd, momentum, nesterov, adagrad, rmsprop, adam or adamw.
    parameters : Parameters
        Of a plan; their gradients are what a step uses.

    Raises
    ------
    NotImplementedError
        If there is no rule for the module.

    Examples
    --------
    >>> import numpy as np
    >>> from backprop import nets, plans
    >>> plan = plans.mlp.compile(nets.mlp.init(np.random.default_rng(0), 4, 3, 2), batch_size=5)
    >>> optimiser = Optimiser(adam, plan.parameters)
    >>> loss, grads = plan.loss_and_gradients(np.ones((5, 4), np.float32), np.zeros(5, int))
    >>> optimiser.step(lr=0.001)
    >>> optimiser.state.steps
    1
    """

    def __init__(self, module: ModuleType, parameters: Parameters) -> None:
        if module.__name__ not in RULES:
            raise NotImplementedError(f"no plan for the optimiser {module.__name__}")
        self._rule = RULES[module.__name__]
        self._parameters, self._state = parameters, module.init(parameters.now)
        layout = parameters.layout
        fields = self._state._asdict() if self._state else {}
        names = [name for name, part in fields.items() if isinstance(part, list)]
        room = {name: ((layout.size,), layout.dtype) for name in names}
        arena = Arena({**room, "": ((min(BLOCK, layout.size),), layout.dtype)})
        self._vectors = {name: arena[name] for name in names}
        if fields:
            views = {name: layout.views(vector) for name, vector in self._vectors.items()}
            self._state = self._state._replace(**views)
        self._sides = [self._blocks(side, arena[""]) for side in (0, 1)]

    @property
    def state(self) -> Any:
        """What the readable optimiser would call its state, as views."""
        return self._state

    def load(self, state: Any) -> None:
        """Copy a state in, such as the readable optimiser's."""
        for name in self._vectors:
            copy_into(getattr(self._state, name), getattr(state, name), name)
        if hasattr(state, "steps"):
            self._state = self._state._replace(steps=state.steps)

    def step(self, *, lr: float, **options: float) -> None:
        """Take one step, as ``module.step`` does with the same keyword arguments.

        Raises
        ------
        ValueError
            If a number is out of its range; then nothing is written.
        """
        now, state = self._sides[self._parameters.side], self._state
        number = getattr(state, "steps", 0) + 1
        self._rule(now.blocks, now.matrices, number, lr=float(lr), **options)
        if hasattr(state, "steps"):
            self._state = state._replace(steps=number)
        self._parameters.flip()

    def _blocks(self, side: int, t: Array) -> _Side:
        """Return pieces of parameters, new parameters, gradients, state and scratch."""
        p = self._parameters
        old, new = p.vectors[side], p.vectors[1 - side]
        whole = [old, new, p.gradient, *self._vectors.values()]
        pairs = zip(p.sides[side], p.sides[1 - side], strict=True)
        parts = [_pieces([w.reshape(-1), v.reshape(-1)], t) for w, v in pairs if w.ndim > 1]
        return _Side(_pieces(whole, t), list(itertools.chain.from_iterable(parts)))


def _pieces(vectors: list[Array], t: Array) -> list[tuple[Array, ...]]:
    """Cut vectors of one length into blocks, and scratch of the same length with each."""
    size = len(vectors[0])
    cuts = [slice(start, min(start + BLOCK, size)) for start in range(0, size, BLOCK)]
    return [(*[v[cut] for v in vectors], t[: cut.stop - cut.start]) for cut in cuts]
