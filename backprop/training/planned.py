"""A training whose steps are those of a plan, see ``backprop.plans``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from backprop.arrays import Array, Labels, Layer
from backprop.plans import Plan, Threaded
from backprop.plans.finding import find
from backprop.plans.optimiser import RULES, Optimiser
from backprop.plans.parameters import copy_into
from backprop.training.resuming import Run, name


class Planned:
    """Gradients and steps in the memory of a plan; what they return is valid for two steps.

    Parameters
    ----------
    plan : Plan or Threaded
        With the parameters to start from.
    optimiser : module
        One that ``plans.Optimiser`` takes.
    state : optional
        Of the optimiser, to start from.
    """

    def __init__(self, plan: Plan | Threaded, optimiser: ModuleType, state: Any) -> None:
        self._plan, self._optimiser = plan, Optimiser(optimiser, plan.parameters)
        self._optimiser.load(state)
        self.batch_size = len(plan.inputs)

    @property
    def params(self) -> list[Array]:
        """The parameters as they are."""
        return self._plan.parameters.now

    def slopes(self, x: Array, target: Any, batch: Labels) -> tuple[float, list[Array]]:
        """Return the mean loss of a batch of the plan's size, and its gradients."""
        inputs = self._plan.inputs
        np.take(x, batch, axis=0, out=inputs, mode="clip")  # "raise" would buffer; all are inside
        value, grads = self._plan.loss_and_gradients(inputs, target[batch])
        return value, list(grads)

    def step(
        self, params: Sequence[Array], grads: Sequence[Array], state: Any, **how: Any
    ) -> tuple[list[Array], Any]:
        """Take the step of ``optimiser.step`` from the parameters and state that are here."""
        copy_into(self._plan.parameters.gradients, grads, "grads")
        self._optimiser.step(**how)
        return self.params, self._optimiser.state


def planned(
    net: Layer,
    optimiser: ModuleType,
    run: Run,
    x: Array,
    target: Labels | Array,
    *,
    batch_size: int,
    loss: Layer,
    constants: Mapping[str, Any],
    threads: int = 1,
) -> Planned | None:
    """Return the fast steps from where a run is, and let the run have them; None without a plan."""
    size = min(batch_size, len(x))
    how: Any = {"batch_size": size, "loss": loss, "constants": constants, "threads": threads}
    plan = find(net, run.params, x, target, **how)
    if plan is None or optimiser.__name__ not in RULES:
        return None
    steps = Planned(plan, optimiser, run.state)
    run.params = run.good = steps.params
    run.history.plan = name(net).rpartition(".")[2]
    return steps
