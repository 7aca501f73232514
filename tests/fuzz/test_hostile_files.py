"""Files that were cut, mixed, bent or made to harm: read right or refused by name, never trusted.

The examples are the same in every run.
"""

import copy
import gzip
import hashlib
import io
import json
import tempfile
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop import training
from backprop.data import files
from backprop.nets import mlp
from backprop.optim import adam
from backprop.training import checkpoints, resuming

many = settings(derandomize=True, database=None, deadline=None, max_examples=1500)
ARRAYS = {"W": np.arange(6.0).reshape(2, 3), "b": np.array([1, 2], np.int32)}
NOTES = {"epoch": 3, "name": "é"}


@pytest.fixture(scope="module")
def folder():
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@pytest.fixture(scope="module")
def honest(folder):
    """Return the bytes of a checkpoint."""
    checkpoints.save(folder / "honest.npz", ARRAYS, NOTES)
    return (folder / "honest.npz").read_bytes()


@st.composite
def edits(draw):
    """Return a function that bends bytes: change, cut out, repeat, put in."""
    steps = draw(
        st.lists(
            st.tuples(
                st.floats(0, 1), st.integers(1, 40), st.binary(max_size=8), st.sampled_from("xdri")
            ),
            min_size=1,
            max_size=4,
        )
    )

    def bend(content):
        for where, length, new, kind in steps:
            i = int(where * len(content))
            part = content[i : i + length]
            put = {"x": bytes(b ^ 0x55 for b in part), "d": b"", "r": 2 * part, "i": new + part}
            content = content[:i] + put[kind] + content[i + length :]
        return content

    return bend


def equal(found, expected):
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array, strict=True)


@many
@given(bend=edits())
def test_a_bent_checkpoint_is_refused_or_whole(folder, honest, bend):
    path = folder / "bent.npz"
    path.write_bytes(bend(honest))
    try:
        arrays, notes = checkpoints.load(path)
    except ValueError as error:
        assert "bent.npz" in str(error)
    else:
        assert notes == NOTES
        equal(arrays, ARRAYS)


headers = st.one_of(
    st.builds(
        lambda shape, kind, order: repr({"descr": kind, "fortran_order": order, "shape": shape}),
        st.lists(st.sampled_from([-1, 0, 1, 2, 3, 2**31, 2**62, 10**30]), max_size=4).map(tuple),
        st.sampled_from(["<f8", "<f4", "|O", "|V8", "<U4", "<m8[s]", ">i2", "|b1", "xx", "f8,f8"]),
        st.sampled_from([True, False, None, 7]),
    ),
    st.text(max_size=60),
    st.sampled_from(["__import__('os').abort()", "{'shape': ()}", "(" * 200, "{" * 90]),
)


@many
@given(header=headers, body=st.binary(max_size=64), claim=st.integers(-64, 64))
def test_a_header_is_not_believed(folder, header, body, claim):
    text = header.encode("latin-1", "replace")
    length = max(0, min(2**16 - 1, len(text) + claim))
    magic = b"\x93NUMPY\x01\x00" + length.to_bytes(2, "little")
    path = folder / "header.npz"
    note = io.BytesIO()
    said = json.dumps({"format": checkpoints.FORMAT, "notes": None}).encode()
    np.lib.format.write_array(note, np.frombuffer(said, np.uint8), (1, 0))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.npy", note.getvalue())
        archive.writestr("W.npy", magic + text + body)
    tracemalloc.start()
    try:
        arrays, _ = checkpoints.load(path)
    except ValueError as error:
        assert "header.npz" in str(error)
    else:
        assert arrays["W"].dtype.kind in "fiub"
        assert arrays["W"].nbytes <= len(body) + len(text)
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 2**20  # whatever size the header claims


@many
@given(bend=edits(), packed=st.booleans())
def test_a_bent_data_file_is_refused(folder, bend, packed):
    content = bytes(range(256)) * 4
    path = folder / "data.bin"
    stored = path.with_name("data.bin.gz") if packed else path
    sha = hashlib.sha256(content).hexdigest()
    bent = bend(gzip.compress(content, mtime=0) if packed else content)
    stored.write_bytes(bent)
    try:
        assert files.content(path, sha, len(content)) == content
    except ValueError as error:
        assert "data.bin" in str(error)
    finally:
        stored.unlink()


@pytest.fixture(scope="module")
def run():
    """Return a training after two epochs, and its generator."""
    rng = np.random.default_rng(0)
    x, labels = rng.standard_normal((8, 3)).astype(np.float32), rng.integers(0, 2, 8)
    params = mlp.init(rng, 3, 4, 2)
    learnt, history = training.fit(
        mlp, params, x, labels, epochs=2, batch_size=4, optimiser=adam, rng=rng, progress=False
    )
    return resuming.Run(list(learnt), adam.init(list(learnt)), history, 2), rng


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(tree, path=()):
    """Yield the way to every entry of a tree of dictionaries and lists."""
    entries = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in entries:
        yield (*path, key)
        if isinstance(value, (dict, list)):
            yield from places(value, (*path, key))


@many
@given(data=st.data())
def test_the_notes_of_a_training_are_not_believed(folder, run, data):
    state, rng = run
    names = {"net": "mlp", "optimiser": "adam"}
    path = folder / "training.npz"
    path.unlink(missing_ok=True)
    resuming.save(path, state, rng, names)
    arrays, notes = checkpoints.load(path)
    way = data.draw(st.sampled_from(sorted(places(notes), key=repr)))
    bent = copy.deepcopy(notes)
    holder = bent
    for key in way[:-1]:
        holder = holder[key]
    if data.draw(st.booleans()):
        holder[way[-1]] = data.draw(values)
    else:
        del holder[way[-1]]
    checkpoints.save(path, arrays, bent)
    fresh = np.random.default_rng(1)
    before = fresh.bit_generator.state
    try:
        found = resuming.start(path, copy.copy(state), fresh, names, resume=True)
    except ValueError as error:
        assert "training.npz" in str(error)
        assert fresh.bit_generator.state == before  # nothing was changed
    else:
        assert found.epochs >= 0 and found.state.steps >= 0
        assert all(type(v) in (int, float) for v in found.history.loss)
        equal(dict(enumerate(found.params)), dict(enumerate(state.params)))
