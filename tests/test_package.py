"""What holds for the package as a whole."""

import subprocess
import sys

import pytest


def modules_after(statement):
    code = f"{statement}; import sys; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in run.stdout.split()}


@pytest.mark.parametrize("heavy", ["matplotlib", "sympy", "tqdm", "yaml", "scipy", "torch"])
def test_importing_the_package_needs_numpy_alone(heavy):
    assert heavy not in modules_after("import backprop")


def test_everything_public_is_there():
    import backprop

    for name in backprop.__all__:
        room = getattr(backprop, name)
        assert all(hasattr(room, inner) for inner in getattr(room, "__all__", []))


@pytest.mark.parametrize("heavy", ["urllib.request", "http.client", "numpy.random"])
def test_importing_the_package_takes_little_more_than_importing_numpy(heavy):
    code = "import sys, numpy, backprop; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert heavy not in run.stdout.split()
