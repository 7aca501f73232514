"""Mirrors backprop/training/checkpoints.py."""

import io
import json
import zipfile

import numpy as np
import pytest

from backprop.training import checkpoints

ARRAYS = {
    "W": np.arange(6.0).reshape(2, 3),
    "by columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "half": np.ones(2, np.float16),
    "none": np.zeros((0, 3)),
    "number": np.array(7),
    "file": np.array([True]),
    "big-endian": np.arange(3, dtype=">i4"),
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.npz"


def test_what_is_read_is_what_was_written(path):
    checkpoints.save(path, ARRAYS, notes={"x": [1, 0.1, None, "é"]})
    arrays, notes = checkpoints.load(path)
    assert notes == {"x": [1, 0.1, None, "é"]} and set(arrays) == set(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array, strict=True)
        assert arrays[name].flags.writeable
    assert [p.name for p in path.parent.iterdir()] == ["a.npz"]
    assert np.load(path)["W"].tolist() == ARRAYS["W"].tolist()  # NumPy reads it as well


def test_a_file_cut_anywhere_is_refused_by_name(path):
    checkpoints.save(path, {"W": ARRAYS["W"]})
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"a\.npz is damaged or no checkpoint of backprop"):
            checkpoints.load(path)


def test_a_changed_byte_is_refused_or_changes_nothing(path):
    checkpoints.save(path, {"W": ARRAYS["W"]}, notes={"epoch": 3})
    whole, refused = path.read_bytes(), 0
    for i in range(len(whole)):
        path.write_bytes(whole[:i] + bytes([whole[i] ^ 0xFF]) + whole[i + 1 :])
        try:
            arrays, notes = checkpoints.load(path)
        except ValueError:
            refused += 1
        else:
            assert notes == {"epoch": 3}
            assert all(np.array_equal(a, ARRAYS["W"]) for a in arrays.values())
    assert refused > len(whole) / 2


def member(shape, dtype="<f8", content=b""):
    stream = io.BytesIO()
    header = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)
    return stream.getvalue() + content


def archive(path, members, compression=zipfile.ZIP_STORED):
    text = json.dumps({"format": checkpoints.FORMAT, "notes": None}).encode()
    notes = io.BytesIO()
    np.lib.format.write_array(notes, np.frombuffer(text, np.uint8), (1, 0))
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, content in {"notes": notes.getvalue(), **members}.items():
            file.writestr(f"{name}.npy", content)


def test_the_honest_archive_is_read(path):
    archive(path, {"W": member((2,), content=bytes(16))})
    assert checkpoints.load(path)[0]["W"].tolist() == [0, 0]


@pytest.mark.parametrize(
    "members",
    [
        {"W": member((10**15,))},
        {"W": member((3,), content=bytes(16))},
        {"W": member((-2,), content=bytes(16))},
        {"W": member((1,), "|O", bytes(8))},
        {"W": b"\x93NUMPY\x09\x00"},
        {"W": b"no array"},
        {"W": np.lib.format.MAGIC_PREFIX + b"\x01\x00\xff\xff" + b"__import__('os')" * 9},
    ],
)
def test_hostile_members_are_refused(path, members):
    archive(path, members)
    with pytest.raises(ValueError, match=r"a\.npz is damaged or no checkpoint"):
        checkpoints.load(path)


def test_a_compressed_archive_is_refused_since_it_may_unfold_to_anything(path):
    archive(path, {"W": member((10**6,), content=bytes(8 * 10**6))}, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 10**5
    with pytest.raises(ValueError, match=r"notes\.npy is compressed"):
        checkpoints.load(path)


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x05\x06" + bytes(18), bytes(100)])
def test_foreign_files_are_refused(path, content):
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.npz is damaged or no checkpoint of backprop"):
        checkpoints.load(path)


def test_files_of_numpy_itself_and_of_another_format_are_refused(path):
    np.savez(path, W=np.ones(2))
    with pytest.raises(ValueError, match="no checkpoint of backprop"):
        checkpoints.load(path)
    np.savez(path, notes=np.frombuffer(b'{"format": "else"}', np.uint8))
    with pytest.raises(ValueError, match="its format is 'else'"):
        checkpoints.load(path)


def test_a_missing_file_and_a_folder_have_errors_of_their_own(path):
    with pytest.raises(FileNotFoundError):
        checkpoints.load(path)
    with pytest.raises(ValueError, match="cannot be read"):
        checkpoints.load(path.parent)


@pytest.mark.parametrize(
    ("arrays", "notes", "error", "message"),
    [
        ({"notes": np.ones(2)}, None, ValueError, "arrays has an entry 'notes'"),
        ({"W": np.array([object()])}, None, TypeError, "W has dtype object; needs numbers"),
        ({"W": np.ones(2)}, {"x": object()}, TypeError, "JSON"),
    ],
)
def test_what_cannot_be_kept_raises_and_the_old_file_stays(path, arrays, notes, error, message):
    checkpoints.save(path, {"W": np.zeros(2)})
    before = path.read_bytes()
    with pytest.raises(error, match=message):
        checkpoints.save(path, arrays, notes)
    assert path.read_bytes() == before and len(list(path.parent.iterdir())) == 1


def test_a_failure_while_writing_leaves_the_old_file(path, monkeypatch):
    checkpoints.save(path, {"W": np.zeros(2)})

    def fail(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(checkpoints, "_write", fail)
    with pytest.raises(OSError, match="no space"):
        checkpoints.save(path, {"W": np.ones(2)})
    assert checkpoints.load(path)[0]["W"].tolist() == [0, 0]
    assert len(list(path.parent.iterdir())) == 1
