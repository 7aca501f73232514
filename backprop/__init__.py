"""Back-propagation, one proved equation per line.

A layer is a module with two pure functions::

    y, cache = linear.forward(x, W, b)
    dx, dW, db = linear.backward(dy, cache)

Positional arguments are differentiable, keyword-only ones are not; ``backward`` returns one
gradient per positional argument, in its shape and dtype; nothing is written to and no state is
kept.  Losses and networks are layers too.  ``backprop.plots`` needs matplotlib and
``backprop.proofs`` needs SymPy, so neither is imported here.
"""

from backprop import check, data, layers, losses, nets, optim, recurrent, training

__all__ = ["check", "data", "layers", "losses", "nets", "optim", "recurrent", "training"]
__version__ = "0.1.0"
