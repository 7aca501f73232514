"""Mirrors backprop/data/digits.py."""

import numpy as np

from backprop.data import digits


def test_sizes_and_range():
    data = digits.load()
    assert data.x_train.shape == (1438, 64) and data.x_test.shape == (359, 64)
    assert data.x_train.dtype == np.float32
    assert (data.x_train.min(), data.x_train.max()) == (-1, 1)
    assert set(data.y_train) == set(data.y_test) == set(range(10))


def test_the_counts_are_those_of_the_original():
    data = digits.load()
    counts = np.bincount(np.concatenate([data.y_train, data.y_test]))
    np.testing.assert_array_equal(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])


def test_the_first_image_is_a_zero():
    ink = (digits.load(dtype=np.float64).x_train[0].reshape(8, 8) + 1) * 8
    np.testing.assert_array_equal(ink[0], [0, 0, 5, 13, 9, 1, 0, 0])
    assert digits.load().y_train[0] == 0


def test_no_image_is_in_both_parts():
    data = digits.load()
    train = {x.tobytes() for x in data.x_train}
    assert not any(x.tobytes() in train for x in data.x_test)


def test_the_file_names_its_authors_and_licence():
    with np.load(digits._FILE, allow_pickle=False) as file:
        assert "Alpaydin" in str(file["attribution"]) and "CC BY 4.0" in str(file["attribution"])
