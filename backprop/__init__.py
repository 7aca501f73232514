"""Back-propagation, one proved equation per line.

A layer is a module with two pure functions::

    y, cache = linear.forward(x, W, b)
    dx, dW, db = linear.backward(dy, cache)

Positional arguments are differentiable, keyword-only ones are not; ``backward`` returns one
gradient per positional argument, in its shape and dtype; nothing is written to and no state is
kept.  Losses and networks are layers too.  ``backprop.plots`` needs matplotlib and
``backprop.proofs`` needs SymPy, so neither is imported here.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backprop import (
        check,
        control,
        data,
        layers,
        losses,
        nets,
        optim,
        plans,
        recurrent,
        training,
    )

__all__ = [
    "check",
    "control",
    "data",
    "layers",
    "losses",
    "nets",
    "optim",
    "plans",
    "recurrent",
    "training",
]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import a part of the package when it is asked for, so that the rest costs nothing."""
    if name in __all__:
        return import_module(f"backprop.{name}")
    raise AttributeError(f"module 'backprop' has no attribute {name!r}")
