"""Networks: layers whose arguments after `x` are their parameters."""

from backprop.nets import deep_mlp, mlp, preact

__all__ = ["deep_mlp", "mlp", "preact"]
