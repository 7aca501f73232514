"""Mirrors backprop/optim/schedules.py."""

import math

import numpy as np
import pytest

from backprop.optim import schedules


def test_levels_last_as_long_as_they_should():
    rates = [schedules.steps(1.0, every=3, factor=0.5)(k) for k in range(9)]
    assert rates == [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25]


def test_the_cosine_starts_flat_ends_flat_and_falls_in_between():
    rates = np.array([schedules.cosine(0.4, over=50, end=0.1)(k) for k in range(60)])
    assert rates[0] == 0.4 and math.isclose(rates[25], 0.25)
    np.testing.assert_allclose(rates[50:], 0.1)
    falls = -np.diff(rates[:51])
    assert (falls > 0).all() and falls.argmax() in (24, 25)


def test_a_rise_leads_into_the_schedule():
    schedule = schedules.warm_up(schedules.steps(1.0, every=2, factor=0.5), over=4)
    assert [schedule(k) for k in range(6)] == [0.25, 0.5, 0.375, 0.5, 0.25, 0.25]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: schedules.constant(0.0), "lr is 0.0; needs a number greater than 0"),
        (lambda: schedules.steps(1.0, every=0), "every is 0; needs a whole number of at least 1"),
        (lambda: schedules.steps(1.0, every=2, factor=0.0), "factor is 0.0"),
        (lambda: schedules.cosine(1.0, over=2.5), "over is 2.5"),
        (lambda: schedules.cosine(1.0, over=2, end=2.0), "end is 2.0; needs a number from 0 to lr"),
        (lambda: schedules.warm_up(schedules.constant(1.0), over=-1), "over is -1"),
    ],
)
def test_bad_input_raises(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_the_defaults_and_the_ends_of_the_ranges():
    assert schedules.constant(0.25)(7) == 0.25
    assert schedules.steps(1.0, every=1)(1) == pytest.approx(0.1)
    assert schedules.steps(1.0, every=3, factor=1.0)(9) == 1.0
    assert schedules.cosine(1.0, over=1)(1) == 0.0
    assert schedules.cosine(0.5, over=2, end=0.5)(1) == 0.5
    with pytest.raises(ValueError, match=r"^factor is -0\.1"):
        schedules.steps(1.0, every=3, factor=-0.1)
