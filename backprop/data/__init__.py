"""Data sets, each with a fixed split into what is learnt from and what is tested on."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from backprop.data import digits
from backprop.data.dataset import Dataset

if TYPE_CHECKING:
    from backprop.data import adding, copying, lightnet, mnist, shakespeare

__all__ = ["Dataset", "adding", "copying", "digits", "lightnet", "mnist", "shakespeare"]


def __getattr__(name: str) -> Any:
    """Import a loader when it is asked for: what downloads needs costs more than NumPy."""
    if name in __all__:
        return import_module(f"backprop.data.{name}")
    raise AttributeError(f"module 'backprop.data' has no attribute {name!r}")
