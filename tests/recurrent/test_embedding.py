"""Mirrors backprop/recurrent/embedding.py."""

import numpy as np
import pytest

from backprop.recurrent import embedding


@pytest.mark.parametrize("shape", [(7,), (4, 3), (0,), ()])
def test_it_is_a_product_with_one_hot_rows(shape):
    rng = np.random.default_rng(0)
    E, labels = rng.standard_normal((5, 2)), rng.integers(0, 4, shape)
    one_hot = np.eye(5)[labels]
    x, cache = embedding.forward(E, labels=labels)
    np.testing.assert_allclose(x, one_hot @ E)
    dx = rng.standard_normal(x.shape)
    dE = embedding.backward(dx, cache)
    np.testing.assert_allclose(dE, one_hot.reshape(-1, 5).T @ dx.reshape(-1, 2), atol=1e-14)
    assert not dE[4].any()  # a label that did not occur


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.uint64])
def test_labels_of_every_integer_type(dtype):
    E = np.random.default_rng(0).standard_normal((5, 2))
    x, cache = embedding.forward(E, labels=np.array([4, 0, 4], dtype))
    np.testing.assert_array_equal(x, E[[4, 0, 4]])
    dE = embedding.backward(x, cache)
    np.testing.assert_allclose(dE[4], 2 * E[4])
    assert not dE[1:4].any()


def test_promises(promises):
    labels = np.array([[2, 0, 2], [4, 4, 2]])
    promises(embedding, np.random.default_rng(0).standard_normal((5, 3)), labels=labels)


@pytest.mark.parametrize(
    ("labels", "kind", "message"),
    [
        (np.array([0, 5]), ValueError, "labels has 5; needs labels from 0 to 4"),
        (np.array([-1, 2]), ValueError, "labels has -1; needs labels from 0 to 4"),
        (np.array([0.0]), TypeError, "^labels needs to be an array of integers$"),
        ([0, 1], TypeError, "^labels needs to be an array of integers$"),
    ],
)
def test_wrong_labels_raise(labels, kind, message):
    with pytest.raises(kind, match=message):
        embedding.forward(np.ones((5, 2)), labels=labels)
