"""What the tests of the plans share."""

import tracemalloc

import pytest


@pytest.fixture
def peak():
    """Return a function: how many bytes a step holds at most beyond what was held before it."""

    def measure(step):
        step()
        tracemalloc.start()
        try:
            step()
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            for _ in range(3):
                step()
            return tracemalloc.get_traced_memory()[1] - before
        finally:
            tracemalloc.stop()

    return measure
