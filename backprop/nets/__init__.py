"""Networks: layers whose arguments after `x` are their parameters."""

from backprop.nets import char_model, deep_mlp, lenet5, lenet5_modern, mlp, preact

__all__ = ["char_model", "deep_mlp", "lenet5", "lenet5_modern", "mlp", "preact"]
