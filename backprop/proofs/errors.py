"""What can go wrong: a statement that is ill-typed or false, and time that runs out."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class DimensionError(ValueError):
    """Say that a statement is ill-typed, with both shapes in the message."""


class ProofError(AssertionError):
    """Say that a claim is not what it was asserted to be."""


EVERY = 64  # how many calls of `tick` look at the clock once: asking for the time takes long
_deadline: ContextVar[float] = ContextVar("deadline", default=float("inf"))
_ticks = itertools.count()


class OutOfTime(Exception):
    """The time limit has passed."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Let `tick` raise OutOfTime once so many seconds of computing have passed in this block."""
    global _ticks
    outer = _deadline.get()
    token = _deadline.set(min(outer, time.thread_time() + seconds))
    _ticks = itertools.count()
    try:
        yield
    finally:
        _deadline.reset(token)
        _ticks = itertools.count()


def tick() -> None:
    """Raise OutOfTime if the limit of the enclosing block has passed."""
    if next(_ticks) % EVERY == 0 and time.thread_time() > _deadline.get():
        raise OutOfTime
