"""Networks: layers whose arguments after `x` are their parameters."""

from backprop.nets import mlp

__all__ = ["mlp"]
