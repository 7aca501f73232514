"""What every loader returns."""

from typing import NamedTuple

from backprop.arrays import Array, Labels


class Dataset(NamedTuple):
    """Examples with their labels: (N, D) arrays and (N,) integers."""

    x_train: Array
    y_train: Labels
    x_test: Array
    y_test: Labels
