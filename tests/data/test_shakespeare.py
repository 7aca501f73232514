"""Mirrors backprop/data/shakespeare.py."""

import hashlib
import os

import numpy as np
import pytest

from backprop.data import shakespeare

REAL = os.environ.get("BACKPROP_DATA", "")


def test_characters_become_labels(tmp_path, monkeypatch):
    text = b"To be, or not to be"
    (tmp_path / "tinyshakespeare").mkdir()
    (tmp_path / "tinyshakespeare" / "input.txt").write_bytes(text)
    monkeypatch.setenv("BACKPROP_DATA", str(tmp_path))
    monkeypatch.setattr(shakespeare, "SHA256", hashlib.sha256(text).hexdigest())
    monkeypatch.setattr(shakespeare, "SIZE", len(text))
    train, valid, alphabet = shakespeare.load()
    assert alphabet == " ,Tbenort" and train.dtype == np.int64
    assert shakespeare.decode(train, alphabet) == "To be, or not to "
    assert shakespeare.decode(valid, alphabet) == "be"
    np.testing.assert_array_equal(shakespeare.encode("be", alphabet), valid)


def test_a_character_that_is_not_in_the_alphabet():
    with pytest.raises(ValueError, match="text has 'é', which is not in the alphabet"):
        shakespeare.encode("café", "acf")


@pytest.mark.skipif(not REAL, reason="BACKPROP_DATA is not set")
def test_the_real_file():
    train, valid, alphabet = shakespeare.load()
    assert train.shape == (1_003_854,) and valid.shape == (111_540,) and len(alphabet) == 65
    assert shakespeare.decode(train[:14], alphabet) == "First Citizen:"
