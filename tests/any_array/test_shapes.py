"""A shape that does not fit is refused, whatever NumPy could make of it."""

import inspect
import re

import numpy as np
import pytest

from backprop.nets import char_model, deep_mlp, lenet5, lenet5_modern
from backprop.recurrent import lstm

NAMED_OTHERWISE = (lenet5, lenet5_modern, char_model, deep_mlp)  # fixed sizes, or of any number
WITH_SHAPES = {"linear", "conv2d", "conv1d", "max_pool", "mean_pool", "mse", "l1", "cross_entropy"}
WITH_SHAPES |= {"inputs", "embedding", "rnn", "qrnn", "gru", "lstm", "mlp", "preact"}


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


def documented(layer, name):
    """Return the shape that the docstring of `forward` gives for an argument, or None."""
    for line in re.findall(r"^    (\w.*?) : (\(.*)$", layer.forward.__doc__ or "", flags=re.M):
        names, shapes = line[0].split(", "), re.findall(r"\(([^)]*)\)", line[1])
        if name in names and "..." not in line[1] and "or" not in line[1].split():
            return shapes[names.index(name)] if len(shapes) == len(names) else shapes[0]
    return None


def test_the_message_names_the_argument_and_its_documented_shape(zoo, name):
    layer = lstm if name == "lstm" else zoo.subjects[name].layer
    args, found = zoo.draw(name), 0
    names = [p for p in inspect.signature(layer.forward).parameters if p != "params"]
    for k, argument in enumerate(names[: len(args)]):
        letters = documented(layer, argument)
        if letters is None or layer in NAMED_OTHERWISE:
            continue
        changed = [*args[:k], np.ones((2,) * (args[k].ndim + 3)), *args[k + 1 :]]
        with pytest.raises(ValueError, match="has shape") as raised:
            zoo.run(name, changed)
        given, needed = re.match(
            r"(\w+) has shape .*?; needs \(([^)]*)\)", str(raised.value)
        ).groups()
        assert given == argument
        assert letters.replace(" ", "").rstrip(",") == needed.replace(" ", "")
        found += 1
    assert found or name not in WITH_SHAPES
