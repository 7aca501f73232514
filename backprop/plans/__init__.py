"""Plans: networks compiled for a batch size and a dtype, the fast tier.

All that a step writes lies in one block of memory, taken once; the parameters are one vector, and
so are their gradients.  What is computed is what the readable network computes, operation by
operation; tests compare every gradient::

    plan = plans.mlp.compile(params, batch_size=64)
    optimiser = plans.Optimiser(optim.adam, plan.parameters)
    loss, grads = plan.loss_and_gradients(x, target)  # views, until the next call
    optimiser.step(lr=0.001)                          # plan.params are the new ones

``plans.threads.compile(plans.mlp, params, batch_size=64, threads=2)`` computes the halves of a
batch side by side.
"""

from backprop.plans import char_model, deep_mlp, lenet5, lenet5_modern, mlp, preact, threads
from backprop.plans.arena import Arena
from backprop.plans.optimiser import Optimiser
from backprop.plans.plan import Plan
from backprop.plans.threads import Threaded

__all__ = [
    "Arena",
    "Optimiser",
    "Plan",
    "Threaded",
    "char_model",
    "deep_mlp",
    "lenet5",
    "lenet5_modern",
    "mlp",
    "preact",
    "threads",
]
