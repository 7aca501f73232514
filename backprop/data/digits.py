"""The 1,797 handwritten digits that come with the package: 8 by 8 pixels, ten classes.

They are the test set of "Optical Recognition of Handwritten Digits" by E. Alpaydin and C. Kaynak
(1998), UCI Machine Learning Repository, https://doi.org/10.24432/C50P49, licensed CC BY 4.0.
Thirteen people wrote them.  Every fifth image is kept for testing: 1,438 to train on, 359 to
test on.
"""

import os

import numpy as np
from numpy.typing import DTypeLike

from backprop.data.dataset import Dataset

TRAIN = 1438
_FILE = os.path.join(os.path.dirname(__file__), "digits.npz")


def load(*, dtype: DTypeLike = np.float32) -> Dataset:
    """Return the digits as rows of 64 pixels from -1 (paper) to 1 (ink), with their labels.

    Parameters
    ----------
    dtype : float32 or float64
        Of the pixels.

    Returns
    -------
    data : Dataset
        ``x_train`` (1438, 64), ``y_train`` (1438,), ``x_test`` (359, 64), ``y_test`` (359,).

    Examples
    --------
    >>> data = load()
    >>> data.x_train.shape, data.x_test.shape
    ((1438, 64), (359, 64))
    """
    with np.load(_FILE, allow_pickle=False) as file:
        images, labels = file["images"], file["labels"].astype(np.int64)
    x = images.reshape(len(images), -1).astype(dtype) / 8 - 1  # a pixel counts 0 to 16 dots
    return Dataset(x[:TRAIN], labels[:TRAIN], x[TRAIN:], labels[TRAIN:])
