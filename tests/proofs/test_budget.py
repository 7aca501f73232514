"""A time limit interrupts, and the tighter of two nested limits counts."""

import pytest

from backprop.proofs.budget import OutOfTime, tick, time_limit


def test_time_limits_nest():
    tick()
    with time_limit(100.0):
        tick()
        with pytest.raises(OutOfTime), time_limit(-1.0):
            tick()
        tick()
    with time_limit(-1.0), pytest.raises(OutOfTime), time_limit(100.0):
        tick()
