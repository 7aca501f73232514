"""What every layer promises, as one fixture; and a backend for figures that needs no screen."""

import matplotlib
import numpy as np
import pytest

from backprop import check

matplotlib.use("agg")  # not by MPLBACKEND: the notebooks' kernels would inherit that


def tuple_of(value):
    return value if isinstance(value, tuple) else (value,)


def upstream(y, rng, dtype):
    return tuple(rng.standard_normal(np.shape(part)).astype(dtype) for part in tuple_of(y))


def hold(layer, *args, tolerance=1e-8, analytic=False, **constants):
    """Assert the five promises of a layer for float64 `args`."""
    for name, error in check.vjp(layer, *args, **constants).items():
        assert error < tolerance, f"d{name} is off by {error:.1e}"
    if analytic:
        for name, error in check.vjp(layer, *args, method="complex", **constants).items():
            assert error < 1e-12, f"d{name} is off by {error:.1e} by a complex step"

    rng = np.random.default_rng(1)
    for dtype in (np.float32, np.float64):
        cast = [x.astype(dtype) for x in args]
        y, cache = layer.forward(*cast, **constants)
        dy = upstream(y, rng, dtype)
        grads = tuple_of(layer.backward(dy if isinstance(y, tuple) else dy[0], cache))
        kinds = {np.asarray(a).dtype for a in (*tuple_of(y), *grads)}
        assert kinds == {np.dtype(dtype)}, f"{np.dtype(dtype)} became {kinds}"
        for a in (*cast, *dy):
            a.flags.writeable = False  # a layer that writes to an argument raises from here on
        y, cache = layer.forward(*cast, **constants)
        layer.backward(dy if isinstance(y, tuple) else dy[0], cache)

    y, cache = layer.forward(*args, **constants)
    if isinstance(y, tuple) or np.ndim(y) == 0:
        return
    with pytest.raises(ValueError, match="dy has shape"):
        layer.backward(np.ones((*y.shape, 1)), cache)
    with pytest.raises(TypeError, match="dy has dtype float32; needs float64"):
        layer.backward(np.ones(y.shape, np.float32), cache)
    with pytest.raises(TypeError, match="dy is a list"):
        layer.backward([1.0], cache)


@pytest.fixture
def promises():
    """Return the function that asserts what every layer promises."""
    return hold
