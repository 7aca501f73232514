"""Mirrors backprop/data/lightnet.py."""

import gzip
import hashlib
import os

import numpy as np
import pytest

from backprop.data import lightnet

REAL = os.environ.get("BACKPROP_DATA", "")
CONTENTS = {
    "train_x.txt": "0 1 2 \n0 2 \n",
    "train_y.txt": "1 2 66 \n2 66 \n",
    "test_x.txt": "0 \n",
    "test_y.txt": "66 \n",
    "dict.txt": "START_CHAR\n!\n \nEND_CHAR",
}


@pytest.fixture
def written(tmp_path, monkeypatch):
    folder = tmp_path / "lightnet-char"
    folder.mkdir()
    monkeypatch.setenv("BACKPROP_DATA", str(tmp_path))
    for name, text in CONTENTS.items():
        data = text.encode()
        (folder / f"{name}.gz").write_bytes(gzip.compress(data))
        monkeypatch.setitem(lightnet.FILES, name, (hashlib.sha256(data).hexdigest(), len(data)))
    return folder


def test_lines_become_columns(written):
    train, test, alphabet = lightnet.load(padding=7)
    assert train.x.shape == train.y.shape == (64, 2) and test.x.shape == (64, 1)
    assert train.x[:3].tolist() == [[0, 0], [1, 2], [2, 7]] and (train.x[3:] == 7).all()
    assert train.y[:3].tolist() == [[1, 2], [2, 66], [66, 7]] and train.lengths.tolist() == [3, 2]
    assert alphabet == "! " and train.x.dtype == np.int64


def test_a_missing_file_is_not_fetched(written):
    (written / "test_y.txt.gz").unlink()
    with pytest.raises(FileNotFoundError, match=r"test_y.txt nor test_y.txt.gz is there"):
        lightnet.load()


def test_padding_that_is_no_label(written):
    with pytest.raises(ValueError, match="padding is 67; needs a label from 0 to 66"):
        lightnet.load(padding=67)


@pytest.mark.skipif(not REAL, reason="BACKPROP_DATA is not set")
def test_the_real_files():
    train, test, alphabet = lightnet.load()
    assert train.x.shape == (64, 20_570) and test.y.shape == (64, 12_207) and len(alphabet) == 64
    line = train.x[1 : train.lengths[0], 0]
    assert "".join(alphabet[k - 1] for k in line) == "First Citizen:"
    for x, y, lengths in (train, test):
        inside = np.arange(64)[:, None] < lengths
        assert x.max() == y.max() == lightnet.END and (x[0] == lightnet.START).all()
        np.testing.assert_array_equal(np.where(inside, x, -1)[1:], np.where(inside[1:], y[:-1], -1))
        assert (y[lengths - 1, np.arange(len(lengths))] == lightnet.END).all()
        assert lengths.max() == 64 and 65 not in np.unique(y)
