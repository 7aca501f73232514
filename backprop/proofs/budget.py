"""A limit of computing time that the engines look at, so that a notebook never hangs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_deadline: ContextVar[float] = ContextVar("deadline", default=float("inf"))


class OutOfTime(Exception):
    """The time limit has passed."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Let `tick` raise OutOfTime once so many seconds have passed in this block."""
    outer = _deadline.get()
    token = _deadline.set(min(outer, time.thread_time() + seconds))
    try:
        yield
    finally:
        _deadline.reset(token)


def tick() -> None:
    """Raise OutOfTime if the limit of the enclosing block has passed."""
    if time.thread_time() > _deadline.get():
        raise OutOfTime
