"""What every optimiser expects of its arguments."""

from collections.abc import Sequence

from backprop.arrays import Array


def expect_gradients(params: Sequence[Array], grads: Sequence[Array]) -> None:
    """Raise unless there is one gradient per parameter, in its shape."""
    if len(params) != len(grads):
        raise ValueError(f"grads has {len(grads)} arrays; needs {len(params)}, one per parameter")
    for i, (w, dw) in enumerate(zip(params, grads, strict=True)):
        if w.shape != dw.shape:
            raise ValueError(f"grads[{i}] has shape {dw.shape}; needs {w.shape}")


def expect_positive(**numbers: float) -> None:
    """Raise unless every number is greater than 0."""
    for name, number in numbers.items():
        if not number > 0:
            raise ValueError(f"{name} is {number}; needs a number greater than 0")


def expect_part(**numbers: float) -> None:
    """Raise unless every number is from 0 to 1, without 1."""
    for name, number in numbers.items():
        if not 0 <= number < 1:
            raise ValueError(f"{name} is {number}; needs a number from 0 to less than 1")
