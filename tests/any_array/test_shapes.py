"""A shape that does not fit is refused, whatever NumPy could make of it."""

import numpy as np
import pytest


def misfits(shape):
    """Yield shapes that broadcasting would let pass, and others."""
    for axis, size in enumerate(shape):
        if size != 1:
            yield (*shape[:axis], 1, *shape[axis + 1 :])
        yield (*shape[:axis], size + 1, *shape[axis + 1 :])
        yield (*shape[:axis], *shape[axis + 1 :])
    yield (1, *shape)
    yield ()


def is_a_choice(name, k, old, new):
    """Return whether the argument decides that size: taps of a kernel, outputs of a network."""
    if len(old) != len(new):
        return False
    if "conv" in name:
        return k == 1 and old[:2] == new[:2]
    return (name, k) in (("preact", 4), ("deep_mlp", 5)) and old[1:] == new[1:]


def test_a_parameter_of_another_shape_is_refused(zoo, name):
    if name == "weight_decay":
        pytest.skip("its arguments have nothing to do with each other")
    args = zoo.draw(name)
    y, _ = zoo.run(name, args)
    rng = np.random.default_rng(0)
    for k in range(1, len(args)):
        for shape in misfits(args[k].shape):
            changed = [*args[:k], rng.standard_normal(shape), *args[k + 1 :]]
            if is_a_choice(name, k, args[k].shape, shape):
                assert zoo.run(name, changed)[0].shape != y.shape
            else:
                with pytest.raises(ValueError, match=r"has shape .* needs|have .* rows; need"):
                    zoo.run(name, changed)


def test_an_upstream_gradient_of_another_shape_is_refused(zoo, name):
    args = zoo.draw(name)
    y, _ = zoo.run(name, args)
    for shape in misfits(np.shape(y)):
        if shape != np.shape(y):
            with pytest.raises(ValueError, match="has shape"):
                zoo.run(name, args, np.ones(shape))
