"""Mirrors ``make zip``: what it packs runs in an environment that knows nothing of this one."""

import os
import pathlib
import subprocess
import sys
import venv
import zipfile

import pytest

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "book" / "_tools"))

import pack  # noqa: E402

LOADS = """
import pathlib, backprop
from backprop import ledger, records
from backprop.data import digits
from backprop.layers import linear
here = pathlib.Path(backprop.__file__).parent
assert "site-packages" in here.parts, here
assert (here / "py.typed").exists()
assert records.load("lenet5")
assert digits.load().x_train.shape[1] == 64
"""


def run(*command, cwd):
    """Run a command with no variable that names this tree; its messages are the test's."""
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "JUPYTER", "VIRTUAL"))
    }
    done = subprocess.run(command, cwd=cwd, env=kept, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """Make the wheel and the zip, unpack it elsewhere, and install what it asks for."""
    made, there = tmp_path_factory.mktemp("made"), tmp_path_factory.mktemp("elsewhere")
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", made, ROOT, cwd=made)
    (wheel,) = made.glob("*.whl")
    pack.pack(wheel, made / "notebooks.zip")
    with zipfile.ZipFile(made / "notebooks.zip") as archive:
        archive.extractall(there)
    venv.create(there / "env", with_pip=True)
    folder, binaries = there / "backprop", there / "env" / ("Scripts" if os.name == "nt" else "bin")
    run(binaries / "python", "-m", "pip", "install", "-q", "-r", "requirements.txt", cwd=folder)
    return folder, binaries


@pytest.mark.slow  # a minute and a half: it installs Jupyter
def test_the_wheel_has_the_records_the_data_and_its_types(unpacked):
    folder, binaries = unpacked
    run(binaries / "python", "-c", LOADS, cwd=folder)


@pytest.mark.slow
@pytest.mark.parametrize("chapter", ["introduction", "layers/linear", "nets/lenet5"])
def test_a_chapter_runs_where_it_was_unpacked(unpacked, chapter):
    folder, binaries = unpacked
    options = ("--to", "notebook", "--execute", "--output-dir", folder / "out")
    run(binaries / "jupyter", "nbconvert", *options, f"{chapter}.ipynb", cwd=folder)
