"""Data sets, each with a fixed split into what is learnt from and what is tested on."""

from backprop.data import adding, copying, digits, lightnet, mnist, shakespeare
from backprop.data.dataset import Dataset

__all__ = ["Dataset", "adding", "copying", "digits", "lightnet", "mnist", "shakespeare"]
