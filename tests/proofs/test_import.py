"""The rest of the package does not need SymPy."""

import subprocess
import sys


def test_importing_backprop_does_not_import_the_proofs():
    code = "import sys, backprop; print('sympy' in sys.modules, 'backprop.proofs' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "False"]
