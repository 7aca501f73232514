"""Mirrors backprop/data/mnist.py; nothing here needs a network."""

import gzip
import hashlib
import io
import os
import struct
import tracemalloc
import urllib.error

import numpy as np
import pytest

from backprop.data import mnist

REAL = os.environ.get("BACKPROP_DATA", "")


def idx(values):
    head = bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
    return head + values.astype(np.uint8).tobytes()


def parts():
    rng = np.random.default_rng(0)
    made = {}
    for name, N in {"train": 5, "t10k": 3}.items():
        images = rng.integers(0, 256, (N, 28, 28))
        images[0, 0, :2] = 0, 255
        made[f"{name}-images-idx3-ubyte"] = images
        made[f"{name}-labels-idx1-ubyte"] = rng.integers(0, 10, N)
    return made


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Write tiny files below BACKPROP_DATA, with their checksums; return the function that does."""
    monkeypatch.setenv("BACKPROP_DATA", str(tmp_path))
    (tmp_path / "mnist").mkdir()

    def write(**changed):
        contents = {name: idx(values) for name, values in parts().items()}
        contents |= {key.replace("_", "-"): content for key, content in changed.items()}
        for name, content in contents.items():
            (tmp_path / "mnist" / f"{name}.gz").write_bytes(gzip.compress(content))
            monkeypatch.setitem(mnist.SHA256, name, hashlib.sha256(content).hexdigest())
        return tmp_path / "mnist"

    return write


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_files_become_rows_of_pixels_and_labels(files, dtype):
    files()
    data, made = mnist.load(dtype=dtype), parts()
    assert data.x_train.shape == (5, 784) and data.x_test.shape == (3, 784)
    assert data.x_train.dtype == dtype and data.y_train.dtype == np.int64
    assert data.x_train[0, :2].tolist() == [-1, 1]
    ink = np.rint((data.x_test + 1) * 127.5).reshape(3, 28, 28)
    np.testing.assert_array_equal(ink, made["t10k-images-idx3-ubyte"])
    np.testing.assert_array_equal(data.y_train, made["train-labels-idx1-ubyte"])


def test_counts_that_differ(files):
    files(train_labels_idx1_ubyte=idx(np.arange(4)))
    with pytest.raises(ValueError, match=r"mnist has 5 images and 4 labels in its part 'train'"):
        mnist.load()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"starts with ; needs 00000801"),
        (b"<!DOCTYPE html>", r"starts with 3c21444f; needs 00000801"),
        (idx(np.zeros((2, 2))), r"starts with 00000802; needs 00000801"),
        (idx(np.arange(5))[:6], r"ends in its header, after 6 bytes; needs 8"),
        (idx(np.arange(5))[:-2], r"has 3 bytes of data; needs 5, of \(5,\)"),
        (idx(np.arange(5)) + b"!", r"has 6 or more bytes of data; needs 5"),
        (
            b"\0\0\x08\x01\xff\xff\xff\xff",
            r"claims 4294967295 bytes of data; needs at most 47040000",
        ),
    ],
)
def test_damage_is_named(files, content, message):
    folder = files(train_labels_idx1_ubyte=content)
    with pytest.raises(ValueError, match=message) as error:
        mnist.load()
    assert str(folder / "train-labels-idx1-ubyte.gz") in str(error.value)


@pytest.mark.parametrize("damage", [lambda whole: whole[:-9], lambda whole: b"PK" + whole[2:]])
def test_damaged_compression_is_named(files, damage):
    path = files() / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=r"t10k-images-idx3-ubyte.gz is damaged"):
        mnist.load()


def test_another_checksum_is_named(files, monkeypatch):
    files()
    monkeypatch.setitem(mnist.SHA256, "train-images-idx3-ubyte", "0" * 64)
    with pytest.raises(ValueError, match=r"idx3-ubyte.gz has sha256 \w{64}; needs 0{64}: delete"):
        mnist.load()


@pytest.mark.parametrize("tail", [b"", bytes(60_000_000)], ids=["header", "bomb"])
def test_a_header_or_a_bomb_costs_no_memory(tmp_path, tail):
    path = tmp_path / "bomb.gz"
    claimed = 1_000_000 if tail else mnist.LARGEST
    path.write_bytes(gzip.compress(b"\0\0\x08\x01" + struct.pack(">I", claimed) + tail))
    tracemalloc.start()
    with pytest.raises(ValueError, match="bytes of data; needs"):
        mnist.read_idx(path, 1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000


def test_a_folder_that_was_named_is_not_fallen_back_from(tmp_path, monkeypatch):
    monkeypatch.setenv("BACKPROP_DATA", str(tmp_path / "nowhere"))
    monkeypatch.setattr(mnist, "_fetch", lambda url, file: pytest.fail("went to the network"))
    missing = tmp_path / "nowhere" / "mnist" / "train-images-idx3-ubyte.gz"
    with pytest.raises(FileNotFoundError, match="BACKPROP_DATA says to look there") as error:
        mnist.load()
    assert str(missing) in str(error.value)


@pytest.mark.parametrize(
    ("platform", "variable", "below"),
    [
        ("linux", "XDG_CACHE_HOME", "backprop/mnist"),
        ("linux", "HOME", ".cache/backprop/mnist"),
        ("darwin", "HOME", "Library/Caches/backprop/mnist"),
        ("win32", "LOCALAPPDATA", "backprop/mnist"),
    ],
)
def test_the_cache_is_where_the_platform_wants_it(tmp_path, monkeypatch, platform, variable, below):
    for name in ("BACKPROP_DATA", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(mnist.sys, "platform", platform)
    monkeypatch.setattr(mnist.Path, "home", lambda: tmp_path)
    monkeypatch.setenv(variable, str(tmp_path))
    assert mnist.folder() == tmp_path / below


@pytest.fixture
def network(files, tmp_path, monkeypatch):
    """Serve the tiny files from two mirrors, the first of them as told; return the log of URLs."""
    served = files()
    monkeypatch.delenv("BACKPROP_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(mnist.sys, "platform", "linux")
    monkeypatch.setattr(mnist, "MIRRORS", ("https://one/", "https://two/"))
    asked = []

    def answers(first=None, second=None):
        def urlopen(url, timeout):
            asked.append(url)
            reply = first if url.startswith("https://one/") else second
            if isinstance(reply, Exception):
                raise reply
            return io.BytesIO(reply or (served / url.rsplit("/", 1)[1]).read_bytes())

        monkeypatch.setattr(mnist.urllib.request, "urlopen", urlopen)
        return asked

    return answers


def test_a_download_is_kept(network):
    asked = network()
    first = mnist.load()
    assert [url[:12] for url in asked] == ["https://one/"] * 4
    again = mnist.load()
    assert len(asked) == 4
    np.testing.assert_array_equal(first.x_train, again.x_train)
    assert sorted(p.name for p in mnist.folder().iterdir()) == sorted(
        f"{name}.gz" for name in mnist.SHA256
    )


@pytest.mark.parametrize(
    "reply",
    [urllib.error.URLError("unreachable"), b"<html>", gzip.compress(idx(np.arange(5)), mtime=0)],
)
def test_the_second_mirror_is_asked_when_the_first_fails(network, reply):
    asked = network(first=reply)
    assert len(mnist.load().x_train) == 5
    assert len(asked) == 8
    assert len(list(mnist.folder().iterdir())) == 4


def test_no_mirror(network):
    network(first=urllib.error.URLError("unreachable"), second=b"<html>")
    with pytest.raises(ConnectionError, match="set BACKPROP_DATA to a folder") as error:
        mnist.load()
    for word in ("https://one/: <urlopen error unreachable>", "https://two/", str(mnist.folder())):
        assert word in str(error.value)
    assert not list(mnist.folder().iterdir())


def test_a_download_without_end(network, monkeypatch):
    monkeypatch.setattr(mnist, "LARGEST", 1000)
    network(first=bytes(5000), second=bytes(5000))
    with pytest.raises(ConnectionError, match="sends more than 1000 bytes"):
        mnist.load()


@pytest.mark.skipif(not REAL, reason="BACKPROP_DATA is not set")
def test_the_real_files():
    data = mnist.load()
    assert data.x_train.shape == (60_000, 784) and data.x_test.shape == (10_000, 784)
    assert data.y_train[:5].tolist() == [5, 0, 4, 1, 9] and data.y_test[:3].tolist() == [7, 2, 1]
    assert (data.x_train.min(), data.x_train.max()) == (-1, 1)
    assert np.bincount(data.y_train).tolist() == [
        5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]  # fmt: skip
