"""Data sets, each with a fixed split into what is learnt from and what is tested on."""

from backprop.data import digits
from backprop.data.dataset import Dataset

__all__ = ["Dataset", "digits"]
