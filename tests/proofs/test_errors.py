"""A time limit interrupts, and the tighter of two nested limits counts."""

import time

import pytest

from backprop.proofs.errors import OutOfTime, tick, time_limit


def test_time_limits_nest():
    tick()
    with time_limit(100.0):
        tick()
        with pytest.raises(OutOfTime), time_limit(-1.0):
            tick()
        tick()
    with time_limit(-1.0), pytest.raises(OutOfTime), time_limit(100.0):
        tick()


def test_a_limit_is_noticed_after_some_ticks():
    with pytest.raises(OutOfTime), time_limit(0.005):
        while True:
            tick()


def test_waiting_for_the_processor_does_not_count():
    with time_limit(0.2):
        time.sleep(0.25)
        tick()
