"""Arguments of every recurrent layer, with sizes that differ."""

import numpy as np
import pytest


def draw(cell, T=7, N=3, D=4, H=5, dtype=np.float64):
    """Return ``x``, the first states and the parameters, none of them zero."""
    rng = np.random.default_rng(0)
    params = [p + 0.3 * rng.standard_normal(p.shape) for p in cell.init(rng, D, H)]
    states = [rng.standard_normal((N, H)) for _ in range(cell.STATES)]
    return [a.astype(dtype) for a in (rng.standard_normal((T, N, D)), *states, *params)]


@pytest.fixture
def arguments():
    """Return the function that draws arguments."""
    return draw
